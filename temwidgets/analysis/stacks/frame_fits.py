"""Fit every frame of a stack from the fit of their mean."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from temwidgets.analysis.fit_inputs import check_one_frame, check_units
from temwidgets.analysis.fitting import fit_columns
from temwidgets.analysis.stacks.drift import Report, check_stack, drift_of
from temwidgets.analysis.stacks.tracks import UNSEEN, over_frames, stack_columns, with_seen
from temwidgets.conventions import Flag, check_columns, frame_of, pixel_grid, quantity

_INHERITED = ("noise", "shape", "background")
_OF_A_FRAME = {
    "fit_converged": "whether the fit settled",
    "noise_scale": "noise scale of the fit",
    "reduced_chi2": "reduced chi squared of the fit",
}


def fit_frames(
    stack: xr.DataArray,
    columns: xr.Dataset,
    *,
    drift: xr.Dataset | None = None,
    report: Report = None,
    **options: Any,
) -> xr.Dataset:
    """Fit the columns in every frame of a stack, each with its label.

    Parameters
    ----------
    stack : DataArray, (frame, y, x)
        Frames as recorded, not aligned, so that no pixel is interpolated.
    columns : Dataset, (column,)
        Columns of the mean of the aligned frames, best fitted there (`fit_mean`), or of one frame,
        which their coordinate ``frame`` tells: each frame starts from their places, moved by its
        drift, and their shapes.
    drift : Dataset, (frame,), optional
        From `measure_drift`, with the reference that the mean was made with; none when not given.
    report : callable, optional
        Told the fraction done; it may raise `CancelledError` to stop.
    **options
        Of `fit_columns`; noise, shape and background are those of the fit of `columns` where
        they are not given.

    Returns
    -------
    Dataset, (frame, column)
        All that `fit_columns` returns, in the coordinates of each frame, and ``seen``: whether the
        column was found in the frame, with an amplitude of three standard errors at least.
        ``tracks.sel(frame=k)`` is the fit of frame k. A column whose fit failed, because the frame
        does not show it or there is none, has the place where it was looked for, NaN else, and
        the flags failed and, outside of the frame, cut_by_edge. Over (frame): fit_converged,
        noise_scale, reduced_chi2, drift_y, drift_x.

    Raises
    ------
    TypeError, ValueError
        If the image is no stack, columns or drift do not belong to it, or an option is wrong.

    Notes
    -----
    A column that is there in few frames may be too faint in the mean to be found. Left out, it
    disturbs the fit of these frames, which their reduced_chi2 tells: add it (`find_in_residual` in
    such a frame), or find columns frame by frame and link them with `link_columns`.
    """
    check_stack(stack)
    check_columns(columns)
    check_one_frame(columns)
    check_units(stack, columns)
    unit = pixel_grid(stack).units
    numbers = stack["frame"].values
    moved = np.zeros((len(numbers), 2)) if drift is None else drift_of(drift, numbers, unit)
    begin = _begin(columns, drift, unit)
    inherited = {n: columns.attrs[n] for n in _INHERITED if n in columns.attrs}
    chosen = {**inherited, **options}
    start = columns.drop_vars("frame", errors="ignore")
    fits: list[xr.Dataset | None] = []
    for k in range(len(numbers)):
        fits.append(_fit(stack.isel(frame=k), _moved(start, moved[k] - begin), chosen))
        if report is not None:
            report((k + 1) / len(numbers))
    template = next((fitted for fitted in fits if fitted is not None), None)
    if template is None:
        raise ValueError(
            f"None of the {columns.sizes['column']} columns lies in any frame. Give the columns of"
            " the mean of the aligned frames, and the drift that they were aligned by."
        )
    parts = [
        _empty(template, _moved(start, moved[k] - begin)) if fitted is None else fitted
        for k, fitted in enumerate(fits)
    ]
    return _joined(parts, columns, moved, stack, unit)


def _begin(columns: xr.Dataset, drift: xr.Dataset | None, unit: str) -> np.ndarray:
    """Drift (2,) of the frame that columns belong to; none where they are of the mean."""
    frame = frame_of(columns)
    if frame is None or drift is None:
        return np.zeros(2)
    return drift_of(drift, np.array([frame]), unit)[0]


def _moved(columns: xr.Dataset, drift: np.ndarray) -> xr.Dataset:
    return columns.assign(
        {n: columns[n].copy(data=columns[n].values + d) for n, d in zip("yx", drift, strict=True)}
    )


def _fit(image: xr.DataArray, start: xr.Dataset, options: dict[str, Any]) -> xr.Dataset | None:
    """Fit one frame; None where it shows no column at all."""
    inside = np.ones(start.sizes["column"], bool)
    for name in "yx":
        axis = image[name].values
        half = (axis[1] - axis[0]) / 2
        inside &= (start[name].values > axis[0] - half) & (start[name].values < axis[-1] + half)
    return fit_columns(image, start, **options) if inside.any() else None


def _empty(template: xr.Dataset, start: xr.Dataset) -> xr.Dataset:
    """Columns of a frame that shows none of them."""
    out = template.copy(deep=True)
    for name, variable in out.data_vars.items():
        if variable.dtype.kind == "f":
            variable.values[...] = np.nan
        if name in ("y", "x"):
            variable.values[...] = start[name].values
    out["flags"].values[...] = int(Flag.failed | Flag.cut_by_edge)
    return out.assign_attrs(dict.fromkeys(_OF_A_FRAME, np.nan))


def _joined(
    parts: list[xr.Dataset],
    columns: xr.Dataset,
    moved: np.ndarray,
    stack: xr.DataArray,
    unit: str,
) -> xr.Dataset:
    rows = np.tile(np.arange(columns.sizes["column"]), (len(parts), 1))
    tracks = stack_columns(parts, rows, columns["column"].values, stack["frame"])
    tracks.attrs["next_label"] = max(
        tracks.attrs["next_label"], int(columns.attrs.get("next_label", 0))
    )
    for name, text in _OF_A_FRAME.items():
        values = [float(part.attrs[name]) for part in parts]
        tracks[name] = quantity("frame", values, "1", text)
        tracks.attrs[name] = float(np.nanmedian(values))
    for k, name in enumerate("yx"):
        tracks[f"drift_{name}"] = quantity("frame", moved[:, k], unit, f"drift along {name}")
    flags = over_frames(tracks, "flags").astype(int)
    return with_seen(tracks, (flags & UNSEEN) == 0)
