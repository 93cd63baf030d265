"""Whatever is drawn at once, each gets its own picture."""

from __future__ import annotations

import asyncio
import io
import random
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image
from tests.handlers.conftest import MakeSite

TWELVE = Path(__file__).with_name("twelve_plots.py")
CLIENTS = 16


def pixels(picture: object) -> np.ndarray:
    return np.asarray(Image.open(picture).convert("RGBA"))  # type: ignore[arg-type]


async def test_twelve_kinds_of_pyplot_code_asked_for_by_sixteen_clients_at_once_are_all_right(
    make_site: MakeSite, tmp_path: Path
) -> None:
    (tmp_path / "alone").mkdir()
    subprocess.run([sys.executable, TWELVE, str(tmp_path / "alone")], check=True)
    alone = {file.stem: pixels(file) for file in (tmp_path / "alone").iterdir()}
    assert len(alone) == 36
    site = await make_site(render={"workers": 4})
    shutil.copy(TWELVE, site.house.folder / "twelve.py")
    switching = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)

    async def client(seed: int) -> int:
        names = sorted(alone)
        random.Random(seed).shuffle(names)
        wrong = 0
        for name in names:
            plot, _, number = name.partition("-")
            answer = await site.fetch(f"/plots/{plot}.png?k={number}")
            assert answer.code == 200, answer.body
            wrong += not np.array_equal(pixels(io.BytesIO(answer.body)), alone[name])
        return wrong

    try:
        assert sum(await asyncio.gather(*(client(seed) for seed in range(CLIENTS)))) == 0
    finally:
        sys.setswitchinterval(switching)
    assert site.house.renders < 36 * CLIENTS
