"""Train the default network, from scratch or from what it knows, on synthetic images or pairs."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from temwidgets.networks import checkpoints
from temwidgets.networks.batches import (
    NOMINAL,
    Batch,
    Pair,
    batches,
    nearest_distance,
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
        Looked at before the first step, every so often, and after the last: the best network is
        kept, and training stops early when it gets no better.
    every : int
        Steps between looks, and between checkpoints.
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
        every: int = 100,
        start: str | Path | Network | None = None,
        steps: int = 300,
        learning_rate: float | None = None,
        seed: int = 0,
        half: bool = False,
        images: Mapping[str, Any] | None = None,
    ):
        _check(pairs, steps, every, learning_rate)
        network = _beginning(start, seed)
        self.card = {**network.card, "name": "trained", "steps": steps, "seed": seed}
        self.card.update(_scale_of(pairs))
        self.held_back = list(held_back)
        self.losses: list[float] = []
        self.scores: list[tuple[int, float]] = []
        self._every, self._seed = every, seed
        self._draw = _draw(pairs, float(network.card["spacing"]), images or {})
        rate = learning_rate or (2e-3 if start is None else 5e-4)
        self._trainer = Trainer(network.model, _loss, steps=steps, learning_rate=rate, half=half)
        self._best = self._trainer.copy()

    @property
    def step(self) -> int:
        """Steps done."""
        return self._trainer.step

    @property
    def latest(self) -> Network:
        """The network as it is now."""
        scores = {"f1": self.scores[-1][1]} if self.scores else {}
        # a copy: the trainer gives its buffers away with the next step
        return Network(self._trainer.copy(), self._told(self.step, scores))

    @property
    def network(self) -> Network:
        """The best network so far: by what was held back, or else the latest."""
        if not self.scores:
            return self.latest
        step, score = max(self.scores, key=lambda one: (one[1], one[0]))
        return Network(self._best, self._told(step, {"f1": score}))

    def run(self, checkpoint: str | Path | None = None) -> Generator[Progress]:
        """Train on from where it stands; leave the loop to stop, call again to go on.

        A checkpoint that is given is written every so many steps and when the loop is left; if it
        exists and nothing was trained yet, training goes on from it.
        """
        if checkpoint is not None and not self.step and Path(checkpoint).exists():
            self.resume(checkpoint)
        steps = self._trainer.steps
        try:
            if not self._is_stale():
                self.look()
            stream = batches(self._draw, size=_BATCH, seed=self._seed, start=self.step)
            for loss in self._trainer.run(stream):
                self.losses.append(loss)
                due = self.step % self._every == 0 or self.step == steps
                yield Progress(self.step, steps, loss, self.look() if due else None)
                if due and checkpoint is not None:
                    self.save(checkpoint)
                if due and self._is_stale():
                    break
        finally:
            if checkpoint is not None:
                self.save(checkpoint)

    def look(self) -> float | None:
        """Score the network as it is now on what was held back; None when nothing was."""
        if not self.held_back:
            return None
        if self.scores and self.scores[-1][0] == self.step:
            return self.scores[-1][1]
        model = self._trainer.copy()
        score = float(score_pairs(Network(model, self.card), self.held_back)["f1"])
        if not self.scores or score >= max(s for _, s in self.scores):
            self._best = model
        self.scores.append((self.step, score))
        return score

    def save(self, path: str | Path) -> None:
        """Write a checkpoint: all that is needed to go on in another process."""
        notes = {"losses": self.losses, "scores": self.scores}
        checkpoints.write(path, (self._trainer.state, self._best), notes)

    def resume(self, path: str | Path) -> None:
        """Go on from a checkpoint of a training with the same arguments."""
        state = (self._trainer.state, self._best)
        (self._trainer.state, self._best), notes = checkpoints.read(path, state)
        self.losses = notes["losses"]
        self.scores = [(step, score) for step, score in notes["scores"]]

    def _told(self, step: int, scores: dict[str, float]) -> dict[str, Any]:
        return {**self.card, "scores": scores, "steps_done": step}

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
        Written every so many steps; where it exists already, training goes on from it.
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
    with closing(training.run(checkpoint)) as going:
        for progress in going:
            if report:
                report(progress.step / progress.steps)
    return training.network


def _loss(model: Model, batch: Batch) -> Any:
    return column_loss(model(batch.channels), batch.targets)


def _scale_of(pairs: Sequence[Pair] | None) -> dict[str, float]:
    """What pairs tell of the spacing in images of their kind, for the card."""
    told = [nearest_distance(pair.columns) for pair in pairs or () if len(pair.columns) > 1]
    return {"pair_spacing": round(float(np.median(told)), 3)} if told else {}


def _beginning(start: str | Path | Network | None, seed: int) -> Network:
    if start is not None:
        network = start if isinstance(start, Network) else load(start)
        architecture = network.card["architecture"]
        if architecture != "residual_unet":
            raise ValueError(
                f"Networks of the architecture residual_unet are trained here, but {architecture}"
                " came. AP-GAN is trained by temwidgets.networks.ap_gan_loop.retrain."
            )
        return network
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


def _check(
    pairs: Sequence[Pair] | None, steps: int, every: int, learning_rate: float | None
) -> None:
    if pairs is not None and not len(pairs):
        raise ValueError(
            "No pair came to train on. Give pairs of an image and its columns, or leave pairs out"
            " to train on synthetic images."
        )
    if every < 1:
        raise ValueError(f"every is a number of steps, 1 or more, but {every} came.")
    if steps < 1:
        raise ValueError(f"steps is a number of steps, 1 or more, but {steps} came.")
    if learning_rate is not None and not 0 < learning_rate < 1:
        raise ValueError(f"learning_rate is between 0 and 1, but {learning_rate} came.")
