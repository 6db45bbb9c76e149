"""How far columns get in time: mean square displacement and diffusion."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from temwidgets.analysis.stacks.motion import drift_free
from temwidgets.analysis.stacks.tracks import BOTH, check_tracks, over_frames
from temwidgets.conventions import length_unit, quantity

_FIT = 0.25  # of the lags: longer ones have few independent pairs (Michalet 2010)
_FEWEST_LAGS = 3


def mean_square_displacement(
    tracks: xr.Dataset,
    *,
    lags: int | None = None,
    frame_time: float | None = None,
    localisation: bool = True,
) -> xr.Dataset:
    """Average the squared steps of all columns over each number of frames.

    Parameters
    ----------
    tracks : Dataset, (frame, column)
        From `drift_free`; `drift_free` is applied where there is no ``displacement`` yet.
    lags : int, optional
        Greatest number of frames; half of all when not given.
    frame_time : float, optional
        Seconds from one frame to the next; times are in frames when not given.
    localisation : bool
        Take off what the errors of the places, ``y_std`` and ``x_std``, add: with them the curve
        does not start at 0.

    Returns
    -------
    Dataset, (lag,)
        ``msd`` (length unit squared, y and x together) with ``msd_std``, ``pairs``, and ``time``;
        ``diffusion`` with ``_std``, a quarter of the slope over the first quarter of the lags
        (three at least), and ``offset`` with ``_std``, the line at lag 0: vibration adds four
        times its variance per axis. ``noise`` is what was taken off at each lag.

    Raises
    ------
    TypeError, ValueError
        If these are no tracks, no two frames show the same column, or an option is out of range.

    Notes
    -----
    Localisation adds the variances of both places along both axes [1]_, taken pair by pair. A
    frame is scanned so quickly past a column that motion during its exposure, which would take
    off a third of a frame's diffusion [2]_, is left out. Errors are delete-one jackknife over
    columns, which are independent, as overlapping pairs of one column are not. The motion of a
    frame took the mean of its n columns with it, which a factor n / (n - 1) makes up for; that of
    neighbours (``drift_free(tracks, motion="local")``, where the scan drifts within frames) added
    what these diffuse, which is taken off again.

    References
    ----------
    .. [1] T. Savin, P. S. Doyle, Biophys. J. 88 (2005) 623.
    .. [2] X. Michalet, Phys. Rev. E 82 (2010) 041914.
    """
    check_tracks(tracks)
    if "displacement" not in tracks or "frame" not in tracks["displacement"].dims:
        tracks = drift_free(tracks)
    frames = tracks["frame"].values
    most = _most(lags, frames)
    if frame_time is not None and not frame_time > 0:
        raise ValueError(f"frame_time is a time above 0, in seconds, but {frame_time!r} came.")
    steps, noise, pairs = _sums(tracks, frames, most)
    if not pairs.any():
        raise ValueError("No column is seen in two frames, so that nothing is known of its steps.")
    msd, spread, line, line_std = _jackknife(steps - noise if localisation else steps, pairs)
    taken = noise.sum(axis=1) / np.maximum(pairs.sum(axis=1), 1) * localisation
    return _described(length_unit(tracks), frame_time, (msd, spread, pairs, taken), line, line_std)


def _made_up(tracks: xr.Dataset) -> np.ndarray:
    """Variance of a place over that of what is left without the motion of the frame."""
    there = np.isfinite(tracks["displacement"].transpose(*BOTH, "component").values[..., 0])
    if "neighbour_share" in tracks:
        return 1 / (1 + over_frames(tracks, "neighbour_share"))
    alone = 1 + 1 / max(float(np.median(there.sum(axis=1))) - 1, 1.0)
    return np.full(there.shape, alone)


def _most(lags: int | None, frames: np.ndarray) -> int:
    span = int(frames[-1] - frames[0])
    if lags is None:
        return max(1, span // 2)
    if lags != int(lags) or not 1 <= lags <= span:
        raise ValueError(
            f"lags is a number of frames from 1 to {span}, the length of the stack, but {lags!r}"
            " came."
        )
    return int(lags)


def _sums(
    tracks: xr.Dataset, frames: np.ndarray, most: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Squared steps, variances of places and numbers of pairs, summed; (lag, column) each."""
    values = tracks["displacement"].transpose(*BOTH, "component").values
    variance, factor = np.zeros(values.shape[:2]), _made_up(tracks)
    for name in ("y_std", "x_std"):
        if name in tracks:
            variance += over_frames(tracks, name) ** 2
    steps, noise, pairs = np.zeros((3, most, values.shape[1]))
    for lag in range(1, most + 1):
        for k, frame in enumerate(frames):
            for j in np.flatnonzero(frames == frame + lag):
                square = ((values[j] - values[k]) ** 2).sum(axis=1)
                there = np.isfinite(square)
                made_up = (factor[j] + factor[k]) / 2
                steps[lag - 1] += np.where(there, square * made_up, 0)
                noise[lag - 1] += np.where(there, np.nan_to_num(variance[j] + variance[k]), 0)
                pairs[lag - 1] += there
    return steps, noise, pairs


