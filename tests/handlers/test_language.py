"""The pages' languages: whose is chosen, and that every phrase has its translation."""

from __future__ import annotations

import ast
import csv
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from tests.handlers.conftest import MakeSite, Site
from tests.handlers.messages import ABOUT, messages

import handlers
from handlers.errors import CODES, STATUSES, TITLES
from handlers.fields import EVERY, SIZES, THEME, USUALLY
from handlers.language import CATALOGUES, Phrases
from handlers.views import AS_MADE

HANDLERS = Path(handlers.__file__).parent
TEXT = r'("(?:[^"\\]|\\.)*")'
# A phrase is the first argument of `_` in a template, its plural the second; in a script it is that of `t`.
PHRASE = {
    "templates/*.html": re.compile(rf"\b_\({TEXT}(?:, {TEXT})?"),
    "static/*.js": re.compile(rf"\bt\(\s*{TEXT}()"),
}
TOLD = [
    ("bad_parameter", "smooth: expected a whole number, got 'x'", "smooth: 应为整数，收到 'x'"),
    ("bad_parameter", "smooth: is outside the data roots; lr: x; y", "smooth: 在数据根目录之外; lr: x; y"),
    (
        "bad_parameter",
        "损失: expected text that matches ^a, got 'b, got c'",
        "损失: 应为匹配 ^a 的文本，收到 'b, got c'",
    ),
    (
        "unknown_plot",
        "there is no plot 'Width'; the nearest: 'a', 'b'",
        "没有名为 'Width' 的图表; 最接近的有：'a', 'b'",
    ),
    ("plot_failed", "ValueError: expected 3, got 4", "ValueError: expected 3, got 4"),
    ("plot_failed", "the plot returned int; expected fewer", "图表返回了 int; expected fewer"),
    ("", "", ""),
]
ENGLISH = re.compile(r"[a-z]{2,} [a-z]{2,}")
NAME = re.compile(r"\{\w+\}")  # what is put in place of it comes later
READERS = [
    (None, "en"),
    ("zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"),
    ("zh-Hans-CN, zh;q=0.5", "zh-Hans"),
    ("zh", "zh-Hans"),
    ("en-GB,en;q=0.9,zh-CN;q=0.8", "en"),
    ("de-DE,de;q=0.9", "en"),
    ("de, zh-CN;q=0.5, en;q=0.1", "zh-Hans"),
]


@pytest.fixture
async def site(make_site: MakeSite) -> Site:
    made = await make_site()
    made.house.write("line.py", "import matplotlib.pyplot as plt\n\ndef plot_line():\n    plt.plot([1, 2])\n")
    await made.house.engine.catalog.keep_up()
    return made


def phrases() -> Iterator[str]:
    """Yield what templates and scripts say, and what stands in tables that they look into."""
    for pattern, phrase in PHRASE.items():
        for path in HANDLERS.glob(pattern):
            found = phrase.findall(path.read_text(encoding="utf-8"))
            yield from (ast.literal_eval(text) for texts in found for text in texts if text)
    yield from (*TITLES.values(), *SIZES.values(), EVERY, THEME, USUALLY, AS_MADE, "on", "off")


def catalogue(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


@pytest.mark.parametrize(("accepts", "language"), READERS)
async def test_a_page_is_in_the_first_of_the_readers_languages_that_there_is(
    site: Site, accepts: str | None, language: str
) -> None:
    headers = {"Accept": "text/html", **({"Accept-Language": accepts} if accepts else {})}
    for path, status in (("/", 200), ("/plots/line", 200), ("/plots/nothing", 404), ("/nowhere", 404)):
        answer = await site.fetch(path, headers=headers)
        assert answer.code == status
        assert f'<html lang="{language}">' in answer.body.decode()
        assert "Accept-Language" in answer.headers["Vary"]


async def test_scripts_get_the_words_only_where_they_are_not_their_own(site: Site) -> None:
    english, chinese = [
        (await site.fetch("/", headers={"Accept-Language": language})).body.decode() for language in ("en", "zh-CN")
    ]
    assert 'id="words"' not in english
    found = re.search(r'<script type="application/json" id="words">(.*?)</script>', chinese, re.DOTALL)
    assert found
    assert json.loads(found[1]) == {row[0]: row[1] for row in catalogue(CATALOGUES / "zh.csv")}


async def test_words_in_other_scripts_are_no_boxes_in_the_picture_of_an_error(site: Site) -> None:
    one, other = [
        (await site.fetch(f"/plots/{quote(letter)}.png", headers={"Accept": "image/*"})).body for letter in "损失"
    ]
    assert one != other


@pytest.mark.parametrize("path", sorted(CATALOGUES.glob("*.csv")), ids=lambda path: path.stem)
def test_every_phrase_has_one_translation_and_every_translation_its_phrase(path: Path) -> None:
    said = set(phrases())
    rows = Counter(row[0] for row in catalogue(path))
    assert len(said) > 50, "the patterns find nothing any more"
    assert said - set(rows) == set(), "not translated"
    assert [phrase for phrase, count in rows.items() if count > 1] == []


@pytest.mark.parametrize("path", sorted(CATALOGUES.glob("*.csv")), ids=lambda path: path.stem)
def test_all_that_the_daemon_says_of_an_error_is_translated_and_nothing_else(path: Path) -> None:
    known = {row[0]: row[1] for row in catalogue(path)}
    said = messages()
    assert len(said) > 100, "its source says nothing any more"
    told = {message: Phrases(known).tell(message) for message in said}
    assert [message for message, words in told.items() if ENGLISH.search(words.replace(ABOUT, ""))] == []
    for phrase in set(known) - set(phrases()):
        others = Phrases({other: words for other, words in known.items() if other != phrase})
        assert any(others.tell(message) != words for message, words in told.items()), f"said nowhere: {phrase}"


def test_every_code_of_an_error_has_a_title_and_every_title_a_code() -> None:
    assert {"", "gone"} | {kind.code for kind in STATUSES} | {*CODES.values(), "failed"} == set(TITLES)


@pytest.mark.parametrize(("code", "message", "told"), TOLD)
def test_of_a_message_only_what_is_the_daemons_own_is_translated(code: str, message: str, told: str) -> None:
    phrases = Phrases({row[0]: row[1] for row in catalogue(CATALOGUES / "zh.csv")})
    assert phrases.tell(message, code) == told
    assert Phrases({}).tell(message, code) == message


@pytest.mark.parametrize("path", sorted(CATALOGUES.glob("*.csv")), ids=lambda path: path.stem)
def test_a_translation_names_what_its_phrase_names(path: Path) -> None:
    wrong = [row for row in catalogue(path) if set(NAME.findall(row[0])) != set(NAME.findall(row[1]))]
    assert wrong == []
    assert [row for row in catalogue(path) if any(cell != cell.strip() or not cell for cell in row)] == []
