"""Products of a stack: its drift, its columns through all frames, and what happens to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from temwidgets.conventions import frame_of

MOVIES = ("drift", "tracks", "events")


def movie_product(result: Any) -> str:
    """Tell which product of a stack a result is; "" when it is none."""
    if not isinstance(result, xr.Dataset):
        return ""
    if {"frame", "column"} <= set(result.dims):
        return "tracks"
    if {"kind", "event_frame"} <= set(result.variables):
        return "events"
    drifts = {"drift_y", "drift_x"} <= set(result.variables) and "frame" in result.dims
    return "drift" if drifts else ""


def what_frames_told(into: str, state: Mapping[str, Any], result: Any) -> set[str]:
    """Name the products of a stack that a step leaves without ground."""
    if into == "image":
        return set(MOVIES)
    if into == "tracks":
        return {"events"}
    before = state.get("columns")
    if into == "columns" and before is not None and not _same_labels(before, result):
        return {"tracks", "events"}
    return set()


def _same_labels(before: xr.Dataset, after: Any) -> bool:
    if not isinstance(after, xr.Dataset):
        return False
    old, new = (np.sort(columns["column"].values) for columns in (before, after))
    return np.array_equal(old, new)


def describe_movie(product: xr.Dataset) -> str:
    """Say in a few words what a product of a stack is, e.g. "96 columns in 12 frames"."""
    return _WORDS[movie_product(product)](product)


def _tracks(tracks: xr.Dataset) -> str:
    text = f"{tracks.sizes['column']:,} columns in {tracks.sizes['frame']:,} frames"
    if "seen" not in tracks:
        return text
    return f"{text}, seen in {float(tracks['seen'].mean()):.0%} of them on average"


def _drift(drift: xr.Dataset) -> str:
    y, x = (float(np.ptp(drift[f"drift_{n}"].values)) for n in "yx")
    units = str(drift["drift_y"].attrs["units"])
    lines = ", and offsets of scan lines" if "offset" in drift else ""
    return f"{drift.sizes['frame']} frames within {y:.3g} by {x:.3g} {units} (y, x){lines}"


def _events(events: xr.Dataset) -> str:
    counts = Counter(map(str, events["kind"].values))
    return ", ".join(f"{n} x {kind}" for kind, n in counts.items()) or "nothing happens to columns"


_WORDS = {"tracks": _tracks, "drift": _drift, "events": _events}


def columns_at(
    columns: xr.Dataset | None, tracks: xr.Dataset | None, frame: int | None
) -> xr.Dataset | None:
    """Return the columns of a frame: those that `tracks` saw in it, else the columns as they are.

    Columns that were fitted in the frame on their own stand before the tracks.
    """
    if tracks is None or frame is None or frame not in tracks["frame"].values:
        return columns
    if columns is not None and frame_of(columns) == frame:
        return columns
    shown = tracks.sel(frame=frame)
    return shown.isel(column=shown["seen"].values) if "seen" in shown else shown
