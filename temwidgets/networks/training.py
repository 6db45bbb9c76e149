"""Train a network: step by step, so that it can be watched, stopped, and gone on with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import optax

from temwidgets.networks.batches import Batch
from temwidgets.networks.checkpoints import Checkpointed

Model = Any
Loss = Callable[[Model, Batch], Any]

_CLIP = 1.0  # largest norm of a gradient
_DECAY = 1e-4
_AVERAGE = 0.998  # how much of the running mean of the weights a step keeps


class State(NamedTuple):
    """All that is needed to go on."""

    model: Model
    average: Model  # running mean of the model: what is used in the end
    optimiser: Any
    step: Any  # () int


def falling_rate(steps: int, learning_rate: float, longest: int = 100) -> optax.Schedule:
    """Rise over a twentieth of the steps, `longest` at most, and fall to a hundredth."""
    warm = max(1, min(longest, steps // 20))
    return optax.warmup_cosine_decay_schedule(
        0.0, learning_rate, warm, max(steps, warm + 1), learning_rate / 100
    )


def optimiser(steps: int, learning_rate: float) -> optax.GradientTransformation:
    """Adam with decoupled decay, gradients clipped."""
    rate = falling_rate(steps, learning_rate)
    return optax.chain(optax.clip_by_global_norm(_CLIP), optax.adamw(rate, weight_decay=_DECAY))


class Trainer(Checkpointed):
    """Trains one model on batches.

    Parameters
    ----------
    model : equinox.Module
    loss : callable
        ``loss(model, batch)``, a number.
    steps : int
        Steps in all; the learning rate falls to a hundredth until then.
    learning_rate : float
    half : bool
        Compute in bfloat16 (for a GPU); weights stay float32.

    Attributes
    ----------
    state : State
    """

    def __init__(
        self,
        model: Model,
        loss: Loss,
        *,
        steps: int,
        learning_rate: float = 2e-3,
        half: bool = False,
    ):
        self._optimiser = optimiser(steps, learning_rate)
        self.steps = steps
        weights = eqx.filter(model, eqx.is_inexact_array)
        # buffers are given away to the next step, so that each must be there once
        model, average = _copy(model), _copy(model)
        self.state = State(model, average, self._optimiser.init(weights), jnp.zeros((), int))
        step = _make_step(self._optimiser, loss, half)
        self._step = eqx.filter_jit(step, donate="all-except-first")

    @property
    def model(self) -> Model:
        """The model so far (running mean of its weights)."""
        return self.state.average

    def copy(self) -> Model:
        """Copy of the model so far, which stays when training goes on."""
        return _copy(self.state.average)

    def run(self, batches: Iterator[Batch]) -> Iterator[float]:
        """Train to the last step; yields the loss of each."""
        while self.step < self.steps:
            self.state, value = self._step(next(batches), self.state)
            yield float(value)


def _make_step(optimise: optax.GradientTransformation, loss: Loss, half: bool) -> Callable:
    def step(batch: Batch, state: State) -> tuple[State, Any]:
        def value(model: Model) -> Any:
            if not half:
                return loss(model, batch)
            low = batch._replace(channels=batch.channels.astype(jnp.bfloat16))
            return loss(_cast(model, jnp.bfloat16), low).astype(jnp.float32)

        now, gradient = eqx.filter_value_and_grad(value)(state.model)
        weights = eqx.filter(state.model, eqx.is_inexact_array)
        change, kept = optimise.update(gradient, state.optimiser, weights)
        model = eqx.apply_updates(state.model, change)
        average = running_mean(state.average, model, state.step, _AVERAGE)
        return State(model, average, kept, state.step + 1), now

    return step


def _copy(model: Model) -> Model:
    return jax.tree.map(lambda w: jnp.array(w) if eqx.is_array(w) else w, model)


def _cast(model: Model, kind: Any) -> Model:
    return jax.tree.map(lambda w: w.astype(kind) if eqx.is_inexact_array(w) else w, model)


def running_mean(old: Model, new: Model, step: Any, most: float) -> Model:
    """Mean of the weights of all steps so far, which forgets; at first it follows quickly."""
    keep = jnp.minimum(most, (1 + step) / (10 + step))

    def mix(a: Any, b: Any) -> Any:
        return keep * a + (1 - keep) * b if eqx.is_inexact_array(a) else b

    return jax.tree.map(mix, old, new)
