"""The joint fit of a large image, tile by tile, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import xarray as xr

from temwidgets.analysis.fit_arguments import FORM
from temwidgets.analysis.fit_inputs import usable, with_sublattices
from temwidgets.analysis.fit_results import background_at
from temwidgets.analysis.tiling import Tile, part_of, tiles
from temwidgets.conventions import Flag, PixelGrid, flag_variable, pixel_grid
from temwidgets.kernels import starts

Report = Callable[[float], None] | None
# fit(image, columns, masks of what is fixed, report)
Fit = Callable[[xr.DataArray, xr.Dataset, dict[str, np.ndarray], Report], xr.Dataset]

AROUND = 6.0
"""Distances of neighbours that are fitted along round a tile: what is farther changes nothing."""
_SAMPLES = 4  # places of the background between two knots
_SHAPE = ("shape_yy", "shape_yx", "shape_xx")
_SUMS = ("deviance", "n_parameters", "n_pixels")


def fit_in_tiles(
    fit: Fit,
    image: xr.DataArray,
    columns: xr.Dataset,
    fixed: dict[str, np.ndarray],
    *,
    shared: bool = False,
    core: int | None = None,
    report: Report = None,
) -> xr.Dataset:
    """Fit the columns of each tile with those round it, and keep those of its core.

    Parameters
    ----------
    fit : callable
        ``fit(image, columns, fixed, report)`` fits one piece jointly.
    image : DataArray, (y, x)
    columns : Dataset, (column,)
    fixed : mapping of str to (column,) bool
    shared : bool
        One shape for each sublattice of the whole image: the mean of what the tiles give, after
        which everything else is fitted again.
    core : int, optional
        Pixels a side that a tile answers for, about; 2048 when not given.
    report : callable, optional

    Returns
    -------
    Dataset, (column,)
        As from a joint fit of the whole: each column once, with its label; errors scaled by the
        noise of the whole; one spline through the backgrounds of the tiles.
    """
    grid = pixel_grid(image)
    able, flags = usable(columns, grid)
    if not shared:
        return _pass(fit, image, columns, fixed, able, flags, core, report)
    columns = with_sublattices(image, columns)
    first = _pass(fit, image, columns, fixed, able, flags, core, part_of(report, 0, 2))
    shapes = _mean_shapes(first)
    held = {**fixed, **dict.fromkeys(FORM, np.ones(columns.sizes["column"], bool))}
    second = _pass(
        fit, image, columns.assign(shapes), held, able, flags, core, part_of(report, 1, 2)
    )
    return second.assign({n: v for n, v in shapes.items() if n not in FORM})


def _pass(
    fit: Fit,
    image: xr.DataArray,
    columns: xr.Dataset,
    fixed: dict[str, np.ndarray],
    able: np.ndarray,
    flags: np.ndarray,
    core: int | None,
    report: Report,
) -> xr.Dataset:
    """Fit each tile once and join what came."""
    grid = pixel_grid(image)
    rows, cols = grid.to_pixels(columns["y"].values, columns["x"].values)
    apart = np.median(starts.nearest_distance(rows[able], cols[able], 8.0))
    around = {"margin": max(48, int(AROUND * apart)), **({} if core is None else {"core": core})}
    parts = tiles(grid.shape, **around)
    done: list[tuple[Tile, xr.Dataset]] = []
    for number, tile in enumerate(parts):
        chosen = np.flatnonzero(able & (tile.sees(rows, cols)))
        own = tile.owns(rows[chosen], cols[chosen])
        piece = tile.crop(image)
        if not own.any() or not np.isfinite(piece.values).any():
            continue
        masks = {name: mask[chosen] for name, mask in fixed.items()}
        told = part_of(report, number, len(parts))
        fitted = fit(piece, columns.isel(column=chosen), masks, told)
        done.append((tile, _own_part(fitted, own)))
    return _joined(image, columns, able, flags, done, parts)


def _own_part(fitted: xr.Dataset, own: np.ndarray) -> xr.Dataset:
    """Columns of the core, and their share of the sums over the tile."""
    part = fitted.isel(column=own)
    share = float(own.mean())
    if fitted.attrs["shape"] == "shared":
        # what others told of the shape they tell again in their own tiles
        errors = [f"{name}_std" for name in (*FORM, *_SHAPE)]
        part = part.assign({name: part[name] / np.sqrt(share) for name in errors})
    return part.assign_attrs({name: share * fitted.attrs[name] for name in _SUMS})


def _joined(
    image: xr.DataArray,
    columns: xr.Dataset,
    able: np.ndarray,
    flags: np.ndarray,
    done: Sequence[tuple[Tile, xr.Dataset]],
    parts: Sequence[Tile],
) -> xr.Dataset:
    grid = pixel_grid(image)
    fitted = [one for _, one in done]
    noise = np.array([one.attrs["noise_scale"] for one in fitted])
    weight = np.array([one.attrs["n_pixels"] for one in fitted])
    mean = float(np.average(noise, weights=weight))
    index = {label: row for row, label in enumerate(columns["column"].values.tolist())}
    at = [np.array([index[c] for c in one["column"].values.tolist()]) for one in fitted]
    out = columns.drop_vars([v for v in columns if str(v).startswith("background_spline")])
    for name, variable in fitted[0].data_vars.items():
        if variable.dims != ("column",) or variable.dtype.kind != "f":
            continue
        known = columns[name].values if name in ("y", "x") else np.nan
        values = np.full(columns.sizes["column"], known, dtype=float)
        for rows, one, own in zip(at, fitted, noise, strict=True):
            scale = np.sqrt(mean / own) if str(name).endswith("_std") else 1.0
            scale = mean / own if name == "yx_covariance" else scale
            values[rows] = scale * one[name].values
        out[name] = ("column", values, variable.attrs)
    out["flags"] = flag_variable(_flags(flags, able, at, fitted))
    for name in set(fitted[0].data_vars) - set(out.data_vars) - {"background_spline"}:
        out[name] = fitted[0][name]
    out["background_spline"] = _spline(image, grid, done, parts)
    return out.assign_attrs(_attributes(fitted, mean, int(np.isfinite(image.values).sum())))


def _flags(
    flags: np.ndarray, able: np.ndarray, at: Sequence[np.ndarray], fitted: Sequence[xr.Dataset]
) -> np.ndarray:
    # what no tile could fit, for it has no pixel that counts
    flags = np.where(able, int(Flag.failed), flags)
    for rows, one in zip(at, fitted, strict=True):
        flags[rows] = one["flags"].values
    return flags


def _attributes(fitted: Sequence[xr.Dataset], noise: float, pixels: int) -> dict[str, Any]:
    sums = {name: sum(one.attrs[name] for one in fitted) for name in _SUMS}
    hints = [str(one.attrs["fit_hint"]) for one in fitted]
    return {
        **fitted[0].attrs,
        "fit_iterations": max(one.attrs["fit_iterations"] for one in fitted),
        "fit_converged": int(all(one.attrs["fit_converged"] for one in fitted)),
        "reduced_chi2": noise,
        "noise_scale": noise,
        "fit_hint": max(hints, key=hints.count),
        "deviance": float(sums["deviance"]),
        "n_parameters": round(sums["n_parameters"]),
        "n_pixels": pixels,
    }


def _mean_shapes(fitted: xr.Dataset) -> dict[str, Any]:
    """Mean over the tiles of the shape of each sublattice, weighted by its variances, with errors.

    Each tile gave all its columns of a sublattice the same shape.
    """
    names = (*FORM, *_SHAPE)
    group = fitted["sublattice"].values
    shapes = {}
    for name in names:
        values, errors = fitted[name].values.copy(), fitted[f"{name}_std"].values.copy()
        for number in np.unique(group):
            like = (group == number) & np.isfinite(values)
            pairs = np.unique(np.column_stack([values[like], errors[like]]), axis=0)
            known = np.isfinite(pairs[:, 1]) & (pairs[:, 1] > 0)
            pairs = pairs[known] if known.any() else pairs
            weight = 1 / pairs[:, 1] ** 2 if known.any() else np.ones(len(pairs))
            if len(pairs):
                values[like] = np.average(pairs[:, 0], weights=weight)
                errors[like] = 1 / np.sqrt(weight.sum()) if known.any() else np.nan
        shapes[name] = fitted[name].copy(data=values)
        shapes[f"{name}_std"] = fitted[f"{name}_std"].copy(data=errors)
    return shapes


def _spline(
    image: xr.DataArray,
    grid: PixelGrid,
    done: Sequence[tuple[Tile, xr.Dataset]],
    parts: Sequence[Tile],
) -> xr.DataArray:
    """One spline through the backgrounds of the tiles; where nothing was fitted, the image."""
    known = {_corner(tile): one["background_spline"] for tile, one in done}
    like = next(iter(known.values()))
    counts, axes = [], []
    for axis, size in enumerate(grid.shape):
        seen = max(tile.seen[axis].stop - tile.seen[axis].start for tile in parts)
        counts.append(3 + max(1, round((like.shape[axis] - 3) * size / seen)))
        axes.append(np.linspace(0, size - 1, min(size, _SAMPLES * counts[-1])))
    values = np.zeros((len(axes[0]), len(axes[1])))
    for tile in parts:
        rows, cols = (
            np.flatnonzero((at >= part.start - 0.5) & (at < part.stop - 0.5))
            for at, part in zip(axes, tile.core, strict=True)
        )
        y, x = np.meshgrid(axes[0][rows], axes[1][cols], indexing="ij")
        if _corner(tile) in known:
            part = background_at(known[_corner(tile)], *grid.to_lengths(y.ravel(), x.ravel()))
        else:
            piece = tile.crop(image).values
            part = np.full(y.size, np.nanmedian(piece) if np.isfinite(piece).any() else 0.0)
        values[np.ix_(rows, cols)] = part.reshape(y.shape)
    bases = [
        np.linalg.pinv(starts.background_basis("smooth", n, at / at[-1]))
        for n, at in zip(counts, axes, strict=True)
    ]
    ends = {}
    for name, size in zip("yx", grid.shape, strict=True):
        first, step = getattr(grid.origin, name), getattr(grid.sampling, name)
        ends[f"{name}_range"] = np.array([first, first + step * (size - 1)])
    return xr.DataArray(
        bases[0] @ values @ bases[1].T, dims=("spline_y", "spline_x"), attrs={**like.attrs, **ends}
    )


def _corner(tile: Tile) -> tuple[int, int]:
    return tile.core[0].start, tile.core[1].start
