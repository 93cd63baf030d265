"""What the daemon tells of its health: whether it lives, who draws, and what was moved."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from tests.handlers.conftest import MakeSite, Site

HANGS = """
    import matplotlib.pyplot as plt

    def plot_hangs():
        while True:
            pass

    def plot_goes_on():
        plt.plot([1, 2])
"""


async def ready(site: Site, status: int = 200) -> dict[str, Any]:
    answer = await site.fetch("/readyz")
    assert (answer.code, answer.headers["Cache-Control"]) == (status, "no-store")
    return dict(json.loads(answer.body))


async def test_the_daemon_says_that_it_lives_and_is_ready(site: Site) -> None:
    assert json.loads((await site.fetch("/healthz")).body) == {"status": "alive"}
    assert (await ready(site))["status"] == "ready"
    site.house.engine.ready.clear()
    assert (await ready(site, 503))["status"] == "starting or draining"
    site.house.engine.ready.set()


async def test_a_picture_can_be_had_before_it_is_known_whether_several_can_be_drawn_at_once(site: Site) -> None:
    site.house.write("fine.py", HANGS)
    await site.house.engine.catalog.rescan()
    site.house.engine.ready.clear()
    assert (await site.fetch("/plots/goes_on.png")).code == 200
    site.house.engine.ready.set()


async def test_it_says_who_draws(make_site: MakeSite) -> None:
    site = await make_site(render={"workers": 3})
    told = await ready(site)
    assert (told["executor"], told["isolation"]) == ("threads", "contexts")
    assert told["workers"] == {"threads": 3, "processes": 3}
    assert told["moved"] == []


async def test_a_plot_that_hung_in_a_thread_is_named_until_it_is_edited(make_site: MakeSite) -> None:
    site = await make_site(render={"timeout_s": 0.3})
    site.house.write("hangs.py", HANGS)
    assert (await site.error("/plots/hangs.png"))["code"] == "render_timeout"
    (moved,) = (await ready(site))["moved"]
    assert moved["plot"] == "hangs/hangs"
    assert "it ran over its time" in moved["why"]
    assert str(site.house.folder) not in json.dumps(moved)
    site.house.write("hangs.py", HANGS.replace("while True", "while False"))
    await site.house.engine.catalog.rescan()
    assert (await ready(site))["moved"] == []


FAILS = """
    import matplotlib.pyplot as plt

    def plot_fails(n: int = 0):
        plt.plot([1 / n])
"""


async def test_it_says_which_plots_fail_and_why_until_they_are_drawn_again(site: Site) -> None:
    site.house.write("fails.py", FAILS)
    await site.fetch("/plots/fails.png")
    told = await ready(site)
    (failing,) = told["failing"]
    since = datetime.fromisoformat(failing.pop("since"))
    assert abs((datetime.now(UTC) - since).total_seconds()) < 60
    message = "ZeroDivisionError: division by zero"
    assert failing == {"plot": "fails/fails", "code": "plot_failed", "message": message}
    assert told["status"] == "ready"
    await site.fetch("/plots/fails.png?n=1")
    assert (await ready(site))["failing"] == []


async def test_it_names_files_that_fail_and_the_plots_that_they_held(site: Site) -> None:
    site.house.write("fails.py", FAILS)
    await site.fetch("/plots/fails.png?n=1")
    site.house.write("fails.py", "def plot_fails(:\n")
    await site.house.engine.catalog.rescan()
    told = await ready(site)
    (failing,), (failure,) = told["failing"], told["failures"]
    assert (failing["plot"], failing["code"], failing["since"]) == ("fails/fails", "plot_failed", None)
    assert (failure["file"], failure["line"]) == ("fails.py", 1)
    assert str(site.house.folder) not in json.dumps(told)
