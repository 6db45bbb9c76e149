"""Intensity of columns without a model, statistics per sublattice, outliers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
import xarray as xr

from temwidgets.analysis.framewise import framewise
from temwidgets.analysis.variables import numeric_variable, sublattice_numbers, variable_info
from temwidgets.conventions import check_columns, check_image, length_unit, pixel_grid, quantity


@framewise
def voronoi_intensity(
    image: xr.DataArray,
    columns: xr.Dataset,
    *,
    max_radius: float | None = None,
    background: float | Literal["fitted"] | None = None,
    report: Callable[[float], None] | None = None,
) -> xr.Dataset:
    """Sum the image over each column's Voronoi cell: the pixels nearest to it.

    Parameters
    ----------
    image : DataArray, (y, x) or (frame, y, x)
        Raw counts. A stack is measured frame by frame; the result has dims (frame, column).
    columns : Dataset, (column,)
        Positions in the image's length unit; those with NaN positions get NaN.
    max_radius : float, optional
        Leave out pixels farther than this from their column (length unit), e.g. where a crystal
        ends. Without it cells are as large as they come.
    background : float or "fitted", optional
        Counts per pixel to subtract: one number, or each column's fitted background.
    report : callable, optional
        Called with the fraction done now and then; may raise CancelledError.

    Returns
    -------
    Dataset, (column,)
        With `voronoi_intensity` in counts x area, comparable with the fitted `intensity`, and
        `voronoi_area`. Both are NaN, and `voronoi_open` true, where the image edge cuts the cell;
        NaN too where it holds a NaN pixel or none at all.

    Raises
    ------
    ValueError
        If units differ, no position is finite, or an option is wrong.

    References
    ----------
    A. Rosenauer et al., Ultramicroscopy 109 (2009) 1171.
    """
    from temwidgets.kernels.voronoi import integrate_cells

    check_image(image)
    check_columns(columns, needs=("y", "x", *(["background"] if background == "fitted" else [])))
    _check_voronoi(image, columns, max_radius, background)
    grid = pixel_grid(image)
    points = np.stack([columns["y"].values, columns["x"].values], 1).astype(float)
    total, count, is_open = integrate_cells(
        image.values.astype(float),
        np.asarray(grid.origin),
        np.asarray(grid.sampling),
        points,
        np.inf if max_radius is None else max_radius,
        report or (lambda fraction: None),
    )
    level = columns["background"].values if background == "fitted" else background or 0.0
    pixel = grid.sampling.y * grid.sampling.x
    closed = ~is_open & (count > 0)
    intensity = np.where(closed, (total - level * count) * pixel, np.nan)
    area = np.where(closed, count * pixel, np.nan)
    unit = f"{grid.units}²"
    return columns.assign(
        voronoi_intensity=quantity("column", intensity, f"counts {unit}", "Voronoi-cell intensity"),
        voronoi_area=quantity("column", area, unit, "Voronoi-cell area"),
        voronoi_open=quantity("column", is_open, "1", "cell cut by the image edge"),
    )


def sublattice_statistics(
    columns: xr.Dataset,
    variable: str = "intensity",
    *,
    by: Literal["sublattice", "site"] = "sublattice",
) -> xr.Dataset:
    """Summarise a column variable per sublattice or motif site.

    Parameters
    ----------
    columns : Dataset, (column,)
        Without a `sublattice` all columns count as sublattice 0; unassigned ones are -1.
    variable : str
        A variable of the columns; NaN values are left out and counted in `missing`.
    by : {"sublattice", "site"}
        What groups columns; sites are numbered by `index_columns`.

    Returns
    -------
    Dataset, (sublattice,) or (site,)
        count, missing, mean, sd (with n - 1), standard_error of the mean, median, mad (median
        absolute deviation times 1.4826), minimum, maximum, and typical_error, the median of
        ``<variable>_std``, if the columns have it: a larger sd is a spread of the columns
        themselves. Coordinate `name` if the sublattices have names.

    Raises
    ------
    ValueError
        If the variable is missing or not one number per column, or sites are wanted and none are
        known.
    """
    values, groups = numeric_variable(columns, variable), _groups(columns, by)
    numbers = np.unique(groups)
    unit = variable_info(columns, variable).units
    error = f"{variable}_std"
    errors = numeric_variable(columns, error) if error in columns else None
    rows = [_summary(values[groups == number]) for number in numbers]
    if errors is not None:
        for row, number in zip(rows, numbers, strict=True):
            row["typical_error"] = _nan_median(errors[groups == number])
    names = ("count", "missing", *_MEASURES, *(() if errors is None else ("typical_error",)))
    table = xr.Dataset(
        {
            name: quantity(
                by,
                [row[name] for row in rows],
                "1" if name in ("count", "missing") else unit,
                f"{name.replace('_', ' ')} of {variable}",
            )
            for name in names
        },
        coords={by: quantity(by, numbers, "1", by)},
        attrs={"variable": variable},
    )
    return _with_names(table, columns) if by == "sublattice" else table


def find_outliers(
    columns: xr.Dataset,
    variable: str = "intensity",
    *,
    threshold: float = 4.0,
    method: Literal["robust", "standard"] = "robust",
) -> xr.Dataset:
    """Mark columns that are unlike the others of their sublattice.

    Parameters
    ----------
    columns : Dataset, (column,)
        Without a `sublattice` all are compared with all.
    variable : str
        A variable of the columns.
    threshold : float
        Smallest distance from the middle that counts, in standard deviations.
    method : {"robust", "standard"}
        Middle and spread from median and median absolute deviation, which the outliers themselves
        hardly move, or from mean and standard deviation.

    Returns
    -------
    Dataset, (column,)
        With ``<variable>_z``, the signed distance in standard deviations (NaN where the variable
        is NaN or its sublattice has fewer than three values), and boolean
        ``<variable>_outlier``.

    Raises
    ------
    ValueError
        If the variable is missing, the threshold not positive or the method unknown.
    """
    if not threshold > 0:
        raise ValueError(f"threshold is a number of standard deviations, but {threshold} came.")
    if method not in ("robust", "standard"):
        raise ValueError(f'method is "robust" or "standard", but {method!r} came.')
    values, groups = numeric_variable(columns, variable), sublattice_numbers(columns)
    z = np.full(values.size, np.nan)
    for number in np.unique(groups):
        members = (groups == number) & np.isfinite(values)
        if members.sum() >= 3:
            z[members] = _distances(values[members], method)
    return columns.assign(
        {
            f"{variable}_z": quantity("column", z, "1", f"{variable} in standard deviations"),
            f"{variable}_outlier": quantity(
                "column", np.abs(z) >= threshold, "1", f"outlier in {variable}"
            ),
        }
    )


_MEASURES = ("mean", "sd", "standard_error", "median", "mad", "minimum", "maximum")
# a normal distribution's standard deviation over its median, and mean, absolute deviation
_MEDIAN_TO_SD, _MEAN_TO_SD = 1.4826, 1.2533


def _check_voronoi(
    image: xr.DataArray,
    columns: xr.Dataset,
    max_radius: float | None,
    background: float | str | None,
) -> None:
    if length_unit(image) != length_unit(columns):
        raise ValueError(
            f"The image is in {length_unit(image)}, but the columns are in {length_unit(columns)}."
            " Find the columns in this image, or calibrate it as it was."
        )
    if max_radius is not None and not max_radius > 0:
        raise ValueError(f"max_radius is a length and must be positive, but {max_radius} came.")
    if isinstance(background, str) and background != "fitted":
        raise ValueError(f'background is a number of counts or "fitted", but {background!r} came.')
    if not (np.isfinite(columns["y"].values) & np.isfinite(columns["x"].values)).any():
        raise ValueError("No column has a finite position, so there are no cells to sum over.")


def _groups(columns: xr.Dataset, by: str) -> np.ndarray:
    if by == "sublattice":
        return sublattice_numbers(columns)
    if by != "site":
        raise ValueError(f'by is "sublattice" or "site", but {by!r} came.')
    if "site" not in columns:
        raise ValueError(
            "The columns have no site. Number them with temwidgets.index_columns(columns, lattice)."
        )
    return columns["site"].values.astype(int)


def _summary(values: np.ndarray) -> dict[str, float]:
    finite = values[np.isfinite(values)]
    row: dict[str, float] = dict.fromkeys(_MEASURES, np.nan)
    row |= {"count": finite.size, "missing": values.size - finite.size}
    if finite.size:
        median = np.median(finite)
        row |= {"mean": finite.mean(), "median": median}
        row |= {"mad": _MEDIAN_TO_SD * np.median(abs(finite - median))}
        row |= {"minimum": finite.min(), "maximum": finite.max()}
    if finite.size > 1:
        sd = finite.std(ddof=1)
        row |= {"sd": sd, "standard_error": sd / np.sqrt(finite.size)}
    return row


def _nan_median(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if finite.size else np.nan


def _with_names(table: xr.Dataset, columns: xr.Dataset) -> xr.Dataset:
    names = columns["sublattice"].attrs.get("names") if "sublattice" in columns else None
    if names is None:
        return table
    numbers = table["sublattice"].values
    shown = [str(names[k]) if 0 <= k < len(names) else "" for k in numbers]
    return table.assign_coords(name=("sublattice", shown, {"long_name": "name"}))


def _distances(values: np.ndarray, method: str) -> np.ndarray:
    if method == "standard":
        middle, spread = values.mean(), values.std(ddof=1)
    else:
        middle = np.median(values)
        deviation = abs(values - middle)
        # more than half of the values alike: fall back on the mean absolute deviation
        spread = _MEDIAN_TO_SD * np.median(deviation) or _MEAN_TO_SD * deviation.mean()
    return (values - middle) / (spread or 1.0)
