"""HTTP manners and every documented failure, over a real socket."""

from __future__ import annotations

import asyncio
import io
import json
import os
import xml.etree.ElementTree as ET
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from PIL import Image
from tests.handlers.conftest import MakeSite, Site

from handlers.images import Found, Turn

PLAIN = """
    import matplotlib.pyplot as plt
    import pandas as pd

    def plot_line(file_path="data.csv", smooth: int = 1):
        \"\"\"A line.\"\"\"
        data = pd.read_csv(file_path)
        plt.figure(figsize=(4, 3))
        plt.plot(data.x, data.y.rolling(smooth).mean())

    def plot_raises(text: str = "why"):
        raise ValueError(text)

    def plot_rubbish():
        return {"no": "picture"}

    def plot_huge():
        return plt.figure(figsize=(400, 400))
"""


SLOW = """
    import os, time
    import matplotlib.pyplot as plt

    def plot_slow(n: int = 0, gate: str = ""):
        while gate and not os.path.exists(gate):
            time.sleep(0.002)
        plt.plot([n])
"""

SCRIPT = """
    import matplotlib.pyplot as plt
    print("<b>40 %</b> done")
    plt.plot([1, 2])
    plt.show()
"""


@pytest.fixture
def lines(site: Site) -> Site:
    site.house.write("lines.py", PLAIN)
    site.house.write("data.csv", "x,y\n1,2\n2,3\n3,5\n")
    return site


@pytest.mark.parametrize(("host", "status"), [("localhost", b"200"), ("evil.example", b"421")])
async def test_a_request_may_name_the_whole_url(lines: Site, host: str, status: bytes) -> None:
    target = f"http://{host}/plots/line.png?smooth=2"
    asked = f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{lines.port}\r\nConnection: close\r\n\r\n"
    assert (await lines.say(asked.encode())).split(b" ")[1] == status


async def test_what_was_found_counts_for_one_turn_of_the_event_loop(lines: Site) -> None:
    url = "/plots/line.png"
    found = Found(await lines.house.engine.catalog.demand_of_url(url), "label")
    turn: Turn[Found] = Turn()
    turn.keep(url, found)
    assert turn.get(url) is found
    passed = asyncio.Event()
    asyncio.get_running_loop().call_soon(passed.set)
    await passed.wait()
    assert turn.get(url) is None


async def test_a_picture_is_a_png_that_says_what_it_is(lines: Site) -> None:
    answer = await lines.fetch("/plots/line.png")
    assert (answer.code, answer.headers["Content-Type"]) == (200, "image/png")
    assert Image.open(io.BytesIO(answer.body)).size == (400, 300)
    assert int(answer.headers["Content-Length"]) == len(answer.body)
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["Last-Modified"].endswith("GMT")
    assert "cache;desc=miss" in answer.headers["Server-Timing"]
    assert answer.headers["Etag"].startswith('"')


async def test_unchanged_data_costs_a_304(lines: Site) -> None:
    first = await lines.fetch("/plots/line.png")
    again = await lines.fetch("/plots/line.png", headers={"If-None-Match": first.headers["Etag"]})
    assert (again.code, again.body) == (304, b"")
    assert again.headers["Etag"] == first.headers["Etag"]
    assert lines.house.renders == 1


async def test_head_answers_as_get_does(lines: Site) -> None:
    head = await lines.fetch("/plots/line.png", method="HEAD")
    get = await lines.fetch("/plots/line.png")
    assert (head.code, head.body, head.headers["Etag"]) == (200, b"", get.headers["Etag"])
    assert head.headers["Content-Length"] == str(len(get.body))


async def test_a_picture_under_its_etag_may_be_kept_for_ever(lines: Site) -> None:
    etag = (await lines.fetch("/plots/line.png")).headers["Etag"].strip('"')
    for query, kept in ((f"_etag={etag}", True), ("_etag=another", False), ("", False)):
        control = (await lines.fetch(f"/plots/line.png?{query}")).headers["Cache-Control"]
        assert ("immutable" in control) == kept


