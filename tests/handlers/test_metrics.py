"""The daemon in figures: each is right, each has its name, and no client makes one more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.handlers.conftest import MakeSite, Site, receive

PLOTS = """
    import os, time
    import matplotlib.pyplot as plt

    def plot_line(n: int = 2):
        plt.figure(figsize=(1, 1))
        plt.plot(range(n))

    def plot_bad():
        raise ValueError("never")

    def plot_slow(gate: str, n: int = 0):
        while not os.path.exists(gate):
            time.sleep(0.002)
        plt.figure(figsize=(1, 1))
        plt.plot([n])
"""

Series = tuple[str, tuple[tuple[str, str], ...]]
UNITS = ("_seconds", "_bytes")
Figures = dict[Series, float]


@pytest.fixture
async def plots(site: Site) -> Site:
    site.house.write("p.py", PLOTS)
    await site.house.engine.catalog.rescan()
    return site


async def scrape(site: Site) -> Figures:
    """Return every figure, by its name and labels."""
    answer = await site.fetch("/metrics")
    assert (answer.code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    families = text_string_to_metric_families(answer.body.decode())
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in families for s in family.samples}


def of(figures: Figures, name: str, **labels: str) -> float:
    return figures[name, tuple(sorted(labels.items()))]


async def test_renders_failures_and_the_cache_are_counted(plots: Site) -> None:
    await asyncio.gather(*(plots.fetch("/plots/line.png") for _ in range(5)))
    await plots.fetch("/plots/line.png")
    await plots.fetch("/plots/line.png?n=3")
    await plots.fetch("/plots/bad.png")
    figures = await scrape(plots)
    assert of(figures, "plotd_renders_total", plot="p/line") == 2
    assert of(figures, "plotd_renders_total", plot="p/bad") == 1
    assert of(figures, "plotd_render_failures_total", plot="p/line") == 0
    assert of(figures, "plotd_render_failures_total", plot="p/bad") == 1
    assert of(figures, "plotd_render_seconds_count") == 3
    assert of(figures, "plotd_render_seconds_bucket", le="+Inf") == 3
    spent_s = sum(of(figures, "plotd_plot_render_seconds_total", plot=f"p/{name}") for name in ("line", "bad"))
    assert of(figures, "plotd_render_seconds_sum") == pytest.approx(spent_s)
    assert of(figures, "plotd_cache_pictures") == 2
    assert 0 < of(figures, "plotd_cache_bytes") < of(figures, "plotd_cache_limit_bytes")
    results = [of(figures, "plotd_cache_answers_total", result=result) for result in ("hit", "join", "miss")]
    assert sum(results) == 7
    assert results[0] >= 1
    assert of(figures, "plotd_http_responses_total", status="200") == 7
    assert of(figures, "plotd_http_responses_total", status="500") == 1


async def test_a_plot_that_fails_is_marked_until_it_is_drawn_again(plots: Site) -> None:
    await plots.fetch("/plots/bad.png")
    await plots.fetch("/plots/line.png")
    figures = await scrape(plots)
    assert of(figures, "plotd_plot_failing", plot="p/bad") == 1
    assert of(figures, "plotd_plot_failing", plot="p/line") == 0
    never = of(figures, "plotd_plot_last_success_timestamp_seconds", plot="p/bad")
    assert never != never
    drawn = (await plots.house.get("line")).rendering.at.timestamp()
    assert of(figures, "plotd_plot_last_success_timestamp_seconds", plot="p/line") == pytest.approx(drawn, abs=1)
    assert of(figures, "plotd_plot_last_success_age_seconds", plot="p/line") >= 0
    plots.house.write("p.py", PLOTS.replace('raise ValueError("never")', "plt.plot([1])"))
    await plots.fetch("/plots/bad.png")
    assert of(await scrape(plots), "plotd_plot_failing", plot="p/bad") == 0


async def test_what_was_asked_wrongly_is_no_failing_plot(make_site: MakeSite) -> None:
    plots = await make_site(render={"max_pixels": 20_000})
    plots.house.write("p.py", PLOTS.replace("figsize=(1, 1)", "figsize=(n, 1)"))
    assert (await plots.error("/plots/line.png?n=9"))["code"] == "too_large"
    figures = await scrape(plots)
    assert of(figures, "plotd_render_failures_total", plot="p/line") == 1
    assert of(figures, "plotd_plot_failing", plot="p/line") == 0


async def test_the_queue_is_told_while_it_lasts(plots: Site) -> None:
    gate = plots.house.folder / "gate"
    asked = [asyncio.create_task(plots.fetch(f"/plots/slow.png?gate={gate}&n={n}")) for n in range(5)]
    await until(plots, lambda figures: of(figures, "plotd_renders_queued") == 3)
    figures = await scrape(plots)
    assert of(figures, "plotd_renders_drawing") == 2
    assert of(figures, "plotd_renders_limit") == 2 + 64
    gate.touch()
    assert [answer.code for answer in await asyncio.gather(*asked)] == [200] * 5
    figures = await scrape(plots)
    assert (of(figures, "plotd_renders_queued"), of(figures, "plotd_renders_drawing")) == (0, 0)


async def until(site: Site, holds: Callable[[Figures], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds(await scrape(site)):
            pass


async def test_who_watches_is_counted_by_plot(plots: Site) -> None:
    socket = await plots.socket()
    await socket.write_message('{"watch": ["/plots/line.png", "/plots/line.png?n=3"]}')
    while (await receive(socket))["state"] != "fresh" or (await receive(socket))["state"] != "fresh":
        pass
    figures = await scrape(plots)
    assert of(figures, "plotd_viewers") == 1
    assert of(figures, "plotd_subscriptions") == of(figures, "plotd_watched_pictures") == 2
    assert of(figures, "plotd_plot_viewers", plot="p/line") == 1
    assert of(figures, "plotd_plot_viewers", plot="p/bad") == 0
    assert of(figures, "plotd_http_responses_total", status="101") == 1


async def test_a_plot_that_is_gone_takes_its_series_along(plots: Site) -> None:
    await plots.fetch("/plots/line.png")
    plots.house.write("q.py", PLOTS)
    await plots.house.engine.catalog.rescan()
    with_both = await scrape(plots)
    assert of(with_both, "plotd_renders_total", plot="q/line") == 0
    (plots.house.folder / "q.py").unlink()
    await plots.house.engine.catalog.rescan()
    gone = set(with_both) - set(await scrape(plots))
    assert gone
    assert all(dict(labels).get("plot", "").startswith("q/") for _, labels in gone)


async def test_ten_thousand_made_up_names_make_no_series(plots: Site) -> None:
    before = await scrape(plots)
    await ask(plots, (f"/plots/{kind}?x{n}=1" for n in range(2500) for kind in made_up(n)))
    after = await scrape(plots)
    assert set(after) == set(before)
    assert of(after, "plotd_http_responses_total", status="404") == 7500
    assert of(after, "plotd_http_responses_total", status="400") == 2500


def made_up(number: int) -> tuple[str, ...]:
    return f"no{number}.png", f"line.no{number}", f"no{number}", "line.png"


async def ask(site: Site, urls: Iterator[str]) -> None:
    """Ask for all *urls*, without waiting for each answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    fields = "Host: localhost\r\nAccept: application/json\r\n\r\n"
    sending = asyncio.create_task(asyncio.to_thread("".join, (f"GET {url} HTTP/1.1\r\n{fields}" for url in urls)))
    asked = await sending
    writer.write(asked.encode())
    writer.write(f"GET /healthz HTTP/1.1\r\nConnection: close\r\n{fields}".encode())
    async with asyncio.timeout(200):
        answers = await reader.read()
    assert answers.count(b"HTTP/1.1 ") == asked.count("GET ") + 1
    writer.close()


async def test_every_name_has_its_prefix_and_its_unit(plots: Site) -> None:
    await plots.fetch("/plots/line.png")
    text = (await plots.fetch("/metrics")).body.decode()
    for family in text_string_to_metric_families(text):
        assert family.name.startswith("plotd_"), family.name
        assert family.documentation.endswith("."), family.name
        assert family.type in ("counter", "gauge", "histogram"), family.name
        if family.type == "counter":
            assert all(sample.name.endswith("_total") for sample in family.samples)
        if family.type == "histogram":
            assert family.name.endswith(UNITS)


async def test_a_head_tells_nothing_but_that_it_is_there(plots: Site) -> None:
    answer = await plots.fetch("/metrics", method="HEAD")
    assert (answer.code, answer.body) == (200, b"")
