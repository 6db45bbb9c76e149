"""Vectors of columns as arrows to be drawn: where they begin and end, and their colours."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from temwidgets.analysis.colour_wheel import direction_colours
from temwidgets.analysis.places import Kind, kind_number, kinds_of, points_of
from temwidgets.analysis.polar_histogram import vector_values
from temwidgets.conventions import length_unit, quantity

_FILL = 0.9  # of the distance between arrows that the long ones reach
_LONG = 95  # per cent of the arrows are shorter than the long ones
_WILD = 3.0  # times longer than the long ones: a failed fit


def arrows(
    columns: xr.Dataset,
    vector: str = "displacement",
    *,
    scale: float | None = None,
    subtract_mean: bool = False,
    of: Kind | None = None,
    longest: float | None = None,
) -> xr.Dataset:
    """Turn a vector of columns into arrows that begin at the columns, coloured by direction.

    Parameters
    ----------
    columns : Dataset, (column,)
        Columns with the vector, e.g. from `displacements`.
    vector : str
        Its name.
    scale : float, optional
        Times longer than they are; so that long arrows nearly reach the next one when not given.
    subtract_mean : bool
        Draw the difference from the mean of all arrows.
    of : int or str, optional
        Sublattice (number or name) whose arrows are drawn; all when not given.
    longest : float, optional
        Vectors longer than this are not drawn; three times the long ones (95th percentile) when
        not given, for these are failed fits.

    Returns
    -------
    Dataset, (column,)
        ``segment`` (column, end) as y0, x0, y1, x1 in the columns' length unit, NaN without an
        arrow; ``colour`` (column, channel) uint8 from `direction_colours`; ``magnitude`` of what is
        drawn. attrs: ``scale``; ``mean`` (y, x) that was taken off; ``long``, the magnitude that 95
        per cent stay below; ``left_out``, the number of those too long.

    Raises
    ------
    ValueError
        If the columns have no such vector or sublattice, or a number is not positive.
    """
    for name, number in (("scale", scale), ("longest", longest)):
        if number is not None and not number > 0:
            raise ValueError(f"{name} is a positive number, but {number!r} came.")
    values = vector_values(columns, vector)
    if of is not None:
        values[kinds_of(columns, None) != kind_number(columns, None, of)] = np.nan
    mean = _middle(values) if subtract_mean else np.zeros(2)
    values = values - mean
    long = _percentile(np.hypot(*values.T))
    limit = _WILD * long if longest is None else longest
    with np.errstate(invalid="ignore"):
        wild = np.hypot(*values.T) > limit
    values[wild] = np.nan
    points = points_of(columns)
    factor = _scale(points, values, long) if scale is None else float(scale)
    segment = np.column_stack([points, points + factor * values])
    segment[np.isnan(segment).any(axis=1)] = np.nan
    out = xr.Dataset(
        {
            "segment": quantity(("column", "end"), segment, length_unit(columns), "arrow"),
            "colour": quantity(("column", "channel"), _colours(values), "1", "colour of the arrow"),
            "magnitude": quantity("column", np.hypot(*values.T), length_unit(columns), "magnitude"),
        },
        coords={"column": columns["column"], "end": ["y0", "x0", "y1", "x1"]},
    )
    info: dict[str, Any] = {"scale": factor, "mean": mean, "long": long}
    return out.assign_attrs(info, left_out=int(wild.sum()))


def _middle(values: np.ndarray) -> np.ndarray:
    """Mean of the vectors without wild ones."""
    good = values[np.isfinite(values).all(axis=1)]
    if not len(good):
        return np.zeros(2)
    away = np.hypot(*(good - np.median(good, axis=0)).T)
    return good[away <= _WILD * np.percentile(away, _LONG)].mean(axis=0)


def _percentile(length: np.ndarray) -> float:
    finite = length[np.isfinite(length)]
    return float(np.percentile(finite, _LONG)) if finite.size else 0.0


def _scale(points: np.ndarray, values: np.ndarray, long: float) -> float:
    """Round scale at which long arrows reach about to their neighbours."""
    good = points[np.isfinite(points).all(axis=1) & np.isfinite(values).all(axis=1)]
    if len(good) < 4 or not long > 0:
        return 1.0
    apart = np.sqrt(np.prod(np.ptp(good, axis=0)) / len(good))
    return float(f"{max(_FILL * apart / long, 1e-6):.1g}")


def _colours(values: np.ndarray) -> np.ndarray:
    return direction_colours(np.rad2deg(np.arctan2(values[:, 0], values[:, 1])))