async def test_an_svg_is_xml_that_may_do_nothing(lines: Site) -> None:
    answer = await lines.fetch("/plots/line.svg")
    assert answer.headers["Content-Type"] == "image/svg+xml"
    assert ET.fromstring(answer.body).tag == "{http://www.w3.org/2000/svg}svg"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


async def test_sizes_follow_the_options(lines: Site) -> None:
    for query, size in (
        ("_width=800", (800, 600)),
        ("_height=150", (200, 150)),
        ("_width=300&_height=300", (300, 300)),
        ("_dpi=50", (200, 150)),
        ("_scale=2", (800, 600)),
        ("_width=200&_scale=0.5", (100, 75)),
    ):
        answer = await lines.fetch(f"/plots/line.png?{query}")
        assert Image.open(io.BytesIO(answer.body)).size == size, query


async def test_the_description_tells_all_there_is_to_know(lines: Site) -> None:
    answer = await lines.fetch("/plots/line.json?smooth=2")
    told = json.loads(answer.body)
    assert (told["name"], told["title"], told["description"]) == ("lines/line", "Line", "A line.")
    assert set(told["parameters"]["properties"]) == {"file_path", "smooth"}
    assert told["dependencies"] == ["data.csv"]
    assert told["last_render"]["error"] is None
    assert told["axes"][0]["xlim"][0] < 2
    picture = await lines.fetch("/plots/line.png?smooth=2")
    assert picture.headers["Etag"] == f'"{told["last_render"]["etag"]}"'
    again = await lines.fetch("/plots/line.json?smooth=2", headers={"If-None-Match": answer.headers["Etag"]})
    assert again.code == 304


PLACED = """
    import os
    import matplotlib.pyplot as plt
    from plotd import plot

    @plot(executor="processes")
    def plot_asks():
        plt.plot([1, 2])

    def plot_moves():
        os.chdir("..")
        plt.plot([1, 2])
"""


async def test_the_description_tells_where_a_plot_is_drawn_and_why(lines: Site) -> None:
    lines.house.write("placed.py", PLACED)
    told = {name: json.loads((await lines.fetch(f"/plots/{name}.json")).body) for name in ("line", "asks", "moves")}
    assert {name: each["executor"] for name, each in told.items()} == {
        "line": "threads",
        "asks": "processes",
        "moves": "processes",
    }
    assert told["line"]["note"] == ""
    assert told["asks"]["note"] == "Drawn in a worker process, as its code asks for."
    assert "its file uses os.chdir" in told["moves"]["note"]
    assert all(each["last_render"]["error"] is None for each in told.values())


@pytest.mark.parametrize("show", [True, False])
async def test_what_a_script_printed_is_told_where_a_traceback_would_be(make_site: MakeSite, show: bool) -> None:
    site = await make_site(show_tracebacks=show)
    site.house.write("script.py", SCRIPT)
    last = json.loads((await site.fetch("/plots/script.json")).body)["last_render"]
    assert last["error"] is None
    assert last.get("output") == ("<b>40 %</b> done\n" if show else None)


async def test_the_single_file_needs_no_other_request(lines: Site) -> None:
    answer = await lines.fetch("/plots/line.html")
    assert b"data:image/png;base64," in answer.body
    assert b"<script" not in answer.body
    assert "script-src" not in answer.headers["Content-Security-Policy"]
    again = await lines.fetch("/plots/line.html", headers={"If-None-Match": answer.headers["Etag"]})
    assert again.code == 304


async def test_an_unknown_plot_names_the_nearest(lines: Site) -> None:
    told = await lines.error("/plots/lime.png")
    assert (told["status"], told["code"]) == (404, "unknown_plot")
    assert "'line'" in told["message"]


