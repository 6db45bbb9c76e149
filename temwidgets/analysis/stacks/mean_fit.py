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
from temwidgets.conventions import pixel_grid

_NEW = 0.45  # of the separation of columns: nearer ones are the same
_TALL = 0.3  # of the median height: a lower one is none
_STEPS = (0.3, 0.6)  # shares of the time when frames are aligned, and columns found


def fit_mean(
    stack: xr.DataArray,
    drift: xr.Dataset | None = None,
    *,
    separation: float | None = None,
    threshold: float | None = None,
    few: int = 2,
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
    few : int
        Columns that are there in so many consecutive frames only, too faint in the mean, are looked
        for in the means of so many; 0: in none. Left out they would disturb the fits of those
        frames.
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
    What is found in a few frames is a column if it is as far from all others as 0.45 of their
    separation, and has 0.3 of their median height. Where few frames reach the mean is noisier than
    elsewhere, which the errors do not tell.
    """
    check_stack(stack)
    if drift is not None:
        stack = align_frames(stack, drift, report=part_of(report, 0.0, _STEPS[0]))
    if few != int(few) or few < 0:
        raise ValueError(f"few is a number of frames, 0 or more, but {few!r} came.")
    mean = mean_frame(stack)
    looks: dict[str, Any] = {"separation": separation, "threshold": threshold}
    found = find_columns(_whole(mean), **looks)
    if few:
        found = _with_rare(found, stack, int(few), part_of(report, *_STEPS), looks)
    fitting = part_of(report, _STEPS[1], 1.0)
    return fit_columns(mean, found, shape=shape, report=fitting, **options)


def _whole(image: xr.DataArray) -> xr.DataArray:
    from temwidgets.kernels.missing import fill_missing

    return image.copy(data=fill_missing(np.asarray(image.values)))


def _with_rare(
    found: xr.Dataset, stack: xr.DataArray, few: int, report: Report, options: dict[str, Any]
) -> xr.Dataset:
    """Add columns that stand out in the mean of a few consecutive frames."""
    looks = {**options, "separation": options["separation"] or found.attrs["separation"]}
    apart = _NEW * float(found.attrs["separation"])
    starts = range(0, max(stack.sizes["frame"] - few, 0) + 1, max(1, few // 2))
    for k, start in enumerate(starts):
        part = stack.isel(frame=slice(start, start + few)).mean("frame", keep_attrs=True)
        if np.isfinite(part.values).any():
            there = find_columns(_whole(part), **looks)
            found = _joined(found, _new(found, _reached(there, part), apart))
        if report is not None:
            report((k + 1) / len(starts))
    return found


def _reached(columns: xr.Dataset, image: xr.DataArray) -> xr.Dataset:
    """Leave out what was found where the image has no pixels."""
    rows, cols = pixel_grid(image).to_pixels(columns["y"].values, columns["x"].values)
    inside = [np.clip(np.rint(v).astype(int), 0, n - 1)
              for v, n in zip((rows, cols), image.shape, strict=True)]  # fmt: skip
    return columns.isel(column=np.isfinite(image.values[tuple(inside)]))


def _new(known: xr.Dataset, columns: xr.Dataset, apart: float) -> xr.Dataset:
    """Choose columns that are not among the known ones."""
    from scipy.spatial import KDTree

    if not columns.sizes["column"]:
        return columns
    points = np.column_stack([columns["y"].values, columns["x"].values])
    others = np.column_stack([known["y"].values, known["x"].values])
    fresh = np.ones(len(points), bool)
    if len(others):
        fresh = KDTree(others).query(points)[0] > apart
    height = columns["height"].values
    return columns.isel(column=fresh & (height > _TALL * np.median(height)))


def _joined(known: xr.Dataset, new: xr.Dataset) -> xr.Dataset:
    """Append columns under new labels."""
    if not new.sizes["column"]:
        return known
    first = int(known.attrs.get("next_label", known.sizes["column"]))
    labels = first + np.arange(new.sizes["column"])
    renamed = new.assign_coords(column=("column", labels, known["column"].attrs))
    shared = [name for name in known.data_vars if name in new]
    both = xr.concat([known[shared], renamed[shared]], "column", combine_attrs="override")
    return both.assign_attrs({**known.attrs, "next_label": int(labels[-1]) + 1})


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
