"""Columns of the mean of all frames, and of one of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from temwidgets.analysis.finding import find_columns
from temwidgets.analysis.fitting import fit_columns
from temwidgets.analysis.preparation import mean_frame
from temwidgets.analysis.stacks.alignment import align_frames
from temwidgets.analysis.stacks.drift import Report, check_stack, part_of
from temwidgets.analysis.stacks.tracks import check_tracks

_STEPS = (0.3, 0.5)  # shares of the time when frames are aligned, and columns found


def fit_mean(
    stack: xr.DataArray,
    drift: xr.Dataset | None = None,
    *,
    separation: float | None = None,
    threshold: float | None = None,
    shape: str = "shared",
    report: Report = None,
    **options: Any,
) -> xr.Dataset:
    """Find and fit columns in the mean of all frames, where they stand out best.

    Parameters
    ----------
    stack : DataArray, (frame, y, x)
    drift : Dataset, (frame,), optional
        From `measure_drift`; frames are aligned by it first.
    separation, threshold
        As in `find_columns`.
    shape : str
        As in `fit_columns`.
    report : callable, optional
        Told the fraction done; it may raise `CancelledError` to stop.
    **options
        Others of `fit_columns`.

    Returns
    -------
    Dataset, (column,)
        As from `fit_columns`, in the coordinates that the drift refers to; for `fit_frames`.

    Raises
    ------
    TypeError, ValueError
        If the image is no stack, the drift is not that of its frames, or an option is wrong.

    Notes
    -----
    Where few frames reach the mean is noisier than elsewhere, which the errors do not tell.
    """
    from temwidgets.kernels.missing import fill_missing

    check_stack(stack)
    if drift is not None:
        stack = align_frames(stack, drift, report=part_of(report, 0.0, _STEPS[0]))
    mean = mean_frame(stack)
    whole = mean.copy(data=fill_missing(np.asarray(mean.values)))
    found = find_columns(
        whole, separation=separation, threshold=threshold, report=part_of(report, *_STEPS)
    )
    fitting = part_of(report, _STEPS[1], 1.0)
    return fit_columns(mean, found, shape=shape, report=fitting, **options)


def frame_columns(tracks: xr.Dataset, frame: int) -> xr.Dataset:
    """Take the columns of one frame out of those of all, to analyse them like any others.

    Parameters
    ----------
    tracks : Dataset, (frame, column)
    frame : int
        Its number, as in the coordinate ``frame``.

    Returns
    -------
    Dataset, (column,)

    Raises
    ------
    TypeError, ValueError
        If these are no tracks, or they have no such frame.
    """
    check_tracks(tracks)
    numbers = tracks["frame"].values
    if frame not in numbers:
        raise ValueError(f"There is no frame {frame}; frames {numbers[0]} to {numbers[-1]} exist.")
    return tracks.sel(frame=frame)
