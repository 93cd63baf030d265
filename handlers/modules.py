"""The scripts of a page: which it takes. A browser that is told so at once needn't find out one after another."""

from __future__ import annotations

import functools
import re
from pathlib import Path

STATIC = Path(__file__).resolve().parent / "static"
IMPORT = re.compile(r'^(?:import|export) [^;]*? from "\./(\w+\.js)";$', re.MULTILINE)


@functools.cache
def needed(script: str) -> tuple[str, ...]:
    """Return the names of *script* and of all that it imports, and that these import; not what waits for a gesture."""
    found = [script]
    for name in found:
        imported = IMPORT.findall((STATIC / name).read_text(encoding="utf-8"))
        found += [other for other in dict.fromkeys(imported) if other not in found]
    return tuple(found)
