"""Programs that people have, each with the real daemon: curl, wget, pandas, a websocket client; and 50 streams."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import re
import shutil
import subprocess
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from tests.conftest import Daemon, Serve
from tests.handlers import plotted
from tests.handlers.reading import reading, reads_nothing
from websockets.sync.client import connect

NUMBERS = """
    from pathlib import Path
    import matplotlib.pyplot as plt
    import pandas as pd

    def plot_numbers(file_path="values.txt"):
        data = pd.read_csv(file_path)
        plt.figure(figsize=(2, 1))
        plt.plot(data.x, data.y, label="numbers")
"""
NOISE = """
    import matplotlib.pyplot as plt
    import numpy as np
    import pandas as pd
    from PIL import Image

    def plot_noise(file_path="values.txt"):
        noise = np.random.default_rng(int(pd.read_csv(file_path).y.iloc[0]))
        return Image.fromarray(noise.integers(0, 256, (1300, 1300, 3), dtype=np.uint8))
"""
CLIENTS = 50


class Numbers:
    """A folder with a plot of a few numbers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        (folder / "lines.py").write_text(textwrap.dedent(NUMBERS))
        (folder / "noise.py").write_text(textwrap.dedent(NOISE))
        self.write([1.5, 0.1, 3])

    def write(self, values: Sequence[float]) -> None:
        """Write the numbers, whole."""
        new = self.folder / ".new"
        new.write_text("x,y\n" + "".join(f"{x},{y!r}\n" for x, y in enumerate(values)))
        new.replace(self.folder / "values.txt")


@pytest.fixture
def numbers(tmp_path: Path) -> Numbers:
    return Numbers(tmp_path / "plots")


@pytest.fixture
def daemon(serve: Serve, numbers: Numbers) -> Daemon:
    return serve(numbers.folder)


def run(*command: str | Path) -> bytes:
    """Return what *command* prints; it must end well."""
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def is_drawn_for_a_terminal(printed: bytes) -> bool:
    lines = printed.decode().splitlines()
    widths = {len(re.sub(r"\x1b\[[\d;]*m", "", line)) for line in lines}
    return widths == {80} and b"\x1b[" in printed and len(lines) == 20


def test_curl_shows_the_picture_in_a_terminal(daemon: Daemon) -> None:
    assert is_drawn_for_a_terminal(run("curl", "-sS", f"{daemon.url}/plots/numbers"))
    page = run("curl", "-sS", "-H", "Accept: text/html", f"{daemon.url}/plots/numbers")
    assert page.startswith(b"<!DOCTYPE html>")


def test_curl_keeps_an_etag_and_asks_with_it(daemon: Daemon, numbers: Numbers, tmp_path: Path) -> None:
    for at, path in enumerate(("/plots/numbers.png", "/plots/numbers.webp", "/plots/numbers")):
        etag, first, second = (tmp_path / f"{kind}{at}" for kind in ("etag", "first", "second"))
        ask = ("curl", "-sS", "-w", "%{http_code}", f"{daemon.url}{path}")
        assert run(*ask, "--etag-save", etag, "-o", first) == b"200"
        compare = ("--etag-save", etag, "--etag-compare", etag, "-o", second)
        assert run(*ask, *compare) == b"304"
        numbers.write([3, at])
        assert run(*ask, *compare) == b"200"
        assert first.read_bytes() != second.read_bytes()
        assert run(*ask, *compare) == b"304"


def test_curl_waits_for_a_change(daemon: Daemon, numbers: Numbers) -> None:
    url = f"{daemon.url}/plots/numbers.csv"
    head = run("curl", "-sS", "-I", url).decode()
    etag = re.search(r"(?i)^etag: (.*)\r$", head, re.MULTILINE)
    assert etag
    asked = ("curl", "-sS", "-i", "-H", f"If-None-Match: {etag[1]}", "-H", "Prefer: wait=60", url)
    with subprocess.Popen(asked, stdout=subprocess.PIPE) as waiting:
        numbers.write([7])
        printed, _ = waiting.communicate(timeout=60)
    assert b" 200 " in printed.splitlines()[0]
    assert b"Preference-Applied: wait=60" in printed
    assert pd.read_csv(io.BytesIO(printed.partition(b"\r\n\r\n")[2])).y.tolist() == [7]


