"""One line about what a recipe found in an image, and the table of all of them."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from temwidgets.analysis.cell_parameters import cell_parameters
from temwidgets.conventions import length_unit

Row = dict[str, Any]

_OF_COLUMNS = ("intensity", "amplitude", "sigma_major", "sigma_minor", "background")
_OF_STRAIN = ("e_xx", "e_yy", "e_xy", "rotation")
NUMBERS = (
    *("n_columns", "n_flagged", "separation", "reduced_chi2", "a", "b", "angle"),
    *(f"{name}_median" for name in (*_OF_COLUMNS, "displacement", *_OF_STRAIN)),
    *("n_reflections", "n_domains", "seconds"),
)
FIELDS = ("file", "frame", "status", "units", *NUMBERS, "notes", "error")


def describe_products(products: Mapping[str, Any], image: xr.DataArray) -> Row:
    """Return the numbers of a row; what a recipe does not make is left out."""
    row: Row = {"units": length_unit(image)}
    columns, lattice = products.get("columns"), products.get("lattice")
    if isinstance(columns, xr.Dataset):
        row |= _of_columns(columns)
    if isinstance(lattice, xr.Dataset):
        cell = cell_parameters(lattice)
        row |= {name: float(cell[name]) for name in ("a", "b", "angle")}
    strain = products.get("strain")
    if isinstance(strain, xr.Dataset):
        row |= {f"{n}_median": _median(strain[n]) for n in _OF_STRAIN if n in strain}
    for product, dim in (("reflections", "reflection"), ("domains", "domain")):
        if isinstance(products.get(product), xr.Dataset):
            row[f"n_{dim}s"] = products[product].sizes.get(dim, 0)
    return row


def _of_columns(columns: xr.Dataset) -> Row:
    row: Row = {"n_columns": columns.sizes["column"]}
    if "flags" in columns:
        row["n_flagged"] = int((columns["flags"] != 0).sum())
    for name in ("separation", "reduced_chi2"):
        if name in columns.attrs:
            row[name] = float(columns.attrs[name])
    for name in _OF_COLUMNS:
        if name in columns:
            row[f"{name}_median"] = _median(columns[name])
    if "displacement" in columns:
        row["displacement_median"] = _median(np.hypot(*columns["displacement"].values.T))
    return row


def _median(values: Any) -> float:
    numbers = np.asarray(values, float)
    numbers = numbers[np.isfinite(numbers)]
    return float(np.median(numbers)) if numbers.size else float("nan")


def write_summary(path: Path, rows: Sequence[Row]) -> None:
    """Write the rows as CSV; a field that is not known is empty."""
    part = path.with_name(f".{path.name}.part")
    with part.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, FIELDS, restval="")
        table.writeheader()
        table.writerows({name: _field(value) for name, value in row.items()} for row in rows)
    os.replace(part, path)


def _field(value: Any) -> Any:
    if isinstance(value, float):
        return "" if np.isnan(value) else repr(value)
    return "" if value is None else value


def as_table(rows: Sequence[Row]) -> xr.Dataset:
    """Return the rows as a Dataset over ``image``; numbers that are not known are NaN."""
    texts = ("file", "status", "units", "notes", "error")
    table = xr.Dataset({
        name: ("image", np.array([str(row.get(name) or "") for row in rows], object))
        for name in texts
    })  # fmt: skip
    for name in ("frame", *NUMBERS):
        values = [row.get(name) for row in rows]
        numbers = [np.nan if value is None else float(value) for value in values]
        table[name] = ("image", np.array(numbers, float), {"long_name": name.replace("_", " ")})
    return table.assign_coords(image=np.arange(len(rows)))
