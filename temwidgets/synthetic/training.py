"""Images to train a column finder on, as many as wanted, each with the columns it shows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any, NamedTuple

import numpy as np

from temwidgets.synthetic.training_degradation import known_pixels
from temwidgets.synthetic.training_lattices import crystal, mean_spacing, no_columns, scattered
from temwidgets.synthetic.training_scenes import measured, scene

CONTRASTS = ("any", "bright", "dark")


class TrainingImage(NamedTuple):
    """An image and what a perfect column finder would say of it.

    Attributes
    ----------
    image : ndarray, (y, x) float32
        Intensity on no particular scale; pixels not measured hold 0.
    known : ndarray, (y, x) bool
        False where the pixel was not measured.
    columns : ndarray, (n, 2) float32
        Positions y, x (px; pixel centres at integers) of all columns within the image.
    species : ndarray, (n,) int8
        Class of each column: 0 is the strongest, then 1, 2.
    spacing : float
        Mean distance (px) between nearest neighbours, of columns in the image and as far round
        it as one such distance; NaN when no column lies in the image.
    level : float
        Median height of the columns over the standard deviation of the noise at columns; 0 when
        there are none. A height is what a column adds at its centre, whatever its neighbours add.
    """

    image: np.ndarray
    known: np.ndarray
    columns: np.ndarray
    species: np.ndarray
    spacing: float
    level: float


def training_images(
    seed: int | np.random.SeedSequence, shape: tuple[int, int] = (128, 128), **options: Any
) -> Iterator[TrainingImage]:
    """Make images without end, each from a seed of its own.

    Parameters
    ----------
    seed : int or SeedSequence
        The same images in the same order for the same seed, for which it stays untouched.
    shape, **options
        As in `training_image`.

    Yields
    ------
    TrainingImage
    """
    root = seed if isinstance(seed, np.random.SeedSequence) else np.random.SeedSequence(seed)
    for number in count():
        child = np.random.SeedSequence(root.entropy, spawn_key=(*root.spawn_key, number))
        yield training_image(child, shape, **options)


def training_image(
    seed: int | np.random.SeedSequence,
    shape: tuple[int, int] = (128, 128),
    *,
    spacing: tuple[float, float] = (6.0, 60.0),
    contrast: str = "any",
    snr: tuple[float, float] = (0.5, 30.0),
    missing: tuple[float, float] = (0.0, 0.8),
    empty: float = 0.08,
) -> TrainingImage:
    """Make one image, of anything from a perfect crystal to mere noise.

    Parameters
    ----------
    seed : int or SeedSequence
        Decides everything that the options leave open.
    shape : (int, int)
        Pixels along y and x.
    spacing : (float, float)
        Lowest and highest distance (px) of nearest neighbours; drawn log-uniformly. Strain and
        disorder come on top, so the mean of an image may lie some percent outside.
    contrast : "any", "bright" or "dark"
        Whether columns are brighter or darker than what lies between; "any": six in seven bright.
    snr : (float, float)
        Lowest and highest `TrainingImage.level`; drawn log-uniformly.
    missing : (float, float)
        Lowest and highest fraction of pixels not measured. Three in four images have the lowest,
        the others anything from 0.3 (or the lowest, if that is more) to the highest.
    empty : float
        Fraction of images without any column.

    Returns
    -------
    TrainingImage

    Raises
    ------
    ValueError
        If an option is out of range.
    """
    _check(shape, spacing, contrast, snr, missing, empty)
    rng = np.random.default_rng(seed)
    distance, level = (float(np.exp(rng.uniform(*np.log(limits)))) for limits in (spacing, snr))
    dark = contrast == "dark" or (contrast == "any" and rng.random() < 0.15)
    if rng.random() < empty:
        columns, lone = no_columns(), False
    else:
        lone = rng.random() < 0.12
        columns = (scattered if lone else crystal)(shape, distance, rng)
    clean, points = scene(columns, shape, distance, dark, lone, rng)
    inside = np.all((points >= -0.5) & (points < np.array(shape) - 0.5), axis=1)
    image = measured(clean, points[inside], columns.heights[inside], level, rng)
    known = known_pixels(shape, missing, rng)
    return TrainingImage(
        np.where(known, image, np.float32(0)),
        known,
        points[inside].astype(np.float32),
        columns.species[inside].astype(np.int8),
        mean_spacing(points, shape, distance) if inside.any() else float("nan"),
        level if inside.any() else 0.0,
    )


def _check(
    shape: tuple[int, int],
    spacing: tuple[float, float],
    contrast: str,
    snr: tuple[float, float],
    missing: tuple[float, float],
    empty: float,
) -> None:
    if len(shape) != 2 or not all(isinstance(n, int | np.integer) and n >= 8 for n in shape):
        raise ValueError(
            f"shape is two whole numbers of pixels (y, x), at least 8 each, but {shape!r} came."
        )
    for name, limits, floor in (("spacing", spacing, 2), ("snr", snr, 0)):
        if not (_is_range(limits) and floor < limits[0] and limits[1] < np.inf):
            raise ValueError(
                f"{name} is a pair (lowest, highest) of numbers above {floor}, but {limits!r}"
                " came. Give the lower one first; give it twice to fix it."
            )
    if contrast not in CONTRASTS:
        raise ValueError(f"contrast is one of {', '.join(CONTRASTS)}, but {contrast!r} came.")
    if not (_is_range(missing) and missing[0] >= 0 and missing[1] < 1):
        raise ValueError(
            "missing is a pair (lowest, highest) of fractions from 0 to below 1, but"
            f" {missing!r} came. Give the lower one first; (0, 0) loses no pixel."
        )
    if not 0 <= empty <= 1:
        raise ValueError(f"empty is a fraction of images from 0 to 1, but {empty} came.")


def _is_range(limits: Any) -> bool:
    return np.shape(limits) == (2,) and bool(limits[0] <= limits[1])
