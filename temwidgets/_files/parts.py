"""Columns taken apart into plain named lists of numbers or texts, and put together again."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from temwidgets.conventions import check_columns, flag_variable, make_columns, quantity
from temwidgets.conventions.elements import (
    SYMBOLS,
    by_sublattice,
    sublattice_elements,
    sublattice_names,
)

LABEL, NAME, ELEMENT = "column", "sublattice_name", "element"
_STD = "_std"


class Part(NamedTuple):
    """One list of a table: numbers (float, int or bool) or texts, one for each column."""

    name: str
    units: str
    values: np.ndarray


def parts_of(columns: xr.Dataset) -> list[Part]:
    """Take columns apart: label, y, x, names and elements if any, then all else over ``column``.

    A vector or a list of classes becomes one part each, called by the variable and the coordinate:
    displacement_y, displacement_x. What is not one number per column and coordinate is left out.
    """
    check_columns(columns)
    parts = [Part(LABEL, "", columns["column"].values)]
    parts += [_scalar(columns, "y"), _scalar(columns, "x")]
    for name, texts in ((NAME, sublattice_names(columns)), (ELEMENT, sublattice_elements(columns))):
        if any(texts):
            parts.append(Part(name, "", np.array(by_sublattice(columns, texts), object)))
    for key in columns.data_vars:
        variable = columns[key]
        numeric = variable.dtype.kind in "fiub" and "column" in variable.dims
        if numeric and variable.ndim == 1 and key not in ("y", "x"):
            parts.append(_scalar(columns, str(key)))
        elif numeric and variable.ndim == 2:
            parts += _split(str(key), variable)
    return parts


def _scalar(columns: xr.Dataset, name: str) -> Part:
    return Part(name, str(columns[name].attrs.get("units", "")), columns[name].values)


def _split(name: str, variable: xr.DataArray) -> list[Part]:
    (other,) = (dim for dim in variable.dims if dim != "column")
    values = variable.transpose("column", other).values
    units = str(variable.attrs.get("units", ""))
    base, end = (name[: -len(_STD)], _STD) if name.endswith(_STD) else (name, "")
    return [
        Part(f"{base}_{key}{end}", units, values[:, k])
        for k, key in enumerate(variable[other].values.tolist())
    ]


def put_together(parts: Sequence[Part], units: str) -> xr.Dataset:
    """Make columns of their parts; y and x must be among them, in `units`.

    Raises
    ------
    ValueError
        If labels repeat or are no whole numbers.
    """
    found = {part.name: part for part in parts}
    labels = found[LABEL].values if LABEL in found else None
    columns = make_columns(found["y"].values, found["x"].values, units=units, labels=labels)
    for name in ("y", "x"):
        columns[name].attrs |= _errors(name, found)
    numbers = [
        p for p in parts if p.values.dtype.kind in "fiub" and p.name not in columns.variables
    ]
    vectors = [name for name in _vectors(numbers) if name not in found]
    split = {f"{_base(v)}_{c}{_end(v)}" for v in vectors for c in "yx"}
    for part in numbers:
        if part.name not in split:
            columns[part.name] = _described(part, found, "column", part.values)
    for name in vectors:
        y, x = (found[f"{_base(name)}_{c}{_end(name)}"] for c in "yx")
        values = np.stack([y.values, x.values], axis=1).astype(float)
        known = {*found, *vectors}
        columns[name] = _described(y._replace(name=name), known, ("column", "component"), values)
    if vectors:
        columns = columns.assign_coords(component=["y", "x"])
    return _with_sublattices(columns, found)


def _described(part: Part, known: Container[str], dims: Any, values: np.ndarray) -> xr.Variable:
    if part.name == "flags":
        return flag_variable(values)
    name, end = _base(part.name), _end(part.name)
    text = ("standard error of " if end else "") + name.replace("_", " ")
    return quantity(dims, values, part.units or "1", text, **_errors(part.name, known))


def _errors(name: str, known: Container[str]) -> dict[str, str]:
    if _end(name) or f"{name}{_STD}" not in known:
        return {}
    return {"ancillary_variables": f"{name}{_STD}" + (" flags" if "flags" in known else "")}


def _vectors(parts: Sequence[Part]) -> list[str]:
    """Return the names of which both components, and no third meaning, are there."""
    names = [part.name for part in parts]
    pattern = re.compile(rf"^(.+)_y({_STD})?$")
    pairs = [match for name in names if (match := pattern.match(name))]
    return [f"{m[1]}{m[2] or ''}" for m in pairs if f"{m[1]}_x{m[2] or ''}" in names]


def _base(name: str) -> str:
    return name.removesuffix(_STD)


def _end(name: str) -> str:
    return _STD if name.endswith(_STD) else ""


def _with_sublattices(columns: xr.Dataset, found: dict[str, Part]) -> xr.Dataset:
    """Put names and elements in place; they alone make sublattices, in order of coming."""
    texts = {"names": found.get(NAME), "elements": found.get(ELEMENT)}
    given = {key: part.values.astype(str) for key, part in texts.items() if part is not None}
    if "sublattice" not in columns:
        if not given:
            return columns
        deciding = given.get("names", given.get("elements", np.zeros(0, str)))
        kinds = [kind for kind in dict.fromkeys(deciding.tolist()) if kind]
        numbers = [kinds.index(kind) if kind else -1 for kind in deciding.tolist()]
        columns["sublattice"] = quantity("column", np.array(numbers, int), "1", "sublattice")
    number = columns["sublattice"].values.astype(int)
    for key, values in given.items():
        listed = [_first(values[number == k]) for k in range(int(number.max(initial=-1)) + 1)]
        if key == "elements":
            listed = [text if text in SYMBOLS else "" for text in listed]
        if any(listed):
            columns["sublattice"].attrs[key] = listed
    return columns


def _first(values: np.ndarray) -> str:
    return str(values[0]) if values.size else ""
