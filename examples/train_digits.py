"""Train a small network on handwritten digits and write how well it does after each iteration to a CSV file.

    python examples/train_digits.py runs/digits.csv

Real training with numpy alone: one hidden layer, mini-batches, plain gradient descent. scikit-learn only brings the
digits. Each row is measured on digits that the network never trains on.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits

CLASSES = 10
HELD_OUT = 360  # digits, of 1,797; a guess among ten costs log(10) each, so the summed loss starts near 830
COLUMNS = "iteration,loss,precision,recall,f-score"

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]


@dataclass
class Network:
    """Two layers of weights: pixels to hidden units, hidden units to classes."""

    hidden: Floats  # shape (pixels + 1, units); the last row is the bias
    output: Floats  # shape (units + 1, classes)

    @classmethod
    def random(cls, pixels: int, units: int, rng: np.random.Generator) -> Network:
        """Return an untrained network."""
        return cls(
            rng.normal(scale=np.sqrt(2 / pixels), size=(pixels + 1, units)),
            rng.normal(scale=0.01, size=(units + 1, CLASSES)),
        )

    def activations(self, images: Floats) -> Floats:
        """Return what the hidden units make of *images*: shape (images, units)."""
        return np.maximum(_with_bias(images) @ self.hidden, 0)

    def probabilities(self, images: Floats) -> Floats:
        """Return each class's probability for each image: shape (images, classes)."""
        return _softmax(_with_bias(self.activations(images)) @ self.output)

    def step(self, images: Floats, labels: Labels, rate: float) -> None:
        """Go one step of size *rate* down the gradient of the mean cross-entropy of these images."""
        activations = self.activations(images)
        error = _softmax(_with_bias(activations) @ self.output)
        error[np.arange(len(labels)), labels] -= 1
        error /= len(labels)
        error_below = (error @ self.output[:-1].T) * (activations > 0)
        self.output -= rate * _with_bias(activations).T @ error
        self.hidden -= rate * _with_bias(images).T @ error_below


def _with_bias(values: Floats) -> Floats:
    return np.hstack([values, np.ones((len(values), 1))])


def _softmax(scores: Floats) -> Floats:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def measure(network: Network, images: Floats, labels: Labels) -> tuple[float, float, float, float]:
    """Return the summed cross-entropy, and precision, recall and f-score averaged over the classes."""
    probabilities = network.probabilities(images)
    loss = -np.log(np.maximum(probabilities[np.arange(len(labels)), labels], 1e-300)).sum()
    guesses = probabilities.argmax(axis=1)
    right = np.bincount(labels[guesses == labels], minlength=CLASSES)
    precision = right / np.maximum(np.bincount(guesses, minlength=CLASSES), 1)
    recall = right / np.maximum(np.bincount(labels, minlength=CLASSES), 1)
    f_score = 2 * precision * recall / np.maximum(precision + recall, 1e-300)
    return float(loss), float(precision.mean()), float(recall.mean()), float(f_score.mean())


def train(path: Path, seconds: float, iterations: int, rate: float, batch: int, seed: int) -> None:
    """Train for *iterations* steps, spread evenly over *seconds*, and append a row to *path* after each."""
    rng = np.random.default_rng(seed)
    digits = load_digits()
    order = rng.permutation(len(digits.target))
    images, labels = digits.data[order] / 16, digits.target[order]
    network = Network.random(images.shape[1], 32, rng)
    start = time.monotonic()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        print(COLUMNS, file=file, flush=True)
        for iteration in range(1, iterations + 1):
            chosen = rng.integers(HELD_OUT, len(labels), size=batch)
            network.step(images[chosen], labels[chosen], rate)
            loss, *scores = measure(network, images[:HELD_OUT], labels[:HELD_OUT])
            row = [str(iteration), f"{loss:.3f}", *(f"{score:.4f}" for score in scores)]
            print(",".join(row), file=file, flush=True)  # at once: somebody is watching
            time.sleep(max(0.0, start + seconds * iteration / iterations - time.monotonic()))


def main() -> None:
    parser = argparse.ArgumentParser(description="Train on handwritten digits; write a CSV row after each iteration.")
    parser.add_argument("path", type=Path, help="the CSV file to write")
    parser.add_argument("--seconds", type=float, default=90, help="how long the training is to take")
    parser.add_argument("--iterations", type=int, default=300, help="how many mini-batches to learn from")
    parser.add_argument("--rate", type=float, default=0.06, help="the size of each step")
    parser.add_argument("--batch", type=int, default=16, help="digits in each mini-batch")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same numbers")
    train(**vars(parser.parse_args()))


if __name__ == "__main__":
    main()
