"""Rows of a column table: sorting, words for flags, numbers people can read."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from temwidgets.conventions import Flag
from temwidgets.widgets.views._variables import column_variable, numeric, unit

LABEL = "column"


def shown_variables(columns: xr.Dataset, wanted: tuple[str, ...] | None) -> list[str]:
    """Return the variables of the table: those wanted, or all; flags come last."""
    names = [*numeric(columns), *(["flags"] if "flags" in columns else [])]
    return names if wanted is None else [name for name in wanted if name in names]


def flag_words(flags: np.ndarray) -> np.ndarray:
    """Turn flag values into words, e.g. "cut by edge, overlap"; "" when none is set."""
    kinds, places = np.unique(flags, return_inverse=True)
    words = [
        ", ".join(str(f.name).replace("_", " ") for f in Flag if int(kind) & f) for kind in kinds
    ]
    return np.array(words, dtype=object)[places.reshape(flags.shape)]


def sort_order(columns: xr.Dataset, by: str, descending: bool) -> np.ndarray:
    """Return row numbers in order; NaN comes last either way, equal values in label order."""
    known = by in shown_variables(columns, None)
    keys = column_variable(columns, by).values if known else columns[LABEL].values
    missing = np.isnan(keys) if keys.dtype.kind == "f" else np.zeros(keys.size, bool)
    keys = flag_words(keys) if by == "flags" else keys
    keys = np.unique(keys.astype(str) if keys.dtype == object else keys, return_inverse=True)[1]
    return np.lexsort((columns[LABEL].values, -keys if descending else keys, missing))


def frame(columns: xr.Dataset, names: list[str], *, digits: int | None) -> pd.DataFrame:
    """Make a data frame with units in its headings, rounded to so many figures."""
    data = {}
    for name in names:
        values = column_variable(columns, name).values
        if name == "flags":
            values = flag_words(values)
        elif digits is not None and values.dtype.kind == "f":
            values = rounded(values, digits)
        data[heading(columns, name)] = values
    return pd.DataFrame(data, index=pd.Index(columns[LABEL].values, name=LABEL))


def heading(columns: xr.Dataset, name: str) -> str:
    """Return the name of a variable with its unit."""
    units = unit(columns, name)
    return f"{name} ({units})" if units else name


def rounded(values: np.ndarray, digits: int) -> np.ndarray:
    """Round numbers to so many figures."""
    values = values.astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.floor(np.log10(np.abs(values)))
    power = 10.0 ** (digits - 1 - np.where(np.isfinite(size), size, 0))
    return np.round(values * power) / power
