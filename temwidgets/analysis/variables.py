"""Read a column variable as numbers, with the checks that all statistics share."""

from __future__ import annotations

import numpy as np
import xarray as xr

from temwidgets.conventions import check_columns


def numeric_variable(columns: xr.Dataset, variable: str) -> np.ndarray:
    """Return a one-dimensional column variable as floats, infinite values as NaN.

    Raises
    ------
    ValueError
        If the columns have no such variable, or it is not one number per column.
    """
    check_columns(columns, needs=(variable,))
    if columns[variable].dims != ("column",) or columns[variable].dtype.kind not in "fiub":
        raise ValueError(
            f"{variable!r} is not one number per column (dims {columns[variable].dims}, dtype"
            f" {columns[variable].dtype}). Choose another variable."
        )
    values = columns[variable].values.astype(float)
    return np.where(np.isfinite(values), values, np.nan)


def finite_values(columns: xr.Dataset, variable: str, sublattice: int | None = None) -> np.ndarray:
    """Return the finite values of a variable, of all columns or of one sublattice.

    Raises
    ------
    ValueError
        As `numeric_variable`, or if the sublattice does not exist.
    """
    values = numeric_variable(columns, variable)
    if sublattice is not None:
        check_columns(columns, needs=("sublattice",))
        members = columns["sublattice"].values == sublattice
        if not members.any():
            existing = sorted(set(columns["sublattice"].values.tolist()))
            raise ValueError(f"There is no sublattice {sublattice}; there are {existing}.")
        values = values[members]
    return values[np.isfinite(values)]


def sublattice_numbers(columns: xr.Dataset) -> np.ndarray:
    """Return every column's sublattice, (column,); 0 for all when none has been assigned."""
    if "sublattice" in columns:
        return columns["sublattice"].values.astype(int)
    return np.zeros(columns.sizes["column"], int)
