"""The identity of a picture: which changes make a new one, and which don't."""

from __future__ import annotations

import asyncio
import io
import os
import sqlite3
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.service.conftest import House, MakeHouse, open_house, until

from service.errors import MissingFile, PlotFailed, ServiceError

# A bar of one pixel column per unit: what a picture shows can be read back from its bytes.
SHOWN = """
    import numpy as np
    from PIL import Image

    def show(number):
        return Image.fromarray(np.full((4, 4), int(number) % 256, np.uint8))
"""
READER = """
    import time, os
    from pathlib import Path
    from shown import show

    HERE = Path(__file__).parent

    def plot_number(file_path: Path = Path("number.txt"), gate: str = ""):
        number = file_path.read_text()
        while gate and not os.path.exists(gate):
            time.sleep(0.002)
        return show(number)
"""


OWN = """
    from pathlib import Path
    from shown import show

    def plot_own():
        return show((Path(__file__).parent / "x").read_text())
"""
COUNT = """
    import os
    from shown import show

    def plot_count(folder):
        return show(len(os.listdir(folder)))
"""
CLOCK = """
    from plotd import plot
    from shown import show

    @plot(every=0.2)
    def plot_clock():
        return show(1)
"""
PATTERN = """
    from plotd import plot
    from shown import show

    @plot(watch=["runs/*.flag"])
    def plot_pattern():
        return show(1)
"""
BROKEN = """
    from pathlib import Path

    def plot_broken(file_path="number.txt"):
        raise ValueError(Path(file_path).read_text())
"""


def shown(body: bytes) -> int:
    """Return the number that a picture shows."""
    return int(np.asarray(Image.open(io.BytesIO(body)).convert("L"))[0, 0])


@pytest.fixture
async def reader(house: House) -> House:
    house.write("shown.py", SHOWN)
    house.write("reader.py", READER)
    house.write("number.txt", "1")
    return house


async def number(house: House, query: str = "") -> int:
    return shown((await house.get("number", query)).rendering.body)


async def test_an_unchanged_file_is_drawn_once(reader: House) -> None:
    first, second = await reader.get("number"), await reader.get("number")
    assert (first.cache, second.cache, reader.renders) == ("miss", "hit", 1)
    assert first.rendering.etag == second.rendering.etag == await reader.etag("number")


async def test_a_get_after_a_write_ended_sees_that_write(reader: House) -> None:
    for value in range(2, 12):
        reader.write("number.txt", str(value))
        assert await number(reader) == value


async def test_a_write_of_the_same_size_in_the_same_tick_is_seen(reader: House) -> None:
    assert await number(reader) == 1
    for value in range(20):
        os.pwrite(fd := os.open(reader.folder / "number.txt", os.O_WRONLY), str(value % 7 + 2).encode(), 0)
        os.close(fd)
        assert await number(reader) == value % 7 + 2


