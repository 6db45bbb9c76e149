"""Train AP-GAN: generator and discriminator in turn, step by step, as `training.Trainer`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import optax

from temwidgets.networks.ap_gan import APGan, Discriminator
from temwidgets.networks.ap_gan_losses import (
    Terms,
    Weights,
    discriminator_loss,
    generator_loss,
)
from temwidgets.networks.ap_gan_pairs import MapBatch
from temwidgets.networks.checkpoints import Checkpointed
from temwidgets.networks.training import falling_rate, running_mean

Model = Any

_CLIP = 1.0  # largest norm of a gradient
_RIVAL_RATE = 2e-4  # learning rate of the discriminator
_AVERAGE = 0.99  # how much of the running mean of the weights a step keeps


class GanState(NamedTuple):
    """All that is needed to go on."""

    model: APGan
    average: APGan  # running mean of the generator: what is used in the end
    discriminator: Discriminator
    optimiser: Any
    discriminator_optimiser: Any
    step: Any  # () int


class GanLosses(NamedTuple):
    """Losses of one step."""

    total: float  # of the generator: the weighted sum
    adversarial: float
    ssim: float  # 1 - SSIM
    psnr: float  # dB
    discriminator: float


class GanTrainer(Checkpointed):
    """Trains a generator against a discriminator of its own.

    Each step moves the generator against the discriminator as it is, then the discriminator on
    what the generator had made. The same model, options, seed and batches give the same weights.

    Parameters
    ----------
    model : APGan
    steps : int
        Steps in all; the learning rate falls to a hundredth until then.
    learning_rate : float
    seed : int
        Of the discriminator's first weights.

    Attributes
    ----------
    state : GanState
    """

    def __init__(
        self,
        model: APGan,
        *,
        steps: int,
        learning_rate: float = 2e-3,
        seed: int = 0,
    ):
        one, two = _adam(falling_rate(steps, learning_rate, 50)), _adam(_RIVAL_RATE)
        species = model.tail.weight.shape[-1]
        rival = Discriminator(jax.random.key(seed), species)
        self.steps = steps
        self.state = GanState(
            model, model, rival, one.init(_weights(model)), two.init(_weights(rival)),
            jnp.zeros((), int),
        )  # fmt: skip
        self._step = eqx.filter_jit(_make_step(one, two))

    @property
    def model(self) -> APGan:
        """The generator so far (running mean of its weights); it stays when training goes on."""
        return self.state.average

    def run(self, batches: Iterator[MapBatch]) -> Iterator[GanLosses]:
        """Train to the last step; yields the losses of each. Break out of the loop to stop."""
        while self.step < self.steps:
            self.state, losses = self._step(next(batches), self.state)
            yield GanLosses(*(float(value) for value in losses))


def _adam(rate: Any) -> optax.GradientTransformation:
    return optax.chain(optax.clip_by_global_norm(_CLIP), optax.adam(rate))


def _weights(model: Model) -> Model:
    return eqx.filter(model, eqx.is_inexact_array)


def _make_step(
    one: optax.GradientTransformation, two: optax.GradientTransformation
) -> Callable[[MapBatch, GanState], tuple[GanState, GanLosses]]:
    def step(batch: MapBatch, state: GanState) -> tuple[GanState, GanLosses]:
        def loss(model: APGan) -> tuple[Any, tuple[Terms, Any, Any]]:
            made, statistics = model.learn(batch.channels)
            terms = generator_loss(made, batch.maps, state.discriminator(made), Weights())
            return terms.total, (terms, made, statistics)

        def rival_loss(rival: Discriminator) -> Any:
            return discriminator_loss(rival(batch.maps), rival(made))

        slope, (terms, made, statistics) = eqx.filter_grad(loss, has_aux=True)(state.model)
        model, kept = _moved(one, state.model, slope, state.optimiser)
        model = model.remember(statistics)
        wrong, slope = eqx.filter_value_and_grad(rival_loss)(state.discriminator)
        rival, rival_kept = _moved(two, state.discriminator, slope, state.discriminator_optimiser)
        average = running_mean(state.average, model, state.step, _AVERAGE)
        now = GanState(model, average, rival, kept, rival_kept, state.step + 1)
        return now, GanLosses(terms.total, terms.adversarial, terms.ssim, terms.psnr, wrong)

    return step


def _moved(
    optimise: optax.GradientTransformation, model: Model, slope: Model, kept: Any
) -> tuple[Model, Any]:
    change, kept = optimise.update(slope, kept, _weights(model))
    return eqx.apply_updates(model, change), kept
