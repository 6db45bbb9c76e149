"""Vectors of columns counted by direction and magnitude."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from temwidgets.analysis.variables import numeric_variable, numeric_variables
from temwidgets.conventions import quantity

_ROUND = (1.0, 1.2, 1.6, 2.0, 2.4, 3.2, 4.0, 5.0, 6.0, 8.0, 10.0)


def vector_names(columns: xr.Dataset) -> list[str]:
    """List the vectors that columns have, such as "displacement"."""
    names = [info.name for info in numeric_variables(columns, errors=False)]
    return [name[:-2] for name in names if name.endswith("_y") and f"{name[:-2]}_x" in names]


def vector_values(columns: xr.Dataset, vector: str = "displacement") -> np.ndarray:
    """Return a vector of columns, (column, 2) as y, x; both NaN where either is missing.

    Raises
    ------
    ValueError
        If the columns have no such vector.
    """
    names = vector_names(columns)
    if vector not in names:
        cure = (
            f"They have {', '.join(names)}."
            if names
            else "Measure it first with temwidgets.displacements(columns, lattice)."
        )
        raise ValueError(f"The columns have no vector {vector!r}. {cure}")
    parts = [numeric_variable(columns, f"{vector}_{part}") for part in "yx"]
    values = np.stack(parts, axis=1)
    return np.where(np.isfinite(values).all(axis=1, keepdims=True), values, np.nan)


def polar_histogram(
    columns: xr.Dataset,
    vector: str = "displacement",
    *,
    sectors: int = 24,
    rings: int = 8,
    limit: float | None = None,
    threshold: float = 0.0,
    labels: Any = None,
) -> xr.Dataset:
    """Count vectors by direction and magnitude.

    Parameters
    ----------
    columns : Dataset, (column,)
        Columns with the vector, e.g. from `displacements`.
    vector : str
        Its name; components are `vector`_y and `vector`_x.
    sectors, rings : int
        Number of bins. Sectors are centred on 0, 360 / sectors, ... degrees, so that vectors along
        an axis fall into one of them.
    limit : float, optional
        Largest magnitude binned, in the vector's unit; a round number above nearly all when not
        given.
    threshold : float
        Vectors shorter than this are not counted: their direction is noise.
    labels : sequence of int, optional
        Count these columns only; bins stay those of all columns.

    Returns
    -------
    Dataset, (direction, magnitude)
        ``count``; ``direction`` and ``magnitude`` are the centres, ``direction_edges`` (sectors +
        1, from -180 / sectors on) and ``magnitude_edges`` the ends of the bins; ``rose``
        (direction) counts everything from the threshold on, ``beyond`` what is longer than the
        limit, ``without`` columns without a vector.

    Raises
    ------
    ValueError
        If the columns have no such vector, or a number is not positive.
    """
    if sectors < 2 or rings < 1:
        raise ValueError(f"There are at least 2 sectors and 1 ring, not {sectors} and {rings}.")
    if (limit is not None and not limit > 0) or not threshold >= 0:
        raise ValueError(
            f"limit is positive and threshold not negative, but {limit!r} and {threshold!r} came."
        )
    values = vector_values(columns, vector)
    length = np.hypot(*values.T)
    top = round_limit(length) if limit is None else float(limit)
    width = 360 / sectors
    sector = np.rint(np.rad2deg(np.arctan2(values[:, 0], values[:, 1])) / width)
    chosen = np.ones(length.size, bool)
    if labels is not None:
        chosen = np.isin(columns["column"].values, np.asarray(labels))
    used = chosen & (length >= threshold)
    edges = np.linspace(0, top, rings + 1)
    number = np.where(used, sector, 0).astype(int) % sectors
    ring = np.searchsorted(edges, np.where(used, length, np.inf), "right") - 1
    inside = used & (ring < rings)
    count = np.zeros((sectors, rings), int)
    np.add.at(count, (number[inside], ring[inside]), 1)
    around = {
        "count": count,
        "rose": np.bincount(number[used], minlength=sectors),
        "beyond": int((used & ~inside).sum()),
        "without": int((chosen & np.isnan(length)).sum()),
    }
    return _dataset(around, edges, _unit(columns, vector))


def round_limit(length: np.ndarray) -> float:
    """Return a round number that nearly all lengths are below; 1 without any."""
    finite = length[np.isfinite(length)]
    if not finite.size or not finite.max() > 0:
        return 1.0
    most = min(float(finite.max()), 1.5 * float(np.percentile(finite, 98)) or np.inf)
    power = 10.0 ** np.floor(np.log10(most))
    factor = next(f for f in _ROUND if f * power >= most * (1 - 1e-9))
    return float(f"{factor * power:.3g}")


def in_sector(
    columns: xr.Dataset,
    vector: str,
    direction: tuple[float, float],
    magnitude: tuple[float, float] = (0.0, np.inf),
) -> np.ndarray:
    """Tell which vectors lie in a sector.

    Parameters
    ----------
    columns : Dataset, (column,)
        Columns with the vector.
    vector : str
        Its name.
    direction : (float, float)
        From the first direction on up to the second, degrees from +x towards +y; (350, 10) goes
        through 0, and 360 or more apart is all round.
    magnitude : (float, float)
        low <= magnitude < high, in the vector's unit.

    Returns
    -------
    ndarray of bool, (column,)
        False where there is no vector.

    Raises
    ------
    ValueError
        If the columns have no such vector.
    """
    values = vector_values(columns, vector)
    low, high = direction
    turn = high - low if high - low >= 360 else (high - low) % 360
    length = np.hypot(*values.T)
    angle = (np.rad2deg(np.arctan2(values[:, 0], values[:, 1])) - low) % 360
    return (length >= magnitude[0]) & (length < magnitude[1]) & (angle < turn)


def vector_statistics(
    columns: xr.Dataset, vector: str = "displacement", *, labels: Any = None, threshold: float = 0.0
) -> xr.Dataset:
    """Average vectors and say how well they are aligned.

    Parameters
    ----------
    columns : Dataset, (column,)
        Columns with the vector.
    vector : str
        Its name.
    labels : sequence of int, optional
        Average these columns only.
    threshold : float
        Leave out vectors shorter than this.

    Returns
    -------
    Dataset
        Without dims: ``count``; ``mean_y`` and ``mean_x`` with ``_std``, standard errors of the
        mean from the scatter; ``magnitude`` and ``direction`` (degrees from +x towards +y) of the
        mean vector; ``alignment``, the length of the mean unit vector: 1 when all point one way, 0
        when none is preferred (Mardia and Jupp, Directional Statistics, 2000, eq. 2.2.3);
        ``p_uniform``, the probability of as much where no direction is preferred (Rayleigh test;
        J. H. Zar, Biostatistical Analysis, 1999, p. 617; blind to two opposite directions).

    Raises
    ------
    ValueError
        If the columns have no such vector.
    """
    values = vector_values(columns, vector)
    length = np.hypot(*values.T)
    used = length >= threshold
    if labels is not None:
        used &= np.isin(columns["column"].values, np.asarray(labels))
    kept, size = values[used], int(used.sum())
    mean = kept.mean(axis=0) if size else np.full(2, np.nan)
    error = kept.std(axis=0, ddof=1) / np.sqrt(size) if size > 1 else np.full(2, np.nan)
    pointing = kept[length[used] > 0] / length[used][length[used] > 0, None]
    alignment = np.hypot(*pointing.mean(axis=0)) if len(pointing) else np.nan
    units = _unit(columns, vector)
    found = {
        "count": quantity((), size, "1", "number of vectors"),
        "mean_y": quantity((), mean[0], units, "mean along y"),
        "mean_y_std": quantity((), error[0], units, "standard error of the mean along y"),
        "mean_x": quantity((), mean[1], units, "mean along x"),
        "mean_x_std": quantity((), error[1], units, "standard error of the mean along x"),
        "magnitude": quantity((), np.hypot(*mean), units, "magnitude of the mean"),
        "direction": quantity((), np.rad2deg(np.arctan2(*mean)), "deg", "direction of the mean"),
        "alignment": quantity((), alignment, "1", "length of the mean unit vector"),
        "p_uniform": quantity((), _rayleigh(alignment, len(pointing)), "1", "p of no direction"),
    }
    return xr.Dataset(found)


def _rayleigh(alignment: float, n: int) -> float:
    """Probability of a mean unit vector as long as this from `n` random directions."""
    if not n:
        return np.nan
    exponent = np.sqrt(1 + 4 * n + 4 * n**2 * (1 - min(alignment, 1.0) ** 2)) - (1 + 2 * n)
    return float(min(np.exp(exponent), 1.0))


def _unit(columns: xr.Dataset, vector: str) -> str:
    return next(i.units for i in numeric_variables(columns) if i.name == f"{vector}_y")


def _dataset(around: dict[str, Any], edges: np.ndarray, units: str) -> xr.Dataset:
    sectors = around["rose"].size
    width = 360 / sectors
    middle = (edges[:-1] + edges[1:]) / 2
    angles = np.arange(sectors) * width
    ends = (np.arange(sectors + 1) - 0.5) * width
    return xr.Dataset(
        {
            "count": quantity(("direction", "magnitude"), around["count"], "1", "columns"),
            "rose": quantity("direction", around["rose"], "1", "columns"),
            "beyond": quantity((), around["beyond"], "1", "columns beyond the limit"),
            "without": quantity((), around["without"], "1", "columns without a vector"),
        },
        coords={
            "direction": quantity("direction", angles, "deg", "direction"),
            "magnitude": quantity("magnitude", middle, units, "magnitude"),
            "direction_edges": quantity("direction_edge", ends, "deg", "ends of sectors"),
            "magnitude_edges": quantity("magnitude_edge", edges, units, "ends of rings"),
        },
    )
