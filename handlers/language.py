"""The languages of the pages: English stands in the templates and scripts themselves, others in handlers/locale.

What the daemon says of an error is English wherever it says so, as programs and logs rely on. A page knows it again in
the catalogue, where such a phrase has ``{0}``, ``{1}`` in place of what it is about.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from pathlib import Path

from tornado.locale import CSVLocale, Locale, load_translations, set_default_locale

from handlers.errors import title_of

CATALOGUES = Path(__file__).resolve().parent / "locale"
ENGLISH = CSVLocale("en", {})
HOLE = re.compile(r"\{\d\}")
NAMED = re.compile(r"([\w.-]{1,100}): (.+)", re.DOTALL)


def load() -> None:
    """Read the catalogues, one file a language: English phrase, translation."""
    # With tornado's own default, en_US, other readers of English would get their second language.
    set_default_locale(ENGLISH.code)
    load_translations(str(CATALOGUES), encoding="utf-8")


class Phrases:
    """The phrases of one language; static/phrases.js has its like."""

    def __init__(self, known: Mapping[str, str]) -> None:
        self.known = known
        holed = [phrase for phrase in known if HOLE.search(phrase)]
        holed.sort(key=lambda phrase: len(HOLE.sub("", phrase)), reverse=True)  # the one that says most comes first
        # Letters of other scripts as they are: escaped they would double what the page weighs.
        self.as_json = json.dumps(known, ensure_ascii=False).replace("</", "<\\/") if known else ""
        self._patterns = [(_pattern(phrase), known[phrase]) for phrase in holed]

    def tell(self, message: str, code: str = "") -> str:
        """Return *message*, of an error with that *code*, in this language: those of its parts that the daemon made.

        Where a plot failed a name before a colon is that of an exception, whose text is its author's; elsewhere it is a
        field's.
        """
        return "; ".join(self._part(part, code) for part in message.split("; ")) if self.known else message

    def headline(self, error: Mapping[str, object]) -> tuple[str, str]:
        """Return what a page about *error* is headed with, and what stands below that in the daemon's own words."""
        code, message = str(error["code"]), str(error["message"])
        said = self.tell(message, code)
        if not self.known or (said != message and not error.get("fields")):
            return said, ""
        return self.known.get(title_of(code), message), "" if error.get("fields") else message

    def _part(self, text: str, code: str) -> str:
        told = self._told(text)
        named = NAMED.fullmatch(text) if told is None and code != "plot_failed" else None
        if named is not None and (why := self._told(named[2])) is not None:
            return f"{named[1]}: {why}"
        return text if told is None else told

    def _told(self, text: str) -> str | None:
        if text in self.known:
            return self.known[text]
        for pattern, translation in self._patterns:
            if (found := pattern.fullmatch(text)) is not None:
                about = [self._told(words) or words for words in found.groups()]
                return HOLE.sub(lambda hole: about[int(hole[0][1])], translation)  # noqa: B023 - called at once
        return None


def _pattern(phrase: str) -> re.Pattern[str]:
    return re.compile("(.*?)".join(map(re.escape, HOLE.split(phrase))), re.DOTALL)


@functools.lru_cache
def phrases_of(language: Locale) -> Phrases:
    """Return those of *language*; none for English."""
    kinds = language.translations.values() if isinstance(language, CSVLocale) else ()
    return Phrases({phrase: words for kind in kinds for phrase, words in kind.items()})


def speaking(language: Locale) -> dict[str, object]:
    """Return what a template needs to speak *language*; *words*, unless it is English, are all phrases, for scripts."""
    phrases = phrases_of(language)
    return {"_": language.translate, "tell": phrases.tell, "headline": phrases.headline, "words": phrases.as_json}
