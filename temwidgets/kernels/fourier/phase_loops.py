"""Wrapped phases: what a closed loop adds up to, residues, unwrapping, displacement."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.ndimage as ndi


class Circuit(NamedTuple):
    """A walk along a closed loop through wrapped phases."""

    turns: np.ndarray  # (n,) sum of the steps over 2 pi
    largest: np.ndarray  # (n,) largest step, radians
    known: float  # share of the loop where all phases are known


def wrapped(phase: np.ndarray) -> np.ndarray:
    """Bring phases into -pi to pi."""
    return phase - 2 * np.pi * np.round(phase / (2 * np.pi))


def walk(phase: np.ndarray, corners: np.ndarray, step: float = 0.5) -> Circuit:
    """Add up the wrapped differences of phases (n, y, x) along a polygon.

    Parameters
    ----------
    phase : ndarray, (n, y, x)
    corners : ndarray, (m, 2)
        Rows and columns; the last is joined to the first, and the loop is walked from +x (columns)
        towards +y (rows).
    step : float
        Length of a step in pixels.
    """
    places = _along(_in_order(corners), step)
    rows, cols = places.T
    phasors = []
    for plane in np.exp(1j * phase.astype(float)):
        parts = [
            ndi.map_coordinates(part, (rows, cols), order=1, mode="constant", cval=np.nan)
            for part in (plane.real, plane.imag)
        ]
        phasors.append(parts[0] + 1j * parts[1])
    line = np.array(phasors)
    known = np.isfinite(line).all(axis=0)
    steps = np.angle(np.roll(line, -1, axis=1) * line.conj())
    return Circuit(steps.sum(axis=1) / (2 * np.pi), np.abs(steps).max(axis=1), float(known.mean()))


def _in_order(corners: np.ndarray) -> np.ndarray:
    """Turn a polygon so that it runs from columns towards rows."""
    row, col = corners.T
    area = (col * np.roll(row, -1) - np.roll(col, -1) * row).sum()
    return corners if area > 0 else corners[::-1]


def _along(corners: np.ndarray, step: float) -> np.ndarray:
    ends = np.roll(corners, -1, axis=0)
    places = []
    for start, end in zip(corners, ends, strict=True):
        count = max(1, int(np.ceil(np.hypot(*(end - start)) / step)))
        places.append(start + (end - start) * np.arange(count)[:, None] / count)
    return np.concatenate(places)


def residues(phase: np.ndarray) -> np.ndarray:
    """Turns of a phase (y, x) round each square of four pixels; at its first pixel, else 0."""
    down, right = wrapped(np.diff(phase, axis=0)), wrapped(np.diff(phase, axis=1))
    # from +x towards +y: along the top, down the right side, back along the bottom, up the left
    total = right[:-1] + down[:, 1:] - right[1:] - down[:, :-1]
    out = np.zeros(phase.shape, np.int8)
    out[:-1, :-1] = np.round(np.nan_to_num(total) / (2 * np.pi))
    return out


def unwrapped(phase: np.ndarray) -> np.ndarray:
    """Unwrap a phase (y, x), NaN staying so; each piece keeps its middle value within a turn.

    Along the path of greatest reliability (Herraez et al., Appl. Opt. 41, 7437 (2002)).
    """
    from skimage.restoration import unwrap_phase  # slow to import

    known = np.isfinite(phase)
    if not known.any():
        return phase.copy()
    if known.all():
        return _centred(unwrap_phase(phase, rng=0), known)
    whole = unwrap_phase(np.ma.masked_array(np.nan_to_num(phase), ~known), rng=0)
    return np.where(known, _centred(np.asarray(whole.data), known), np.nan)


def _centred(phase: np.ndarray, known: np.ndarray) -> np.ndarray:
    label, count = ndi.label(known)
    middle = ndi.median(phase, label, np.arange(1, count + 1))
    turns = np.concatenate([[0.0], np.round(np.asarray(middle) / (2 * np.pi))])
    return phase - 2 * np.pi * turns[label]


def jumps(phase: np.ndarray) -> np.ndarray:
    """Tell where an unwrapped phase (y, x) jumps by a turn to the next pixel, right or down."""
    out = np.zeros(phase.shape, bool)
    with np.errstate(invalid="ignore"):
        for axis in (0, 1):
            step = np.diff(phase, axis=axis)
            leap = np.abs(step - wrapped(step)) > np.pi
            first = [slice(None), slice(None)]
            first[axis] = slice(0, -1)
            out[tuple(first)] |= leap
    return out


def displacement(phase: np.ndarray, variance: np.ndarray, g: np.ndarray) -> tuple[np.ndarray, ...]:
    """Displacement from phases ``-2 pi g.u``, one over their variance as weights.

    Parameters
    ----------
    phase, variance : ndarray, (n, y, x)
        Wrapped.
    g : ndarray, (n, 2)
        The first two not in line: their phases are unwrapped, those of the others follow.

    Returns
    -------
    displacement, variance : ndarray, (2, y, x)
    jump : ndarray of bool, (y, x)
        Where either phase jumps.
    """
    pair = np.stack([unwrapped(phase[k]) for k in range(2)])
    first = -np.einsum("cn,nyx->cyx", np.linalg.inv(g[:2]), pair) / (2 * np.pi)
    left = wrapped(phase + 2 * np.pi * np.einsum("nc,cyx->nyx", g, first))
    weight = 1 / np.maximum(variance, 1e-12)
    normal = np.einsum("nyx,na,nb->yxab", weight, g, g) * (4 * np.pi**2)
    inverse = np.linalg.inv(np.where(np.isfinite(normal), normal, np.eye(2)))
    right = -2 * np.pi * np.einsum("nyx,na->yxa", weight * left, g)
    more = np.einsum("yxab,yxb->ayx", inverse, right)
    known = np.isfinite(first).all(axis=0)
    spread = np.where(known, np.diagonal(inverse, axis1=2, axis2=3).transpose(2, 0, 1), np.nan)
    return first + more, spread, jumps(pair[0]) | jumps(pair[1])
