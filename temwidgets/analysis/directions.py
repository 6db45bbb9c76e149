"""Directions of displacement: their histogram, their mean, and colours for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import xarray as xr

from temwidgets.analysis.variables import numeric_variable
from temwidgets.conventions import check_columns, length_unit, quantity

_MOST_BINS = 720


def direction_histogram(
    columns: xr.Dataset,
    *,
    bins: int = 36,
    weight: Literal["count", "magnitude"] = "count",
    labels: Sequence[int] | None = None,
    smallest: float = 0.0,
) -> xr.Dataset:
    """Count the directions of displacement.

    Parameters
    ----------
    columns : Dataset, (column,)
        From `displacements`.
    bins : int
        Bins of the full circle; the first is centred on +x.
    weight : {"count", "magnitude"}
        Count columns, or add up the lengths of their displacements: noise about zero, whose
        direction means nothing, then hardly counts.
    labels : sequence of int, optional
        Use these columns only.
    smallest : float
        Leave out shorter displacements, in the columns' length unit.

    Returns
    -------
    Dataset, (bin,)
        ``angle`` (middle of the bin, degrees from +x towards +y, -180 to 180) and ``total``.
        Attributes: ``n`` (columns counted), ``mean_direction`` (degrees, of the vector sum of the
        directions), ``concentration`` (its length over their number, 0 all round to 1 all alike)
        and ``p_uniform``, the probability of as much in directions that favour none (Rayleigh
        test; it sees one favoured direction, not two opposite ones).

    Raises
    ------
    ValueError
        If the columns have no displacement, or an option is out of range.

    References
    ----------
    Rayleigh test: J. H. Zar, Biostatistical Analysis (1999), p. 617.
    """
    check_columns(columns, needs=("displacement",))
    if bins != int(bins) or not 2 <= bins <= _MOST_BINS:
        raise ValueError(f"bins is a whole number from 2 to {_MOST_BINS}, but {bins!r} came.")
    if weight not in ("count", "magnitude"):
        raise ValueError(f'weight is "count" or "magnitude", but {weight!r} came.')
    y, x = (numeric_variable(columns, f"displacement_{name}") for name in "yx")
    length = np.hypot(y, x)
    used = (length > 0) & (length >= smallest)
    if labels is not None:
        used &= np.isin(columns["column"].values, labels)
    y, x, length = y[used], x[used], length[used]
    step = 360 / bins
    place = np.rint(np.rad2deg(np.arctan2(y, x)) / step).astype(int) % bins
    total = np.bincount(place, None if weight == "count" else length, minlength=bins)
    angle = (np.arange(bins) * step + 180) % 360 - 180
    order = np.argsort(angle)
    unit = "1" if weight == "count" else length_unit(columns)
    return xr.Dataset(
        {
            "angle": quantity("bin", angle[order], "deg", "direction from +x towards +y"),
            "total": quantity("bin", total[order].astype(float), unit, f"sum of {weight}"),
        },
        attrs=_mean(y / length, x / length),
    )


def _mean(y: np.ndarray, x: np.ndarray) -> dict[str, float]:
    """Mean of unit vectors and the probability of it without a favoured direction."""
    n = y.size
    if not n:
        return {"n": 0, "mean_direction": np.nan, "concentration": np.nan, "p_uniform": np.nan}
    whole = float(np.hypot(y.sum(), x.sum()))
    exponent = np.sqrt(1 + 4 * n + 4 * (n**2 - min(whole, n) ** 2)) - (1 + 2 * n)
    return {
        "n": n,
        "mean_direction": float(np.rad2deg(np.arctan2(y.sum(), x.sum()))),
        "concentration": whole / n,
        "p_uniform": float(min(np.exp(exponent), 1.0)),
    }


def displacement_colours(columns: xr.Dataset, *, full: float | None = None) -> xr.DataArray:
    """Give each displacement a colour: hue by direction, brightness by magnitude.

    Parameters
    ----------
    columns : Dataset, (column,)
        From `displacements`.
    full : float, optional
        Magnitude of full brightness, in the columns' length unit; the 95th percentile when not
        given.

    Returns
    -------
    DataArray, (column, channel)
        Red, green, blue from 0 to 1; red points along +x, and hues follow one another towards +y.
        NaN where there is no displacement. ``attrs["full"]`` is the magnitude of full brightness.

    Raises
    ------
    ValueError
        If the columns have no displacement or `full` is not positive.
    """
    check_columns(columns, needs=("displacement",))
    if full is not None and not full > 0:
        raise ValueError(f"full is a length above 0, but {full!r} came.")
    y, x = (numeric_variable(columns, f"displacement_{name}") for name in "yx")
    length = np.hypot(y, x)
    known = np.isfinite(length)
    if full is None:
        full = (float(np.percentile(length[known], 95)) if known.any() else 0.0) or 1.0
    hue = np.rad2deg(np.arctan2(y, x))
    # the hue circle of HSV at full saturation: three tents a third of a turn apart
    away = abs((hue[:, None] - np.array([0.0, 120.0, 240.0]) + 180) % 360 - 180)
    colours = np.clip(2 - away / 60, 0, 1) * np.minimum(length / full, 1)[:, None]
    return xr.DataArray(
        colours,
        dims=("column", "channel"),
        coords={"column": columns["column"], "channel": ["red", "green", "blue"]},
        attrs={"units": "1", "long_name": "colour of the displacement", "full": float(full)},
    )
