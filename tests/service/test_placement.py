"""Where plots are drawn, why, and what of that outlives a restart."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from plots.discover import scan
from plots.loading import Library
from plots.spec import PlotSpec
from service.journal import Journal, PlotKey
from service.placement import KEPT, Kind, Placement
from service.store import Store

PLOTS = """
    import os
    import matplotlib.pyplot as plt
    from plotd import plot

    def plot_plain():
        plt.plot([1, 2])

    @plot(executor="threads")
    def plot_in_threads():
        plt.plot([1, 2])

    @plot(executor="processes")
    def plot_in_processes():
        plt.plot([1, 2])

    @plot(executor="dask")
    def plot_in_dask():
        plt.plot([1, 2])
"""
MOVES = """
    import os
    import matplotlib.pyplot as plt
    from plotd import plot

    def plot_moves():
        os.chdir("/")

    @plot(executor="threads")
    def plot_insists():
        os.chdir("/")

    @plot(executor="dask")
    def plot_elsewhere():
        os.chdir("/")
"""
SCRIPT = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "plots"
    made.mkdir()
    return made


def find(folder: Path, **files: str) -> dict[str, PlotSpec]:
    """Write *files* to *folder*, and return all plots there by alias."""
    for stem, text in files.items():
        (folder / f"{stem}.py").write_text(dedent(text))
    return {spec.alias: spec for spec in scan([folder], Library(20.0)).plots}


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Open the store of the test anew, as a restart does."""
    stores: list[Store] = []

    def reopen() -> Store:
        for store in stores:
            store.close()
        stores[:] = [Store(tmp_path / "kept.sqlite")]
        return stores[0]

    yield reopen
    stores[0].close()


def place(kept: Callable[[], Store], usual: Kind = "threads", *, has_dask: bool = False) -> Placement:
    return Placement(usual, kept(), has_dask=has_dask)


async def restart(kept: Callable[[], Store]) -> Placement:
    store = kept()
    placement = Placement("threads", store, has_dask=False)
    placement.load(await store.load())
    return placement


@pytest.mark.parametrize("usual", ["threads", "processes", "dask"])
def test_the_settings_choose_where_nothing_else_does(kept: Callable[[], Store], folder: Path, usual: Kind) -> None:
    placement, plain = place(kept, usual, has_dask=True), find(folder, plots=PLOTS)["plain"]
    assert (placement.choose(plain), placement.why(plain)) == (usual, "")


def test_what_the_author_asks_for_goes_before_the_settings_and_is_said(kept: Callable[[], Store], folder: Path) -> None:
    placement, plots = place(kept, has_dask=True), find(folder, plots=PLOTS)
    chosen = {alias: placement.choose(spec) for alias, spec in plots.items()}
    expected = {"plain": "threads", "in_threads": "threads", "in_processes": "processes", "in_dask": "dask"}
    assert chosen == expected
    assert placement.why(plots["in_threads"]) == "", "it would be drawn there anyway"
    assert placement.why(plots["in_processes"]) == "Drawn in a worker process, as its code asks for."
    assert placement.why(plots["in_dask"]) == "Drawn on the Dask cluster, as its code asks for."
    assert place(kept, "processes").why(plots["in_threads"]) == "Drawn in a thread of the daemon, as its code asks for."


@pytest.mark.parametrize("usual", ["threads", "processes"])
def test_where_there_is_no_cluster_the_settings_count_and_that_is_said(
    kept: Callable[[], Store], folder: Path, usual: Kind
) -> None:
    placement, plot = place(kept, usual), find(folder, plots=PLOTS)["in_dask"]
    assert placement.choose(plot) == usual
    assert placement.why(plot) == "Its code asks for a Dask cluster, but render.dask_scheduler names none."


@pytest.mark.parametrize(("usual", "expected"), [("threads", "processes"), ("processes",) * 2, ("dask",) * 2])
def test_a_script_is_never_drawn_in_a_thread_of_the_daemon(
    kept: Callable[[], Store], folder: Path, usual: Kind, expected: Kind
) -> None:
    placement, script = place(kept, usual, has_dask=True), find(folder, script=SCRIPT)["script"]
    assert placement.choose(script) == expected
    assert ("script" in placement.why(script)) == (usual == "threads")
    assert placement.moved([script]) == [], "it did no harm"


@pytest.mark.parametrize("alias", ["plain", "in_threads"])
async def test_a_plot_that_hung_in_a_thread_gets_none_until_its_code_is_edited(
    kept: Callable[[], Store], folder: Path, alias: str
) -> None:
    placement, plots = place(kept), find(folder, plots=PLOTS)
    placement.note_hang(plots[alias])
    for each in (placement, await restart(kept)):
        assert each.choose(plots[alias]) == "processes"
        assert each.why(plots[alias]).startswith("Drawn in a worker process until its code changes: in a thread ")
        assert each.moved(plots.values()) == [(f"plots/{alias}", each.why(plots[alias]))]
        assert each.choose(plots["in_dask"]) == "threads", "the others are left where they are"
    edited = find(folder, plots=PLOTS.replace("[1, 2]", "[1, 2, 3]"))
    assert (placement.choose(edited[alias]), placement.why(edited[alias])) == ("threads", "")
    assert placement.moved(edited.values()) == []
    undone = find(folder, plots=PLOTS)
    assert placement.choose(undone[alias]) == "processes", "that code is known to hang"


