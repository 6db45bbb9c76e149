"""Which variables of columns can be plotted, and how to call them."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import xarray as xr

from temwidgets.analysis.shown_units import in_shown_unit, shown_unit
from temwidgets.analysis.variables import numeric_variable, numeric_variables
from temwidgets.conventions import quantity

PREFERRED = ("intensity", "amplitude", "height", "probability", "score")
_DIMENSIONLESS = ("", "1")
_UNDERSCORE = re.compile(r"(?<!\b\w)_")
"""Between words; that of a subscript such as e_xx stays."""


def numeric(columns: xr.Dataset | None) -> list[str]:
    """List what is one number for each column, parts of vectors included, errors last.

    A score that is the probability is left out, for it would be there twice.
    """
    if columns is None:
        return []
    twice = _scored_by_probability(columns)
    names = [info.name for info in numeric_variables(columns)]
    return [name for name in names if not (twice and name == "score")]


def _scored_by_probability(columns: xr.Dataset) -> bool:
    """Whether the score is the probability of a network: then that name says more."""
    if not {"score", "probability"} <= set(columns):
        return False
    return np.array_equal(columns["score"], columns["probability"], equal_nan=True)


def check_variable(source: Any, *names: str) -> None:
    """Check that bare columns have variables with one number for each column.

    Raises
    ------
    ValueError
        If they do not; a workspace may get them later.
    """
    known = numeric(source) if isinstance(source, xr.Dataset) else names
    for name in names:
        if name not in known:
            raise ValueError(
                f"The columns have no variable {name!r} with one number for each column; they have"
                f" {', '.join(known)}."
            )


def column_variable(columns: xr.Dataset, name: str) -> xr.DataArray:
    """Return a variable of columns as it is shown: strains in %; "displacement_y" is one too."""
    if name in columns:
        return in_shown_unit(columns[[name]], name, name)[name]
    info = next(info for info in numeric_variables(columns) if info.name == name)
    values = numeric_variable(columns, name)
    part = quantity("column", values, info.units, info.long_name)
    return xr.DataArray(part, coords={"column": columns["column"]}, name=name)


def categories(columns: xr.Dataset | None) -> list[str]:
    """List the variables of whole numbers that take few values, such as sublattice."""
    return [
        name
        for name in numeric(columns)
        if columns is not None
        and name in columns
        and columns[name].dtype.kind in "iub"
        and np.unique(columns[name].values).size <= 20
    ]


def sublattices(columns: xr.Dataset | None) -> list[tuple[str, int]]:
    """Return name and number of each sublattice, for a menu."""
    if columns is None or "sublattice" not in columns:
        return []
    names = columns["sublattice"].attrs.get("names")
    called = [] if names is None else [str(name) for name in np.atleast_1d(names)]
    numbers = [int(n) for n in np.unique(columns["sublattice"].values) if n >= 0]
    return [(called[n] if n < len(called) else f"sublattice {n}", n) for n in numbers]


def choose(columns: xr.Dataset | None, wanted: str) -> str | None:
    """Return `wanted`, or what stands in for it while the columns do not have it."""
    names = numeric(columns)
    places = [name for name in names if name not in ("y", "x")] or names
    return next((n for n in (wanted, *PREFERRED, *places) if n in names), None)


def unit(columns: xr.Dataset, name: str) -> str:
    """Return the unit of a variable; "" for a plain number."""
    units = str(column_variable(columns, name).attrs.get("units", ""))
    return "" if units in _DIMENSIONLESS else units.replace("^2", "²")


def rule_unit(columns: xr.Dataset, name: str) -> str:
    """Return what stands behind a number in a rule of selection: its unit, if it is not its own."""
    units, _, factor = shown_unit(columns, name)
    return f" {units}" if factor != 1 else ""


def title(columns: xr.Dataset, name: str) -> str:
    """Return long name and unit, e.g. "Integrated intensity (counts nm²)"."""
    text = _UNDERSCORE.sub(" ", str(column_variable(columns, name).attrs.get("long_name") or name))
    units = unit(columns, name)
    if text[1:2] not in (" ", "_"):
        text = text[:1].upper() + text[1:]
    return text + (f" ({units})" if units else "")


def short_title(columns: xr.Dataset, name: str, room: int = 36) -> str:
    """Return the title, or name and unit where the title is too long for an upright axis."""
    text, units = title(columns, name), unit(columns, name)
    if len(text) <= room:
        return text
    text = _UNDERSCORE.sub(" ", name)
    return text[:1].upper() + text[1:] + (f" ({units})" if units else "")


def choices(columns: xr.Dataset | None, names: list[str]) -> list[tuple[str, str]]:
    """Return the entries of a dropdown; equal titles are told apart by the variable's name."""
    if columns is None:
        return []
    titles = [title(columns, name) for name in names]
    return [
        (f"{text} [{name}]" if titles.count(text) > 1 else text, name)
        for text, name in zip(titles, names, strict=True)
    ]


def spread(values: np.ndarray, units: str) -> str:
    """Say "n = 120, 5.02 ± 0.31 counts" of the finite values (mean ± standard deviation)."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return f"n = {values.size:,}, no value"
    mean = float(finite.mean())
    text = f"{mean:.5g}" if finite.size == 1 else measured(mean, float(finite.std(ddof=1)))
    return f"n = {finite.size:,}, {text} {units}".rstrip()


def measured(value: float, deviation: float) -> str:
    """Write value ± deviation, the deviation to two figures and the value as far."""
    if not (np.isfinite(deviation) and deviation > 0):
        return f"{value:.5g} ± {deviation:.2g}"
    digits = 1 - int(np.floor(np.log10(deviation)))
    if not -5 <= digits <= 6:
        return f"{value:.5g} ± {deviation:.2g}"
    return f"{value:,.{max(digits, 0)}f} ± {deviation:,.{max(digits, 0)}f}"


def significant(value: float, digits: int = 6) -> float:
    """Round to so many figures, for fields that people read."""
    return float(f"{value:.{digits}g}")


def readable(low: float, high: float) -> tuple[float, float]:
    """Round the ends of a range to a hundred-thousandth of its length."""
    length = high - low
    if not (np.isfinite(length) and length > 0):
        return significant(low), significant(high)
    digits = 5 - int(np.floor(np.log10(length)))
    return round(low, digits) + 0.0, round(high, digits) + 0.0
