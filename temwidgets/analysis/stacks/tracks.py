"""Columns through the frames of a stack: a Dataset over (frame, column), and what it holds."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import xarray as xr

from temwidgets.conventions import Flag, check_columns, flag_variable, quantity

LOST = int(Flag.failed | Flag.duplicate)
UNSEEN = LOST | int(Flag.low_signal)  # its place is that of noise
BOTH = ("frame", "column")


def check_tracks(tracks: Any, *, needs: Sequence[str] = ("y", "x")) -> xr.Dataset:
    """Check that `tracks` is a Dataset over (frame, column), and return it.

    Raises
    ------
    TypeError
        If it is no Dataset.
    ValueError
        If it has no dim frame with numbers, or lacks a variable over (frame, column).
    """
    check_columns(tracks, needs=needs)
    missing = [name for name in needs if not set(BOTH) <= set(tracks[name].dims)]
    if "frame" not in tracks.indexes or missing:
        raise ValueError(
            "Tracks are columns over (frame, column), as of temwidgets.fit_frames or"
            f" temwidgets.link_columns, but {missing[0] if missing else 'frame'} has dims"
            f" {tuple(tracks[missing[0]].dims) if missing else tuple(tracks.dims)}."
        )
    if tracks.sizes["frame"] < 2:
        raise ValueError("Tracks of two frames or more were expected, but there is one.")
    return tracks


def seen_in(tracks: xr.Dataset) -> np.ndarray:
    """Tell in which frames each column was found, (frame, column)."""
    seen = np.isfinite(over_frames(tracks, "y")) & np.isfinite(over_frames(tracks, "x"))
    if "seen" in tracks:
        return seen & over_frames(tracks, "seen").astype(bool)
    if "flags" in tracks:
        seen &= (over_frames(tracks, "flags").astype(int) & UNSEEN) == 0
    return seen


def over_frames(tracks: xr.Dataset, name: str) -> np.ndarray:
    """Return a variable as (frame, column)."""
    return tracks[name].transpose(*BOTH).values


def with_seen(tracks: xr.Dataset, seen: np.ndarray) -> xr.Dataset:
    """Add the variable that tells in which frames a column was found."""
    return tracks.assign(seen=quantity(BOTH, seen, "1", "whether the column was found"))


def stack_columns(
    parts: Sequence[xr.Dataset], rows: np.ndarray, labels: np.ndarray, frames: xr.DataArray
) -> xr.Dataset:
    """Put the columns of single frames into one Dataset over (frame, column).

    Parameters
    ----------
    parts : sequence of Dataset, (column,)
        Columns of each frame.
    rows : ndarray of int, (frame, column)
        Row of each column in each part; -1 where it is not there: numbers get NaN, flags failed.
    labels : ndarray of int, (column,)
    frames : DataArray, (frame,)

    Returns
    -------
    Dataset, (frame, column)
        What does not depend on the frame by nature (whole numbers but flags, text, yes or no) is
        over (column) alone, with the value of the first frame that has it. What no column has,
        such as the background, is over frame where all parts have it in one shape.
    """
    made: dict[Hashable, Any] = {}
    for name in parts[0].data_vars:
        variables = [part[name].variable for part in parts if name in part]
        if len(variables) < len(parts):
            continue
        if "column" not in variables[0].dims:
            if len({v.shape for v in variables}) == 1:
                stacked = np.stack([v.values for v in variables])
                made[name] = xr.Variable(("frame", *variables[0].dims), stacked, variables[0].attrs)
        elif str(name) == "flags":
            lost = np.int32(Flag.failed)
            made[name] = _flags(np.stack(_taken(variables, rows, lost)))
        elif variables[0].dtype.kind == "f":
            made[name] = _stacked(variables, rows)
        else:
            made[name] = _first(variables, rows)
    coords = {"frame": frames, "column": quantity("column", labels, "1", "column label")}
    if "component" in parts[0].coords:
        coords["component"] = parts[0]["component"]
    attrs = {**parts[0].attrs, "next_label": int(labels.max(initial=-1)) + 1}
    return xr.Dataset(made, coords=coords, attrs=attrs)


def _flags(values: np.ndarray) -> xr.Variable:
    plain = flag_variable(values[0])
    return xr.Variable(BOTH, values.astype(np.int32), plain.attrs)


def _taken(variables: list[xr.Variable], rows: np.ndarray, missing: Any) -> list[np.ndarray]:
    """Values of each frame in the order of the columns, column first."""
    out = []
    for variable, row in zip(variables, rows, strict=True):
        values = np.moveaxis(variable.values, variable.dims.index("column"), 0)
        there = row >= 0
        taken = np.full((row.size, *values.shape[1:]), missing, np.result_type(values.dtype))
        taken[there] = values[row[there]]
        out.append(taken)
    return out


def _stacked(variables: list[xr.Variable], rows: np.ndarray) -> xr.Variable:
    first = variables[0]
    rest = [dim for dim in first.dims if dim != "column"]
    return xr.Variable((*BOTH, *rest), np.stack(_taken(variables, rows, np.nan)), first.attrs)


def _first(variables: list[xr.Variable], rows: np.ndarray) -> xr.Variable:
    first = variables[0]
    values = np.moveaxis(first.values, first.dims.index("column"), 0)
    out = np.zeros((rows.shape[1], *values.shape[1:]), values.dtype)
    for variable, row in zip(reversed(variables), rows[::-1], strict=True):
        there = row >= 0
        out[there] = np.moveaxis(variable.values, variable.dims.index("column"), 0)[row[there]]
    return xr.Variable(("column", *(d for d in first.dims if d != "column")), out, first.attrs)
