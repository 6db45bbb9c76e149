"""Units in which people read quantities: strains are stored as plain numbers and shown in %."""

from __future__ import annotations

import xarray as xr

from temwidgets.analysis.variables import STRAINS, numeric_variable, variable_info

_PERCENT = 100.0
_DERIVED = ("_std", "_modulation")


def percent_factor(variable: str, units: str) -> float:
    """Return what values of a variable are multiplied with to be shown: 100 for strains, else 1.

    Parameters
    ----------
    variable : str
        Name of a column variable; standard errors and waves of strains are strains too.
    units : str
        Its unit; a rotation in degrees stays what it is.
    """
    for end in _DERIVED:
        variable = variable.removesuffix(end)
    return _PERCENT if variable in STRAINS and units in ("", "1") else 1.0


def shown_unit(columns: xr.Dataset, variable: str) -> tuple[str, str, float]:
    """Return unit, long name and factor in which a column variable is shown: strains in %.

    Raises
    ------
    ValueError
        If the columns have no such variable.
    """
    numeric_variable(columns, variable)
    _, units, text = variable_info(columns, variable)
    factor = percent_factor(variable, units)
    return ("%" if factor != 1 else units), text, factor


def in_shown_unit(table: xr.Dataset, variable: str, *names: str) -> xr.Dataset:
    """Return a table about a column variable with its values in the unit that is shown.

    Parameters
    ----------
    table : Dataset
        Result of an analysis of `variable`, in the variable's own unit.
    variable : str
        The column variable.
    *names : str
        What of the table has the unit of the variable; names it does not have are passed over.

    Returns
    -------
    Dataset
        The same, strains in %.
    """
    made = {}
    for name in names:
        if name not in table:
            continue
        factor = percent_factor(variable, str(table[name].attrs.get("units", "1")))
        if factor != 1:
            made[name] = (factor * table[name]).assign_attrs({**table[name].attrs, "units": "%"})
    return table.assign(made)
