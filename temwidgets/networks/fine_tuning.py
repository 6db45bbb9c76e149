"""Train the default network, from scratch or from what it knows, on synthetic images or pairs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from temwidgets.networks.batches import (
    NOMINAL,
    Batch,
    Pair,
    batches,
    pair_example,
    synthetic_example,
)
from temwidgets.networks.losses import column_loss
from temwidgets.networks.store import Network, build, load
from temwidgets.networks.training import Model, Trainer
from temwidgets.networks.validation import score_pairs

Report = Callable[[float], None]

_SIZE = 96  # px a side of the images that are trained on
_BATCH = 16
_CHECK = 100  # steps between looks at the pairs that were held back
_PATIENCE = 8  # looks without a better one until training stops
_OLD = 0.3  # share of synthetic images among a user's, lest the network forget


class Progress(NamedTuple):
    """How training stands after a step."""

    step: int
    steps: int
    loss: float
    score: float | None  # F1 on what was held back, when it was just looked at


class Training:
    """A training that can be watched, stopped and gone on with.

    Parameters
    ----------
    pairs : sequence of Pair, optional
        A user's images with their columns; endless synthetic images when not given.
    held_back : sequence of Pair, optional
        Looked at every hundred steps: the best network until then is kept, and training stops
        early when it gets no better.
    start : str, Path or Network, optional
        The network to begin from; random weights when not given.
    steps : int
        Steps of 16 images at most.
    learning_rate : float, optional
        2e-3 from random weights, 5e-4 from a network.
    seed : int
        Makes everything random repeatable.
    half : bool
        Compute in bfloat16 (on a GPU).
    images : mapping, optional
        Options of synthetic images, those of `batches.synthetic_example`.

    Attributes
    ----------
    losses : list of float
        Of each step.
    scores : list of (int, float)
        Steps, and F1 on what was held back.
    """

    def __init__(
        self,
        pairs: Sequence[Pair] | None = None,
        *,
        held_back: Sequence[Pair] = (),
        start: str | Path | Network | None = None,
        steps: int = 300,
        learning_rate: float | None = None,
        seed: int = 0,
        half: bool = False,
        images: Mapping[str, Any] | None = None,
    ):
        _check(pairs, steps, learning_rate)
        network = _beginning(start, seed)
        self.card = {**network.card, "name": "trained", "steps": steps, "seed": seed}
        self.held_back = list(held_back)
        self.losses: list[float] = []
        self.scores: list[tuple[int, float]] = []
        self._best: Model | None = None
        self._draw = _draw(pairs, float(network.card.get("spacing", NOMINAL)), images or {})
        self._seed = seed
        rate = learning_rate or (2e-3 if start is None else 5e-4)
        self._trainer = Trainer(network.model, _loss, steps=steps, learning_rate=rate, half=half)

    @property
    def step(self) -> int:
        """Steps done."""
        return self._trainer.step

    @property
    def network(self) -> Network:
        """The best network so far: by what was held back, or else the latest."""
        # a copy: the trainer gives its buffers away with the next step
        model = self._trainer.copy() if self._best is None else self._best
        scores = {"f1": max(s for _, s in self.scores)} if self.scores else {}
        return Network(model, {**self.card, "scores": scores, "steps_done": self.step})

    def run(self) -> Iterator[Progress]:
        """Train on from where it stands; leave the loop to stop, call again to go on."""
        stream = batches(self._draw, size=_BATCH, seed=self._seed, start=self.step)
        for loss in self._trainer.run(stream):
            self.losses.append(loss)
            score = self._look() if self.step % _CHECK == 0 and self.held_back else None
            yield Progress(self.step, self._trainer.steps, loss, score)
            if self._is_stale():
                break

    def save(self, path: str | Path) -> None:
        """Write a checkpoint: all that is needed to go on in another process."""
        self._trainer.save(path)

    def resume(self, path: str | Path) -> None:
        """Go on from a checkpoint of a training with the same arguments."""
        self._trainer.resume(path)

    def _look(self) -> float:
        model = self._trainer.model
        score = float(score_pairs(Network(model, self.card), self.held_back)["f1"])
        if not self.scores or score > max(s for _, s in self.scores):
            self._best = self._trainer.copy()
        self.scores.append((self.step, score))
        return score

    def _is_stale(self) -> bool:
        if len(self.scores) <= _PATIENCE:
            return False
        best = int(np.argmax([s for _, s in self.scores]))
        return len(self.scores) - 1 - best >= _PATIENCE


def train(
    pairs: Sequence[Pair] | None = None,
    *,
    checkpoint: str | Path | None = None,
    report: Report | None = None,
    **options: Any,
) -> Network:
    """Train a network to its end.

    Parameters
    ----------
    pairs : sequence of Pair, optional
        As for `Training`, like all further options.
    checkpoint : str or Path, optional
        Written every hundred steps; where it exists already, training goes on from it.
    report : callable, optional
        Called with the fraction done; raises `CancelledError` to stop.

    Returns
    -------
    Network
        For ``find_columns(image, method="network", network=...)`` or `save`.

    Raises
    ------
    ValueError
        If pairs have no columns to learn from, or an option is out of range.
    """
    training = Training(pairs, **options)
    if checkpoint is not None and Path(checkpoint).exists():
        training.resume(checkpoint)
    for progress in training.run():
        if report:
            report(progress.step / progress.steps)
        if checkpoint is not None and progress.step % _CHECK == 0:
            training.save(checkpoint)
    return training.network


def _loss(model: Model, batch: Batch) -> Any:
    return column_loss(model(batch.channels), batch.targets)


def _beginning(start: str | Path | Network | None, seed: int) -> Network:
    if isinstance(start, Network):
        return start
    if start is not None:
        return load(start)
    card = {"architecture": "residual_unet", "options": {}, "spacing": NOMINAL, "threshold": 0.4}
    return Network(build("residual_unet", seed=seed), card)


def _draw(pairs: Sequence[Pair] | None, spacing: float, images: Mapping[str, Any]) -> Any:
    synthetic = synthetic_example(_SIZE, spacing=spacing, **images)
    if pairs is None:
        return synthetic
    own = pair_example(pairs, _SIZE, spacing)

    def draw(seed: np.random.SeedSequence) -> Any:
        first, second = seed.spawn(2)
        return (synthetic if np.random.default_rng(first).random() < _OLD else own)(second)

    return draw


def _check(pairs: Sequence[Pair] | None, steps: int, learning_rate: float | None) -> None:
    if pairs is not None and not len(pairs):
        raise ValueError(
            "No pair came to train on. Give pairs of an image and its columns, or leave pairs out"
            " to train on synthetic images."
        )
    if steps < 1:
        raise ValueError(f"steps is a number of steps, 1 or more, but {steps} came.")
    if learning_rate is not None and not 0 < learning_rate < 1:
        raise ValueError(f"learning_rate is between 0 and 1, but {learning_rate} came.")
