"""Lattice planes of a crystal from a CIF file, through gemmi (the extra `cif`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

_FAINTEST = 1e-3
"""Of the strongest |F|²: what is fainter is absent, by screw axes, glide planes or the motif."""
_MOST_PLANES = 20_000


class Planes(NamedTuple):
    """Planes of a crystal, all signs and permutations; lengths in angstrom."""

    hkl: np.ndarray  # (plane, 3)
    reciprocal: np.ndarray  # (plane, 3) 1/angstrom, Cartesian
    intensity: np.ndarray  # (plane,) kinematical |F|², strongest 1


def read_planes(path: Path, d_min: float) -> Planes:
    """Read a CIF file and list the planes with d >= d_min (angstrom) that diffract electrons.

    Raises
    ------
    ImportError
        If gemmi is not installed.
    ValueError
        If the file holds no crystal structure.
    """
    structure = _structure(path)
    cell, group = structure.cell, structure.spacegroup
    if 4.2 * cell.volume / d_min**3 > _MOST_PLANES:
        raise ValueError(
            f"{path.name} has a cell of {cell.volume:.0f} Å³ with more than {_MOST_PLANES} planes"
            f" down to {d_min / 10:.3g} nm. Give a larger d_min."
        )
    import gemmi

    unique = gemmi.make_miller_array(cell, group, d_min)
    calculator = gemmi.StructureFactorCalculatorE(cell)
    power = np.array(
        [abs(calculator.calculate_sf_from_small_structure(structure, h.tolist())) ** 2
         for h in unique]
    )  # fmt: skip
    kept = power > _FAINTEST * power.max(initial=0)
    found: dict[tuple[int, ...], float] = {}
    for h, strength in zip(unique[kept].tolist(), power[kept] / power.max(initial=1), strict=True):
        for operation in group.operations().sym_ops:
            mate = operation.apply_to_hkl(h)
            found[tuple(mate)] = found[tuple(-n for n in mate)] = float(strength)
    hkl = np.array(list(found), int).reshape(-1, 3)
    fractional = np.array(cell.frac.mat.tolist())
    return Planes(hkl, hkl @ fractional, np.array(list(found.values())))


def _structure(path: Path) -> Any:
    try:
        import gemmi
    except ImportError:
        raise ImportError(
            "CIF files are read through gemmi, which is not installed: pip install"
            ' "temwidgets[cif]". A list of d-spacings needs nothing further.'
        ) from None
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {str(path)!r}.")
    try:
        structure = gemmi.read_small_structure(str(path))
    except (ValueError, RuntimeError) as error:
        raise ValueError(f"{path.name} is no CIF file that gemmi can read: {error}") from None
    if not structure.sites or structure.cell.volume <= 1.0:
        raise ValueError(f"{path.name} holds no crystal structure: no cell, or no atom in it.")
    if structure.spacegroup is None:
        raise ValueError(f"{path.name} names no space group that is known.")
    return structure
