"""Link columns found frame by frame into trajectories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from temwidgets.analysis.stacks.drift import drift_of
from temwidgets.analysis.stacks.tracks import UNSEEN, over_frames, stack_columns, with_seen
from temwidgets.conventions import (
    Flag,
    check_columns,
    flag_variable,
    frame_of,
    length_unit,
    quantity,
)

_REACH = 0.45  # of the distance of nearest columns: a step any longer is nearer to the next one


def link_columns(
    frames: Sequence[xr.Dataset] | Mapping[int, xr.Dataset],
    *,
    drift: xr.Dataset | None = None,
    reach: float | None = None,
    gap: int = 2,
) -> xr.Dataset:
    """Link columns that were found in each frame on its own into trajectories.

    Parameters
    ----------
    frames : sequence of Dataset, (column,), or mapping
        Columns of each frame in turn, in one length unit. Frames are numbered by their coordinate
        ``frame`` where all have one, else by their place; or by the keys, as of what
        ``each_frame(find_columns, stack)`` gives.
    drift : Dataset, (frame,), optional
        From `measure_drift`; taken off before columns are linked.
    reach : float, optional
        Greatest step from the place where a column was seen last, in the length unit; 0.45 of the
        median distance of nearest columns when not given.
    gap : int
        Frames that a column may be out of sight and still be the same.

    Returns
    -------
    Dataset, (frame, column)
        All variables that every frame has, with new labels in the order of appearance, ``seen``,
        and ``frame_label`` (frame, column), the label of the column in its frame, -1 where it is
        not there. Where a column is not seen its place is that of the nearest frame in time, moved
        by the drift, all else is NaN, and the flag is failed; beyond the columns of that frame
        also cut_by_edge.

    Raises
    ------
    TypeError, ValueError
        If there are fewer than two frames, they differ in unit or repeat a number, or an option is
        out of range.

    Notes
    -----
    Each step is the assignment with the least sum of squares; see `temwidgets.kernels.linking`
    (Crocker & Grier, J. Colloid Interface Sci. 179 (1996) 298). A column that comes back after a
    longer gap is a new one. Columns whose fit failed, or whose amplitude is below three standard
    errors, are not linked.
    """
    from temwidgets.kernels.linking import Trails

    if isinstance(frames, Mapping):
        frames = [check_columns(part).assign_coords(frame=k) for k, part in frames.items()]
    parts = [check_columns(part) for part in frames]
    numbers = _numbers(parts)
    unit = _unit(parts)
    if gap != int(gap) or gap < 0:
        raise ValueError(f"gap is a number of frames, 0 or more, but {gap!r} came.")
    moved = np.zeros((len(parts), 2)) if drift is None else drift_of(drift, numbers, unit)
    points = [_points(part) - step for part, step in zip(parts, moved, strict=True)]
    length = _reach(points, reach)
    trails = Trails(length, int(gap))
    members = [trails.add(k, place) for k, place in enumerate(points)]
    count = len(trails.places)
    if not count:
        raise ValueError("No frame has a column, so that there is nothing to link.")
    rows = np.full((len(parts), count), -1)
    for k, trail in enumerate(members):
        there = trail >= 0
        rows[k, trail[there]] = np.flatnonzero(there)
    index = quantity("frame", numbers, "1", "frame")
    tracks = stack_columns(parts, rows, np.arange(count), xr.DataArray(index, name="frame"))
    tracks = _placed(tracks, rows, moved)
    tracks["frame_label"] = quantity(
        ("frame", "column"), _labels(parts, rows), "1", "label in the frame"
    )
    for k, name in enumerate("yx"):
        tracks[f"drift_{name}"] = quantity("frame", moved[:, k], unit, f"drift along {name}")
    return with_seen(tracks, rows >= 0).assign_attrs(reach=length, gap=int(gap))


def _numbers(parts: Sequence[xr.Dataset]) -> np.ndarray:
    if len(parts) < 2:
        raise ValueError(f"Columns of two frames or more are linked, but {len(parts)} came.")
    known = [frame_of(part) for part in parts]
    numbers = np.arange(len(parts)) if None in known else np.array(known, int)
    if np.unique(numbers).size < numbers.size:
        raise ValueError(
            f"Each frame comes once, but frames {numbers.tolist()} came. Leave the repeated ones"
            " out, or drop their coordinate frame."
        )
    return numbers


def _unit(parts: Sequence[xr.Dataset]) -> str:
    units = {length_unit(part) for part in parts}
    if len(units) > 1:
        raise ValueError(f"All frames need one length unit, but {', '.join(sorted(units))} came.")
    return units.pop()


def _points(part: xr.Dataset) -> np.ndarray:
    """Places (n, 2); NaN where a fit found nothing."""
    points = np.column_stack([part["y"].values, part["x"].values]).astype(float)
    if "flags" in part:
        points[(part["flags"].values.astype(int) & UNSEEN) != 0] = np.nan
    return points


def _reach(points: list[np.ndarray], reach: float | None) -> float:
    if reach is not None:
        if not reach > 0:
            raise ValueError(f"reach is a length above 0, but {reach!r} came.")
        return float(reach)
    from scipy.spatial import KDTree

    apart = []
    for place in points:
        known = place[np.isfinite(place).all(axis=1)]
        if len(known) > 1:
            apart.append(KDTree(known).query(known, k=2)[0][:, 1])
    if not apart:
        raise ValueError("No frame has two columns to tell how far a step may be: give reach.")
    return _REACH * float(np.median(np.concatenate(apart)))


def _placed(tracks: xr.Dataset, rows: np.ndarray, moved: np.ndarray) -> xr.Dataset:
    """Give columns that are not seen the place they had in the frame nearest in time."""
    frames = np.arange(len(rows))
    out = tracks.copy()
    for k, name in enumerate("yx"):
        values = over_frames(tracks, name) - moved[:, k : k + 1]
        for column in range(rows.shape[1]):
            seen = np.flatnonzero(rows[:, column] >= 0)
            nearest = seen[np.abs(frames[:, None] - seen).argmin(axis=1)]
            values[:, column] = values[nearest, column]
        out[name] = tracks[name].copy(data=values + moved[:, k : k + 1])
    return _flagged(out, rows, _beyond(out, rows))


def _beyond(tracks: xr.Dataset, rows: np.ndarray) -> np.ndarray:
    """Tell which places lie beyond the columns that their frame has, (frame, column)."""
    outside = np.zeros(rows.shape, bool)
    for name in "yx":
        place = over_frames(tracks, name)
        seen_place = np.where(rows >= 0, place, np.nan)
        for k in range(len(rows)):
            if (rows[k] >= 0).any():
                low, high = np.nanmin(seen_place[k]), np.nanmax(seen_place[k])
                outside[k] |= (place[k] < low) | (place[k] > high)
    return outside


def _flagged(tracks: xr.Dataset, rows: np.ndarray, outside: np.ndarray) -> xr.Dataset:
    """Say of columns that are not seen whether their place lies beyond all others."""
    known = np.where(rows >= 0, 0, int(Flag.failed)).astype(np.int32)
    if "flags" in tracks:
        known = over_frames(tracks, "flags").astype(np.int32)
    known[outside & (rows < 0)] |= int(Flag.cut_by_edge)
    return tracks.assign(
        flags=xr.Variable(("frame", "column"), known, flag_variable(known[0]).attrs)
    )


def _labels(parts: Sequence[xr.Dataset], rows: np.ndarray) -> np.ndarray:
    labels = np.full(rows.shape, -1)
    for k, part in enumerate(parts):
        there = rows[k] >= 0
        labels[k, there] = part["column"].values[rows[k, there]]
    return labels
