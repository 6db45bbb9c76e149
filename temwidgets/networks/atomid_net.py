"""The published network of Lin et al., and the plain U-Net that it was compared to."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp

from temwidgets.networks.layers import Conv, double, halve

Array = Any

_FIRST_GUESS = 16.0  # px: spacing that an untrained network tells


class HeatSpacing(NamedTuple):
    """What `AtomIDNet` tells of images."""

    heat: Array  # (batch, y, x) 1 at a column, falling off round it
    spacing: Array  # (batch,) mean distance to the nearest neighbour, px


class DoubleConv(eqx.Module):
    """Two convolutions of 3 x 3, each followed by ReLU."""

    first: Conv
    second: Conv

    def __init__(self, key: Array, channels_in: int, channels_out: int):
        a, b = jax.random.split(key)
        self.first = Conv(a, channels_in, channels_out)
        self.second = Conv(b, channels_out, channels_out)

    def __call__(self, x: Array) -> Array:
        """Map (batch, y, x, in) to (batch, y, x, out)."""
        return jax.nn.relu(self.second(jax.nn.relu(self.first(x))))


class UNetBody(eqx.Module):
    """U-Net (Ronneberger et al., MICCAI 2015) with a heat map at full resolution.

    The last of `channels` is the bottleneck; each level before it halves the image once.
    """

    down: list[DoubleConv]
    bottleneck: DoubleConv
    up: list[DoubleConv]
    tail: Conv

    def __init__(self, key: Array, channels: Sequence[int]):
        keys = iter(jax.random.split(key, 2 * len(channels)))
        steps = pairwise((1, *channels[:-1]))
        self.down = [DoubleConv(next(keys), a, b) for a, b in steps]
        self.bottleneck = DoubleConv(next(keys), channels[-2], channels[-1])
        self.up = [DoubleConv(next(keys), a + b, a) for a, b in pairwise(channels)]
        self.tail = Conv(next(keys), channels[0], 1, 1, gain=0.1)

    def __call__(self, x: Array) -> tuple[Array, Array]:
        """Map (batch, y, x, 1) to the heat map (batch, y, x) and what the bottleneck holds."""
        kept = []
        for block in self.down:
            x = block(x)
            kept.append(x)
            x = halve(x)
        deep = x = self.bottleneck(x)
        for skip, block in zip(reversed(kept), reversed(self.up), strict=True):
            x = block(jnp.concatenate([skip, double(x)], axis=-1))
        return self.tail(x)[..., 0], deep


class AtomIDNet(eqx.Module):
    """U-Net that tells where columns are and how far apart they are.

    Parameters
    ----------
    key : jax key
    channels : sequence of int
        Channels of each level, four of them; the last is the bottleneck.

    Notes
    -----
    Lin et al., Small Science 2023 (AtomID-Net): a U-Net of blocks of two convolutions, and a branch
    from its bottleneck that predicts the mean distance to the nearest neighbour: two convolutions
    and the mean over the image. What this paper leaves open is chosen here: the number of channels
    (so that the weights are 2.3 MB), and upsampling by repeating pixels.
    """

    body: UNetBody
    branch: list[Conv]

    cell = 1

    def __init__(self, key: Array, channels: Sequence[int] = (16, 32, 64, 128)):
        check_channels(channels)
        a, b, c = jax.random.split(key, 3)
        self.body = UNetBody(a, channels)
        last = Conv(c, channels[-2], 1, 1, gain=0.1)
        last = eqx.tree_at(lambda conv: conv.bias, last, jnp.array([_FIRST_GUESS]))
        self.branch = [Conv(b, channels[-1], channels[-2]), last]

    def __call__(self, x: Array) -> HeatSpacing:
        """Map (batch, y, x, 1), sides multiples of 8, to `HeatSpacing`."""
        heat, deep = self.body(x)
        told = self.branch[1](jax.nn.relu(self.branch[0](deep)))
        return HeatSpacing(heat, told[..., 0].mean((1, 2)))


class PlainUNet(eqx.Module):
    """The same U-Net without the branch: the baseline, trained with the mean squared error.

    Parameters as in `AtomIDNet`.
    """

    body: UNetBody

    cell = 1

    def __init__(self, key: Array, channels: Sequence[int] = (16, 32, 64, 128)):
        check_channels(channels)
        self.body = UNetBody(key, channels)

    def __call__(self, x: Array) -> Array:
        """Map (batch, y, x, 1), sides multiples of 8, to the heat map (batch, y, x)."""
        return self.body(x)[0]


def check_channels(channels: Sequence[int]) -> None:
    """Refuse another number of levels than `factor` stands for."""
    if len(channels) != 4:
        raise ValueError(
            f"channels has four numbers, one for each level of the U-Net, but {tuple(channels)}"
            " came. The default is (16, 32, 64, 128)."
        )
