"""Atoms for ASE, an optional extra."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from temwidgets._files.atoms import Atoms

if TYPE_CHECKING:
    import ase


def as_ase(atoms: Atoms, *, periodic: bool) -> ase.Atoms:
    """Make ``ase.Atoms``, periodic along a and b or not at all.

    Raises
    ------
    ImportError
        If ASE is not installed.
    """
    try:
        import ase
    except ImportError:
        raise ImportError(
            "This needs ASE, an optional part of temwidgets. Install it with:"
            ' pip install "temwidgets[ase]"'
        ) from None
    info: dict[str, Any] = {"units": dict(atoms.units)}
    if atoms.corner is not None:
        info["Origin"] = atoms.corner
    result = ase.Atoms(
        atoms.symbols,
        positions=atoms.positions,
        cell=atoms.cell,
        pbc=(periodic, periodic, False),
        info=info,
    )
    for name, values in atoms.arrays.items():
        result.set_array(name, values)
    return result
