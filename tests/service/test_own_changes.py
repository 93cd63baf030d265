"""Plots that change what they read: they aren't drawn for ever, and still see what others write."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.service.conftest import House, MakeHouse, until
from tests.service.test_identity import SHOWN, shown

from service.states import LOCAL_GRAIN_NS

COUNTER = """
    from pathlib import Path
    from shown import show

    HERE = Path(__file__).parent

    def plot_counter(label: str = ""):
        with open(HERE / "counter.txt", "r+") as file:
            number = int(file.read())
            file.seek(0)
            file.write(str(number + 1))
        return show(number)
"""
LOGGING = """
    import sqlite3
    from pathlib import Path
    from shown import show

    def plot_rows(file_path: Path = Path("a.sqlite"), log: bool = True):
        connection = sqlite3.connect(file_path)
        (number,) = connection.execute("SELECT count(*) FROM t").fetchone()
        if log:
            connection.execute("INSERT INTO log VALUES (?)", (number,))
        connection.commit()
        connection.close()
        return show(number)
"""
STORE = """
    import pandas as pd
    from pathlib import Path
    from shown import show

    def plot_store(file_path: Path = Path("a.h5"), label: str = ""):
        with pd.HDFStore(file_path) as store:  # in mode "a", as it is by default
            return show(len(store["run"]))
"""
MAPPED = """
    import os, time
    import numpy as np
    from pathlib import Path
    from shown import show

    HERE = Path(__file__).parent

    def plot_mapped(file_path: Path = Path("a.bin"), add: int = 1, meet: bool = False):
        data = np.memmap(file_path, np.int64)
        number = int(data[0])
        if add:
            data[0] += add
            data.flush()
        if meet:
            (HERE / "drawing").touch()
            while not (HERE / "go").exists():
                time.sleep(0.002)
            (HERE / "go").unlink()
        return show(number)
"""


@pytest.fixture
async def plots(make_house: MakeHouse) -> House:
    """A house with a plot for each way to change a file in place."""
    house = await make_house()
    for name, text in {"shown": SHOWN, "counter": COUNTER, "logging_": LOGGING, "store": STORE}.items():
        house.write(f"{name}.py", text)
    house.write("mapped.py", MAPPED)
    return house


def put(house: House, value: int) -> None:
    """Write what the mapped plot shows, in place: a map of a file that is cut short can't be read."""
    file = house.folder / "a.bin"
    file.touch()
    with open(file, "r+b") as opened:
        opened.write(value.to_bytes(8, "little"))


async def renders_of(house: House, *asked: tuple[str, str]) -> int:
    """Ask for these pictures, by name and query, again and again; return how many drawings that took."""
    before = house.renders
    for _ in range(20):
        for name, query in asked:
            await house.get(name, query)
    return house.renders - before


async def test_a_file_written_in_place_is_the_renders_own_and_others_still_count(plots: House) -> None:
    plots.write("counter.txt", "10")
    assert await renders_of(plots, ("counter", "")) == 1
    plots.write("counter.txt", "20")
    assert shown((await plots.get("counter")).rendering.body) == 20
    assert await renders_of(plots, ("counter", "")) == 0


async def test_another_picture_bears_another_etag_though_only_the_render_itself_changed_the_file(plots: House) -> None:
    plots.write("counter.txt", "10")
    first = (await plots.get("counter")).rendering
    plots.engine.renderer.cache.forget(first.key)  # as others may push it out
    second = (await plots.get("counter")).rendering
    assert (shown(first.body), shown(second.body)) == (10, 11)
    assert first.etag != second.etag == await plots.etag("counter")


async def test_two_pictures_that_change_the_same_file_do_not_redraw_each_other(plots: House) -> None:
    plots.write("counter.txt", "10")
    pd.DataFrame({"loss": [1.0]}).to_hdf(plots.folder / "a.h5", key="run")
    asked = [(name, f"label={label}") for name in ("counter", "store") for label in "abc"]
    assert await renders_of(plots, *asked) == 6


