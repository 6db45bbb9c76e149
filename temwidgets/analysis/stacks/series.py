"""What is drawn against time: a quantity of chosen columns and the rest, the image of a line."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from temwidgets.analysis.fourier.map_statistics import line_profile
from temwidgets.analysis.stacks.drift import check_stack, drift_of
from temwidgets.analysis.stacks.tracks import BOTH, check_tracks, over_frames, seen_in
from temwidgets.conventions import pixel_grid, quantity

_PARTS = ("y", "x")


def time_variables(tracks: xr.Dataset) -> list[str]:
    """Name what is one number for each column in each frame; parts of vectors by their ends."""
    names = []
    for name, variable in tracks.data_vars.items():
        dims = set(variable.dims)
        if dims == set(BOTH) and variable.dtype.kind in "fiu" and name != "flags":
            names.append(str(name))
        elif dims == {*BOTH, "component"}:
            names += [f"{name}_{part}" for part in _PARTS]
    return sorted(names, key=lambda name: name.endswith(("_std", "_std_y", "_std_x")))


def time_series(tracks: xr.Dataset, variable: str, *, labels: Any = ()) -> xr.Dataset:
    """Tell how a quantity of columns goes with time: of chosen ones singly, of the rest on average.

    Parameters
    ----------
    tracks : Dataset, (frame, column)
    variable : str
        One of `time_variables`, such as "intensity" or "displacement_y".
    labels : array_like of int
        The chosen columns; others than there are do not count.

    Returns
    -------
    Dataset, (frame, chosen)
        ``value`` and ``value_std`` (NaN where there is none) over (frame, chosen); over (frame)
        ``mean``, ``spread`` (standard deviation) and ``n`` of the rest. Columns count where they
        are seen. attrs: variable.

    Raises
    ------
    TypeError, ValueError
        If these are no tracks or they have no such variable.
    """
    check_tracks(tracks)
    values, info = _values(tracks, variable)
    seen = seen_in(tracks)
    values = np.where(seen, values, np.nan)
    label = tracks["column"].values
    chosen = np.isin(label, np.asarray(labels, np.int64))
    errors = np.full(values.shape, np.nan)
    std = _std_of(variable, tracks)
    if std:
        errors = np.where(seen, _values(tracks, std)[0], np.nan)
    rest = values[:, ~chosen]
    count = np.isfinite(rest).sum(axis=1)
    total = np.where(np.isfinite(rest), rest, 0).sum(axis=1)
    mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    off = np.where(np.isfinite(rest), rest - mean[:, None], 0)
    spread = np.where(count > 1, np.sqrt((off**2).sum(axis=1) / np.maximum(count - 1, 1)), np.nan)
    unit, text = str(info.get("units", "1")), str(info.get("long_name", variable))
    both = ("frame", "chosen")
    return xr.Dataset(
        {
            "value": quantity(both, values[:, chosen], unit, text),
            "value_std": quantity(both, errors[:, chosen], unit, f"standard error of {text}"),
            "mean": quantity("frame", mean, unit, f"mean {text}"),
            "spread": quantity("frame", spread, unit, f"standard deviation of {text}"),
            "n": quantity("frame", count, "1", "columns"),
        },
        coords={
            "frame": tracks["frame"],
            "chosen": quantity("chosen", label[chosen], "1", "column label"),
        },
        attrs={"variable": variable},
    )


def _values(tracks: xr.Dataset, name: str) -> tuple[np.ndarray, dict[str, Any]]:
    if name not in time_variables(tracks):
        raise ValueError(
            f"There is no {name!r} of columns in each frame; there are"
            f" {', '.join(time_variables(tracks))}."
        )
    if name in tracks:
        return over_frames(tracks, name).astype(float), dict(tracks[name].attrs)
    whole, part = name.rsplit("_", 1)
    variable = tracks[whole].transpose(*BOTH, "component")
    text = f"{variable.attrs.get('long_name', whole)} along {part}"
    return variable.values[..., _PARTS.index(part)], {**variable.attrs, "long_name": text}


def _std_of(name: str, tracks: xr.Dataset) -> str:
    known = time_variables(tracks)
    whole, _, part = name.rpartition("_")
    return next((n for n in (f"{name}_std", f"{whole}_std_{part}") if n in known), "")


def kymograph(
    stack: xr.DataArray,
    start: tuple[float, float],
    end: tuple[float, float],
    *,
    width: float | None = None,
    drift: xr.Dataset | None = None,
    frame: int | None = None,
) -> xr.DataArray:
    """Draw the intensity along a line against time.

    Parameters
    ----------
    stack : DataArray, (frame, y, x)
    start, end : (float, float)
        Ends (y, x) of the line, in lengths.
    width : float, optional
        Over which is averaged across the line; one pixel when not given.
    drift : Dataset, (frame,), optional
        From `measure_drift`: the line goes with it, so that it stays on the specimen.
    frame : int, optional
        Number of the frame that the ends lie in; where the drift is 0 when not given.

    Returns
    -------
    DataArray, (frame, distance)
        Intensity; ``distance`` from the start. NaN beyond the image. attrs: start, end.

    Raises
    ------
    TypeError, ValueError
        If the image is no stack, the drift is not that of its frames, or the line is none.
    """
    check_stack(stack)
    numbers, unit = stack["frame"].values, pixel_grid(stack).units
    moved = np.zeros((len(numbers), 2)) if drift is None else drift_of(drift, numbers, unit)
    if drift is not None and frame is not None:
        moved = moved - drift_of(drift, np.array([frame]), unit)
    ends = np.array([start, end], float)
    lines = [
        line_profile(stack.isel(frame=k), tuple(ends[0] + at), tuple(ends[1] + at), width=width)
        for k, at in enumerate(moved)
    ]
    size = min(line.sizes["distance"] for line in lines)
    distance = lines[0]["distance"].values[:size]
    return xr.DataArray(
        np.stack([line["mean"].values[:size] for line in lines]),
        dims=("frame", "distance"),
        coords={
            "frame": stack["frame"],
            "distance": quantity("distance", distance, unit, "distance along the line"),
        },
        name="kymograph",
        attrs={
            "units": str(stack.attrs.get("units", "counts")),
            "long_name": str(stack.attrs.get("long_name", "intensity")),
            "start": ends[0].tolist(),
            "end": ends[1].tolist(),
        },
    )
