"""Losses of AP-GAN: how like the right map one is, and whether the discriminator believes it."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

Array = Any

_WINDOW, _SIGMA = 11, 1.5  # px
_C1, _C2 = 0.01**2, 0.03**2  # for values from 0 to 1
_FLOOR = 1e-6  # mean squared error of 60 dB: better is not asked for


class Weights(NamedTuple):
    """How much each term of the generator's loss counts."""

    adversarial: float = 0.01
    ssim: float = 1.0
    psnr: float = 0.02  # per dB


class Terms(NamedTuple):
    """The generator's loss and what it is made of: arrays (), or numbers."""

    total: Any
    adversarial: Any  # mean of (score - 1)²
    ssim: Any  # 1 - mean SSIM
    psnr: Any  # dB


def ssim(a: Array, b: Array) -> Array:
    """Structural similarity of maps with values 0 to 1, mean over all but the batch.

    Wang et al., IEEE Trans. Image Process. 13 (2004) 600: Gaussian window of 11 x 11 px, sigma
    1.5 px, K1 = 0.01, K2 = 0.03, where the window lies within the image.

    Parameters
    ----------
    a, b : Array, (batch, y, x, channel)
        Sides at least 11.

    Returns
    -------
    Array, (batch,)
        1 where both are the same.
    """
    mean_a, mean_b = _local(a), _local(b)
    var_a, var_b = _local(a * a) - mean_a**2, _local(b * b) - mean_b**2
    shared = _local(a * b) - mean_a * mean_b
    above = (2 * mean_a * mean_b + _C1) * (2 * shared + _C2)
    below = (mean_a**2 + mean_b**2 + _C1) * (var_a + var_b + _C2)
    return (above / below).mean((1, 2, 3))


def _local(x: Array) -> Array:
    """Mean over the Gaussian window about each pixel (batch, y, x, channel), where it fits."""
    # products with banded matrices: quicker than a convolution of each channel by itself
    down, across = (_means(n) for n in x.shape[1:3])
    return jnp.einsum("iy,jx,byxc->bijc", down, across, x, optimize=True)


def _means(count: int) -> np.ndarray:
    """Matrix (count - 10, count) that takes the mean over each window along a side."""
    weight = np.exp(-((np.arange(_WINDOW) - _WINDOW // 2) ** 2) / (2 * _SIGMA**2))
    rows = np.arange(count - _WINDOW + 1)[:, None]
    out = np.zeros((len(rows), count), np.float32)
    out[rows, rows + np.arange(_WINDOW)] = weight / weight.sum()
    return out


def psnr(a: Array, b: Array) -> Array:
    """Peak signal-to-noise ratio of maps with values 0 to 1, dB, (batch,); at most 60."""
    error = ((a - b) ** 2).mean((1, 2, 3))
    return -10 * jnp.log10(error + _FLOOR)


def generator_loss(maps: Array, right: Array, scores: Array, weights: Weights) -> Terms:
    """Return the loss of maps (batch, y, x, species) that got `scores` from the discriminator."""
    adversarial = ((scores - 1) ** 2).mean()
    unlike = 1 - ssim(maps, right).mean()
    decibel = psnr(maps, right).mean()
    parts = Weights(adversarial, unlike, -decibel)
    total = sum(w * part for w, part in zip(weights, parts, strict=True))
    return Terms(total, adversarial, unlike, decibel)


def discriminator_loss(real: Array, generated: Array) -> Array:
    """Mean squared error of scores: 1 for real, 0 for generated (Mao et al., ICCV 2017), ()."""
    return 0.5 * (((real - 1) ** 2).mean() + (generated**2).mean())
