"""The default network: a small residual U-Net on the image, its filtered self and what is known."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp

from temwidgets.networks.layers import Conv, ResidualBlock, fold, unfold

Array = Any


class Maps(NamedTuple):
    """What the network tells about cells of 2 x 2 pixels, before the sigmoid."""

    heat: Array  # (batch, y, x) logit of a column in the cell
    offset: Array  # (batch, y, x, 2) from the middle of the cell to the column (y, x), cells
    log_spacing: Array  # (batch,) log of the mean distance to the nearest neighbour, cells


class ResidualUNet(eqx.Module):
    """U-Net (Ronneberger et al., MICCAI 2015) of residual blocks (He et al., CVPR 2016).

    The first layer folds 2 x 2 pixels into channels, so that all work is done on cells of half
    the resolution; the offsets give sub-pixel positions back (Zhou et al., arXiv:1904.07850).
    """

    stem: Conv
    down: list[list[ResidualBlock]]
    narrow: list[Conv]
    widen: list[Conv]
    up: list[ResidualBlock]
    head: Conv
    tail: Conv
    spacing: Conv

    cell = 2
    channels_in = 3

    def __init__(
        self, key: Array, channels: Sequence[int] = (16, 32, 64), blocks: Sequence[int] = (1, 2, 3)
    ):
        keys = iter(jax.random.split(key, 64))
        self.stem = Conv(next(keys), 4 * self.channels_in, channels[0])
        self.down = [
            [ResidualBlock(next(keys), c) for _ in range(n)]
            for c, n in zip(channels, blocks, strict=True)
        ]
        pairs = list(pairwise(channels))
        self.narrow = [Conv(next(keys), 4 * a, b, 1) for a, b in pairs]
        self.widen = [Conv(next(keys), b, 4 * a, 1) for a, b in pairs]
        self.up = [ResidualBlock(next(keys), a) for a, _ in pairs]
        self.head = Conv(next(keys), channels[0], channels[0])
        tail = Conv(next(keys), channels[0], 3, 1, gain=0.1)
        # columns are rare: start at a probability of 2 % (Lin et al., ICCV 2017)
        self.tail = eqx.tree_at(lambda c: c.bias, tail, jnp.array([-4.0, 0.0, 0.0]))
        self.spacing = Conv(next(keys), channels[-1], 2, 1, gain=0.1)

    def __call__(self, x: Array) -> Maps:
        """Map (batch, y, x, 3), sides multiples of 8, to `Maps` on half as many cells."""
        x = self.stem(fold(x))
        kept = []
        for level, blocks in enumerate(self.down):
            for block in blocks:
                x = block(x)
            if level < len(self.narrow):
                kept.append(x)
                x = self.narrow[level](fold(x))
        deep = self.spacing(jax.nn.relu(x))
        weight = jax.nn.softmax(deep[..., 1].reshape(len(x), -1), axis=-1)
        log_spacing = 2.0 + (weight * deep[..., 0].reshape(len(x), -1)).sum(-1)
        for level in reversed(range(len(kept))):
            x = self.up[level](kept[level] + unfold(self.widen[level](x)))
        out = self.tail(jax.nn.relu(self.head(jax.nn.relu(x))))
        return Maps(out[..., 0], out[..., 1:], log_spacing)
