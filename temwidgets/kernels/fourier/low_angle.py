"""Part a region where its fringes turn or change spacing at once, not where they do so slowly."""

from __future__ import annotations

import numpy as np
import scipy.ndimage as ndi

JUMP = 0.25
"""Change of g across a boundary, in sigmas of the transformed window (1/10 |g|, or 1.5 degrees)."""
SURE = 4.0
"""Standard errors that it must exceed."""
SEEN = 0.63
"""Share of a jump of g seen between two places that are 1.8 sigmas of the window apart."""
ERROR = 0.53
"""Standard error of that difference, in sigmas of the transformed window, over 1/SNR."""
STEP_LIKE = 6.0
"""Distance of two kinds of g over their spread from which they are two: a smooth change has 4."""
ROUGH = 0.4
"""Median second difference of g over one sigma of the window, in sigmas of the transform, of
fringes with SNR 1."""
SMALLEST = 4.35
"""Area, in squared sigmas of the window, below which a piece is no crystal of its own."""


def split(inside: np.ndarray, away: np.ndarray, snr: np.ndarray, step: np.ndarray) -> np.ndarray:
    """Label the connected parts of a region, cut where local g jumps.

    Parameters
    ----------
    inside : ndarray, (y, x), bool
    away : ndarray, (2, y, x)
        Local g in sigmas of the transformed window, from anywhere.
    snr : ndarray, (y, x)
        Amplitude over noise.
    step : ndarray, (2,)
        Of the grid, in sigmas of the window.

    Returns
    -------
    ndarray, (y, x), int
        0 outside.
    """
    whole, count = ndi.label(inside)
    if not count:
        return whole
    jump, error = _jumps(away, snr, step)
    limit = np.maximum(JUMP, SURE * error)
    parts = _cut(inside, whole, away, jump, limit, step)
    return _parted(parts, away, float(np.median(limit[inside])), step)


def _cut(
    inside: np.ndarray,
    whole: np.ndarray,
    away: np.ndarray,
    jump: np.ndarray,
    limit: np.ndarray,
    step: np.ndarray,
) -> np.ndarray:
    """Cut where g jumps, and join what turns out to have the same g."""
    seeds, count = ndi.label(inside & (jump < limit))
    if count < 2:
        return whole
    area = np.bincount(seeds.ravel()) * step.prod()
    seeds[(area < SMALLEST)[seeds]] = 0
    if not seeds.any():
        return whole
    grown = _grown(seeds, inside)
    return _joined(grown, whole, away, float(np.median(limit[inside])))


def _jumps(away: np.ndarray, snr: np.ndarray, step: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Largest change of g between two opposite neighbours, and its standard error."""
    reach = np.maximum(np.rint(0.9 / step).astype(int), 1)
    padded = np.pad(away, ((0, 0), *((r, r) for r in reach)), mode="edge")
    n, m = away.shape[1:]
    jump = np.zeros((n, m))
    for i, j in ((1, 0), (0, 1), (1, 1), (1, -1)):
        ahead, behind = (
            padded[:, r + s * i * r : r + s * i * r + n, c + s * j * c : c + s * j * c + m]
            for s in (1, -1)
            for r, c in [reach]
        )
        jump = np.maximum(jump, np.hypot(*(ahead - behind)))
    return jump / SEEN, ERROR / SEEN / np.maximum(snr, 1)


def _grown(seeds: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Give what was cut to the nearest part."""
    index = ndi.distance_transform_edt(seeds == 0, return_distances=False, return_indices=True)
    return np.where(inside, seeds[tuple(index)], 0)


def _joined(parts: np.ndarray, whole: np.ndarray, away: np.ndarray, limit: float) -> np.ndarray:
    """Join parts again whose g is the same after all: a defect was between them."""
    labels = np.unique(parts[parts > 0])
    place = [np.median(away[:, parts == n], axis=1) for n in labels]
    home = [whole[parts == n][0] for n in labels]
    result = parts.copy()
    for i, n in enumerate(labels):
        for j in range(i):
            same = home[i] == home[j] and np.hypot(*(place[i] - place[j])) < limit
            if same:
                result[result == n] = result[parts == labels[j]][0]
    return result


def _parted(parts: np.ndarray, away: np.ndarray, limit: float, step: np.ndarray) -> np.ndarray:
    """Part what has two kinds of g with little in between, each in one place.

    Where fringes of two crystals happen to be in phase g changes gently from one to the other, and
    cuts leave a bridge there.
    """
    result = parts.copy()
    for number in np.unique(parts[parts > 0]):
        inside = parts == number
        second = _second_kind(away[:, inside], limit)
        if second is None:
            continue
        kind = np.zeros(parts.shape)
        kind[inside] = np.where(second, 1.0, -1.0)
        # noise at a border makes islands of the other kind
        kind = ndi.gaussian_filter(kind, 0.7 / step)
        pieces = [ndi.label(inside & (kind > 0))[0], ndi.label(inside & (kind <= 0))[0]]
        large = [_largest(piece, step) for piece in pieces]
        if all(one.any() for one in large):
            seeds = large[0] * 1 + large[1] * 2
            result[inside & (_grown(seeds, inside) == 2)] = result.max() + 1
    return result


def _second_kind(values: np.ndarray, limit: float) -> np.ndarray | None:
    """Part vectors (2, n) in two along their longest axis; None when they are of one kind."""
    centred = values - values.mean(1, keepdims=True)
    axis = np.linalg.eigh(centred @ centred.T)[1][:, -1]
    along = axis @ centred
    second = along > 0
    for _ in range(10):
        if second.all() or not second.any():
            return None
        middle = (along[second].mean() + along[~second].mean()) / 2
        second = along > middle
    apart = along[second].mean() - along[~second].mean()
    rest = along - np.where(second, along[second].mean(), along[~second].mean())
    spread = float(np.sqrt((rest**2).mean()))
    return second if apart > max(limit, STEP_LIKE * spread) else None


def _largest(pieces: np.ndarray, step: np.ndarray) -> np.ndarray:
    """The largest piece if it is large enough for a crystal."""
    area = np.bincount(pieces.ravel())
    area[0] = 0
    large = area.argmax()
    return (pieces == large) & (area[large] * step.prod() > SMALLEST)


def smoothness(region: np.ndarray, away: np.ndarray, step: np.ndarray) -> float:
    """SNR that the smoothness of local g in a region speaks for; fringes that bend are smooth too.

    Speckle has about 1, however bright it is.
    """
    reach = np.maximum(np.rint(1 / step).astype(int), 1)
    changes = []
    for axis in (0, 1):
        n = region.shape[axis]
        if n <= 2 * reach[axis]:
            continue
        low, mid, high = (
            np.arange(n - 2 * reach[axis]) + shift * reach[axis] for shift in (0, 1, 2)
        )
        there = [np.take(region, at, axis) for at in (low, mid, high)]
        g = [np.take(away, at, axis + 1) for at in (low, mid, high)]
        changes.append(np.hypot(*(2 * g[1] - g[0] - g[2]))[np.logical_and.reduce(there)])
    values = np.concatenate(changes) if changes else np.zeros(0)
    return ROUGH / max(float(np.median(values)), 1e-9) if values.size else 0.0
