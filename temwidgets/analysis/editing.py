"""Change columns by hand: add, move, delete, assign to a sublattice.

Pure functions that return new columns. A label is never given twice: new columns take theirs from
``attrs["next_label"]``, and deleting a column does not give its label back.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from temwidgets.conventions import Flag, check_columns, flag_variable, quantity

UNASSIGNED = -1
"""Sublattice of a column that has not been assigned to one."""


def add_columns(columns: xr.Dataset, y: Any, x: Any) -> xr.Dataset:
    """Append columns at the positions `y`, `x`.

    Parameters
    ----------
    columns : Dataset, dim column
        Columns to start from; not changed.
    y, x : float or array_like, (new,)
        Positions in the length unit of `columns`.

    Returns
    -------
    Dataset
        The old columns followed by the new ones. These carry labels from
        ``attrs["next_label"]`` on, ``Flag.edited``, NaN in every other real variable and -1 in
        every other integer one (such as ``sublattice``).

    Raises
    ------
    ValueError
        If `y` and `x` differ in length or are not finite.
    """
    columns = _with_flags(check_columns(columns))
    y, x = _positions(y, x)
    first = next_label(columns)
    new = np.arange(first, first + y.size)
    labels = np.concatenate([columns["column"].values.astype(np.int64), new])
    column_attrs = dict(columns["column"].attrs)
    fill = {str(name): _filler(v) for name, v in columns.data_vars.items() if "column" in v.dims}
    grown = columns.reindex(column=labels, fill_value=fill).copy(deep=True)
    grown["column"].attrs.update(column_attrs)
    grown["flags"].loc[{"column": new}] = int(Flag.edited)
    grown.attrs["next_label"] = first + y.size
    return _place(grown, new, y, x)


def move_columns(columns: xr.Dataset, labels: Any, y: Any, x: Any) -> xr.Dataset:
    """Move the columns called `labels` to the positions `y`, `x`.

    Parameters
    ----------
    columns : Dataset, dim column
        Columns to start from; not changed.
    labels : int or array_like of int, (moved,)
        Labels of the columns to move.
    y, x : float or array_like, (moved,)
        New positions in the length unit of `columns`.

    Returns
    -------
    Dataset
        The same labels in the same order. What was measured at the old place (every real
        variable but y and x) is NaN for the moved columns and their flags are ``Flag.edited``.

    Raises
    ------
    ValueError
        If a label is unknown or repeats, or `labels`, `y` and `x` differ in length.
    """
    columns = _with_flags(check_columns(columns)).copy(deep=True)
    labels = check_labels(columns, labels)
    y, x = _positions(y, x)
    if y.size != labels.size:
        raise ValueError(
            f"{labels.size} labels but {y.size} positions came; give one position for each label."
        )
    for name, variable in columns.data_vars.items():
        if variable.dtype.kind == "f" and "column" in variable.dims:
            columns[name].loc[{"column": labels}] = np.nan
    columns["flags"].loc[{"column": labels}] = int(Flag.edited)
    return _place(columns, labels, y, x)


def delete_columns(columns: xr.Dataset, labels: Any) -> xr.Dataset:
    """Return `columns` without those called `labels`, whose labels are not used again.

    Parameters
    ----------
    columns : Dataset, dim column
        Columns to start from; not changed.
    labels : int or array_like of int
        Labels of the columns to leave out.

    Returns
    -------
    Dataset
        The other columns, with their labels and values.

    Raises
    ------
    ValueError
        If a label is unknown or repeats.
    """
    columns = check_columns(columns)
    kept = columns.drop_sel(column=check_labels(columns, labels))
    return kept.assign_attrs(next_label=next_label(columns))


def set_sublattice(columns: xr.Dataset, labels: Any, sublattice: int) -> xr.Dataset:
    """Assign the columns called `labels` to the sublattice number `sublattice`.

    Parameters
    ----------
    columns : Dataset, dim column
        Columns to start from; not changed. Without a variable ``sublattice`` all others are
        left unassigned (-1).
    labels : int or array_like of int
        Labels of the columns to assign.
    sublattice : int
        0, 1, 2, ...; -1 takes the assignment back.

    Returns
    -------
    Dataset
        With the integer variable ``sublattice``; its names and elements are kept.

    Raises
    ------
    ValueError
        If a label is unknown or repeats, or `sublattice` is not a whole number from -1 on.
    """
    columns = check_columns(columns)
    labels = check_labels(columns, labels)
    if int(sublattice) != sublattice or sublattice < UNASSIGNED:
        raise ValueError(
            f"A sublattice is a whole number 0, 1, 2, ... (or -1 for none), not {sublattice!r}."
        )
    values = np.full(columns.sizes["column"], UNASSIGNED, np.int64)
    attrs: dict[str, Any] = {}
    if "sublattice" in columns:
        values, attrs = columns["sublattice"].values.astype(np.int64), columns["sublattice"].attrs
    values[np.isin(columns["column"].values, labels)] = int(sublattice)
    variable = quantity("column", values, "1", "sublattice")
    variable.attrs.update(attrs)
    return columns.assign(sublattice=variable)


def next_label(columns: xr.Dataset) -> int:
    """Return the label of the next new column; never one that a column here carries."""
    labels = columns["column"].values
    above = int(labels.max()) + 1 if labels.size else 0
    return max(above, int(columns.attrs.get("next_label", 0)))


def check_labels(columns: xr.Dataset, labels: Any) -> np.ndarray:
    """Check that `labels` are labels of `columns`, each once, and return them as int64.

    Raises
    ------
    ValueError
        If a label is unknown or repeats.
    """
    wanted = np.atleast_1d(np.asarray(labels))
    if wanted.size == 0:
        return wanted.astype(np.int64)
    unknown = wanted[~np.isin(wanted, columns["column"].values)]
    if unknown.size:
        shown = ", ".join(map(str, unknown[:5])) + (", ..." if unknown.size > 5 else "")
        raise ValueError(
            f"No column is called {shown}. The labels are the values of columns['column']"
            " (not positions in the list)."
        )
    if np.unique(wanted).size < wanted.size:
        raise ValueError("A label came twice; name each column once.")
    return wanted.astype(np.int64)


def _positions(y: Any, x: Any) -> tuple[np.ndarray, np.ndarray]:
    y, x = np.atleast_1d(np.asarray(y, float)), np.atleast_1d(np.asarray(x, float))
    if y.shape != x.shape or y.ndim != 1:
        raise ValueError(
            f"y and x must be equally long lists, but shapes {y.shape} and {x.shape} came."
        )
    if not (np.isfinite(y).all() and np.isfinite(x).all()):
        raise ValueError("Positions must be finite numbers, but y or x holds NaN or infinity.")
    return y, x


def _with_flags(columns: xr.Dataset) -> xr.Dataset:
    if "flags" in columns:
        return columns
    return columns.assign(flags=flag_variable(np.zeros(columns.sizes["column"], np.int32)))


def _filler(variable: xr.DataArray) -> Any:
    fillers = {"f": np.nan, "c": np.nan, "b": False, "U": "", "O": None}
    return fillers.get(variable.dtype.kind, UNASSIGNED)


def _place(columns: xr.Dataset, labels: np.ndarray, y: np.ndarray, x: np.ndarray) -> xr.Dataset:
    columns["y"].loc[{"column": labels}] = y
    columns["x"].loc[{"column": labels}] = x
    return columns
