"""Refine where the frames of a series, and their lines, lie against the mean of all."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from temwidgets.kernels.missing import fill_missing
from temwidgets.kernels.scan_lines import line_splines, offset_step
from temwidgets.kernels.stack_drift import window
from temwidgets.kernels.stack_mean import MeanFrame, mean_frame, seen_by

_ROUNDS = 8
_SETTLED = 1e-3  # px
_SMALL = 0.05  # of its error: a change that does not matter
_STEP = 1.0  # px: greatest change in a round
_SURE = 4.0  # standard errors: a frame that is less like the mean has no structure
_FAINT = 1e-6  # of the contrast of the mean
_USELESS = 1.0  # px: error from which on a line tells nothing of its offset

Report = Callable[[float], None] | None


class Motion(NamedTuple):
    """Where frames and lines lie, px, with standard errors."""

    drift: np.ndarray  # (frame, 2) dy, dx
    error: np.ndarray  # (frame, 2)
    lines: np.ndarray | None  # (frame, y) offset along x, beside dx
    line_error: np.ndarray | None  # (frame, y); infinite where a line tells nothing


def refine(
    frames: np.ndarray,
    drift: np.ndarray,
    *,
    rows: bool,
    weights: np.ndarray | None = None,
    report: Report = None,
) -> Motion:
    """Fit the mean of all frames, moved, to each frame in turn, until nothing moves.

    Parameters
    ----------
    frames : ndarray, (frame, y, x)
        NaN where a pixel is missing.
    drift : ndarray, (frame, 2)
        Right to within a pixel.
    rows : bool
        Also find the offset of each line along x.
    weights : ndarray, (frame,), optional
        Of the frames in the mean.
    report : callable, optional
        Told the fraction done.

    Returns
    -------
    Motion
        The weighted mean of all drifts is that of `drift`.

    Notes
    -----
    Linear least squares of frame = offset + gain (mean - d . slope), as Lucas & Kanade (Proc.
    IJCAI 1981, 674), weighted to fall to the rim. Errors are those of M-estimators whose scores are
    summed by lines that hang together (Huber 1967; W. Newey & K. West, Econometrica 55 (1987) 703):
    counting noise counts, offsets that lines have in common, and columns that vibrate.
    """
    known = np.isfinite(frames)
    filled = np.stack([fill_missing(frame) for frame in frames])
    shares = np.ones(len(frames)) if weights is None else weights / weights.mean()
    middle = np.average(drift, axis=0, weights=shares)
    lines = line_error = None
    error = np.full(drift.shape, np.nan)
    phases = (False, True) if rows else (False,)
    for phase, by_lines in enumerate(phases):
        for turn in range(_ROUNDS):
            mean = mean_frame(filled, known, drift, lines, shares)
            change, spread = _steps(filled, known, drift, lines, mean)
            drift = drift + change
            drift = drift - np.average(drift, axis=0, weights=shares) + middle
            moved = np.abs(change).max()
            if by_lines:
                lines, line_error, most = _line_steps(filled, known, drift, lines, mean)
                moved = max(moved, most)
            else:
                error = spread
            if report is not None:
                report((phase + (turn + 1) / _ROUNDS) / len(phases))
            if moved < max(_SETTLED, _SMALL * float(np.nanmedian(spread))):
                break
    if lines is None or line_error is None:
        return Motion(drift, error, None, None)
    return Motion(drift, *_with_shared(error, lines, line_error))


def _with_shared(
    error: np.ndarray, lines: np.ndarray, line_error: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Add to the errors what the mean has of the offsets, and what lines leave to a frame."""
    known = np.isfinite(line_error)
    if not known.any():
        return error, lines, line_error
    count = len(lines)
    spread = max(float(lines[known].var() - (line_error[known] ** 2).mean()), 0.0)
    spread *= count / (count - 1)
    used = np.maximum(known.sum(axis=1), 1)
    noise = (np.where(known, line_error, 0) ** 2).sum(axis=1) / used
    along_x = np.sqrt((spread + noise) / used)
    return np.stack([error[:, 0], along_x], axis=1), lines, np.sqrt(line_error**2 + spread / count)