@pytest.mark.parametrize(
    "path", ["/plots/line.gif", "/plots/line.exe", "/nothing", "/plots/", "/-/nothing", "/static/x"]
)
async def test_what_is_not_there_is_404_in_the_one_shape(lines: Site, path: str) -> None:
    assert (await lines.error(path))["code"] == "not_found"


async def test_every_bad_parameter_is_named(lines: Site) -> None:
    told = await lines.error("/plots/line.png?smooth=abc&colour=red&_width=-5&_dpi=nan&_nope=1")
    assert (told["status"], told["code"]) == (400, "bad_parameter")
    assert set(told["fields"]) == {"smooth", "colour", "_width", "_dpi", "_nope"}
    assert lines.house.renders == 0


@pytest.mark.parametrize(
    "query",
    ["_dpi=0", "_dpi=-1", "_dpi=1e9", "_dpi=inf", "_dpi=0x10", f"_dpi={quote('１００')}", "_dpi=100&_dpi=200"]
    + [
        "_width=1e6",
        "_width=nan",
        "_scale=9",
        "_every=0",
        "smooth=1&smooth=2",
        "smooth=1.5",
        "smooth=%00",
        "smooth=%ff",
    ],
)
async def test_an_impossible_value_is_refused_without_drawing(lines: Site, query: str) -> None:
    assert (await lines.error(f"/plots/line.png?{query}"))["code"] == "bad_parameter"
    assert lines.house.renders == 0


@pytest.mark.parametrize(
    "word",
    ["../secret.csv", "/etc/passwd", "..%2f..%2fetc/passwd", "runs/../../secret.csv", "http://x/y.csv", ".hidden"],
)
async def test_a_file_outside_the_data_roots_is_refused(lines: Site, word: str) -> None:
    (lines.house.folder.parent / "secret.csv").write_text("x,y\n1,1\n")
    lines.house.write(".hidden", "x,y\n1,1\n")
    told = await lines.error(f"/plots/line.png?file_path={word}")
    assert (told["code"], list(told["fields"])) == ("bad_parameter", ["file_path"])
    assert str(lines.house.folder.parent) not in json.dumps(told)


async def test_links_and_sibling_folders_lead_nowhere(lines: Site) -> None:
    sibling = Path(f"{lines.house.folder}2")
    sibling.mkdir()
    (sibling / "secret.csv").write_text("x,y\n1,1\n")
    (lines.house.folder / "link.csv").symlink_to(sibling / "secret.csv")
    for word in ("link.csv", f"{sibling}/secret.csv", "../plots2/secret.csv"):
        assert (await lines.error(f"/plots/line.png?file_path={word}"))["code"] == "bad_parameter"


async def test_a_missing_file_is_404(lines: Site) -> None:
    told = await lines.error("/plots/line.png?file_path=nowhere.csv")
    assert (told["status"], told["code"]) == (404, "missing_file")
    assert "nowhere.csv" in told["message"]


async def test_a_plot_that_raises_says_why_whatever_it_says(lines: Site) -> None:
    text = "first line\nsecond line\r\nX-Injected: 1 从文件 <script>"
    answer = await lines.fetch(f"/plots/raises.png?text={quote(text)}")
    told = json.loads(answer.body)["error"]
    assert (told["status"], told["code"]) == (500, "plot_failed")
    assert told["message"] == f"ValueError: {text}"
    assert "X-Injected" not in answer.headers
    assert "traceback" not in told


async def test_the_traceback_is_shown_where_that_is_allowed(make_site: MakeSite) -> None:
    site = await make_site(show_tracebacks=True)
    site.house.write("lines.py", PLAIN)
    told = await site.error("/plots/raises.png")
    assert "plot_raises" in told["traceback"]
    assert str(site.house.folder) not in told["traceback"]


async def test_a_plot_that_returns_rubbish_says_what_was_expected(lines: Site) -> None:
    told = await lines.error("/plots/rubbish.png")
    assert (told["status"], told["code"]) == (500, "plot_failed")
    assert "expected a figure" in told["message"]


