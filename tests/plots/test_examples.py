"""The examples: the training run is a real one, and the plots draw."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from plots.discover import scan
from plots.loading import Library

EXAMPLES = Path(__file__).parents[2] / "examples"
GALLERY = EXAMPLES.parent / "plots" / "gallery"
COLUMNS = ["iteration", "loss", "precision", "recall", "f-score"]


@pytest.fixture(scope="module")
def training() -> ModuleType:
    return loaded(EXAMPLES / "train_digits.py")


def loaded(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"example_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module  # dataclasses look themselves up there
    spec.loader.exec_module(module)
    return module


def test_the_training_writes_a_row_after_each_iteration(tmp_path: Path) -> None:
    path = tmp_path / "new" / "digits.csv"
    command: list[str | Path] = [
        sys.executable,
        EXAMPLES / "train_digits.py",
        path,
        "--seconds",
        "2",
        "--iterations",
        "40",
    ]
    process = subprocess.Popen(command)
    try:
        while not (early := rows(path)):
            assert process.poll() is None
    finally:
        assert process.wait(60) == 0
    assert early < 40  # they could be seen while it ran
    data = pd.read_csv(path)
    assert data.columns.tolist() == COLUMNS
    assert data["iteration"].tolist() == list(range(1, 41))
    assert data["loss"].between(0, 1000).all()
    assert ((data[COLUMNS[2:]] >= 0) & (data[COLUMNS[2:]] <= 1)).all(axis=None)


def rows(path: Path) -> int:
    return path.read_text().count("\n") - 1 if path.exists() and path.read_text() else 0


def test_the_training_learns_from_its_first_to_its_last_moment(training: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "digits.csv"
    training.train(path, seconds=0, iterations=300, rate=0.06, batch=16, seed=0)
    data = pd.read_csv(path)
    quarters = data.groupby((data["iteration"] - 1) // 75).mean()
    assert (quarters["loss"].diff().dropna() < -50).all()
    assert (quarters["f-score"].diff().dropna() > 0.01).all()
    assert data["f-score"].iloc[-1] > 0.85


def test_the_training_lasts_as_long_as_it_is_told(training: ModuleType, tmp_path: Path) -> None:
    start = time.monotonic()
    training.train(tmp_path / "digits.csv", seconds=0.5, iterations=5, rate=0.06, batch=16, seed=0)
    assert time.monotonic() - start >= 0.5


def test_the_shipped_data_are_what_the_training_writes(training: ModuleType, tmp_path: Path) -> None:
    training.train(tmp_path / "digits.csv", seconds=0, iterations=300, rate=0.06, batch=16, seed=0)
    written, kept = pd.read_csv(tmp_path / "digits.csv"), pd.read_csv(GALLERY / "data" / "convergence.csv")
    assert np.abs(written["loss"] - kept["loss"]).max() < 5  # other processors round otherwise


def test_the_scores_are_those_of_scikit_learn(training: ModuleType) -> None:
    metrics: Any = importlib.import_module("sklearn.metrics")
    rng = np.random.default_rng(1)
    images, labels = rng.random((200, 64)), rng.integers(0, 10, 200)
    network = training.Network.random(64, 32, rng)
    network.output *= 100
    loss, *scores = training.measure(network, images, labels)
    probabilities = network.probabilities(images)
    guesses = probabilities.argmax(axis=1)
    expected = metrics.precision_recall_fscore_support(labels, guesses, average="macro", zero_division=0)
    assert scores == pytest.approx(expected[:3])
    assert loss == pytest.approx(metrics.log_loss(labels, probabilities, normalize=False, labels=range(10)))


def test_a_step_goes_down_the_gradient_of_the_loss(training: ModuleType) -> None:
    rng = np.random.default_rng(2)
    images, labels = rng.random((20, 64)), rng.integers(0, 10, 20)
    network = training.Network.random(64, 32, rng)
    network.output *= 100
    old = {"hidden": network.hidden.copy(), "output": network.output.copy()}
    network.step(images, labels, rate=1.0)
    gradients = {name: weights - getattr(network, name) for name, weights in old.items()}
    for name, place in [("hidden", (3, 5)), ("hidden", (64, 7)), ("output", (11, 2)), ("output", (32, 9))]:
        losses = []
        for nudge in (-1e-5, 1e-5):
            nudged = {key: weights.copy() for key, weights in old.items()}
            nudged[name][place] += nudge
            losses.append(training.measure(training.Network(**nudged), images, labels)[0] / len(labels))
        assert gradients[name][place] == pytest.approx((losses[1] - losses[0]) / 2e-5, rel=1e-4, abs=1e-8)


def test_the_gallery_and_the_examples_are_found_as_in_any_folder() -> None:
    found = scan([GALLERY, EXAMPLES], Library(60))
    assert found.failures == ()
    plots = {plot.name: plot for plot in found.plots}
    ours = {"convergence/convergence", "host/host", "table/table", "data/daylight", "data/convergence"}
    assert ours | {"plots/daylight/daylight", "plots/runs/runs", "plots/waves/lissajous"} <= set(plots)
    assert [plot.name for plot in found.plots if plot.unservable] == []
    assert plots["host/host"].every_s == 2
    for name in ("convergence/convergence", "table/table"):
        (word,) = plots[name].example["file_path"]
        assert (GALLERY / word).is_file()


@pytest.mark.usefixtures("turn")
@pytest.mark.parametrize(
    "name", ["daylight.plot_daylight", "waves.plot_lissajous", "runs.plot_runs"], ids=lambda name: name.split(".")[0]
)
def test_the_example_plots_draw(name: str) -> None:
    file, function = name.split(".")
    getattr(loaded(EXAMPLES / "plots" / f"{file}.py"), function)()
    plt.gcf().canvas.draw()


@pytest.mark.usefixtures("turn")
def test_a_new_run_appears_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = loaded(EXAMPLES / "plots" / "runs.py")
    monkeypatch.setattr(runs, "RUNS", tmp_path)
    for count in (1, 2):
        (tmp_path / f"run{count}.csv").write_text("iteration,loss\n1,900\n2,800\n")
        plt.close("all")
        runs.plot_runs(smooth=1)
        assert len(plt.gca().lines) == count
