"""Names and chemical elements of sublattices, as ``columns["sublattice"].attrs`` keep them."""

from __future__ import annotations

import numpy as np
import xarray as xr

UNKNOWN_ELEMENT = "X"
_SYMBOLS = (
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se"
    " Br Kr Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb"
    " Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm"
    " Bk Cf Es Fm Md No Lr Rf Db Sg Bh Hs Mt Ds Rg Cn Nh Fl Mc Lv Ts Og"
)
SYMBOLS = tuple(_SYMBOLS.split())


def sublattice_names(columns: xr.Dataset) -> list[str]:
    """Return the names by sublattice number, "" where one has none; empty when none is named."""
    return _listed(columns, "names")


def sublattice_elements(columns: xr.Dataset) -> list[str]:
    """Return the elements by sublattice number, "" where one is not known.

    A sublattice without an element of its own has that of its name, when this is a chemical symbol.
    """
    given, names = _listed(columns, "elements"), sublattice_names(columns)
    size = max(len(given), len(names))
    given += [""] * (size - len(given))
    names += [""] * (size - len(names))
    return [
        element or (name if name in SYMBOLS else "")
        for element, name in zip(given, names, strict=True)
    ]


def by_sublattice(columns: xr.Dataset, texts: list[str], default: str = "") -> list[str]:
    """Return the text of every column's sublattice, `default` where there is none."""
    if "sublattice" not in columns:
        return [default] * columns.sizes["column"]
    return [
        (texts[k] if 0 <= k < len(texts) else "") or default
        for k in columns["sublattice"].values.astype(int).tolist()
    ]


def _listed(columns: xr.Dataset, name: str) -> list[str]:
    given = columns["sublattice"].attrs.get(name) if "sublattice" in columns else None
    return [] if given is None else [str(text) for text in np.atleast_1d(given)]