async def test_a_figure_of_too_many_pixels_is_not_drawn(lines: Site) -> None:
    assert (await lines.error("/plots/huge.png"))["status"] == 413
    assert (await lines.error("/plots/line.png?_width=9000&_height=9000"))["code"] == "too_large"


async def test_a_file_that_fails_is_shown_and_the_others_are_served(lines: Site) -> None:
    lines.house.write("broken.py", "def plot_broken(:\n")
    await lines.house.engine.catalog.keep_up()
    told = json.loads((await lines.fetch("/-/plots.json")).body)
    (failure,) = told["failures"]
    assert failure["file"] == "broken.py"
    assert failure["line"] == 1
    assert (await lines.fetch("/plots/line.png")).code == 200


async def test_a_failing_render_leaves_the_last_good_picture(lines: Site) -> None:
    good = await lines.fetch("/plots/line.png")
    lines.house.write("data.csv", "nonsense\n1\n")
    stale = await lines.fetch("/plots/line.png")
    assert (stale.code, stale.body, stale.headers["Etag"]) == (200, good.body, good.headers["Etag"])
    assert stale.headers["Plotd-State"] == "stale"
    assert stale.headers["Cache-Control"] == "no-store"
    code, _, message = stale.headers["Plotd-Error"].partition("; ")
    assert (code, "AttributeError" in unquote(message)) == ("plot_failed", True)
    held = await lines.fetch("/plots/line.png", headers={"If-None-Match": good.headers["Etag"]})
    assert (held.code, held.headers["Plotd-State"]) == (304, "stale")


@pytest.mark.parametrize("path", ["/plots/raises.png?text=%3Cscript%3E", "/nothing/%3Cscript%3E", "/static/%00"])
async def test_an_error_comes_in_the_shape_that_is_liked_best(lines: Site, path: str) -> None:
    chromium_img = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
    chromium_page = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
    for accept, kind in (
        (chromium_img, "image/png"),
        (chromium_page, "text/html; charset=utf-8"),
        ("*/*", "application/json; charset=utf-8"),
        ("image/png;q=0.5, application/json", "application/json; charset=utf-8"),
    ):
        answer = await lines.fetch(path, headers={"Accept": accept})
        assert answer.code >= 400
        assert answer.headers["Content-Type"] == kind
        assert answer.headers["Vary"] == ("Accept, Accept-Language" if kind.startswith("text/html") else "Accept")
        if kind == "image/png":
            Image.open(io.BytesIO(answer.body)).verify()
        if kind.startswith("text/html"):
            assert b"<script>" not in answer.body


async def test_a_wrong_method_is_told_which_are_right(lines: Site) -> None:
    for path, allowed in (("/plots/line.png", "GET, HEAD"), ("/-/refresh/line", "POST"), ("/healthz", "GET, HEAD")):
        for method in ("DELETE", "PATCH", "OPTIONS") + (("GET",) if allowed == "POST" else ("POST",)):
            answer = await lines.fetch(path, method=method)
            assert answer.code == 405, (path, method)
            assert set(answer.headers["Allow"].split(", ")) == set(allowed.split(", "))


async def test_a_foreign_host_is_refused_everywhere(lines: Site) -> None:
    for path in (
        "/",
        "/plots/line.png",
        "/plots/line",
        "/static/style.css",
        "/nothing",
        "/live",
        "/-/plots.json",
        "/healthz",
    ):
        answer = await lines.fetch(path, headers={"Host": "evil.example"})
        assert answer.code == 421, path
    for host in ("localhost", "127.0.0.1:1", "[::1]:9999", "LOCALHOST"):
        assert (await lines.fetch("/healthz", headers={"Host": host})).code == 200


