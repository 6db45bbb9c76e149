"""Estimates of a slowly varying background of one image."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from skimage.restoration import ellipsoid_kernel, rolling_ball
from skimage.transform import resize

# A ball of this radius costs 0.2 s on 512 x 512 blocks; larger ones gain nothing
_BALL = 12


def gaussian_background(image: np.ndarray, sigma: tuple[float, float]) -> np.ndarray:
    """Return the Gaussian mean round every pixel; pixels that do not exist or are NaN weigh 0."""
    there = np.isfinite(image)
    options = {"sigma": sigma, "mode": "constant", "truncate": 3.0}
    weight = ndimage.gaussian_filter(there.astype(float), **options)
    total = ndimage.gaussian_filter(np.where(there, image, 0.0).astype(float), **options)
    return total / np.where(weight > 1e-6, weight, np.nan)


def plane_background(image: np.ndarray) -> np.ndarray:
    """Return the least-squares plane through all finite pixels."""
    y, x = (np.linspace(-1, 1, n) for n in image.shape)
    there = np.isfinite(image)
    weights = [there.astype(float), there * y[:, None], there * x[None, :]]
    shapes = [np.ones(image.shape), np.broadcast_to(y[:, None], image.shape), x[None, :]]
    normal = np.array([[(w * s).sum() for s in shapes] for w in weights])
    target = np.array([(w * np.where(there, image, 0.0)).sum() for w in weights])
    level, slope_y, slope_x = np.linalg.lstsq(normal, target, rcond=None)[0]
    return level + slope_y * y[:, None] + slope_x * x[None, :]


def rolling_background(image: np.ndarray, radius: tuple[float, float]) -> np.ndarray:
    """Return the surface that a ball rolling under the image touches.

    The image is averaged in blocks first, so that the ball is about 12 blocks wide: cost falls
    with the fourth power of the block, and noise drags the surface down less.

    Parameters
    ----------
    image : ndarray, (y, x)
        Finite values.
    radius : (float, float)
        In pixels along y and x.

    References
    ----------
    S. R. Sternberg, Computer 16 (1983) 22.
    """
    blocks = [max(1, int(r / _BALL)) for r in radius]
    small_shape = [max(2, round(n / b)) for n, b in zip(image.shape, blocks, strict=True)]
    small = resize(image.astype(float), small_shape, order=1, anti_aliasing=True)
    low, high = np.percentile(small, (1, 99))
    half = [max(1.0, r / b) for r, b in zip(radius, blocks, strict=True)]
    # as high as the image's own contrast, the ball is round in the picture a viewer would show
    ball = ellipsoid_kernel([2 * int(h) + 1 for h in half], 2 * max(high - low, 1e-12))
    surface = rolling_ball(small, kernel=ball)
    return resize(surface, image.shape, order=1, mode="edge")
