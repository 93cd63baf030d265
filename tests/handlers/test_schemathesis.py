"""The daemon against requests, right and wrong, that schemathesis makes up from /-/openapi.json."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.conftest import Serve

HERE = Path(__file__).parent
SMALL = {"PLOTD_RENDER__MAX_PIXELS": "250000", "PLOTD_LIVE__MAX_WAIT_S": "0.1"}


def test_the_daemon_answers_as_it_promises(serve: Serve, tmp_path: Path) -> None:
    plots = tmp_path / "plots"
    plots.mkdir()
    (plots / "every_kind.py").write_text((HERE / "every_kind.py").read_text())
    (plots / "words.txt").write_text("a few words")
    address = f"{serve(plots, **SMALL).url}/-/openapi.json"
    schemathesis = Path(sys.executable).with_name("schemathesis")
    settings = HERE / "schemathesis.toml"
    command = [str(schemathesis), "--config-file", str(settings), "run", "--no-color", address]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
    selected, tested = (re.search(rf"{word}: +(\d+)", found.stdout) for word in ("Selected", "Tested"))
    assert selected and tested and int(selected[1]) == int(tested[1]) > 20, found.stdout