def test_curl_follows_events(daemon: Daemon, numbers: Numbers) -> None:
    url = f"{daemon.url}/live?url=/plots/numbers.png&url=/plots/numbers.txt"
    with subprocess.Popen(
        ("curl", "-sSN", "-H", "Accept: text/event-stream", url), stdout=subprocess.PIPE, text=True
    ) as events:
        assert events.stdout is not None
        etags: dict[str, set[str]] = {}
        for line in events.stdout:
            if not line.startswith("data: "):
                continue
            message = json.loads(line.removeprefix("data: "))
            if message.get("state") == "fresh":
                etags.setdefault(message["url"], set()).add(message["etag"])
            if len(etags) == 2 and all(len(seen) == 1 for seen in etags.values()):
                numbers.write([2, 3])
            if len(etags) == 2 and all(len(seen) == 2 for seen in etags.values()):
                break
        events.terminate()
    assert {etag.partition("-")[2] for etag in etags["/plots/numbers.txt"]} == {"txt"}


def test_a_stop_of_the_daemon_ends_what_would_go_on(daemon: Daemon) -> None:
    stream = ("curl", "-sSN", f"{daemon.url}/plots/numbers.stream")
    events = ("curl", "-sSN", "-H", "Accept: text/event-stream", f"{daemon.url}/live?url=/plots/numbers.png")
    with (
        subprocess.Popen(stream, stdout=subprocess.PIPE) as one,
        subprocess.Popen(events, stdout=subprocess.PIPE) as two,
    ):
        assert one.stdout is not None
        assert two.stdout is not None
        assert one.stdout.readline().startswith(b"--plotd-")
        assert two.stdout.readline().startswith(b"retry: ")
        assert daemon.stop() == 0
        for client in (one, two):
            client.communicate(timeout=60)
            assert client.returncode == 0  # curl would tell of an answer that breaks off


def test_wget_saves_pictures_and_shows_them(daemon: Daemon, tmp_path: Path) -> None:
    for ending, kind in (("png", "PNG"), ("webp", "WEBP")):
        run("wget", "-q", "-P", tmp_path, f"{daemon.url}/plots/numbers.{ending}")
        with Image.open(tmp_path / f"numbers.{ending}") as picture:
            assert (picture.format, picture.size) == (kind, (200, 100))
    assert is_drawn_for_a_terminal(run("wget", "-q", "-O", "-", f"{daemon.url}/plots/numbers"))


def test_pandas_reads_the_numbers_that_were_plotted_by_their_url(serve: Serve, tmp_path: Path) -> None:
    shutil.copy(plotted.__file__, tmp_path / "plots.py")
    daemon = serve(tmp_path / "plots.py")
    for name, columns in plotted.PLOTTED.items():
        table = pd.read_csv(f"{daemon.url}/plots/{name}.csv")
        for column, values in columns.items():
            assert_same(table[column], values, f"{column} of {name}")


def assert_same(found: Any, values: Any, what: str) -> None:
    """Fail unless *found*, as pandas read it, are these *values*."""
    if isinstance(values, pd.TimedeltaIndex):
        found = pd.to_timedelta(found)
    elif isinstance(values, pd.DatetimeIndex):
        found = pd.to_datetime(found, utc=values.tz is not None)
    elif not isinstance(values[0], str):
        np.testing.assert_allclose(found, values, rtol=1e-15, err_msg=what)
        return
    assert list(found) == list(values), what


def test_a_websocket_client_hears_of_changes(daemon: Daemon, numbers: Numbers) -> None:
    url = "/plots/numbers.png"
    with connect(f"{daemon.url.replace('http', 'ws', 1)}/live") as socket:

        def fresh() -> str:
            while (message := json.loads(socket.recv(timeout=30))).get("state") != "fresh":
                pass
            return str(message["etag"])

        socket.send(json.dumps({"watch": [url]}))
        first = fresh()
        numbers.write([9, 8])
        assert fresh() != first


