"""Extended XYZ: a line for each column, with all that was measured; and plain XYZ of others."""

from __future__ import annotations

import shlex
from pathlib import Path

import numpy as np
import xarray as xr

from temwidgets._files.atoms import Atoms, atoms_of_columns, columns_of_atoms
from temwidgets._files.found import UnreadableError

_KINDS = {"f": "R", "i": "I", "u": "I", "b": "L"}
_PLAIN = "species:S:1:pos:R:3"


def write_xyz(path: Path, columns: xr.Dataset, lattice: xr.Dataset | None = None) -> None:
    """Write columns as one frame of extended XYZ."""
    atoms = atoms_of_columns(columns, lattice)
    kinds = [f"{name}:{_KINDS[v.dtype.kind]}:1" for name, v in atoms.arrays.items()]
    fields = [f"Properties={':'.join([_PLAIN, *kinds])}"]
    if atoms.cell is not None and atoms.corner is not None:
        fields.insert(0, f'Lattice="{_numbers(atoms.cell)}" Origin="{_numbers(atoms.corner)}"')
    units = "; ".join(f"{name}={unit}" for name, unit in atoms.units.items())
    fields += ['pbc="F F F"', f'units="{units}"']
    texts = [[_text(v) for v in values.tolist()] for values in atoms.arrays.values()]
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(f"{len(atoms.symbols)}\n{' '.join(fields)}\n")
        for symbol, place, *rest in zip(atoms.symbols, atoms.positions, *texts, strict=True):
            file.write(" ".join([symbol, _numbers(place), *rest]) + "\n")


def _numbers(values: np.ndarray) -> str:
    return " ".join(map(repr, values.ravel().tolist()))


def _text(value: float | int | bool) -> str:
    return ("T" if value else "F") if isinstance(value, bool) else repr(value)


def read_xyz(path: Path) -> xr.Dataset:
    """Read the first frame of an XYZ file as columns seen along z.

    Raises
    ------
    UnreadableError
        If it is no XYZ file.
    """
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    try:
        count = int(lines[0])
        fields = _fields(lines[1])
        rows = [line.split() for line in lines[2 : 2 + count]]
        if len(rows) != count:
            raise UnreadableError(
                f"{path.name} promises {count} atoms, but holds {len(rows)}. Copy it again."
            )
        return columns_of_atoms(_atoms(rows, fields))
    except UnreadableError:
        raise
    except (ValueError, IndexError) as error:
        raise UnreadableError(f"{path.name} is no XYZ file that can be read: {error}.") from None


def _fields(comment: str) -> dict[str, str]:
    if "Properties=" not in comment:
        return {}
    return dict(word.split("=", 1) for word in shlex.split(comment) if "=" in word)


def _atoms(rows: list[list[str]], fields: dict[str, str]) -> Atoms:
    words = fields.get("Properties", _PLAIN).split(":")
    table = np.array(rows, object).reshape(len(rows), -1)
    at, found = 0, {}
    for name, kind, width in zip(words[::3], words[1::3], map(int, words[2::3]), strict=True):
        found[name] = _as_kind(table[:, at : at + width], kind)
        at += width
    if found["pos"].shape[1] != 3:
        raise ValueError("each line needs an element and three coordinates")
    symbols = found.pop("species")[:, 0].tolist()
    units = dict(u.split("=", 1) for u in fields.get("units", "").split("; ") if "=" in u)
    arrays = {n: v[:, 0] for n, v in found.items() if n != "pos" and v.shape[1] == 1}
    return Atoms(symbols, found["pos"], arrays, units)


def _as_kind(texts: np.ndarray, kind: str) -> np.ndarray:
    if kind == "L":
        return np.isin(texts, ("T", "True", "1"))
    return texts.astype({"R": float, "I": np.int64}.get(kind, str))
