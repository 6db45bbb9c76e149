"""Images to train a column finder on, as many as wanted, each with the columns it shows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any, NamedTuple

import numpy as np

from temwidgets.synthetic import training_degradation as degradation
from temwidgets.synthetic import training_rendering as rendering
from temwidgets.synthetic.training_lattices import (
    Columns,
    crystal,
    mean_spacing,
    no_columns,
    scattered,
)

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
        Mean distance (px) of the columns from their nearest neighbours, of which some may lie
        just outside the image; NaN when there are no columns.
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
    clean, points = _scene(columns, shape, distance, dark, lone, rng)
    inside = np.all((points >= -0.5) & (points < np.array(shape) - 0.5), axis=1)
    image = _measured(clean, points[inside], columns.heights[inside], level, rng)
    known = degradation.known_pixels(shape, missing, rng)
    return TrainingImage(
        np.where(known, image, np.float32(0)),
        known,
        points[inside].astype(np.float32),
        columns.species[inside].astype(np.int8),
        mean_spacing(points, inside, distance),
        level if inside.any() else 0.0,
    )


def _scene(
    columns: Columns,
    shape: tuple[int, int],
    spacing: float,
    dark: bool,
    lone: bool,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """The image before noise, nowhere negative, and where its columns lie (n, 2)."""
    phase = rng.random() < (0.5 if dark else 0.12)  # as in high-resolution TEM
    signal = _drawn(columns, shape, phase, rng)
    clean = -signal if dark else signal
    clean = clean + _background(shape, spacing, phase or lone, not len(columns.points), rng)
    points = columns.points
    if rng.random() < 0.3:
        width = columns.sigmas.min() if len(points) else 0.2 * spacing
        shifts = degradation.row_jitter(shape[0], min(rng.uniform(0.02, 0.3) * width, 1.0), rng)
        clean = degradation.shift_rows(clean, shifts)
        points = degradation.shifted_columns(points, columns.sigmas, shifts)
    # from a dark field where vacuum counts nothing to a bright one far above its contrast
    base = 0.5 if dark else 0.02
    clean += rng.choice([base, rng.uniform(base, 1), rng.uniform(1, 5)]) - clean.min()
    if rng.random() < 0.1:
        clean *= degradation.flicker(shape[0], rng)
    return clean, points


def _drawn(
    columns: Columns, shape: tuple[int, int], phase: bool, rng: np.random.Generator
) -> np.ndarray:
    """Columns as the probe shows them: round, elliptical, with a broad tail, or with rings."""
    if not len(columns.points):
        return np.zeros(shape, np.float32)
    if rng.random() < 0.25:
        # never wider than the columns were meant to be: the longer axis is the sigma drawn
        # and the shorter is at least 0.8 px, which pixels still resolve
        ratio = max(min(rng.uniform(1.05, 1.5), columns.sigmas.min() / 0.8), 1.0)
        angle = rng.uniform(0, np.pi)
        core = rendering.draw_elliptical(
            columns._replace(sigmas=columns.sigmas / ratio), shape, ratio, angle
        )
    else:
        core = rendering.draw_round(columns, shape)
    if phase:
        # Gaussians of three widths and changing sign are rings of delocalised contrast
        first = rng.uniform(0.3, 0.6)
        second = first * rng.uniform(0.2, 0.6)
        wide = rendering.draw_round(columns, shape, 1.6)
        wider = rendering.draw_round(columns, shape, 2.4)
        return (core - first * wide + second * wider) / (1 - first + second)
    if rng.random() < 0.35:
        tail = rng.uniform(0.05, 0.3)
        wide = rendering.draw_round(columns, shape, rng.uniform(2, 4))
        return (1 - tail) * core + tail * wide
    return core


def _background(
    shape: tuple[int, int], spacing: float, rough: bool, empty: bool, rng: np.random.Generator
) -> np.ndarray:
    """What lies beneath the columns, in heights of the strongest: slopes, blobs, texture."""
    ground = np.zeros(shape, np.float32)
    if rng.random() < 0.35:
        ground += rng.uniform(0.1, 2) * rendering.gradient(shape, rng)
    if rng.random() < 0.2:
        # smaller patches would be columns themselves
        smallest = max(1.5 * spacing, 0.12 * min(shape))
        ground += rng.uniform(0.2, 2) * rendering.blobs(shape, smallest, rng)
    if rough or rng.random() < (0.6 if empty else 0.25):
        length, width = spacing * rng.uniform(0.5, 3), rng.choice([0.15, 0.4, 1.0])
        # from hardly seen to as strong as a faint column
        strength = rng.uniform(0.02, 1.0 if empty else 0.15)
        ground += strength * rendering.band_noise(shape, length, width, rng)
    return ground


def _measured(
    clean: np.ndarray,
    points: np.ndarray,
    heights: np.ndarray,
    level: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """The image with noise whose deviation at columns is their median height over `level`."""
    if not len(points):
        return degradation.noisy(clean, float(clean.mean()), 1 / level, rng)
    y, x = np.clip(np.rint(points).astype(int).T, 0, [[size - 1] for size in clean.shape])
    brightness = max(float(np.median(clean[y, x])), 1e-3)
    return degradation.noisy(clean, brightness, float(np.median(heights)) / level, rng)


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
    for name, low, high in (("spacing", *spacing), ("snr", *snr)):
        floor = 2.0 if name == "spacing" else 0.0
        if not floor < low <= high < np.inf:
            raise ValueError(
                f"{name} is a pair (lowest, highest) of numbers above {floor:g}, but"
                f" {(low, high)} came. Give the lower one first; give it twice to fix it."
            )
    if contrast not in CONTRASTS:
        raise ValueError(f"contrast is one of {', '.join(CONTRASTS)}, but {contrast!r} came.")
    if not 0 <= missing[0] <= missing[1] < 1:
        raise ValueError(
            "missing is a pair (lowest, highest) of fractions from 0 to below 1, but"
            f" {tuple(missing)} came. Give the lower one first; (0, 0) loses no pixel."
        )
    if not 0 <= empty <= 1:
        raise ValueError(f"empty is a fraction of images from 0 to 1, but {empty} came.")
