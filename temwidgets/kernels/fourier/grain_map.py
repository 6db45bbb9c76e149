"""A label for every pixel, from the fringes of grains."""

from __future__ import annotations

import numpy as np
import scipy.ndimage as ndi
from skimage.measure import label as components

from temwidgets.kernels.fourier.fringe_region import LARGE, POINT, Reflection, extended
from temwidgets.kernels.fourier.grains import Grain

MARGIN = 3.0
"""How far beyond its region a grain is looked for, in sigmas of the window."""
TOP = 1.2
"""Largest amplitude over plateau that counts: noise on one reflection must not win a pixel."""

Box = tuple[slice, slice]


def label_pixels(
    found: list[Reflection],
    grains: list[Grain],
    shape: tuple[int, int],
    sides: np.ndarray,
    level: float = 0.5,
) -> np.ndarray:
    """Label each pixel by the grain with the largest amplitude over its plateau.

    -1 where none reaches `level`: fringes seen through a symmetric window fall to half of their
    plateau where they end, and two grains have the same share where they meet. Amplitudes count
    less where local g differs, which alone tells neighbours of nearly the same orientation.
    """
    best = np.zeros(shape, np.float32)
    label = np.full(shape, -1, np.int32)
    for number, grain in enumerate(grains):
        core = [found[i] for i in grain.core]
        box = _box(core, shape, sides)
        height = _mean(core, [np.minimum(one.height, TOP) for one in core], box)
        score = height * _mean(core, [one.likeness for one in core], box)
        better = (height > level) & (score > best[box])
        label[box][better] = number
        best[box][better] = score[better]
    return label


def _mean(core: list[Reflection], values: list[np.ndarray], box: Box) -> np.ndarray:
    """Mean over the reflections of a grain, by the power of the fringes over noise."""
    weights = np.array([one.snr**2 for one in core])
    weights /= weights.sum()
    parts = [
        w * enlarged(one, other.step, box)
        for w, one, other in zip(weights, values, core, strict=True)
    ]
    return np.sum(parts, axis=0)


def _box(core: list[Reflection], shape: tuple[int, int], sides: np.ndarray) -> Box:
    """The part of the image where a grain can be."""
    parts = []
    for axis in (0, 1):
        low, high = shape[axis], 0
        for one in core:
            margin = MARGIN * one.sigma / sides[axis]
            there = np.flatnonzero(one.region.any(1 - axis)) * one.step[axis]
            low = min(low, int(max(0, there[0] - margin)))
            high = max(high, int(min(shape[axis], there[-1] + margin + 2)))
        parts.append(slice(low, high))
    return parts[0], parts[1]


def enlarged(values: np.ndarray, step: np.ndarray, box: Box) -> np.ndarray:
    """Linear interpolation of a coarse grid to the pixels of a box, or every few of them."""
    rows, cols = (
        _weights(np.arange(part.start, part.stop, part.step) / h, n)
        for part, h, n in zip(box, step, values.shape, strict=True)
    )
    return rows @ values.astype(np.float32) @ cols.T


def _weights(at: np.ndarray, count: int) -> np.ndarray:
    low = np.clip(np.floor(at).astype(int), 0, max(count - 2, 0))
    share = np.clip(at - low, 0, 1)
    weights = np.zeros((len(at), count), np.float32)
    weights[np.arange(len(at)), low] = 1 - share
    weights[np.arange(len(at)), np.minimum(low + 1, count - 1)] += share
    return weights


def narrowest(found: list[Reflection], grains: list[Grain]) -> np.ndarray:
    """Narrowest window (grain,) through which each grain was seen, units of length."""
    return np.array([min(found[i].sigma for i in grain.core) for grain in grains])


def tidy(label: np.ndarray, widths: np.ndarray, sides: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Part grains into connected domains, drop what is no larger than a point, fill holes.

    Parameters
    ----------
    label : ndarray, (y, x), int
        Grain of each pixel, -1 for none.
    widths : ndarray, (grain,)
        sigma of the windows through which the grains were seen, units of length.
    sides : ndarray, (2,)
        Of a pixel.

    Returns
    -------
    label : ndarray, (y, x), int32
        Domains by size, the largest 0; -1 elsewhere.
    grain : ndarray, (domain,)
        Grain of each.
    """
    part = components(label, background=-1, connectivity=1)
    kept = []
    for number, box in enumerate(ndi.find_objects(part), 1):
        inside = part[box] == number
        grain = int(label[box][inside][0])
        if extended(inside, sides / widths[grain]):
            kept.append((int(inside.sum()), number, grain))
    kept.sort(key=lambda one: -one[0])
    number_of = np.full(int(part.max()) + 1, -1, np.int32)
    for new, (_, number, _) in enumerate(kept):
        number_of[number] = new
    domains = number_of[part]
    if kept:
        domains = _without_holes(domains, LARGE * np.pi * (POINT * float(widths.min())) ** 2)
    return domains, np.array([grain for _, _, grain in kept], int)


def drop_small(label: np.ndarray, least: float) -> tuple[np.ndarray, np.ndarray]:
    """Drop labels with fewer than `least` px, number the others anew; and which were kept."""
    area = np.bincount(label[label >= 0], minlength=int(label.max(initial=-1)) + 1)
    kept = np.flatnonzero(area >= least)
    number = np.full(len(area) + 1, -1, np.int32)
    number[kept] = np.arange(len(kept))
    return number[label], kept


def _without_holes(label: np.ndarray, largest: float) -> np.ndarray:
    """Give holes, and gaps between grains, of less than `largest` px to what is nearest."""
    part = components(label < 0, connectivity=1)
    small = np.bincount(part.ravel()) < largest
    small[0] = False
    holes = small[part]
    if not holes.any():
        return label
    nearest = ndi.distance_transform_edt(label < 0, return_distances=False, return_indices=True)
    return np.where(holes, label[tuple(nearest)], label)
