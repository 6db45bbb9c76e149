"""The ways of columns as lines over the image."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from temwidgets.analysis.stacks.motion import drift_free
from temwidgets.analysis.stacks.tracks import check_tracks, over_frames, seen_in
from temwidgets.conventions import length_unit, quantity


def trails(
    tracks: xr.Dataset, frame: int, *, scale: float = 1.0, motion: bool = False, tail: int = 0
) -> xr.Dataset:
    """Draw the way of each column, as it lies in one frame.

    Parameters
    ----------
    tracks : Dataset, (frame, column)
    frame : int
        Number of the frame that is shown; ways are laid where columns are in it.
    scale : float
        Times that steps are longer than they are; without the motion of the frame only.
    motion : bool
        Draw the motion of the frames too, as columns went over the detector.
    tail : int
        Only the steps of so many frames up to the one shown; 0 draws all.

    Returns
    -------
    Dataset, (step,)
        ``segment`` (step, end): y0, x0, y1, x1 in the length unit; ``label`` of the column;
        ``frame_after``, the number of the frame that the step leads to. Steps over frames in which
        the column is not seen join those beside them.

    Raises
    ------
    TypeError, ValueError
        If these are no tracks, the frame is not among theirs, or an option is out of range.
    """
    check_tracks(tracks)
    numbers = tracks["frame"].values
    if frame not in numbers:
        raise ValueError(f"There is no frame {frame}; frames {numbers[0]} to {numbers[-1]} exist.")
    if not (np.isfinite(scale) and scale > 0):
        raise ValueError(f"scale is a number above 0, but {scale!r} came.")
    if tail != int(tail) or tail < 0:
        raise ValueError(f"tail is a number of frames, 0 or more, but {tail!r} came.")
    at = int(np.flatnonzero(numbers == frame)[0])
    places = _places(tracks, at, scale, motion)
    places[~seen_in(tracks)] = np.nan
    last = at if tail else len(numbers) - 1
    first = max(0, at - tail) if tail else 0
    return _steps(places, tracks, first, last)


def _places(tracks: xr.Dataset, at: int, scale: float, motion: bool) -> np.ndarray:
    """Where columns were, on the frame that is shown; (frame, column, 2)."""
    if motion:
        return np.stack([over_frames(tracks, n).astype(float) for n in "yx"], axis=2)
    if "displacement" not in tracks or "motion_y" not in tracks:
        tracks = drift_free(tracks)
    own = tracks["displacement"].transpose("frame", "column", "component").values
    mean = np.stack([tracks[f"mean_{n}"].values for n in "yx"], axis=1)
    shift = np.array([float(tracks[f"motion_{n}"][at]) for n in "yx"])
    return mean + shift + scale * own


def _steps(places: np.ndarray, tracks: xr.Dataset, first: int, last: int) -> xr.Dataset:
    ends, labels, after = [], [], []
    numbers, label = tracks["frame"].values, tracks["column"].values
    for column in range(places.shape[1]):
        rows = first + np.flatnonzero(np.isfinite(places[first : last + 1, column]).all(axis=1))
        if rows.size > 1:
            way = places[rows, column]
            ends.append(np.concatenate([way[:-1], way[1:]], axis=1))
            labels.append(np.full(rows.size - 1, label[column]))
            after.append(numbers[rows[1:]])
    unit = length_unit(tracks)
    none: list[Any] = [np.empty((0, 4))]
    return xr.Dataset(
        {
            "segment": quantity(("step", "end"), np.concatenate(ends or none), unit, "step"),
            "label": quantity("step", _joined(labels), "1", "column label"),
            "frame_after": quantity("step", _joined(after), "1", "frame that the step leads to"),
        },
        coords={"end": ["y0", "x0", "y1", "x1"]},
    )


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    return np.concatenate(parts) if parts else np.empty(0, int)
