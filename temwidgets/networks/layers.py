"""Layers of the networks: images are (batch, y, x, channel), weights (y, x, in, out).

Channels come last because that is what XLA multiplies fastest on a CPU.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

Array = Any


class Conv(eqx.Module):
    """Convolution with zeros beyond the border."""

    weight: Array  # (y, x, in, out)
    bias: Array  # (out,)

    def __init__(
        self, key: Array, channels_in: int, channels_out: int, size: int = 3, gain: float = 1.0
    ):
        # He et al., ICCV 2015: the variance stays the same from layer to layer
        scale = gain * (2 / (size * size * channels_in)) ** 0.5
        shape = (size, size, channels_in, channels_out)
        self.weight = scale * jax.random.normal(key, shape, jnp.float32)
        self.bias = jnp.zeros(channels_out, jnp.float32)

    def __call__(self, x: Array) -> Array:
        """Convolve (batch, y, x, in) to (batch, y, x, out)."""
        if self.weight.shape[:2] == (1, 1):
            return x @ self.weight[0, 0] + self.bias
        out = jax.lax.conv_general_dilated(
            x, self.weight, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
        )
        return out + self.bias


class ResidualBlock(eqx.Module):
    """Two convolutions added to what came in; the last starts at nothing (De & Smith 2020)."""

    first: Conv
    second: Conv
    gain: Array

    def __init__(self, key: Array, channels: int):
        a, b = jax.random.split(key)
        self.first, self.second = Conv(a, channels, channels), Conv(b, channels, channels)
        self.gain = jnp.zeros(())

    def __call__(self, x: Array) -> Array:
        """Map (batch, y, x, channel) to the same shape."""
        return x + self.gain * self.second(jax.nn.relu(self.first(jax.nn.relu(x))))


def fold(x: Array, factor: int = 2) -> Array:
    """Move blocks of pixels into channels: (b, y, x, c) to (b, y/f, x/f, f f c)."""
    batch, ny, nx, c = x.shape
    x = x.reshape(batch, ny // factor, factor, nx // factor, factor, c)
    return x.transpose(0, 1, 3, 2, 4, 5).reshape(batch, ny // factor, nx // factor, -1)


def unfold(x: Array, factor: int = 2) -> Array:
    """Undo `fold`."""
    batch, ny, nx, c = x.shape
    x = x.reshape(batch, ny, nx, factor, factor, c // factor**2)
    return x.transpose(0, 1, 3, 2, 4, 5).reshape(batch, ny * factor, nx * factor, -1)


def halve(x: Array) -> Array:
    """Take the largest of every 2 x 2 pixels."""
    batch, ny, nx, c = x.shape
    return x.reshape(batch, ny // 2, 2, nx // 2, 2, c).max((2, 4))


def double(x: Array) -> Array:
    """Repeat every pixel 2 x 2 times."""
    return jnp.repeat(jnp.repeat(x, 2, axis=1), 2, axis=2)