async def look(
    port: int, shown: list[bytes], path: str = "/plots/numbers.stream", kept: Callable[[bytes], bytes] = bytes
) -> None:
    """Look at a stream, note what is *kept* of each picture, and come back whenever it breaks off."""
    while True:
        try:
            async with reading(port, path) as stream:
                while True:
                    shown.append(kept((await stream.part())[1]))
        except (EOFError, OSError):
            await asyncio.sleep(0.1)  # noqa: TID251 - a client's own pause before it tries again


async def until_all_show(shown: Sequence[list[bytes]], picture: bytes) -> None:
    """Wait until that *picture* is the last that each has."""
    async with asyncio.timeout(60):
        while not all(seen and seen[-1] == picture for seen in shown):
            await asyncio.to_thread(lambda: None)


async def test_fifty_streams_outlive_the_daemon(serve: Serve, numbers: Numbers) -> None:
    def picture(url: str) -> bytes:
        return run("curl", "-sS", f"{url}/plots/numbers.png")

    first = await asyncio.to_thread(serve, numbers.folder)
    shown: list[list[bytes]] = [[] for _ in range(CLIENTS)]
    looking = [asyncio.create_task(look(first.port, seen)) for seen in shown]
    await until_all_show(shown, await asyncio.to_thread(picture, first.url))
    first.kill()
    numbers.write([5, 4])
    second = await asyncio.to_thread(serve, numbers.folder, "--port", str(first.port))
    await until_all_show(shown, await asyncio.to_thread(picture, second.url))
    numbers.write([4, 5])
    await until_all_show(shown, await asyncio.to_thread(picture, second.url))
    assert all(Image.open(io.BytesIO(one)).size == (200, 100) for seen in shown for one in seen)
    assert max(map(len, shown)) <= 4  # nothing was sent twice but for the restart
    for task in looking:
        task.cancel()
    await asyncio.gather(*looking, return_exceptions=True)


def digest(picture: bytes) -> bytes:
    return hashlib.sha256(picture).digest()


async def is_torn(port: int, midway: asyncio.Semaphore, killed: asyncio.Event) -> bool:
    """Read some of a large part, and go on once the daemon was *killed*; say whether the rest of it never came."""
    with reads_nothing(port, "/plots/noise.stream") as client:
        client.setblocking(False)
        reader, writer = await asyncio.open_connection(sock=client)
        await reader.readuntil(b"\nContent-Length: ")
        length = int(await reader.readline())  # more than the system holds for its client
        await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(length // 8)
        midway.release()
        await killed.wait()
        came = await reader.read()
        writer.close()
    return len(came) < length - length // 8


async def test_fifty_streams_outlive_a_daemon_that_is_killed_in_the_middle_of_a_part(
    serve: Serve, numbers: Numbers
) -> None:
    first = await asyncio.to_thread(serve, numbers.folder, PLOTD_LISTEN__SEND_TIMEOUT_S="600")
    midway, killed = asyncio.Semaphore(0), asyncio.Event()
    torn: list[bool] = []
    shown: list[list[bytes]] = [[] for _ in range(CLIENTS)]

    async def stay(seen: list[bytes]) -> None:
        torn.append(await is_torn(first.port, midway, killed))
        await look(first.port, seen, "/plots/noise.stream", digest)

    looking = [asyncio.create_task(stay(seen)) for seen in shown]
    async with asyncio.timeout(60):
        for _ in range(CLIENTS):
            await midway.acquire()
    first.kill()
    killed.set()
    second = await asyncio.to_thread(serve, numbers.folder, "--port", str(first.port))
    picture = await asyncio.to_thread(run, "curl", "-sS", f"{second.url}/plots/noise.png")
    await until_all_show(shown, digest(picture))
    assert torn == [True] * CLIENTS
    assert [len(seen) for seen in shown] == [1] * CLIENTS
    for task in looking:
        task.cancel()
    await asyncio.gather(*looking, return_exceptions=True)
