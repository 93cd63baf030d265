"""Themes and limits by URL."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.handlers.conftest import MakeSite, Site

PLOT = """
from pathlib import Path
import matplotlib.pyplot as plt
def plot_line(kind="linear"):
    heights = Path(__file__).with_name("heights.txt").read_text()  # so that it doesn't change with time
    plt.plot([1, 10, 100], [float(height) for height in heights.split()])
    plt.xscale(kind)
def plot_dial():
    plt.subplot(projection="polar")
"""


@pytest.fixture
async def lines(make_site: MakeSite, tmp_path: Path) -> Site:
    (tmp_path / "plots" / "lines.py").write_text(PLOT)
    (tmp_path / "plots" / "heights.txt").write_text("1 5 2")
    return await make_site()


async def test_a_look_is_part_of_a_picture_s_identity_however_it_is_spelt(lines: Site) -> None:
    etags = []
    for query in ("", "_theme=dark", "_xlim=0,10", "_xlim.0=10,0.0", "_ylim=auto"):
        answer = await lines.fetch(f"/plots/line.png?{query}")
        assert answer.code == 200, answer.body
        etags.append(answer.headers["Etag"])
    assert etags[2] == etags[3]
    assert len(set(etags)) == 4


async def test_a_theme_is_seen_and_limits_are_told(lines: Site) -> None:
    answer = await lines.fetch("/plots/line.png?_theme=dark")
    assert tuple(np.asarray(Image.open(io.BytesIO(answer.body)))[2, 2]) == (28, 32, 37)
    told = json.loads((await lines.fetch("/plots/line.json?_xlim=-5,20&_ylim=2,3")).body)
    assert (told["axes"][0]["xlim"], told["axes"][0]["ylim"]) == ([-5, 20], [2, 3])
    assert "-5 to 20" in told["alt"].replace("\N{MINUS SIGN}", "-")


@pytest.mark.parametrize(
    ("url", "field"),
    [
        ("line.png?_theme=nope", "_theme"),
        ("line.png?_xlim=1,1", "_xlim"),
        ("line.png?_xlim.00=1,2", "_xlim.00"),
        ("line.png?_zlim=1,2", "_zlim"),
        ("line.png?_xlim=1,2&_xlim.0=1,2", "_xlim.0"),
        ("line.png?_xlim=1,2&_xlim=1,2", "_xlim"),
        ("line.png?_ylim.1=1,2", "_ylim.1"),
        ("line.svg?kind=log&_xlim=-1,2", "_xlim.0"),
        ("line.pdf?_xlim=2024-01-01,2024-01-02", "_xlim.0"),
        ("dial.png?_xlim=1,2", "_xlim.0"),
    ],
)
async def test_a_look_that_can_not_be_is_a_bad_request(lines: Site, url: str, field: str) -> None:
    told = await lines.error(f"/plots/{url}")
    assert (told["status"], told["code"], list(told["fields"])) == (400, "bad_parameter", [field])


async def test_numbers_are_the_same_whatever_the_look(lines: Site) -> None:
    await lines.fetch("/plots/line.png")  # meanwhile the data file grows old enough for its state to be sure
    answers = [await lines.fetch(f"/plots/line.csv?{query}") for query in ("", "_theme=dark&_xlim=1,2&_width=300")]
    assert [answer.code for answer in answers] == [200, 200]
    assert answers[0].body == answers[1].body