def _jackknife(
    sums: np.ndarray, pairs: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Mean over all pairs and its line (slope, level), with the error of each over columns."""
    total, count = sums.sum(axis=1), pairs.sum(axis=1)
    members = np.flatnonzero(pairs.any(axis=0))
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = total / count
        without = (total[:, None] - sums[:, members]) / (count[:, None] - pairs[:, members])
    line = _line(mean)
    lines = np.array([_line(one) for one in without.T])
    n = members.size
    factor = np.sqrt((n - 1) / n) if n > 1 else np.nan
    spread = factor * np.sqrt(((without - without.mean(axis=1, keepdims=True)) ** 2).sum(axis=1))
    line_std = factor * np.sqrt(((lines - lines.mean(axis=0)) ** 2).sum(axis=0))
    return mean, spread, line, line_std


def _line(mean: np.ndarray) -> np.ndarray:
    """Slope and level of the first lags; NaN where fewer than two are known."""
    number = min(mean.size, max(_FEWEST_LAGS, int(np.ceil(_FIT * mean.size))))
    lag = np.arange(1, number + 1)
    known = np.isfinite(mean[:number])
    if known.sum() < 2:
        return np.full(2, np.nan)
    # the error of a mean grows about as its lag does
    return np.polyfit(lag[known], mean[:number][known], 1, w=1 / lag[known])


def _described(
    unit: str,
    frame_time: float | None,
    curve: tuple[np.ndarray, ...],
    line: np.ndarray,
    line_std: np.ndarray,
) -> xr.Dataset:
    msd, spread, pairs, taken = curve
    step, clock = (1.0, "frames") if frame_time is None else (float(frame_time), "s")
    area = f"{unit}²"
    lag = np.arange(1, msd.size + 1)
    made: dict[str, Any] = {
        "msd": ("lag", msd, area, "mean square displacement", "msd_std pairs"),
        "msd_std": ("lag", spread, area, "standard error of mean square displacement", ""),
        "noise": ("lag", taken, area, "share of the errors of places, taken off", ""),
        "pairs": ("lag", pairs.sum(axis=1).astype(int), "1", "pairs of places", ""),
        "time": ("lag", lag * step, clock, "time between the places", ""),
    }
    rate = f"{area}/{'frame' if frame_time is None else 's'}"
    for name, k, factor, units, text in (
        ("diffusion", 0, 0.25 / step, rate, "diffusion coefficient"),
        ("offset", 1, 1.0, area, "mean square displacement at lag 0"),
    ):
        made[name] = ((), float(line[k] * factor), units, text, f"{name}_std")
        made[f"{name}_std"] = (
            (), float(line_std[k] * factor), units, f"standard error of {text}", ""
        )  # fmt: skip
    return xr.Dataset(
        {
            name: quantity(dims, values, units, text, **_ancillary(more))
            for name, (dims, values, units, text, more) in made.items()
        },
        coords={"lag": quantity("lag", lag, "frames", "lag")},
    )


def _ancillary(names: str) -> dict[str, str]:
    return {"ancillary_variables": names} if names else {}
