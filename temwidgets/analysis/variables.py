"""Read a column variable as numbers, with the checks that all statistics share."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import xarray as xr

from temwidgets.conventions import check_columns

STRAINS = ("e_xx", "e_yy", "e_xy", "rotation", "dilatation")


class VariableInfo(NamedTuple):
    """What a menu or an axis says about a variable."""

    name: str
    units: str
    long_name: str


def numeric_variable(columns: xr.Dataset, variable: str) -> np.ndarray:
    """Return a one-dimensional column variable as floats, infinite values as NaN.

    A vector's component has the vector's name with the component's: "displacement_y",
    "displacement_x", and "displacement_y_std" of its standard error.

    Raises
    ------
    ValueError
        If the columns have no such variable, or it is not one number per column.
    """
    check_columns(columns, needs=())
    part = None if variable in columns else _component(columns, variable)
    if part is None:
        part = check_columns(columns, needs=(variable,))[variable]
    if part.dims != ("column",) or part.dtype.kind not in "fiub":
        raise ValueError(
            f"{variable!r} is not one number per column (dims {part.dims}, dtype"
            f" {part.dtype}). Choose another variable."
        )
    values = part.values.astype(float)
    return np.where(np.isfinite(values), values, np.nan)


def numeric_variables(columns: xr.Dataset, *, errors: bool = True) -> tuple[VariableInfo, ...]:
    """List everything that is one number per column, components of vectors included.

    Parameters
    ----------
    columns : Dataset, (column,)
        Any columns.
    errors : bool
        Whether to list standard errors too; they come last.

    Returns
    -------
    tuple of VariableInfo
        Name (for `numeric_variable`), units and long name of each. Flags are not listed.
    """
    check_columns(columns, needs=())
    found: dict[str, xr.DataArray] = {}
    for name, variable in columns.data_vars.items():
        for key in _names(str(name), variable):
            part = variable if key == name else _component(columns, key)
            if part is not None and part.dtype.kind in "fiub" and "flag_masks" not in part.attrs:
                found[key] = part
    order = sorted(found, key=lambda key: key.endswith("_std"))
    return tuple(
        VariableInfo(
            key,
            str(found[key].attrs.get("units", "")),
            str(found[key].attrs.get("long_name", "") or key.replace("_", " ")),
        )
        for key in order
        if errors or not key.endswith("_std")
    )


def variable_info(columns: xr.Dataset, variable: str) -> VariableInfo:
    """Return units and long name of a variable that `numeric_variable` reads."""
    part = columns[variable] if variable in columns else _component(columns, variable)
    attrs = {} if part is None else part.attrs
    text = str(attrs.get("long_name", "") or variable.replace("_", " "))
    return VariableInfo(variable, str(attrs.get("units", "1")), text)


def _names(name: str, variable: xr.DataArray) -> list[str]:
    if set(variable.dims) == {"column", "component"} and "component" in variable.coords:
        base, end = (name[:-4], "_std") if name.endswith("_std") else (name, "")
        return [f"{base}_{part}{end}" for part in variable["component"].values]
    return [name] if variable.dims == ("column",) else []


def _component(columns: xr.Dataset, variable: str) -> xr.DataArray | None:
    """Return a component of a vector with its own long name; None where there is none."""
    base, end = (variable[:-4], "_std") if variable.endswith("_std") else (variable, "")
    vector, _, part = base.rpartition("_")
    name = vector + end
    if name not in columns:
        return None
    whole = columns[name]
    if variable not in _names(name, whole):
        return None
    chosen = whole.sel(component=part, drop=True)
    text = str(whole.attrs.get("long_name", "") or vector.replace("_", " "))
    return chosen.assign_attrs({**whole.attrs, "long_name": f"{text}, {part}"})


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
