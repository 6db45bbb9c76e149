"""Refit a neighbourhood after a column was added, moved or deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr

from temwidgets.analysis.fit_arguments import FORM
from temwidgets.analysis.fit_flags import find_flags, saturation_level
from temwidgets.analysis.fit_results import background_image, make_result
from temwidgets.analysis.fit_start import make_start, mean_step
from temwidgets.analysis.model import NEEDS, draw_columns
from temwidgets.conventions import (
    PixelGrid,
    check_columns,
    check_image,
    check_same_frame,
    pixel_grid,
)
from temwidgets.kernels import starts
from temwidgets.kernels.fit import Result, fit
from temwidgets.kernels.fit_setup import PIXEL_MULTIPLE, Start, margin_of

SHAPE_ERRORS = tuple(f"{name}_std" for name in (*FORM, "shape_yy", "shape_yx", "shape_xx"))
REACH = 2.6  # neighbours refitted along, in distances of nearest columns


def refit_columns(
    image: xr.DataArray,
    columns: xr.Dataset,
    labels: Any = (),
    *,
    around: Any = (),
    report: Callable[[float], None] | None = None,
) -> xr.Dataset:
    """Fit a few columns again, with their neighbours, while all others and the background stay.

    Parameters
    ----------
    image : DataArray, (y, x)
        The image that was fitted; of a stack the same frame.
    columns : Dataset, (column,)
        From `fit_columns`, then edited. Noise model and shape are those of that fit; where shapes
        were shared they stay as they were.
    labels : int or sequence of int
        Columns to refit; neighbours within 2.6 nearest-column distances are refitted along.
    around : sequence of (y, x)
        Places whose surroundings are refitted too, such as those of deleted columns; in lengths.
    report : callable, optional
        Told the fraction done; it may raise `CancelledError` to stop.

    Returns
    -------
    Dataset, (column,)
        `columns` with new values and errors in the neighbourhood; shared shapes keep theirs.

    Raises
    ------
    ValueError
        If the columns were never fitted, or in another frame; a label is unknown; or neither
        labels nor places came.
    """
    check_image(image)
    check_columns(columns, needs=NEEDS)
    check_same_frame(image, columns)
    grid = pixel_grid(image)
    free = _neighbourhood(columns, labels, around)
    if not free.any():
        return columns.copy()
    half = _window(columns, grid)
    piece, part = _crop(image, columns.isel(column=free), grid, half)
    offset = _frozen(columns.isel(column=~free), piece)
    chosen = _with_typical_shape(columns.isel(column=free), columns)
    result, start, flags = _fit_piece(piece, chosen, columns, offset, half, report)
    result, start = _shifted(result, start, part)
    values = np.asarray(image.values, np.float32)
    flags |= find_flags(result, start, values, grid, saturation_level(values))
    active = np.ones(len(flags), bool)
    fitted = make_result(
        chosen, active, flags, result, start, grid, columns["background_spline"], {}
    )
    if columns.attrs.get("shape") == "shared":
        # shapes stayed as the whole image gave them, and so did their errors
        fitted.update(chosen[list(SHAPE_ERRORS)])
    return _merge(columns, fitted, free)


def _neighbourhood(columns: xr.Dataset, labels: Any, around: Any) -> np.ndarray:
    """Tell which columns lie near the given ones or near the given places."""
    labels = np.atleast_1d(np.asarray(labels, np.int64))
    places = np.asarray(around, float).reshape(-1, 2)
    unknown = np.setdiff1d(labels, columns["column"].values)
    if unknown.size:
        raise ValueError(
            f"No column is labelled {', '.join(map(str, unknown[:5]))}; labels are those of"
            " columns['column']."
        )
    if not labels.size and not places.size:
        raise ValueError("Say what to refit: labels of columns, or around=[(y, x), ...].")
    chosen = columns.sel(column=labels)
    centres = np.concatenate([np.stack([chosen["y"].values, chosen["x"].values], axis=1), places])
    points = np.stack([columns["y"].values, columns["x"].values], axis=1)
    from scipy.spatial import cKDTree

    apart = np.median(starts.nearest_distance(points[:, 0], points[:, 1], np.inf))
    return cKDTree(centres).query(points)[0] <= REACH * (apart if np.isfinite(apart) else 0)


def _window(columns: xr.Dataset, grid: PixelGrid) -> int:
    """Half width of the windows, px: one for all refits of an image, so that few are compiled."""
    spread = columns[["shape_yy", "shape_xx"]].to_array().sum("variable").values / 2
    spread = spread[np.isfinite(spread) & (spread > 0)]
    if not spread.size:
        return 12
    rows, cols = grid.to_pixels(columns["y"].values, columns["x"].values)
    apart = float(np.median(starts.nearest_distance(rows, cols, np.inf)))
    return starts.window_half(float(np.sqrt(np.percentile(spread, 98))) / mean_step(grid), apart)


def _crop(
    image: xr.DataArray, columns: xr.Dataset, grid: PixelGrid, half: int
) -> tuple[xr.DataArray, tuple[int, int]]:
    """Cut the pixels that the columns touch; sides are such that few sizes are ever compiled."""
    slices, first = {}, []
    rows, cols = grid.to_pixels(columns["y"].values, columns["x"].values)
    extents = [(v.min() - half, v.max() + half + 1) for v in (rows, cols)]
    margin = margin_of(half)
    widest = max(high - low for low, high in extents) + 2 * margin
    side = int(np.ceil(widest / (2 * PIXEL_MULTIPLE))) * 2 * PIXEL_MULTIPLE - 2 * margin
    for name, (low, high), size in zip("yx", extents, grid.shape, strict=True):
        start = int(np.clip((low + high - side) / 2, 0, max(size - side, 0)))
        slices[name] = slice(start, start + side)
        first.append(start)
    return image.isel(slices), (first[0], first[1])


def _frozen(columns: xr.Dataset, piece: xr.DataArray) -> np.ndarray:
    """Draw what stays: the background and the columns not refitted."""
    grid = pixel_grid(piece)
    reach = 6 * float(np.sqrt(columns[["shape_yy", "shape_xx"]].to_array().max()))
    near = np.ones(columns.sizes["column"], bool)
    for name in ("y", "x"):
        axis = piece[name].values
        place = columns[name].values
        near &= (place > axis[0] - reach) & (place < axis[-1] + reach)
    background = background_image(
        columns["background_spline"], piece["y"].values, piece["x"].values
    )
    return background + draw_columns(columns.isel(column=near), grid)


def _fit_piece(
    piece: xr.DataArray,
    chosen: xr.Dataset,
    columns: xr.Dataset,
    offset: np.ndarray,
    half: int,
    report: Callable[[float], None] | None,
) -> tuple[Result, Start, np.ndarray]:
    grid = pixel_grid(piece)
    values = np.asarray(piece.values, np.float32)
    shape = str(columns.attrs.get("shape", "elliptical"))
    held = np.ones(chosen.sizes["column"], bool)
    names = FORM if shape == "shared" else ()
    start, _ = make_start(
        chosen,
        grid,
        values - offset.astype(np.float32),
        shape="round" if shape == "round" else "elliptical",
        background="constant",
        background_scale=None,
        fixed=dict.fromkeys((*names, "background"), held),
        bounds={},
        max_shift=None,
    )
    start = start._replace(
        coefficients=np.zeros((1, 1)), free_background=False, guess_beyond_edge=False
    )
    result = fit(
        values,
        start,
        half=half,
        poisson=columns.attrs.get("noise", "poisson") == "poisson",
        tied=False,
        dispersion=columns.attrs.get("noise_scale"),
        offset=offset,
        report=report,
    )
    known = float(columns["background_std"].median()) ** 2
    spread = np.full(len(result.parameters), known)
    return result._replace(background_variance=spread), start, np.zeros(len(spread), np.int64)


def _with_typical_shape(chosen: xr.Dataset, columns: xr.Dataset) -> xr.Dataset:
    """Give new columns the median shape of their sublattice where it is shared, or of all."""
    shared = columns.attrs.get("shape") == "shared" and "sublattice" in columns
    groups = np.zeros(columns.sizes["column"]) if not shared else columns["sublattice"].values
    own = np.zeros(chosen.sizes["column"]) if not shared else chosen["sublattice"].values
    out = chosen.copy()
    for name in (*FORM, *SHAPE_ERRORS):
        values, every = chosen[name].values.copy(), columns[name].values
        for group in np.unique(own[np.isnan(values)]):
            like = (groups == group) & np.isfinite(every)
            like = like if group >= 0 and like.any() else np.isfinite(every)
            typical = np.median(every[like]) if like.any() else np.nan
            values[np.isnan(values) & (own == group)] = typical
        out[name] = chosen[name].copy(data=values)
    return out


def _shifted(result: Result, start: Start, first: tuple[int, int]) -> tuple[Result, Start]:
    """Move pixel positions from the piece to the whole image."""
    parameters = result.parameters.copy()
    parameters[:, 1:3] += first
    shift = np.array([0.0, *first])
    return result._replace(parameters=parameters), start._replace(
        rows=start.rows + first[0],
        cols=start.cols + first[1],
        low=start.low + shift,
        high=start.high + shift,
    )


def _merge(columns: xr.Dataset, fitted: xr.Dataset, free: np.ndarray) -> xr.Dataset:
    out = columns.copy(deep=True)
    for name, variable in fitted.data_vars.items():
        if variable.dims == ("column",) and name in out:
            out[name].values[free] = variable.values
    return out
