"""AP-GAN: a generator of probability maps, one a species, and a discriminator that judges them.

Chen et al., Scientific Reports 13 (2023) 2631: residual blocks at full resolution.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp

from temwidgets.networks.layers import Conv

Array = Any

_KEEP = 0.9  # how much of the running statistics a step of training keeps
_SMALL = 1e-5  # added to a variance
_LEAK = 0.2  # slope of LeakyReLU below zero


class Statistics(NamedTuple):
    """Mean and variance of each channel over a batch, (channel,) each."""

    mean: Array
    variance: Array


class BatchNorm(eqx.Module):
    """Batch normalisation (Ioffe & Szegedy, ICML 2015), running statistics beside the weights.

    To train, `learn` normalises by the batch and returns its statistics; what `remember` makes of
    them is used afterwards. Nothing changes in place.
    """

    gain: Array  # (channel,)
    shift: Array  # (channel,)
    mean: Array  # (channel,) running, not trained
    variance: Array  # (channel,) running, not trained

    def __init__(self, channels: int, gain: float = 1.0):
        self.gain, self.shift = jnp.full(channels, gain), jnp.zeros(channels)
        self.mean, self.variance = jnp.zeros(channels), jnp.ones(channels)

    def __call__(self, x: Array) -> Array:
        """Normalise (batch, y, x, channel) by the running statistics."""
        return self._scaled(x, Statistics(self.mean, self.variance))

    def learn(self, x: Array) -> tuple[Array, Statistics]:
        """Normalise (batch, y, x, channel) by its own statistics, and return these."""
        batch = Statistics(x.mean((0, 1, 2)), x.var((0, 1, 2)))
        return self._scaled(x, batch), jax.lax.stop_gradient(batch)

    def remember(self, batch: Statistics) -> BatchNorm:
        """Return the layer with running statistics moved a tenth of the way to `batch`."""
        new = [
            _KEEP * old + (1 - _KEEP) * now
            for old, now in zip((self.mean, self.variance), batch, strict=True)
        ]
        return eqx.tree_at(lambda n: [n.mean, n.variance], self, new)

    def _scaled(self, x: Array, by: Statistics) -> Array:
        scale = self.gain / jnp.sqrt(by.variance + _SMALL)
        return x * scale + (self.shift - by.mean * scale)


class NormalisedBlock(eqx.Module):
    """Convolution, batch norm, ReLU, convolution, batch norm, added to what came in."""

    first: Conv
    first_norm: BatchNorm
    second: Conv
    second_norm: BatchNorm

    def __init__(self, key: Array, channels: int):
        a, b = jax.random.split(key)
        self.first, self.second = Conv(a, channels, channels), Conv(b, channels, channels)
        # a small last gain: the block does little at first, so that many can be stacked
        self.first_norm, self.second_norm = BatchNorm(channels), BatchNorm(channels, 0.2)

    def __call__(self, x: Array) -> Array:
        """Map (batch, y, x, channel) to the same shape by running statistics."""
        inner = jax.nn.relu(self.first_norm(self.first(x)))
        return x + self.second_norm(self.second(inner))

    def learn(self, x: Array) -> tuple[Array, list[Statistics]]:
        """Do the same by statistics of the batch, and return these."""
        inner, one = self.first_norm.learn(self.first(x))
        out, two = self.second_norm.learn(self.second(jax.nn.relu(inner)))
        return x + out, [one, two]

    def remember(self, batch: Sequence[Statistics]) -> NormalisedBlock:
        """Return the block with running statistics moved towards those of a batch."""
        norms = [self.first_norm.remember(batch[0]), self.second_norm.remember(batch[1])]
        return eqx.tree_at(lambda b: [b.first_norm, b.second_norm], self, norms)


class APGan(eqx.Module):
    """The generator: image and known pixels in, a probability map of each species out.

    Published are the 15 residual blocks of convolution, batch norm and ReLU, and one map a
    species; the number of channels, the convolutions at both ends and the sigmoid are ours.

    Parameters
    ----------
    key : jax random key
    channels : int
        Width of all blocks: weights grow with its square (24: 0.6 MB).
    blocks : int
    species : int
        Output channels.
    """

    stem: Conv
    blocks: list[NormalisedBlock]
    tail: Conv

    cell = 1
    channels_in = 2

    def __init__(self, key: Array, channels: int = 24, blocks: int = 15, species: int = 1):
        first, last, *keys = jax.random.split(key, blocks + 2)
        self.stem = Conv(first, self.channels_in, channels)
        self.blocks = [NormalisedBlock(k, channels) for k in keys]
        tail = Conv(last, channels, species, gain=0.1)
        # most pixels are far from columns; much lower, and the map of a weak species may die
        self.tail = eqx.tree_at(lambda c: c.bias, tail, jnp.full(species, -1.0))

    def __call__(self, x: Array) -> Array:
        """Map (batch, y, x, 2) to probabilities (batch, y, x, species), 0 to 1."""
        x = jax.nn.relu(self.stem(x))
        for block in self.blocks:
            x = block(x)
        return jax.nn.sigmoid(self.tail(x))

    def learn(self, x: Array) -> tuple[Array, list[list[Statistics]]]:
        """Do the same by statistics of the batch, and return these for `remember`."""
        x = jax.nn.relu(self.stem(x))
        statistics = []
        for block in self.blocks:
            x, batch = block.learn(x)
            statistics.append(batch)
        return jax.nn.sigmoid(self.tail(x)), statistics

    def remember(self, batch: Sequence[Sequence[Statistics]]) -> APGan:
        """Return the generator with running statistics moved towards those of a batch."""
        blocks = [b.remember(s) for b, s in zip(self.blocks, batch, strict=True)]
        return eqx.tree_at(lambda g: g.blocks, self, blocks)


class Discriminator(eqx.Module):
    """Tells maps that are right from generated ones, patch by patch.

    Convolutions of stride 2 with LeakyReLU, and a last one to a score; the scores of patches
    (Isola et al., CVPR 2017) let maps have any size.
    """

    layers: list[Conv]
    tail: Conv

    def __init__(self, key: Array, species: int = 1, channels: Sequence[int] = (16, 32, 64)):
        last, *keys = jax.random.split(key, len(channels) + 1)
        widths = zip([species, *channels[:-1]], channels, strict=True)
        self.layers = [Conv(k, a, b) for k, (a, b) in zip(keys, widths, strict=True)]
        self.tail = Conv(last, channels[-1], 1)

    def __call__(self, maps: Array) -> Array:
        """Score (batch, y, x, species): about 1 where right, 0 where not, (batch, y/8, x/8)."""
        x = maps
        for layer in self.layers:
            x = jax.nn.leaky_relu(_halved(layer, x), _LEAK)
        return self.tail(x)[..., 0]


def _halved(layer: Conv, x: Array) -> Array:
    """Convolve with stride 2."""
    out = jax.lax.conv_general_dilated(
        x, layer.weight, (2, 2), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
    )
    return out + layer.bias
