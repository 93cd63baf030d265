"""A daemon for a while as it is used: viewers come and go, data and plots change, some fail; and nothing may grow.

Three minutes among all other tests, and half an hour by ``make soak``, which sets SOAK_S.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import re
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.conftest import Serve
from tests.soak.figures import EXPECTED, SPARE, Sample, grown, keep_sampling, open_files, take
from tests.soak.folder import TIMEOUT_S, Folder
from tests.soak.lasting import Lasting, lasting, latest
from tests.soak.page import Shown, shown
from tests.soak.viewers import PATIENCE_S, Street, ask_for_all, come_and_go

LENGTH_S = float(os.environ.get("SOAK_S", "180"))
CHANGE_EVERY_S = 0.5
LOOK_S = 0.5
SETTINGS = {
    "PLOTD_RENDER__TIMEOUT_S": f"{TIMEOUT_S}",
    "PLOTD_RENDER__RECYCLE_AFTER": "5",
    # Soon full: what grows later grows for ever.
    "PLOTD_CACHE__MEMORY_MB": "8",
    "PLOTD_CACHE__MAX_REQUESTS_PER_PLOT": "20",
    "PLOTD_LISTEN__SEND_TIMEOUT_S": "5",
}
# What a plot says itself: nothing else may be worth a warning.
OF_PLOTS = r'level=warning logger=py.warnings msg="\S+/plots.py:\d+: UserWarning: the mood is \d+ '


@pytest.mark.timeout(2 * LENGTH_S + 300)
async def test_nothing_grows_and_nothing_goes_wrong(serve: Serve, tmp_path: Path) -> None:
    chance = random.Random(LENGTH_S)
    folder = Folder.make(tmp_path / "plots", chance)
    daemon = serve(folder.path, **SETTINGS)
    process, street = psutil.Process(daemon.process.pid), Street(daemon.port, chance)
    samples: list[Sample] = []
    await ask_for_all(street)
    before = take(process)
    async with lasting(street) as seen, shown(street) as page:
        changing = folder.keep_changing(CHANGE_EVERY_S)
        await for_a_while(come_and_go(street), changing, keep_sampling(process, LENGTH_S / EXPECTED, samples))
        folder.settle()
        words = f"{folder.rows} rows"
        await until_seen_by_all(street, seen, page, words)
        assert words in (await street.get("/plots/loss.txt")).body.decode()
    print(f"{street.counts}\n{folder.changes} changes")
    await until_all_left(process, before)
    wrong = [line for line in daemon.stderr.splitlines() if not re.search(f"^time=.* (level=info |{OF_PLOTS})", line)]
    assert not wrong
    assert not grown(samples)


async def for_a_while(*doing: Coroutine[Any, Any, None]) -> None:  # Any: what they are sent
    """Do all of it for LENGTH_S; what ends before that fails."""
    tasks = [asyncio.create_task(each) for each in doing]
    done, _ = await asyncio.wait(tasks, timeout=LENGTH_S, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


async def until_seen_by_all(street: Street, seen: Lasting, page: Shown, words: str) -> None:
    """Wait until whoever was there from the first minute on knows each picture as it is by now: *words* tell which."""
    late = ["all"]
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_S):
            while late := seen.lags(await latest(street)) + await page.lags(words):
                await pause()
    assert not late


async def until_all_left(process: psutil.Process, before: Sample) -> None:
    """Wait until it takes no more descriptors and threads than *before*."""
    now = take(process)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_S):
            while now.files > before.files + SPARE or now.threads > before.threads + SPARE:
                await pause()
                now = take(process)
    print(f"before {before}\nafter {now}")
    assert now.files <= before.files + SPARE, open_files(process)
    assert now.threads <= before.threads + SPARE


async def pause() -> None:
    """Wait until it's worth another look."""
    await asyncio.sleep(LOOK_S)  # noqa: TID251 - nobody tells