async def test_a_write_with_its_mtime_set_back_is_seen(reader: House) -> None:
    before = (reader.folder / "number.txt").stat()
    assert await number(reader) == 1
    reader.write("number.txt", "2")
    os.utime(reader.folder / "number.txt", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert await number(reader) == 2


async def test_a_file_replaced_by_rename_is_seen(reader: House) -> None:
    assert await number(reader) == 1
    reader.write("next.txt", "7").rename(reader.folder / "number.txt")
    assert await number(reader) == 7


async def test_a_file_that_is_deleted_leaves_the_last_picture_and_one_re_created_is_drawn(reader: House) -> None:
    first = await reader.get("number")
    (reader.folder / "number.txt").unlink()
    gone = await reader.get("number")
    assert isinstance(gone.error, MissingFile)
    assert gone.rendering.etag == first.rendering.etag
    reader.write("number.txt", "1")
    back = await reader.get("number")
    assert back.error is None
    assert back.rendering.etag != first.rendering.etag


async def test_a_file_that_is_missing_at_first_is_drawn_once_it_is_there(reader: House) -> None:
    with pytest.raises(MissingFile, match=r"later\.txt"):
        await reader.get("number", "file_path=later.txt")
    reader.write("later.txt", "9")
    assert await number(reader, "file_path=later.txt") == 9


async def test_a_file_missed_by_the_plots_own_code_is_waited_for(house: House) -> None:
    house.write("shown.py", SHOWN)
    house.write("own.py", OWN)
    with pytest.raises(PlotFailed, match="FileNotFoundError"):
        await house.get("own")
    house.write("x", "5")
    assert shown((await house.get("own")).rendering.body) == 5


async def test_a_file_that_changes_during_a_render_makes_one_more(reader: House, tmp_path: Path) -> None:
    query = f"gate={tmp_path}/gate"
    first = asyncio.create_task(reader.get("number", query))
    await reading(reader, query)
    reader.write("number.txt", "2")
    (tmp_path / "gate").touch()
    answer = await first
    assert shown(answer.rendering.body) == 1, "the picture in hand is delivered all the same"
    assert answer.rendering.etag != await reader.etag("number", query), "under its own label"
    assert await number(reader, query) == 2
    assert reader.renders == 2


async def test_whoever_asks_after_a_write_never_joins_a_render_from_before_it(reader: House, tmp_path: Path) -> None:
    query = f"gate={tmp_path}/gate"
    early = asyncio.create_task(reader.get("number", query))
    await reading(reader, query)
    reader.write("number.txt", "2")
    late = asyncio.create_task(reader.get("number", query))
    await asyncio.to_thread((tmp_path / "gate").touch)
    assert shown((await early).rendering.body) == 1
    assert shown((await late).rendering.body) == 2


async def reading(house: House, query: str) -> None:
    """Wait until the plot has read its file and waits at its gate."""
    request = await house.ask("number", query)
    flights = house.engine.renderer._flights
    async with asyncio.timeout(20):
        while not (flight := flights.get(request.key)) or flight.drawing_since_s is None:
            await asyncio.to_thread(lambda: None)
        for _ in range(200):
            await asyncio.to_thread(lambda: None)


async def test_a_writer_that_never_stops_starves_nobody(reader: House) -> None:
    stop = threading.Event()
    wrote: list[int] = []

    def write() -> None:
        while not stop.is_set():
            wrote.append(len(wrote))
            reader.write("next.txt", str(len(wrote))).rename(reader.folder / "number.txt")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        answers = [await reader.get("number", extension="png") for _ in range(5)]
    finally:
        stop.set()
        writer.join()
    assert [answer.error for answer in answers] == [None] * 5
    reader.write("number.txt", "77")
    assert await number(reader) == 77


async def test_equal_requests_under_way_share_one_render(reader: House) -> None:
    queries = ["", "_=1", "file_path=number.txt", f"file_path={reader.folder}/number.txt", "_scale=1", "gate="]
    answers = await asyncio.gather(*(reader.get("number", query) for query in queries * 10))
    assert reader.renders == 1
    assert len({answer.rendering.etag for answer in answers}) == 1


async def test_other_parameters_sizes_and_formats_are_other_pictures(reader: House) -> None:
    reader.write("other.txt", "1")
    asked = [("", "png"), ("file_path=other.txt", "png"), ("_width=50", "png"), ("_scale=2", "png"), ("", "svg")]
    etags = {(await reader.get("number", query, extension)).rendering.etag for query, extension in asked}
    assert len(etags) == len(asked)


async def test_dependencies_outlive_a_restart(tmp_path: Path) -> None:
    (tmp_path / "plots").mkdir()
    async with open_house(tmp_path / "plots", tmp_path / "kept") as house:
        house.write("shown.py", SHOWN)
        house.write("reader.py", READER)
        house.write("number.txt", "1")
        etag = (await house.get("number")).rendering.etag
    async with open_house(tmp_path / "plots", tmp_path / "kept") as house:
        assert await house.etag("number") == etag
        house.write("number.txt", "2")
        assert await house.etag("number") != etag
        assert house.renders == 0


async def test_a_damaged_file_of_dependencies_is_begun_anew(tmp_path: Path, expected_log: list[str]) -> None:
    expected_log.append("damaged")
    (tmp_path / "plots").mkdir()
    (tmp_path / "kept").write_bytes(b"no database" * 1000)
    async with open_house(tmp_path / "plots", tmp_path / "kept") as house:
        house.write("shown.py", SHOWN)
        house.write("reader.py", READER)
        house.write("number.txt", "1")
        assert await number(house) == 1


async def test_a_place_that_cannot_be_written_costs_only_the_memory(tmp_path: Path, expected_log: list[str]) -> None:
    expected_log += ["can't keep dependencies", "can't note what is being drawn"]
    (tmp_path / "plots").mkdir()
    (tmp_path / "file").touch()
    async with open_house(tmp_path / "plots", tmp_path / "file" / "kept") as house:
        house.write("shown.py", SHOWN)
        house.write("reader.py", READER)
        house.write("number.txt", "1")
        assert await number(house) == 1


async def test_a_listed_folder_counts_with_its_names(house: House) -> None:
    house.write("shown.py", SHOWN)
    house.write("count.py", COUNT)
    house.write("runs/a", "1")
    assert shown((await house.get("count", "folder=runs")).rendering.body) == 1
    house.write("runs/b", "1")
    assert shown((await house.get("count", "folder=runs")).rendering.body) == 2


async def test_a_row_committed_to_a_write_ahead_log_is_seen(house: House) -> None:
    house.write("shown.py", SHOWN)
    house.write(
        "rows.py",
        """
        import sqlite3
        from shown import show

        def plot_rows(file_path):
            connection = sqlite3.connect(file_path)
            (count,) = connection.execute("SELECT count(*) FROM t").fetchone()
            connection.close()
            return show(count)
        """,
    )
    writer = sqlite3.connect(house.folder / "a.sqlite", isolation_level=None)
    writer.execute("PRAGMA journal_mode=WAL")
    writer.execute("CREATE TABLE t (x)")
    for count in range(3):
        assert shown((await house.get("rows", "file_path=a.sqlite")).rendering.body) == count
        writer.execute("INSERT INTO t VALUES (1)")
    writer.close()


async def test_files_that_a_render_wrote_itself_never_trigger_it(house: House) -> None:
    house.write("shown.py", SHOWN)
    house.write(
        "own.py",
        """
        import os
        from pathlib import Path
        from shown import show

        HERE = Path(__file__).parent

        def plot_own():
            seen = HERE / "data" / "seen.txt"
            before = int(seen.read_text()) if "seen.txt" in os.listdir(HERE / "data") else 0
            seen.write_text(str(before + 1))
            (HERE / "data" / f"temporary-{before}").write_text("")
            (HERE / "data" / f"temporary-{before}").unlink()
            return show(before)
        """,
    )
    house.write("data/input", "")
    await house.get("own")
    await house.get("own")
    assert house.renders == 1


async def test_what_a_cached_loader_does_not_open_again_still_counts(house: House) -> None:
    house.write("shown.py", SHOWN)
    house.write(
        "cached.py",
        """
        import functools
        from pathlib import Path
        from shown import show

        HERE = Path(__file__).parent

        @functools.lru_cache
        def setting():
            return (HERE / "setting.txt").read_text()

        def plot_cached():
            return show(int(setting()) + int((HERE / "number.txt").read_text()))
        """,
    )
    house.write("setting.txt", "10")
    house.write("number.txt", "1")
    await house.get("cached")
    house.write("number.txt", "2")
    etag = (await house.get("cached")).rendering.etag
    house.write("setting.txt", "20")
    assert await house.etag("cached") != etag


async def test_a_plot_without_dependencies_is_drawn_again_from_time_to_time(make_house: MakeHouse) -> None:
    house = await make_house(cache={"unknown_s": 0.2})
    house.write("shown.py", SHOWN)
    house.write("nothing.py", "from shown import show\n\ndef plot_nothing():\n    return show(1)\n")
    first = (await house.get("nothing")).rendering
    deadline = time.monotonic() + 20
    while (await house.get("nothing")).rendering.etag == first.etag:
        assert time.monotonic() < deadline


async def test_a_version_that_changes_means_a_redraw_and_one_that_does_not_means_none(house: House) -> None:
    house.write("shown.py", SHOWN)
    house.write(
        "versioned.py",
        """
        import os
        from plotd import plot
        from shown import show

        def last_row():
            return os.environ.get("PLOTDTEST_ROW", "0")

        @plot(version=last_row)
        def plot_versioned():
            return show(last_row())
        """,
    )
    os.environ["PLOTDTEST_ROW"] = "1"
    try:
        assert shown((await house.get("versioned")).rendering.body) == 1
        await house.get("versioned")
        assert house.renders == 1
        os.environ["PLOTDTEST_ROW"] = "2"
        assert shown((await house.get("versioned")).rendering.body) == 2
    finally:
        del os.environ["PLOTDTEST_ROW"]


async def test_every_makes_time_a_dependency(house: House) -> None:
    house.write("shown.py", SHOWN)
    house.write("clock.py", CLOCK)
    first = (await house.get("clock")).rendering
    deadline = time.monotonic() + 20
    while (await house.get("clock")).rendering.etag == first.etag:
        assert time.monotonic() < deadline


async def test_a_watched_pattern_counts_beside_what_is_read(house: House) -> None:
    house.write("shown.py", SHOWN)
    house.write("pattern.py", PATTERN)
    house.write("runs/a.flag", "1")
    etags = [(await house.get("pattern")).rendering.etag]
    house.write("runs/a.flag", "2")
    etags.append((await house.get("pattern")).rendering.etag)
    house.write("runs/b.flag", "1")
    etags.append((await house.get("pattern")).rendering.etag)
    assert len(set(etags)) == 3


async def test_an_edit_of_the_code_or_of_a_neighbour_is_a_new_picture(reader: House) -> None:
    assert await number(reader) == 1
    reader.write("shown.py", SHOWN.replace("int(number)", "int(number) + 100"))
    assert await number(reader) == 101
    reader.write("reader.py", READER.replace("show(number)", "show(int(number) * 2)"))
    assert await number(reader) == 102


async def test_a_refresh_call_is_kept_over_restarts(tmp_path: Path) -> None:
    (tmp_path / "plots").mkdir()
    async with open_house(tmp_path / "plots", tmp_path / "kept") as house:
        house.write("shown.py", SHOWN)
        house.write("reader.py", READER)
        house.write("number.txt", "1")
        before = (await house.get("number")).rendering.etag
        house.engine.dependencies.refresh((await house.ask("number")).spec.name)
        after = await house.etag("number")
        assert after != before
    async with open_house(tmp_path / "plots", tmp_path / "kept") as house:
        assert await house.etag("number") == after


async def test_a_picture_rests_after_a_render(make_house: MakeHouse) -> None:
    house = await make_house(live={"min_interval_s": 0.3, "rest": 0.0})
    house.write("shown.py", SHOWN)
    house.write("reader.py", READER)
    house.write("number.txt", "1")
    first = (await house.get("number")).rendering
    house.write("number.txt", "2")
    second = (await house.get("number")).rendering
    assert shown(second.body) == 2
    assert (second.at - first.at).total_seconds() >= 0.3


async def test_a_failure_is_remembered_and_a_change_ends_that_at_once(house: House) -> None:
    house.write("broken.py", BROKEN)
    house.write("number.txt", "one")
    for _ in range(5):
        with pytest.raises(PlotFailed, match="ValueError: one"):
            await house.get("broken")
    assert house.renders == 1
    house.write("number.txt", "two")
    with pytest.raises(PlotFailed, match="ValueError: two"):
        await house.get("broken")


async def test_a_failure_expires_later_and_later_while_it_lasts(house: House) -> None:
    house.write("broken.py", BROKEN)
    house.write("number.txt", "one")
    request = await house.ask("broken")
    waits = []
    for _ in range(7):
        with pytest.raises(ServiceError):
            await house.engine.renderer.render(request)
        waits.append(house.engine.renderer.retry_in_s(request))
        house.engine.renderer._pasts[request.key].error_until_s = 0.0  # as if that time had passed
    assert [round(wait) for wait in waits] == [2, 4, 8, 16, 32, 60, 60]


async def test_a_watched_picture_is_drawn_once_for_each_change(reader: House) -> None:
    pages = [reader.watch("/plots/number.png") for _ in range(8)]
    etags = {str((await until(page, "fresh"))["etag"]) for page in pages}
    assert (len(etags), reader.renders) == (1, 1)
    for value in (2, 3, 4):
        reader.write("number.txt", str(value))
        etags |= {str((await until(page, "fresh"))["etag"]) for page in pages}
    assert (len(etags), reader.renders) == (4, 4)


async def test_a_burst_of_writes_gives_a_few_redraws_the_last_of_which_shows_the_last_state(
    make_house: MakeHouse,
) -> None:
    house = await make_house(live={"min_interval_s": 0.2, "rest": 1.0})
    house.write("shown.py", SHOWN)
    house.write("reader.py", READER)
    house.write("number.txt", "0")
    page = house.watch("/plots/number.png")
    await until(page, "fresh")

    def burst() -> None:
        for value in range(1000):
            replace = house.write("next.txt", str(value))
            replace.rename(house.folder / "number.txt")

    await asyncio.to_thread(burst)
    last = await house.get("number")
    assert shown(last.rendering.body) == 999 % 256
    assert house.renders < 30


async def test_a_picture_asked_for_by_its_etag_is_served_though_time_has_passed(house: House) -> None:
    house.write("shown.py", SHOWN)
    house.write("clock.py", CLOCK)
    first = (await house.get("clock")).rendering
    demand = await house.engine.catalog.demand("clock", f"_etag={first.etag}")
    deadline = time.monotonic() + 20
    while (etag := await house.engine.renderer.etag(demand.request)) == first.etag:
        assert time.monotonic() < deadline
    kept = house.engine.renderer.kept(demand.request, etag, demand.pinned)
    assert kept is not None
    assert kept.rendering.etag == first.etag
    house.engine.dependencies.refresh(demand.request.spec.name)
    assert house.engine.renderer.kept(demand.request, etag, demand.pinned) is None


async def test_a_plot_that_always_fails_is_never_said_to_be_fresh(house: House) -> None:
    house.write("broken.py", BROKEN)
    house.write("number.txt", "one")
    page = house.watch("/plots/broken.png")
    assert (await until(page, "stale"))["error"] is not None
    request = await house.ask("broken")
    house.engine.renderer._pasts[request.key].error_until_s = 0.0  # as if that time had passed
    house.engine.hub.touch()
    async with asyncio.timeout(20):
        while house.renders < 2:
            await asyncio.to_thread(lambda: None)
    house.write("number.txt", "two")
    async with asyncio.timeout(20):
        while "two" not in str((message := await page.take()).get("error")):
            assert message["state"] != "fresh"


async def test_a_failure_known_from_before_a_restart_is_no_picture(tmp_path: Path) -> None:
    (tmp_path / "plots").mkdir()
    async with open_house(tmp_path / "plots", tmp_path / "kept") as house:
        house.write("broken.py", BROKEN)
        house.write("number.txt", "one")
        with pytest.raises(PlotFailed):
            await house.get("broken")
    async with open_house(tmp_path / "plots", tmp_path / "kept") as house:
        page = house.watch("/plots/broken.png")
        while (message := await page.take())["state"] != "stale":
            assert message["state"] != "fresh"


async def test_a_picture_known_from_before_a_restart_is_fresh_without_drawing(tmp_path: Path) -> None:
    (tmp_path / "plots").mkdir()
    async with open_house(tmp_path / "plots", tmp_path / "kept") as house:
        house.write("shown.py", SHOWN)
        house.write("reader.py", READER)
        house.write("number.txt", "1")
        etag = (await house.get("number")).rendering.etag
    async with open_house(tmp_path / "plots", tmp_path / "kept") as house:
        page = house.watch("/plots/number.png")
        assert (await until(page, "fresh"))["etag"] == etag
        assert house.renders == 0
        house.write("number.txt", "2")
        assert (await until(page, "fresh"))["etag"] != etag


async def test_viewers_who_ask_for_the_same_redraws_share_them(make_house: MakeHouse) -> None:
    house = await make_house(live={"min_interval_s": 0.0})
    house.write("shown.py", SHOWN)
    house.write("reader.py", READER)
    house.write("number.txt", "1")
    pages = [house.watch(f"/plots/number.png?_every=0.5&_={n}") for n in range(6)]
    for page in pages:
        await until(page, "fresh")
    before = house.renders
    for _ in range(3):
        await until(pages[0], "fresh")
    assert house.renders - before <= 4


async def test_a_file_whose_name_is_no_utf8_spoils_nothing(house: House) -> None:
    house.write("shown.py", SHOWN)
    house.write("reader.py", READER)
    house.write("number.txt", "1")
    Path(os.fsdecode(os.fsencode(house.folder) + b"/caf\xe9.csv")).write_text("x\n1\n")
    await house.engine.catalog.keep_up()
    for spec in house.engine.catalog.plots:
        spec.title.encode()
    for file in house.engine.catalog.data_files:
        file.encode()
    assert await number(house) == 1


async def test_who_asks_just_as_a_render_ends_waits_for_the_next_and_holds_up_nobody(reader: House) -> None:
    renderer, request = reader.engine.renderer, await reader.ask("number")
    asked: list[object] = []

    def look() -> None:
        """Ask in the very turn of the loop in which a render ended, while those who wait for it don't know yet."""
        if not any(flight.task.done() for flight in renderer._flights.values()):
            asyncio.get_running_loop().call_soon(look)
            return
        reader.write("number.txt", "2")
        asking = renderer.render(request)
        asked.append(asking.send(None))  # it goes as far as it can without waiting
        asking.close()

    asyncio.get_running_loop().call_soon(look)
    await reader.get("number")
    assert len(asked) == 1
    assert await number(reader) == 2