def _steps(
    filled: np.ndarray,
    known: np.ndarray,
    drift: np.ndarray,
    lines: np.ndarray | None,
    mean: MeanFrame,
) -> tuple[np.ndarray, np.ndarray]:
    """Change of the drift of each frame, and its standard error, (frame, 2) each."""
    steps = [
        _step(frame, seen, d, None if lines is None else lines[k], mean)
        for k, (frame, seen, d) in enumerate(zip(filled, known, drift, strict=True))
    ]
    found, alone, together = np.stack(steps, axis=1)
    # one frame tells too little of how lines hang together, all of them tell enough
    known = np.isfinite(alone).all(axis=1)
    ratio = together[known].mean(axis=0) / alone[known].mean(axis=0) if known.any() else 1.0
    # a frame is a part of the mean it is compared with
    spread = np.sqrt(alone * ratio * len(steps) / (len(steps) - 1))
    return np.clip(np.nan_to_num(found), -_STEP, _STEP), spread


def _step(
    frame: np.ndarray,
    seen: np.ndarray,
    drift: np.ndarray,
    lines: np.ndarray | None,
    mean: MeanFrame,
) -> np.ndarray:
    """Change of the drift of a frame, and its variance by lines alone and together, (3, 2).

    NaN where it has no structure.
    """
    parts = [
        seen_by(splines, mean, frame.shape, drift, lines) for splines in (mean.values, *mean.slopes)
    ]
    design = np.stack([np.ones_like(parts[0]), parts[0], -parts[1], -parts[2]])
    weight = window(frame.shape) * seen
    normal = np.einsum("iyx,yx,jyx->ij", design, weight, design)
    if not np.linalg.cond(normal[2:, 2:]) < 1e8:
        return np.full((3, 2), np.nan)
    inverse = np.linalg.pinv(normal)
    found = inverse @ np.einsum("iyx,yx,yx->i", design, weight, frame)
    left = frame - np.tensordot(found, design, 1)
    scores = np.einsum("iyx,yx,yx->yi", design, weight, left)
    alone, together = (
        np.diag(inverse @ made @ inverse).clip(0)
        for made in (scores.T @ scores, _variance_of_sum(scores))
    )
    gain = found[1]
    if not gain > max(_SURE * float(np.sqrt(alone[1])), _FAINT):
        return np.full((3, 2), np.nan)
    return np.stack([found[2:] / gain, alone[2:] / gain**2, together[2:] / gain**2])


def _variance_of_sum(scores: np.ndarray) -> np.ndarray:
    """Covariance of the sum of scores (line, term) of lines that are alike near each other."""
    reach = int(np.ceil(np.sqrt(len(scores))))
    total = scores.T @ scores
    for apart in range(1, reach):
        both = scores[:-apart].T @ scores[apart:]
        total += (1 - apart / reach) * (both + both.T)
    return total


def _line_steps(
    filled: np.ndarray,
    known: np.ndarray,
    drift: np.ndarray,
    lines: np.ndarray | None,
    mean: MeanFrame,
) -> tuple[np.ndarray, np.ndarray, float]:
    """Improve the offsets of all lines; offsets, errors and the greatest change."""
    before = np.zeros(filled.shape[:2]) if lines is None else lines
    after, errors = before.copy(), np.full(before.shape, np.inf)
    for k, (frame, seen) in enumerate(zip(filled, known, strict=True)):
        still = seen_by(mean.values, mean, frame.shape, drift[k], None)
        gain, level = np.polyfit(still[seen], frame[seen], 1)
        change, error = offset_step(frame, seen, line_splines(level + gain * still), before[k])
        good = error < _USELESS
        after[k] = np.where(good, before[k] + np.clip(np.nan_to_num(change), -_STEP, _STEP), 0)
        errors[k] = np.where(good, error, np.inf)
    after = _without_common(after, errors, drift)
    return after, errors, float(np.abs(after - before).max())


def _without_common(lines: np.ndarray, errors: np.ndarray, drift: np.ndarray) -> np.ndarray:
    """Take off what the lines of a frame, or all frames at a line of the specimen, share.

    The first is drift. The second the mean has taken over, and no comparison with it can tell;
    left alone it would wander from round to round.
    """
    weight = np.isfinite(errors).astype(float)
    place = np.arange(lines.shape[1]) - drift[:, :1]
    place = place - place.min()
    low = np.floor(place).astype(int)
    share = place - low
    size = low.max() + 2
    for _ in range(2):
        total, count = np.zeros((2, size))
        for at, part in ((low, 1 - share), (low + 1, share)):
            np.add.at(total, at, part * weight * lines)
            np.add.at(count, at, part * weight)
        common = total / np.where(count > 0, count, 1)
        lines = lines - ((1 - share) * common[low] + share * common[low + 1])
        sums = weight.sum(axis=1, keepdims=True)
        lines = lines - (weight * lines).sum(axis=1, keepdims=True) / np.where(sums > 0, sums, 1)
        lines = np.where(weight > 0, lines, 0)
    return lines
