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
        two-sided, of no correlation at this one offset; ``distance`` (length unit) with a lattice.
        NaN where there is no pair. Offsets d and -d hold the same pairs.

    Raises
    ------
    TypeError, ValueError
        If columns are not numbered, the variable or site is missing, several sites have values and
        none is chosen, too few columns are left, all values are equal, or an option is wrong.

    Notes
    -----
    The standard error takes pairs for independent. Of many offsets some have small p-values by
    chance; `order_spectrum` accounts for its search. Where noise of the single columns adds to the
    variable, correlations at all offsets but zero are too small by the noise's share of the
    variance.
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


def _with_distance(result: xr.Dataset, lattice: xr.Dataset) -> xr.Dataset:
    vectors = vectors_of(check_lattice(lattice))
    offsets = np.stack(np.meshgrid(result["offset_a"], result["offset_b"], indexing="ij"), axis=-1)
    unit = str(lattice["vectors"].attrs.get("units", "1"))
    apart = np.hypot(*np.moveaxis(offsets @ vectors, -1, 0))
    return result.assign(distance=quantity(("offset_a", "offset_b"), apart, unit, "distance"))
