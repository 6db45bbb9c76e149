"""Group reflections: rings of equal spacing, lattices of one crystal, orders of one row."""

from __future__ import annotations

import numpy as np
import xarray as xr

from temwidgets.analysis.fourier.reflection_data import check_reflections
from temwidgets.conventions import quantity
from temwidgets.kernels.fourier import lattices as kernel

_WIDEST = 0.2
_SURE = 3.0  # standard errors
_PART = 0.85  # coverage below which a reflection does not come from all of the region


def group_reflections(
    reflections: xr.Dataset,
    *,
    tolerance: float = 0.02,
    lattice_tolerance: float = 0.006,
) -> xr.Dataset:
    """Sort reflections into rings of equal spacing and into crystals.

    Parameters
    ----------
    reflections : Dataset, (reflection,)
        From `find_reflections`, which has done this with its defaults already, or
        `make_reflections`.
    tolerance : float
        Spacings in a ring differ by less than this part.
    lattice_tolerance : float
        A reflection belongs to a lattice when it is nearer to one of its nodes than this part of
        its length (a distorted scan), three standard errors and its ``broadening`` together.

    Returns
    -------
    Dataset, (reflection,)
        With integers ``family`` (ring, 0 the innermost) and ``lattice`` (crystal, 0 the strongest;
        -1 for a single reflection of the whole region, which may be of any);
        ``lattice_index`` (reflection, basis) in its basis; and ``harmonic``: 1 for the lowest order
        of a row of its lattice, 2, 3, ... for its multiples also where the lowest was not found, 0
        where nothing tells. ``lattice_basis`` (crystal, basis, component), NaN where only one row
        of a crystal is known.

    Raises
    ------
    TypeError, ValueError
        If they are no reflections, or a tolerance is out of range.

    Notes
    -----
    Two crystals with the same spacings stay apart, for no lattice holds both. Lattices need three
    reflections or more that fit better than chance; what is left over is sorted into rows of
    multiples. Where reflections carry ``footprint`` (from `find_reflections`), those of one lattice
    must come from the same part of the image, and two rows from one place are one crystal.
    """
    check_reflections(reflections)
    for name, value in (("tolerance", tolerance), ("lattice_tolerance", lattice_tolerance)):
        if not 0 < value <= _WIDEST:
            raise ValueError(
                f"{name} is a part of the length, above 0 and at most {_WIDEST}, but {value} came."
            )
    g = reflections["g"].values
    length = np.hypot(*g.T)
    miss = np.hypot(lattice_tolerance * length, _SURE * _error(reflections))
    miss = np.hypot(miss, _known(reflections, "broadening", 0.0))
    found = kernel.find_lattices(
        g,
        miss,
        np.log1p(_known(reflections, "snr", 1.0)),
        _likeness(reflections),
        _known(reflections, "coverage", 1.0) < _PART,
    )
    row = "reflection"
    harmonic = np.gcd(*np.abs(found.indices).T)
    harmonic[(found.number[:, None] == found.number).sum(axis=1) == 1] = 0
    grouped = reflections.drop_vars(["lattice_basis", "crystal"], errors="ignore")
    return grouped.assign(
        family=quantity(row, kernel.rings(length, tolerance), "1", "ring of equal spacing"),
        lattice=quantity(row, found.number, "1", "lattice, -1 for none"),
        lattice_index=quantity((row, "basis"), found.indices, "1", "indices in the lattice"),
        harmonic=quantity(row, harmonic, "1", "order in its row"),
        lattice_basis=quantity(
            ("crystal", "basis", "component"),
            found.basis,
            str(reflections["g"].attrs["units"]),
            "basis of the lattice",
        ),
    ).assign_coords(
        crystal=quantity("crystal", np.arange(len(found.basis)), "1", "lattice"),
        basis=("basis", ["a", "b"], {"units": "1", "long_name": "basis vector"}),
    )


def _error(reflections: xr.Dataset) -> np.ndarray:
    """Standard error of the place of each reflection; 0 where unknown."""
    if "g_std" not in reflections:
        return np.zeros(reflections.sizes["reflection"])
    return np.nan_to_num(np.hypot(*reflections["g_std"].values.T))


def _known(reflections: xr.Dataset, name: str, otherwise: float) -> np.ndarray:
    """Values of a variable, `otherwise` where there are none."""
    if name not in reflections:
        return np.full(reflections.sizes["reflection"], otherwise)
    return np.nan_to_num(reflections[name].values.astype(float), nan=otherwise)


def _likeness(reflections: xr.Dataset) -> np.ndarray | None:
    if "footprint" not in reflections:
        return None
    from temwidgets.kernels.fourier.footprints import likeness

    power = reflections["footprint"].values
    axes = (1, 2)
    alike = likeness(np.nan_to_num(power), np.nan_to_num(power))
    unknown = ~np.isfinite(power).all(axes) | ~(power > 0).any(axes)
    alike[unknown] = alike[:, unknown] = 1.0
    return alike