async def test_a_store_opened_as_if_to_change_it_shows_what_a_job_adds(plots: House) -> None:
    for rows in (1, 2, 3):
        pd.DataFrame({"loss": np.zeros(rows)}).to_hdf(plots.folder / "a.h5", key="run")
        assert shown((await plots.get("store")).rendering.body) == rows
        assert await renders_of(plots, ("store", "")) == 0


@pytest.mark.parametrize("mode", ["DELETE", "WAL"])
async def test_a_plot_that_writes_into_its_database_is_not_drawn_for_ever_and_sees_every_row(
    plots: House, mode: str
) -> None:
    with closing(sqlite3.connect(plots.folder / "a.sqlite", isolation_level=None)) as job:
        job.execute(f"PRAGMA journal_mode={mode}")
        job.execute("CREATE TABLE t (x)")
        job.execute("CREATE TABLE log (x)")
        for count in range(3):
            assert shown((await plots.get("rows")).rendering.body) == count
            assert await renders_of(plots, ("rows", "")) <= 1
            job.execute("INSERT INTO t VALUES (1)")
    assert plots.engine.dependencies.notice(await plots.ask("rows")) == ""


async def test_a_plot_that_may_change_what_it_reads_is_paused_after_five_redraws_and_that_is_said(
    plots: House, expected_log: list[str]
) -> None:
    expected_log.append(r"WARNING .*mapped: paused: it changes a file that it reads: a\.bin$")
    put(plots, 10)
    request = await plots.ask("mapped")
    assert await renders_of(plots, ("mapped", "")) == 6
    assert plots.engine.dependencies.notice(request) == "paused: it changes a file that it reads: a.bin"
    put(plots, 50)
    assert shown((await plots.get("mapped")).rendering.body) == 50
    assert plots.engine.dependencies.notice(request) == ""
    assert await renders_of(plots, ("mapped", "")) == 5
    plots.engine.dependencies.refresh(request.spec.name)
    assert await renders_of(plots, ("mapped", "")) == 6


async def test_a_watched_plot_that_is_paused_is_fresh_and_sees_the_next_change(
    plots: House, expected_log: list[str]
) -> None:
    expected_log.append("paused")
    put(plots, 10)
    page = plots.watch("/plots/mapped.png")
    while not plots.engine.dependencies.notice(await plots.ask("mapped")):
        await until(page, "fresh")
    before = plots.renders
    put(plots, 90)
    while plots.renders == before:
        await until(page, "fresh")
    assert shown((await plots.get("mapped")).rendering.body) >= 90


async def meet_render(house: House, value: int) -> int:
    """Ask for the picture, write *value* in the midst of its drawing, and return what it shows."""
    asked = asyncio.create_task(house.get("mapped", "add=0&meet=1"))
    while not (house.folder / "drawing").exists():
        await asyncio.to_thread(lambda: None)
    (house.folder / "drawing").unlink()
    put(house, value)
    (house.folder / "go").touch()
    return shown((await asked).rendering.body)


async def test_a_plot_that_only_reads_what_it_maps_follows_a_busy_job_and_is_never_paused(plots: House) -> None:
    put(plots, 0)
    request = await plots.ask("mapped", "add=0&meet=1")
    for value in range(1, 40, 2):
        put(plots, value)
        assert await meet_render(plots, value + 1) == value
        assert plots.engine.dependencies.notice(request) == ""
    (plots.folder / "go").touch()
    assert shown((await plots.get("mapped", "add=0&meet=1")).rendering.body) == 40


