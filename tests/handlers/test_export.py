"""A static site: what a file server, or a browser without one, finds in it."""

from __future__ import annotations

import http.client
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from PIL import Image

from handlers.export import Site, cgi_failure, write_site
from service.config import ConfigError
from service.errors import BadParameter, MissingFile, PlotFailed
from service.oneshot import find
from service.settings import read_config

PATIENCE_S = 20
PLOTS = '''
import matplotlib.pyplot as plt
from plotd import plot

@plot(title="<b>Line</b> & more", group="a & b")
def plot_line(n: int = 3):
    """What <i>this</i> shows."""
    plt.plot(range(n), label="<s>")

@plot(example={"file_path": "data/run.csv", "n": 2})
def plot_example(file_path, n: int = 1):
    open(file_path).close()
    plt.plot(range(n))

def plot_needy(file_path, when=None): ...

def plot_bad():
    raise ValueError("<script>alert(1)</script>")

def plot_on(ax): ...
'''


@pytest.fixture
def plots(tmp_path: Path) -> Path:
    """A folder of plots, good and bad, and data below it."""
    folder = tmp_path / "plots"
    (folder / "data").mkdir(parents=True)
    (folder / "mine.py").write_text(PLOTS)
    (folder / "broken.py").write_text("def plot_x(<:")
    for name in ("line", "run"):  # the name of a plot, and one of its own
        (folder / "data" / f"{name}.csv").write_text("iteration,loss\n1,3\n2,2\n")
    return folder


def written(plots: Path, folder: Path) -> Site:
    return write_site(find(read_config(None, [plots])), folder)


