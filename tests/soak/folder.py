"""What a soak serves: plots of every kind, and what changes them and their data all the time."""

from __future__ import annotations

import asyncio
import io
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

TIMEOUT_S = 4  # the daemon's render.timeout_s
PLOTS = '''
"""Of data that changes."""
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from neighbour import frame
from plotd import plot

HERE = Path(__file__).parent

def plot_loss(file_path="run.csv", smooth: int = 1, title: str = "Loss"):
    data = pd.read_csv(file_path)
    axes = frame(title)
    axes.plot(data.step, data.loss.rolling(smooth).mean(), label=f"{len(data)} rows")
    axes.plot(data.step, data.loss.cummin())
    axes.legend()

def plot_cloud(points: int = 200):
    place = np.random.rand(points, 2)
    axes = frame(r"$\\sigma^2$")
    axes.scatter(*place.T, c=place[:, 0] + float((HERE / "cloud.txt").read_text()), s=20)

def plot_heat():
    axes = frame("Heat")
    axes.figure.colorbar(axes.imshow(np.load(HERE / "heat.npy")))

def plot_moody():
    """Fails whenever its number can be divided by three."""
    mood = int((HERE / "mood.txt").read_text())
    plt.bar(range(5), range(5))
    if mood % 3 == 0:
        raise ValueError(f"not today: {mood}")

@plot(executor="processes")
def plot_apart(n: int = 2):
    """Drawn in a process."""
    plt.plot(range(n), label=(HERE / "cloud.txt").read_text())
    plt.legend()

def plot_chatty():
    words = (HERE / "mood.txt").read_text()
    print(f"the mood is {words}\\n" * 50)
    warnings.warn(f"the mood is {words}")
    return [frame("One").figure, frame("Two").figure]
'''
NEIGHBOUR = """
import matplotlib.pyplot as plt

def frame(title):
    figure, axes = plt.subplots(figsize=(3, 2), layout="constrained")
    axes.set_title(title)
    return axes
"""
HANGING = f"""
import threading
from pathlib import Path
import matplotlib.pyplot as plt

def plot_hanging():
    if "hang" in Path(__file__).with_name("hang.txt").read_text():
        threading.Event().wait({2 * TIMEOUT_S})
    plt.plot([1, 2])
"""
SCRIPT = """
import matplotlib.pyplot as plt
import pandas as pd

data = pd.read_csv("run.csv")
print(len(data), "rows")
plt.figure(figsize=(3, 2))
plt.hist(data.loss)
plt.show()
"""
EDITED = """
import matplotlib.pyplot as plt

def plot_edited(n: int = 2):
    plt.figure(figsize=(3, 2))
    plt.plot(range(n))
    plt.title("Version {version}")
"""
BROKEN = EDITED.replace("(n: int = 2):", "(n: int = 2")
MOST_ROWS = 400


@dataclass(eq=False)
class Folder:
    """The plots at *path*. *changes* counts what was done to them."""

    path: Path
    chance: random.Random
    changes: int = 0
    _rows: int = 0
    _extras: list[Path] = field(default_factory=list)

    @classmethod
    def make(cls, path: Path, chance: random.Random) -> Folder:
        """Return a new one, all of it sound."""
        path.mkdir()
        folder = cls(path, chance)
        for name, text in {"plots.py": PLOTS, "neighbour.py": NEIGHBOUR, "script.py": SCRIPT}.items():
            folder.replace(name, text)
        folder.settle()
        return folder

    def replace(self, name: str, text: str | bytes) -> None:
        """Write a file whole, and put it in the place of the one before, as careful programs do."""
        new = self.path / f".{name}.new"
        new.write_bytes(text if isinstance(text, bytes) else text.encode())
        new.replace(self.path / name)

    def settle(self) -> None:
        """Leave all of it sound, and other than it ever was."""
        self.changes += 1
        while self._extras:
            self._extras.pop().unlink()
        self._replace_rows()
        self._heat()
        self.replace("cloud.txt", f"0.{self.changes}")
        self.replace("mood.txt", f"{3 * self.changes + 1}")
        self.replace("hanging.py", f"{HANGING}# {self.changes}\n")
        self.replace("hang.txt", f"go {self.changes}")
        self.replace("edited.py", EDITED.format(version=self.changes))

    @property
    def rows(self) -> int:
        """How many rows the data has."""
        return self._rows

    async def keep_changing(self, every_s: float) -> None:
        """Change one thing after another, until cancelled: every *every_s* seconds, on average."""
        kinds: dict[Callable[[], None], int] = {
            self._append_row: 30,
            self._replace_rows: 5,
            self._truncate: 2,
            self._cloud: 10,
            self._heat: 10,
            self._mood: 10,
            self._hang: 2,
            self._edit: 4,
            self._break: 2,
            self._add: 3,
            self._remove: 3,
        }
        while True:
            await asyncio.sleep(self.chance.expovariate(1 / every_s))  # noqa: TID251 - nothing is waited for
            self.changes += 1
            self.chance.choices(list(kinds), list(kinds.values()))[0]()

    def _row(self) -> str:
        self._rows += 1
        return f"{self._rows},{self.chance.random()}\n"

    def _append_row(self) -> None:
        if self._rows >= MOST_ROWS:
            self._replace_rows()
        with (self.path / "run.csv").open("a") as file:
            file.write(self._row())

    def _replace_rows(self) -> None:
        self._rows = 0
        self.replace("run.csv", "step,loss\n" + "".join(self._row() for _ in range(self.chance.randint(50, 150))))

    def _truncate(self) -> None:
        """Leave nothing of the rows, or not even what they are called."""
        self._rows = 0
        (self.path / "run.csv").write_text(self.chance.choice(["step,loss\n", ""]))

    def _cloud(self) -> None:
        self.replace("cloud.txt", f"{self.chance.random()}")

    def _heat(self) -> None:
        array = io.BytesIO()
        np.save(array, np.array([[self.chance.random() for _ in range(20)] for _ in range(20)]))
        self.replace("heat.npy", array.getvalue())

    def _mood(self) -> None:
        (self.path / "mood.txt").write_text(f"{self.changes}")

    def _hang(self) -> None:
        """Let it hang; at the next change of this kind it's well again, in a thread too."""
        text = (self.path / "hang.txt").read_text()
        self.replace("hang.txt", f"{'go' if 'hang' in text else 'hang'} {self.changes}")
        if "hang" in text:
            self.replace("hanging.py", f"{HANGING}# {self.changes}\n")

    def _edit(self) -> None:
        self.replace("edited.py", EDITED.format(version=self.changes))

    def _break(self) -> None:
        self.replace("edited.py", BROKEN.format(version=self.changes))

    def _add(self) -> None:
        name = f"extra_{self.changes}"
        text = EDITED.replace("plot_edited", f"plot_{name}").format(version=self.changes)
        ending, text = self.chance.choice([("py", text), ("csv", "a,b\n1,2\n3,4\n")])
        self.replace(f"{name}.{ending}", text)
        self._extras.append(self.path / f"{name}.{ending}")

    def _remove(self) -> None:
        if self._extras:
            self._extras.pop(self.chance.randrange(len(self._extras))).unlink()