async def test_names_that_the_settings_list_are_hosts_too(make_site: MakeSite) -> None:
    site = await make_site(listen={"hosts": ["plots.lab.example"]})
    assert (await site.fetch("/healthz", headers={"Host": "plots.lab.example:80"})).code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://127.0.0.1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_another_sites_page_may_not_post(lines: Site, headers: dict[str, str]) -> None:
    before = await lines.fetch("/plots/line.png")
    assert (await lines.fetch("/-/refresh/line", method="POST", headers=headers)).code == 403
    assert (await lines.fetch("/plots/line.png")).headers["Etag"] == before.headers["Etag"]


async def test_what_a_proxy_passes_on_needs_a_setting(lines: Site, make_site: MakeSite) -> None:
    answer = await lines.fetch("/healthz", headers={"X-Forwarded-For": "192.0.2.1"})
    assert answer.code == 403
    assert "auth.open" in json.loads(answer.body)["error"]["message"]


async def test_every_answer_guards_the_browser_it_goes_to(lines: Site) -> None:
    for path in (
        "/",
        "/plots/line",
        "/plots/line.png",
        "/plots/line.json",
        "/static/style.css",
        "/nothing",
        "/healthz",
    ):
        headers = (await lines.fetch(path)).headers
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert headers["Referrer-Policy"] == "no-referrer", path
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin", path
        assert headers["Server"] == "plotd"
        assert "Content-Type" in headers
    for path in ("/", "/plots/line", "/nothing"):
        policy = (await lines.fetch(path, headers={"Accept": "text/html"})).headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy


async def test_pictures_may_be_embedded_elsewhere_where_that_is_set(make_site: MakeSite) -> None:
    site = await make_site(listen={"embed": "cross-origin"})
    assert (await site.fetch("/healthz")).headers["Cross-Origin-Resource-Policy"] == "cross-origin"


async def test_a_refresh_makes_a_new_picture_of_that_request_or_of_all(lines: Site) -> None:
    async def etags() -> list[str]:
        return [(await lines.fetch(f"/plots/line.png?smooth={n}")).headers["Etag"] for n in (1, 2)]

    first = await etags()
    answer = await lines.fetch("/-/refresh/line?smooth=2", method="POST")
    assert answer.code == 202
    second = await etags()
    assert (first[0] == second[0], first[1] == second[1]) == (True, False)
    await lines.fetch("/-/refresh/line", method="POST")
    third = await etags()
    assert set(second).isdisjoint(third)
    assert (await lines.error("/-/refresh/nope", method="POST"))["code"] == "unknown_plot"


async def test_a_full_queue_refuses_at_once_and_what_is_cached_is_served(make_site: MakeSite, tmp_path: Path) -> None:
    site = await make_site(render={"workers": 1, "queue": 2})
    site.house.write("slow.py", SLOW)
    await site.fetch("/plots/slow.png")
    asked = [asyncio.create_task(site.fetch(f"/plots/slow.png?n={n}&gate={tmp_path}/gate")) for n in range(6)]
    refused = 0
    for done in asyncio.as_completed(asked):
        answer = await done
        if answer.code == 503:
            assert int(answer.headers["Retry-After"]) >= 1
            assert json.loads(answer.body)["error"]["code"] == "overloaded"
            refused += 1
            if refused == 3:
                assert (await site.fetch("/healthz")).code == 200
                assert (await site.fetch("/plots/slow.png")).code == 200
                (tmp_path / "gate").touch()
    assert refused == 3


async def test_a_render_past_its_limit_is_a_504_and_others_are_drawn(make_site: MakeSite) -> None:
    site = await make_site(render={"timeout_s": 0.3, "workers": 2})
    site.house.write(
        "hang.py",
        """
        import matplotlib.pyplot as plt

        def plot_hang():
            while True:
                pass

        def plot_ok():
            plt.plot([1])
        """,
    )
    told = await site.error("/plots/hang.png")
    assert (told["status"], told["code"]) == (504, "render_timeout")
    assert (await site.fetch("/plots/ok.png")).code == 200
    assert (await site.fetch("/readyz")).code == 200