async def test_what_a_job_writes_after_a_pause_is_seen_even_if_all_that_it_wrote_fell_into_renders(
    plots: House, expected_log: list[str]
) -> None:
    expected_log.append("paused")  # it looks as if the plot did that
    put(plots, 0)
    request = await plots.ask("mapped", "add=0&meet=1")
    for value in range(1, 7):
        assert plots.engine.dependencies.notice(request) == ""
        assert await meet_render(plots, value) == value - 1
    assert plots.engine.dependencies.notice(request) != ""
    assert await renders_of(plots, ("mapped", "add=0&meet=1")) == 0
    put(plots, 99)
    (plots.folder / "go").touch()
    assert shown((await plots.get("mapped", "add=0&meet=1")).rendering.body) == 99
    assert plots.engine.dependencies.notice(request) == ""


LATE = """
    import threading, time
    from pathlib import Path
    from shown import show

    HERE = Path(__file__).parent

    def go_on(number):
        while not (HERE / "over").exists():
            time.sleep(0.002)
        (HERE / "late.txt").write_text(str(number + 1))

    def plot_late():
        number = int((HERE / "late.txt").read_text())
        threading.Thread(target=go_on, args=(number,), daemon=True).start()
        return show(number)
"""


async def test_what_a_thread_left_behind_writes_redraws_the_plot_but_once(plots: House) -> None:
    plots.write("late.py", LATE)
    late = plots.write("late.txt", "1")
    assert shown((await plots.get("late")).rendering.body) == 1
    plots.write("over", "")
    while late.read_text() != "2":
        await asyncio.to_thread(lambda: None)
    assert await renders_of(plots, ("late", "")) <= 1


async def test_a_page_is_told_of_a_pause(plots: House, expected_log: list[str]) -> None:
    expected_log.append("paused")
    put(plots, 10)
    page = plots.watch("/plots/mapped.png")
    while "note" not in (message := await until(page, "fresh")):
        pass
    assert message["note"] == "paused: it changes a file that it reads: a.bin"


COMMAND = """
    import subprocess
    from pathlib import Path
    from shown import show

    HERE = Path(__file__).parent

    def plot_command(file_path: Path = Path("a.txt"), write: bool = True):
        command = "echo $(($(cat now.txt) + 1)) > new.txt; cp new.txt now.txt" if write else "true"
        subprocess.run(command, shell=True, check=True, cwd=HERE)
        return show(int((HERE / "now.txt").read_text()) + 100 * int(file_path.read_text()))
"""


@pytest.fixture
def commands(plots: House) -> House:
    """A house with a plot whose command writes what it reads then."""
    plots.write("command.py", COMMAND)
    plots.write("now.txt", "0")
    plots.write("a.txt", "0")
    return plots


async def test_what_a_plots_command_writes_pauses_it_after_five_redraws_and_others_still_count(
    commands: House, expected_log: list[str]
) -> None:
    expected_log.append(r"WARNING .*command: paused: it changes a file that it reads: now\.txt$")
    page = commands.watch("/plots/command.png")
    while "note" not in (message := await until(page, "fresh")):
        pass
    assert message["note"] == "paused: it changes a file that it reads: now.txt"
    assert commands.renders <= 8
    await grow_old(commands.folder / "now.txt")
    assert await renders_of(commands, ("command", "")) == 0
    commands.write("a.txt", "1")
    assert shown((await commands.get("command")).rendering.body) >= 100
    commands.write("now.txt", "50")
    assert shown((await commands.get("command")).rendering.body) >= 150


async def grow_old(file: Path) -> None:
    """Wait until a further write to *file* could not leave its state as it is."""
    while time.time_ns() - file.stat().st_ctime_ns < 2 * LOCAL_GRAIN_NS:
        await asyncio.to_thread(lambda: None)


async def test_a_plot_that_runs_a_command_follows_a_busy_job_and_is_never_paused(commands: House) -> None:
    request = await commands.ask("command", "write=0")
    for value in range(20):
        commands.write("now.txt", str(value))
        assert shown((await commands.get("command", "write=0")).rendering.body) == value
        assert commands.engine.dependencies.notice(request) == ""