async def test_a_plot_that_the_daemon_died_of_gets_no_thread_from_then_on(
    kept: Callable[[], Store], folder: Path, tmp_path: Path, expected_log: list[str]
) -> None:
    expected_log.append(r"the daemon died while it drew plot_plain in .*plots\.py")
    plots = find(folder, plots=PLOTS)
    journal = Journal(tmp_path)
    journal.open()
    journal.begin(PlotKey.of(plots["plain"]))
    del journal  # as if the process had ended here
    placement = await restart(kept)
    placement.note_died(Journal(tmp_path).left_behind())
    for each in (placement, await restart(kept)):
        assert each.choose(plots["plain"]) == "processes"
        assert "the daemon died while drawing it in a thread" in each.why(plots["plain"])
        assert [name for name, _ in each.moved(plots.values())] == ["plots/plain"]


def test_a_mark_is_not_spoken_of_where_all_plots_are_drawn_in_processes(
    kept: Callable[[], Store], folder: Path
) -> None:
    placement, plots = place(kept, "processes"), find(folder, plots=PLOTS)
    placement.note_hang(plots["plain"])
    placement.note_hang(plots["in_threads"])
    assert (placement.choose(plots["plain"]), placement.why(plots["plain"])) == ("processes", "")
    assert placement.choose(plots["in_threads"]) == "processes"
    assert [name for name, _ in placement.moved(plots.values())] == ["plots/in_threads"]


def test_what_changes_the_whole_process_is_kept_out_of_threads(kept: Callable[[], Store], folder: Path) -> None:
    placement, plots = place(kept, has_dask=True), find(folder, moves=MOVES)
    chosen = {alias: placement.choose(spec) for alias, spec in plots.items()}
    assert chosen == {"moves": "processes", "insists": "processes", "elsewhere": "dask"}
    why = "Drawn in a worker process: its file uses os.chdir, which changes the whole process."
    assert placement.why(plots["moves"]) == placement.why(plots["insists"]) == why
    assert placement.moved(plots.values()) == [], "it did no harm"
    assert place(kept, "dask", has_dask=True).why(plots["insists"]) == why
    assert place(kept).why(plots["elsewhere"]) == f"{why} Its code asks for a Dask cluster, but " + (
        "render.dask_scheduler names none."
    )


async def test_what_only_a_render_shows_to_change_the_process_counts_from_then_on(
    kept: Callable[[], Store], folder: Path
) -> None:
    placement, plots = place(kept), find(folder, plots=PLOTS)
    placement.note_process_wide(plots["plain"], [])
    assert placement.choose(plots["plain"]) == "threads"
    placement.note_process_wide(plots["plain"], ["os.chdir"])
    placement.note_process_wide(plots["plain"], ["sys.stdout", "os.chdir", "locale"])
    for each in (placement, await restart(kept)):
        assert each.choose(plots["plain"]) == "processes"
        assert "its file uses os.chdir, sys.stdout and locale, which change the whole process" in each.why(
            plots["plain"]
        )
    edited = find(folder, plots=PLOTS.replace("[1, 2]", "[1]"))
    assert placement.choose(edited["plain"]) == "threads"


def test_a_data_file_that_hangs_moves_itself_alone(kept: Callable[[], Store], folder: Path) -> None:
    for name in ("small", "huge"):
        (folder / f"{name}.csv").write_text("a,b\n1,2\n")
    placement, plots = place(kept), find(folder)
    assert plots["small"].file == plots["huge"].file, "the same code draws both"
    placement.note_hang(plots["huge"])
    assert (placement.choose(plots["huge"]), placement.choose(plots["small"])) == ("processes", "threads")


async def test_a_file_name_that_is_no_text_is_remembered_too(kept: Callable[[], Store], folder: Path) -> None:
    Path(str(folder) + "/caf\udce9.csv").write_text("a,b\n1,2\n")
    (odd,) = find(folder).values()
    place(kept).note_hang(odd)
    assert (await restart(kept)).choose(odd) == "processes"


@pytest.mark.parametrize("value", [None, 1, "hung", [], {}, {"code": "CODE", "why": "bored", "names": []}])
async def test_what_another_version_kept_is_passed_over(kept: Callable[[], Store], folder: Path, value: object) -> None:
    plain = find(folder, plots=PLOTS)["plain"]
    text = json.dumps(value).replace("CODE", plain.code)
    kept().put(KEPT, f"{plain.file}\n{plain.qualname}", json.loads(text))
    assert (await restart(kept)).choose(plain) == "threads"
