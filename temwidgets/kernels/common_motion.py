"""The motion that many points share, told apart from what each does of its own."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

_ROUNDS = 30
_SETTLED = 1e-9
_TUKEY = 4.685  # robust standard deviations: 95 % efficient where errors are normal


class Common(NamedTuple):
    """Motion of each frame and mean place of each point, one coordinate."""

    motion: np.ndarray  # (frame, point) of the frame at each point
    error: np.ndarray  # (frame,) standard error of its shift
    mean: np.ndarray  # (point,) mean place without the motion


def common_motion(values: np.ndarray, design: np.ndarray) -> Common:
    """Split ``values = motion of the frame + mean of the point + rest`` robustly.

    Parameters
    ----------
    values : ndarray, (frame, point)
        One coordinate; NaN where a point was not seen.
    design : ndarray, (term, point)
        What a frame's motion is made of, of which the first is ones.

    Notes
    -----
    Frames are fitted with Tukey's biweight (Huber, Robust Statistics (1981), section 7.8), so that
    points of their own ways do not count; points have their plain mean. Both in turn until
    nothing moves. The motions of all frames have mean 0.
    """
    known = np.isfinite(values)
    size = float(np.std(values[known])) if known.any() else 0.0
    motion = np.zeros(values.shape)
    motion += np.nan_to_num(_medians(values - _means(values, known)[None], known))[:, None]
    error = np.zeros(len(values))
    for _ in range(_ROUNDS):
        mean = _means(values - motion, known)
        fitted = [_fit(values[k] - mean, known[k], design, motion[k]) for k in range(len(values))]
        new = np.array([m for m, _ in fitted])
        error = np.array([e for _, e in fitted])
        new = new - new.mean(axis=0)
        settled = np.abs(new - motion).max() <= _SETTLED * size
        motion = new
        if settled:
            break
    return Common(motion, error, _means(values - motion, known))


def _means(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    count = known.sum(axis=0)
    total = np.where(known, values, 0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _medians(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    return np.array(
        [np.median(row[seen]) if seen.any() else 0.0
         for row, seen in zip(values, known, strict=True)]
    )  # fmt: skip


def _fit(
    off: np.ndarray, known: np.ndarray, design: np.ndarray, start: np.ndarray
) -> tuple[np.ndarray, float]:
    """Robust fit of one frame: its motion at each point, and the error of its shift."""
    known = known & np.isfinite(off)
    terms = design if known.sum() > 3 * len(design) else design[:1]
    if not known.any():
        return start, np.nan
    left = off[known] - start[known]
    scale = 1.4826 * float(np.median(np.abs(left - np.median(left))))
    z = (left - np.median(left)) / (_TUKEY * max(scale, 1e-12))
    weight = np.where(np.abs(z) < 1, (1 - z**2) ** 2, 0.0)
    used = terms[:, known]
    normal = (used * weight) @ used.T
    coefficients = np.linalg.pinv(normal) @ ((used * weight) @ off[known])
    rest = off[known] - coefficients @ used
    # the slope of the score, not its weight, is what it answers to a shift with
    slope = np.where(np.abs(z) < 1, (1 - z**2) * (1 - 5 * z**2), 0.0).sum()
    variance = (weight**2 * rest**2).sum() / max(slope, 1.0) ** 2
    return coefficients @ terms, float(np.sqrt(variance))
