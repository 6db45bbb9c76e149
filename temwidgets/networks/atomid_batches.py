"""What AtomID-Net sees and is to answer, and batches of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from temwidgets.networks import batches as common
from temwidgets.networks.filtering import fill_missing

SIGMA = 0.15
"""Width of a column in the heat map over the mean distance to the nearest neighbour."""

_CLIP = 6.0


class HeatBatch(NamedTuple):
    """What AtomID-Net sees and is to answer; one example, or stacked with a batch dim."""

    channels: np.ndarray  # (y, x, 1)
    heat: np.ndarray  # (y, x)
    spacing: np.ndarray  # () px; NaN where there is no column


def heat_map(columns: np.ndarray, spacing: float, shape: tuple[int, int]) -> np.ndarray:
    """Render the heat map that a network is to answer.

    Parameters
    ----------
    columns : ndarray, (n, 2)
        y, x, px; pixel centres at integers.
    spacing : float
        Mean distance to the nearest neighbour, px; of no account without columns.
    shape : (int, int)

    Returns
    -------
    ndarray, (y, x), float32
        Unit impulses at the columns convolved with the Gaussian ``exp(-r^2 / (2 sigma^2))``, not
        normalised, so that a column by itself is 1 at its centre.

    Notes
    -----
    Lin et al., Small Science 2023, eq. 1-4, with impulses at their sub-pixel places. The paper has
    sigma proportional to the spacing; 0.15 is chosen here: neighbours are told apart (0.004 half
    a spacing away) and at 8 px a column is still 3 px wide.
    """
    columns = np.asarray(columns, np.float32).reshape(-1, 2)
    if not len(columns):
        return np.zeros(shape, np.float32)
    # a Gaussian is the product of one along y and one along x: a product of matrices sums them
    along = [
        np.exp(-((np.arange(n, dtype=np.float32)[:, None] - place) ** 2) / (2 * sigma**2))
        for n, place, sigma in zip(shape, columns.T, [SIGMA * np.float32(spacing)] * 2, strict=True)
    ]
    return along[0] @ along[1].T


def normalised(image: np.ndarray) -> np.ndarray:
    """Fill missing (NaN) pixels; bring the mean to 0 and the deviation to 1: (y, x, 1)."""
    filled = fill_missing(image)
    flat = filled - filled.mean()
    flat /= max(float(flat.std()), 1e-12)
    return np.clip(flat, -_CLIP, _CLIP)[..., None].astype(np.float32)


def heat_example(image: np.ndarray, columns: np.ndarray, spacing: float) -> HeatBatch:
    """Make what the network sees of an image (NaN: missing) and what it is to answer."""
    heat = heat_map(columns, spacing, (image.shape[0], image.shape[1]))
    told = spacing if len(columns) else np.nan
    return HeatBatch(normalised(image), heat, np.asarray(told, np.float32))


def synthetic_heat(
    size: int, *, spacing: tuple[float, float] = (8.0, 40.0), **options: Any
) -> common.Draw:
    """Return what draws an example of size² pixels, bright columns, from `training_image`.

    Spacings are those of the image: the published network works across magnifications, without
    resampling.
    """
    # late, for the generator is not needed to use a network
    from temwidgets.synthetic.training import training_image

    options = {"contrast": "bright", **options}

    def draw(seed: np.random.SeedSequence) -> HeatBatch:
        made = training_image(seed, (size, size), spacing=spacing, **options)
        image = np.where(made.known, made.image, np.float32(np.nan))
        return heat_example(image, made.columns, made.spacing)

    return draw


def pair_heat(
    pairs: Sequence[common.Pair], size: int, *, zoom: tuple[float, float] = (0.8, 1.25)
) -> common.Draw:
    """Return what draws a turned, mirrored, rescaled part of one of `pairs`, size² pixels."""
    apart = [common.nearest_distance(pair.columns) for pair in pairs]

    def draw(seed: np.random.SeedSequence) -> HeatBatch:
        rng = np.random.default_rng(seed)
        which = int(rng.integers(len(pairs)))
        scale = float(np.exp(rng.uniform(*np.log(zoom))))
        image, columns = common.turned_part(pairs[which], size, scale, rng)
        return heat_example(image, columns, apart[which] * scale)

    return draw
