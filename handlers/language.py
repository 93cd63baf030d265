"""The languages of the pages: English stands in the templates and scripts themselves, others in handlers/locale."""

from __future__ import annotations

from pathlib import Path

from tornado.escape import json_encode
from tornado.locale import CSVLocale, Locale, load_translations, set_default_locale

CATALOGUES = Path(__file__).resolve().parent / "locale"
ENGLISH = CSVLocale("en", {})


def load() -> None:
    """Read the catalogues, one file a language: English phrase, translation."""
    # With tornado's own default, en_US, other readers of English would get their second language.
    set_default_locale(ENGLISH.code)
    load_translations(str(CATALOGUES), encoding="utf-8")


def speaking(language: Locale) -> dict[str, object]:
    """Return what a template needs to speak *language*: ``_`` and, unless English, all phrases as JSON for scripts."""
    kinds = language.translations.values() if isinstance(language, CSVLocale) else ()
    known = {phrase: words for kind in kinds for phrase, words in kind.items()}
    return {"_": language.translate, "words": json_encode(known) if known else ""}
