"""Pair correlation of a column variable over cell offsets."""

from __future__ import annotations

import numpy as np
import xarray as xr

from temwidgets.analysis.cell_values import cell_values, slow_trend
from temwidgets.analysis.lattice_data import check_lattice, vectors_of
from temwidgets.conventions import quantity
from temwidgets.kernels.slow_trends import without

_REACH = 10


def correlation(
    columns: xr.Dataset,
    variable: str = "intensity",
    *,
    site: int | None = None,
    lattice: xr.Dataset | None = None,
    reach: int | tuple[int, int] = _REACH,
    trend: int = 4,
) -> xr.Dataset:
    """Correlate a column variable with itself over cell offsets, in real space.

    Parameters
    ----------
    columns : Dataset, (column,)
        Numbered by `index_columns` (n_a, n_b).
    variable : str
        One number per column.
    site : int, optional
        Motif site (its sublattice if columns have no `site`) to take; not needed if one only has
        values.
    lattice : Dataset, optional
        Adds the `distance` of each offset.
    reach : int or (int, int)
        Largest offset in cells, along a and b.
    trend : int
        Degree of the polynomial over the field that is taken off as slow trend; 0: the mean. What
        it takes off is accounted for: independent values correlate by 0.

    Returns
    -------
    Dataset, (offset_a, offset_b)
        ``correlation``, 1 at the zero offset; ``correlation_std``, its standard error from the
        scatter of the products; ``count`` of pairs, of columns that are both there; ``p_value``,
        two-sided, of no correlation at this one offset; ``p_adjusted``, corrected for the many
        offsets (Benjamini and Hochberg): below 0.01 are at most 1 % of them by chance;
        ``distance`` (length unit) with a lattice. NaN where there is no pair. Offsets d and -d
        hold the same pairs.

    Raises
    ------
    TypeError, ValueError
        If columns are not numbered, the variable or site is missing, several sites have values and
        none is chosen, too few columns are left, all values are equal, or an option is wrong.

    Notes
    -----
    The standard error takes pairs for independent. Where noise of the single columns adds to the
    variable, correlations at all offsets but zero are too small by the noise's share of the
    variance; where neighbours share noise, as columns that overlap and were fitted together or lie
    on one scan line do, they correlate by that.

    References
    ----------
    Y. Benjamini and Y. Hochberg, J. R. Stat. Soc. B 57 (1995) 289.
    """
    from scipy.stats import norm

    from temwidgets.kernels.lattice_correlation import pair_correlation

    both = _reach(reach)
    data = cell_values(columns, variable, site)
    basis = slow_trend(data.cells, trend)
    residual = without(basis, data.values)
    if not residual.std() > 1e-9 * max(float(np.abs(data.values).max()), 1e-300):
        raise ValueError(
            f"{variable} is the same everywhere but for the slow trend: no correlation."
        )
    pairs = pair_correlation(data.cells, basis, residual, both)
    # under independence products scatter by 1; at the zero offset there is nothing to test
    p_value = 2 * norm.sf(np.abs(pairs.correlation) * np.sqrt(pairs.number))
    p_value[both] = np.nan
    dims = ("offset_a", "offset_b")
    text = f"correlation of {data.long_name}"
    result = xr.Dataset(
        {
            "correlation": quantity(
                dims, pairs.correlation, "1", text, ancillary_variables="correlation_std"
            ),
            "correlation_std": quantity(dims, pairs.error, "1", f"standard error of {text}"),
            "count": quantity(dims, pairs.number, "1", "number of pairs"),
            "p_value": quantity(dims, p_value, "1", "p-value of no correlation at this offset"),
            "p_adjusted": quantity(
                dims, _adjusted(p_value, both), "1", "p-value, corrected for the many offsets"
            ),
        },
        coords={
            name: quantity(name, np.arange(-r, r + 1), "1", f"cells apart along {name[-1]}")
            for name, r in zip(dims, both, strict=True)
        },
        attrs={"variable": variable, "site": data.site, "n_columns": data.rows.size},
    )
    return result if lattice is None else _with_distance(result, lattice)


def _reach(reach: int | tuple[int, int]) -> tuple[int, int]:
    pair = np.atleast_1d(np.asarray(reach))
    if pair.size not in (1, 2) or not (pair == np.floor(pair)).all() or not (pair >= 1).all():
        raise ValueError(f"reach is a number of cells from 1, or one along a and b; {reach} came.")
    return int(pair[0]), int(pair[-1])


def _half(reach: tuple[int, int]) -> np.ndarray:
    """Tell which offsets are one half of all, without zero: the other half has the same pairs."""
    a, b = np.mgrid[-reach[0] : reach[0] + 1, -reach[1] : reach[1] + 1]
    return (a > 0) | ((a == 0) & (b > 0))


