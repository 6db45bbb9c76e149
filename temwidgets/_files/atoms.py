"""Columns as a list of atoms: angstrom, y upwards, z = 0; and the way back."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import xarray as xr

from temwidgets._files.parts import ELEMENT, LABEL, NAME, Part, parts_of, put_together
from temwidgets.conventions import CALIBRATED, length_unit
from temwidgets.conventions.elements import (
    SYMBOLS,
    UNKNOWN_ELEMENT,
    by_sublattice,
    sublattice_elements,
)

LENGTH = "Angstrom"
PER_NM = 10.0
# a box of no thickness is no cell
THICKNESS = 10.0
# what turns its sign where y points up
_MIRRORED = {
    "theta",
    "displacement_direction",
    "rotation",
    "e_xy",
    "shape_yx",
    "yx_covariance",
}
_UNITS = (("nm²", f"{LENGTH}^2", PER_NM**2), ("nm", LENGTH, PER_NM))


class Atoms(NamedTuple):
    """Atoms as XYZ files and ASE know them; `arrays` by name, (n,) or (n, 3), `units` of each."""

    symbols: list[str]
    positions: np.ndarray
    arrays: dict[str, np.ndarray]
    units: dict[str, str]
    cell: np.ndarray | None = None
    corner: np.ndarray | None = None


def atoms_of_columns(columns: xr.Dataset, lattice: xr.Dataset | None = None) -> Atoms:
    """Take every column for an atom; the lattice, if any, gives the cell.

    Raises
    ------
    ValueError
        If columns or lattice are not in nm.
    """
    _check_calibrated(length_unit(columns), "columns")
    columns = columns.isel(
        column=np.isfinite(columns["y"].values) & np.isfinite(columns["x"].values)
    )
    found = {part.name: part for part in parts_of(columns)}
    y, x = found.pop("y").values, found.pop("x").values
    symbols = by_sublattice(columns, sublattice_elements(columns), UNKNOWN_ELEMENT)
    arrays, units = {"label": found.pop(LABEL).values}, {}
    for name, part in found.items():
        if name in (NAME, ELEMENT):
            continue
        sign = -1.0 if name in _MIRRORED or _is_along_y(part, found) else 1.0
        arrays[name], unit = _scaled(part, sign)
        if unit not in ("", "1"):
            units[name] = unit
    cell, corner = (None, None) if lattice is None else _box(lattice)
    return Atoms(symbols, upright(y, x), arrays, units, cell, corner)


def atoms_of_lattice(lattice: xr.Dataset) -> Atoms:
    """Take the motif sites of a lattice for the atoms of one cell, its corner at zero.

    Raises
    ------
    ValueError
        If the lattice is not in nm.
    """
    cell, _ = _box(lattice)
    names = [str(name) for name in lattice["site_name"].values]
    symbols = [name if name in SYMBOLS else UNKNOWN_ELEMENT for name in names]
    arrays = {"sublattice": lattice["site_sublattice"].values.astype(int)}
    return Atoms(symbols, lattice["site_position"].values @ cell[:2], arrays, {}, cell, np.zeros(3))


def columns_of_atoms(atoms: Atoms) -> xr.Dataset:
    """Make columns in nm of atoms seen along z; arrays without a unit are kept as they are."""
    x, y = atoms.positions[:, 0] / PER_NM, 0.0 - atoms.positions[:, 1] / PER_NM
    known = set(atoms.symbols) - {UNKNOWN_ELEMENT}
    parts = [Part("y", CALIBRATED, y), Part("x", CALIBRATED, x)]
    if known:
        texts = ["" if symbol == UNKNOWN_ELEMENT else symbol for symbol in atoms.symbols]
        parts.append(Part(ELEMENT, "", np.array(texts, object)))
    for name, values in atoms.arrays.items():
        if values.ndim == 1 and values.dtype.kind in "fiub" and name not in ("y", "x"):
            parts.append(_read_back(name, values, atoms))
    return put_together(parts, CALIBRATED)


def upright(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return points (n, 3) in angstrom, y upwards so that the picture is not mirrored."""
    # 0 - y and not -y: no minus zero
    return np.stack([PER_NM * x, 0.0 - PER_NM * y, np.zeros_like(x)], axis=-1)


def _box(lattice: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    vectors = lattice["vectors"].transpose("basis", "component").sel(component=["y", "x"])
    _check_calibrated(str(vectors.attrs.get("units", "")), "lattice")
    a, b = upright(*vectors.values.T.astype(float))
    origin = lattice["origin"].sel(component=["y", "x"]).values.astype(float)
    return np.stack([a, b, [0.0, 0.0, THICKNESS]]), upright(*origin)


def _check_calibrated(unit: str, what: str) -> None:
    if unit != CALIBRATED:
        raise ValueError(
            f"Atoms have positions in angstrom, but the {what} are in {unit}. Calibrate the image"
            " with temwidgets.calibrate(image, sampling), or save as .csv, which holds pixels."
        )


def _is_along_y(part: Part, found: dict[str, Part]) -> bool:
    base = part.name.removesuffix("_y")
    return base != part.name and f"{base}_x" in found


def _scaled(part: Part, sign: float) -> tuple[np.ndarray, str]:
    for unit, ours, factor in _UNITS:
        if unit in part.units.split():
            return sign * factor * part.values, part.units.replace(unit, ours)
    return (part.values if sign > 0 else 0.0 - part.values), part.units


def _read_back(name: str, values: np.ndarray, atoms: Atoms) -> Part:
    if name == "label":
        return Part(LABEL, "", values)
    along_y = name.endswith("_y") and f"{name.removesuffix('_y')}_x" in atoms.arrays
    if atoms.units and (name in _MIRRORED or along_y):
        values = 0.0 - values
    unit = atoms.units.get(name, "")
    for theirs, ours, factor in _UNITS:
        if ours in unit.split():
            return Part(name, unit.replace(ours, theirs), values / factor)
    return Part(name, unit, values)