async def test_a_queued_render_that_nobody_waits_for_is_dropped(make_site: MakeSite, tmp_path: Path) -> None:
    site = await make_site(render={"workers": 1, "queue": 50})
    site.house.write("slow.py", SLOW)
    first = asyncio.create_task(site.fetch(f"/plots/slow.png?gate={tmp_path}/gate"))
    pool = site.house.engine.pool
    async with asyncio.timeout(20):
        while not pool._running:
            await asyncio.to_thread(os.getpid)
    leaving = [asyncio.create_task(site.house.get("slow", f"n={n}")) for n in range(1, 30)]
    async with asyncio.timeout(20):
        while len(pool._running) < 30:
            await asyncio.to_thread(os.getpid)
    for task in leaving:
        task.cancel()
    await asyncio.gather(*leaving, return_exceptions=True)
    (tmp_path / "gate").touch()
    assert (await first).code == 200
    assert site.house.renders == 1


async def test_too_long_a_url_is_a_414(lines: Site) -> None:
    assert (await lines.fetch(f"/plots/line.png?file_path={'a' * 9000}")).code == 414


async def test_control_characters_in_a_word_inject_nothing(lines: Site) -> None:
    for path in (
        "/plots/line.png?smooth=1%0d%0aX-Inj:1",
        "/plots/x%0d%0aX-Inj:1.png",
        "/plots/raises.png?text=%0d%0aX-Inj:1",
    ):
        answer = await lines.fetch(path)
        assert "X-Inj" not in answer.headers
        assert answer.code in (400, 404, 500)


@pytest.mark.parametrize(
    "path", ["../x", "%2e%2e/x", "..%2fx", "..%5cx", "//etc/passwd", "a%00.png", "%252e%252e/x.png"]
)
async def test_no_spelling_of_a_name_leads_to_a_file(lines: Site, path: str) -> None:
    raw = f"GET /plots/{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    status = int((await lines.say(raw.encode())).split(b" ", 2)[1])
    assert status in (400, 404)


async def test_clients_that_hang_up_take_their_renders_out_of_the_queue(make_site: MakeSite, tmp_path: Path) -> None:
    site = await make_site(render={"workers": 1, "queue": 50})
    site.house.write("slow.py", SLOW)
    pool, flights = site.house.engine.pool, site.house.engine.renderer._flights
    first = asyncio.create_task(site.fetch(f"/plots/slow.png?gate={tmp_path}/gate"))
    async with asyncio.timeout(20):
        while not pool._running:
            await asyncio.to_thread(os.getpid)
    writers = []
    for n in range(1, 9):
        _, writer = await asyncio.open_connection("127.0.0.1", site.port)
        writer.write(f"GET /plots/slow.png?n={n} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        writers.append(writer)
    async with asyncio.timeout(20):
        while len(flights) < 9:
            await asyncio.to_thread(os.getpid)
        for writer in writers:
            writer.close()
        while len(flights) > 1:
            await asyncio.to_thread(os.getpid)
    (tmp_path / "gate").touch()
    assert (await first).code == 200
    assert (await site.fetch("/plots/slow.png?n=99")).code == 200
    assert site.house.renders == 2


async def test_a_word_leads_to_the_root_that_has_the_file_by_now(make_site: MakeSite, tmp_path: Path) -> None:
    roots = [tmp_path / "one", tmp_path / "two"]
    for root in roots:
        root.mkdir()
    site = await make_site(data_roots=roots)
    site.house.write("lines.py", PLAIN)
    assert (await site.error("/plots/line.png?file_path=a.csv"))["code"] == "missing_file"
    (roots[1] / "a.csv").write_text("x,y\n1,2\n2,3\n")
    assert (await site.fetch("/plots/line.png?file_path=a.csv")).code == 200