def _adjusted(p_value: np.ndarray, reach: tuple[int, int]) -> np.ndarray:
    """Correct the p-values of one half and give the other half the same."""
    from scipy.stats import false_discovery_control

    adjusted = np.full(p_value.shape, np.nan)
    known = _half(reach) & np.isfinite(p_value)
    if known.any():
        adjusted[known] = false_discovery_control(p_value[known])
    mirrored = adjusted[::-1, ::-1]
    return np.where(np.isnan(adjusted), mirrored, adjusted)


def correlation_by_distance(
    correlations: xr.Dataset, *, tolerance: float | None = None
) -> xr.Dataset:
    """Average a pair correlation over all offsets that are about equally long.

    Parameters
    ----------
    correlations : Dataset, (offset_a, offset_b)
        From `correlation`, called with a lattice.
    tolerance : float, optional
        Offsets whose lengths differ by less, in the length unit, are one shell; a quarter of the
        shortest offset when not given.

    Returns
    -------
    Dataset, (shell,)
        ``distance``, mean of the pairs; ``correlation`` and ``correlation_std``; ``count`` of
        pairs; ``p_value``, two-sided, of no correlation in this one shell. The zero offset is left
        out, and so are offsets so long that others of their length are not in `correlations`. An
        order that alternates along one direction only may cancel in a mean over all.

    Raises
    ------
    ValueError
        If the correlation has no distances, or the tolerance is not positive.
    """
    from scipy.stats import norm

    if "distance" not in correlations:
        raise ValueError(
            "The correlation has no distances. Give the lattice:"
            " temwidgets.correlation(columns, variable, lattice=lattice)."
        )
    if tolerance is not None and not tolerance > 0:
        raise ValueError(f"tolerance is a positive length, but {tolerance} came.")
    reach = (correlations.sizes["offset_a"] // 2, correlations.sizes["offset_b"] // 2)
    used = _half(reach) & (correlations["count"].values > 0)
    used &= correlations["distance"].values <= (1 + 1e-9) * _whole(correlations, reach)
    names = ("distance", "correlation", "correlation_std", "count")
    apart, mean, error, pairs = (correlations[name].values[used] for name in names)
    shell = _shells(apart, apart.min(initial=np.inf) / 4 if tolerance is None else tolerance)
    total = np.bincount(shell, pairs)
    averaged = [np.bincount(shell, pairs * values) / total for values in (apart, mean)]
    error = np.sqrt(np.bincount(shell, (pairs * error) ** 2)) / total
    text = str(correlations["correlation"].attrs["long_name"])
    unit = str(correlations["distance"].attrs["units"])
    p_value = 2 * norm.sf(np.abs(averaged[1]) * np.sqrt(total))
    return xr.Dataset(
        {
            "distance": quantity("shell", averaged[0], unit, "distance"),
            "correlation": quantity(
                "shell", averaged[1], "1", text, ancillary_variables="correlation_std"
            ),
            "correlation_std": quantity("shell", error, "1", f"standard error of {text}"),
            "count": quantity("shell", total.astype(int), "1", "number of pairs"),
            "p_value": quantity("shell", p_value, "1", "p-value of no correlation in this shell"),
        },
        attrs=correlations.attrs,
    )


def _whole(correlations: xr.Dataset, reach: tuple[int, int]) -> float:
    """Return the length up to which all offsets are there: that of the shortest at the edge."""
    a, b = (np.abs(correlations[f"offset_{n}"].values) for n in "ab")
    edge = (a == reach[0])[:, None] | (b == reach[1])
    return float(correlations["distance"].values[edge].min())


def _shells(distance: np.ndarray, tolerance: float) -> np.ndarray:
    """Number groups of distances, each no longer than the tolerance, from the shortest."""
    order = np.argsort(distance, kind="stable")
    number, first, count = np.zeros(distance.size, int), -np.inf, -1
    for i in order:
        if distance[i] > first + tolerance:
            first, count = distance[i], count + 1
        number[i] = count
    return number


def _with_distance(result: xr.Dataset, lattice: xr.Dataset) -> xr.Dataset:
    vectors = vectors_of(check_lattice(lattice))
    offsets = np.stack(np.meshgrid(result["offset_a"], result["offset_b"], indexing="ij"), axis=-1)
    unit = str(lattice["vectors"].attrs.get("units", "1"))
    apart = np.hypot(*np.moveaxis(offsets @ vectors, -1, 0))
    return result.assign(distance=quantity(("offset_a", "offset_b"), apart, unit, "distance"))