class Links(HTMLParser):
    """Where a page leads, and what it loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value for name, value in attrs if name in ("src", "href") and value]


def reached(start: str) -> Iterator[str]:
    """Yield each file: URL that can be reached from *start*."""
    waiting, seen = [start], {start}
    while waiting:
        url = waiting.pop()
        yield url
        file = Path(unquote(urlsplit(url).path))
        for link in Links(file.read_text()).links if file.suffix == ".html" else ():
            target = urljoin(url, link).partition("#")[0]
            if target not in seen:
                seen.add(target)
                waiting.append(target)


def test_every_link_leads_to_a_file_of_the_site_and_to_every_one(plots: Path, tmp_path: Path) -> None:
    folder = tmp_path / "site with spaces"
    written(plots, folder)
    files = {Path(unquote(urlsplit(url).path)) for url in reached(f"{folder.as_uri()}/index.html")}
    assert files == {path for path in folder.rglob("*") if path.is_file()}
    names = {str(path.relative_to(folder)) for path in files}
    assert names == {
        "index.html",
        "static/plotd.css",
        "static/gallery.css",
        "static/plot.css",
        "static/favicon.svg",
        *(f"plots/{name}.html" for name in ("example", "needy", "bad", "run", "line", "mine/line")),
        *(f"plots/{name}.png" for name in ("example", "run", "line", "mine/line")),
    }


def test_a_file_server_serves_it_from_any_folder(plots: Path, tmp_path: Path) -> None:
    written(plots, tmp_path / "www" / "deep" / "site")
    command = [sys.executable, "-u", "-m", "http.server", "--bind", "127.0.0.1", "0"]
    with subprocess.Popen(
        command, cwd=tmp_path / "www", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        try:
            assert server.stdout is not None
            said = re.search(r" port (\d+) ", server.stdout.readline())
            assert said
            connection = http.client.HTTPConnection("127.0.0.1", int(said[1]), timeout=PATIENCE_S)
            kinds = dict(fetched(connection, "/deep/site/"))
            connection.close()
        finally:
            server.terminate()
    assert kinds["/deep/site/plots/mine/line.png"] == "image/png"
    assert set(kinds.values()) == {"text/html", "image/png", "image/svg+xml", "text/css"}


def fetched(connection: http.client.HTTPConnection, start: str) -> Iterator[tuple[str, str]]:
    """Yield the path and the type of all that can be reached from *start*."""
    waiting, seen = [start], {start}
    while waiting:
        path = waiting.pop()
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, path
        kind = answer.getheader("Content-Type", "")
        yield path, kind
        new = {urljoin(path, link) for link in Links(body.decode()).links} - seen if kind == "text/html" else set()
        seen |= new
        waiting += new


def test_pictures_are_pictures_and_pages_say_what_they_show(plots: Path, tmp_path: Path) -> None:
    written(plots, tmp_path / "site")
    page = (tmp_path / "site" / "plots" / "example.html").read_text()
    with Image.open(tmp_path / "site" / "plots" / "example.png") as picture:
        picture.load()
        assert 'src="example.png" alt="' in page
        assert f'width="{picture.width}" height="{picture.height}"' in page
    assert "data/run.csv" in page
    assert str(tmp_path) not in page


def test_text_of_authors_is_escaped_and_no_script_is_there(plots: Path, tmp_path: Path) -> None:
    written(plots, tmp_path / "site")
    for file in (tmp_path / "site").rglob("*.html"):
        assert not Links(file.read_text()).tags & {"script", "b", "i", "s"}, file
    index = (tmp_path / "site" / "index.html").read_text()
    assert "&lt;b&gt;Line&lt;/b&gt; &amp; more" in index
    assert "a &amp; b" in index


def test_a_plot_without_example_says_what_it_needs(plots: Path, tmp_path: Path) -> None:
    written(plots, tmp_path / "site")
    page = (tmp_path / "site" / "plots" / "needy.html").read_text()
    assert "Needs file_path" in page
    assert "<code>file_path</code>: the path of a file or folder" in page
    assert "Needs file_path" in (tmp_path / "site" / "index.html").read_text()


def test_what_failed_is_told_on_its_page_in_the_index_and_to_the_caller(plots: Path, tmp_path: Path) -> None:
    site = written(plots, tmp_path / "site")
    index = (tmp_path / "site" / "index.html").read_text()
    assert "ValueError: &lt;script&gt;" in (tmp_path / "site" / "plots" / "bad.html").read_text()
    assert "ValueError: &lt;script&gt;" in index
    assert re.search(r"broken\.py:1</span> – SyntaxError", index)
    assert "&#39;ax&#39; is required" in index or "&#x27;ax&#x27; is required" in index
    assert site.wrong[0] == "bad: ValueError: <script>alert(1)</script>"
    assert re.match(r".*plots/broken\.py:1: SyntaxError", site.wrong[1])
    assert len(site.wrong) == 2


def test_a_second_run_replaces_its_files_whole_and_leaves_others_alone(plots: Path, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    written(plots, folder)
    (folder / "robots.txt").write_text("mine")
    (folder / "plots" / "mine.png").write_text("mine")
    before = {path: path.stat().st_ino for path in folder.rglob("*") if path.is_file()}
    with (folder / "index.html").open() as reader:
        (plots / "broken.py").unlink()
        assert written(plots, folder).wrong == ("bad: ValueError: <script>alert(1)</script>",)
        assert "broken.py" in reader.read()
    assert "broken.py" not in (folder / "index.html").read_text()
    after = {path: path.stat().st_ino for path in folder.rglob("*") if path.is_file()}
    assert after.keys() == before.keys()
    kept = {path.name for path in after if after[path] == before[path]}
    assert {"robots.txt", "mine.png"} <= kept
    assert (folder / "plots" / "mine.png").read_text() == "mine"


def test_a_plot_that_fails_by_now_shows_no_picture_of_the_past(plots: Path, tmp_path: Path) -> None:
    written(plots, tmp_path / "site")
    (plots / "mine.py").write_text(PLOTS.replace("plt.plot(range(n), label", "1 / 0, dict(label"))
    written(plots, tmp_path / "site")
    page = (tmp_path / "site" / "plots" / "mine" / "line.html").read_text()
    assert "ZeroDivisionError" in page
    assert "line.png" not in page
    assert (tmp_path / "site" / "plots" / "mine" / "line.png").exists()


def test_a_folder_without_plots_makes_an_index_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "plots").mkdir()
    assert written(tmp_path / "plots", tmp_path / "site").pages == ()
    assert "No plots" in (tmp_path / "site" / "index.html").read_text()


@pytest.mark.parametrize(
    ("error", "status", "text"),
    [
        (BadParameter("n: expected a whole number"), "400 Bad Request", "n: expected a whole number"),
        (MissingFile("no file"), "404 Not Found", "no file"),
        (PlotFailed("ValueError: 损失"), "500 Internal Server Error", "ValueError: 损失"),
        (PermissionError(13, os.strerror(13), "/secret"), "500 Internal Server Error", "this program isn't set up"),
        (ConfigError("/secret: there is no such file or folder"), "500 Internal Server Error", "this program isn't"),
    ],
)
def test_a_cgi_failure_has_the_status_of_its_kind(error: Exception, status: str, text: str) -> None:
    head, _, body = cgi_failure(error).decode().partition("\n\n")
    assert head.splitlines()[0] == f"Status: {status}"
    assert body.startswith(f"{status}: {text}")
    assert "secret" not in body
