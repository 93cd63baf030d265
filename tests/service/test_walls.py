"""Walls in the settings, and in URLs."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.config import ConfigError, load
from service.walls import Piece, Wall, named_wall


def test_a_wall_is_what_its_query_says_and_back() -> None:
    query = "p=run/loss.png?smooth=5%26t=a%2520b&p=host.png&cols=2&rows=1&_kiosk=1&_cycle=2.5"
    wall = named_wall(query)
    pieces = (Piece("run/loss", "smooth=5&t=a%20b"), Piece("host", ""))
    assert wall == Wall(pieces, columns=2, rows=1, kiosk=True, cycle_s=2.5)
    assert wall.query == query


def test_walls_are_named_in_the_settings_and_in_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text('walls: {training: "/wall?p=loss.png&cols=2"}\n')
    assert load(file, {}, {}).walls == {"training": "p=loss.png&cols=2"}
    assert load(None, {"PLOTD_WALLS": '{"all": "p=a&p=b"}'}, {}).walls == {"all": "p=a&p=b"}
    file.write_text("walls:\n")
    assert load(file, {}, {}).walls == {}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            'walls: {training: "cols=2"}',
            "walls.training: expected the query of a wall, such as p=loss.png&cols=2 (it names",
        ),
        ('walls: {training: "p=a&cols=x"}', "cols: expected a whole number from 1 to 12"),
        ('walls: {training: "p=a&co=2"}', "did you mean cols?"),
        ("walls: {training: 3}", "walls.training: expected text, found 3"),
        ("walls: [p=a]", "walls: expected a mapping of names to the queries of walls, found a list"),
    ],
)
def test_a_wall_that_cannot_be_stops_the_start(tmp_path: Path, text: str, problem: str) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(file, {}, {})
    assert f"{file}, line 1" in str(caught.value)
    assert problem in str(caught.value)
