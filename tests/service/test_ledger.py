"""What plots cost, counted."""

from __future__ import annotations

from tests.service.conftest import House

from service.ledger import Figures, Ledger

PLOT = """
    from pathlib import Path
    import matplotlib.pyplot as plt

    def plot_it(file_path="it.txt", x: int = 1):
        plt.title(Path(file_path).read_text()[:x])
"""


def test_an_hour_counts_its_own_renders_and_no_earlier_ones() -> None:
    figures = Figures()
    for minute in (0, 0, 1, 59, 60, 200):
        figures.count(minute * 60.0)
    assert figures.renders == 6
    assert figures.last_hour(200 * 60.0) == 1
    for minute in range(201, 300):
        figures.count(minute * 60.0)
    assert figures.last_hour(299 * 60.0) == 60
    assert figures.last_hour(400 * 60.0) == 0


def test_what_was_never_drawn_costs_nothing() -> None:
    figures = Ledger().of("nowhere")
    assert (figures.seconds, figures.size_bytes, figures.last_hour(0.0)) == (0.0, 0, 0)


async def test_renders_are_counted_and_a_change_is_a_picture_that_looks_otherwise(house: House) -> None:
    house.write("it.py", PLOT)
    data = house.write("it.txt", "abc")
    ledger = house.engine.renderer.ledger
    for query in ("", "", "x=2"):
        await house.get("it", query)
    figures = ledger.of("it/it")
    assert (figures.renders, figures.failures, figures.changed_s) == (2, 0, 0.0)
    assert figures.seconds > 0
    data.write_text("aXYZ")  # what x=1 shows stays the same
    await house.get("it")
    assert (figures.renders, figures.changed_s) == (3, 0.0)
    data.write_text("another")
    picture = await house.get("it", "x=2")
    assert (figures.renders, figures.size_bytes) == (4, len(picture.rendering.body))
    assert figures.changed_s > 0
    data.unlink()
    await house.engine.renderer.attempt(await house.ask("it"))
    assert (figures.renders, figures.failures) == (5, 1)
    assert figures.size_bytes == len(picture.rendering.body)
