"""The lattice Dataset: vectors, origin and motif sites, and where its sites lie."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from temwidgets.conventions import CALIBRATED, quantity

BASIS = ("a", "b")
COMPONENT = ("y", "x")


def make_lattice(
    a: Any,
    b: Any,
    *,
    origin: Any = (0.0, 0.0),
    sites: Any = ((0.0, 0.0),),
    sublattices: Sequence[int] | None = None,
    names: Sequence[str] | None = None,
    units: str = CALIBRATED,
) -> xr.Dataset:
    """Make a lattice from its vectors.

    Parameters
    ----------
    a, b : (float, float)
        Lattice vectors (y, x) in `units`.
    origin : (float, float)
        Position (y, x) of the corner of cell (0, 0).
    sites : array_like, (site, 2)
        Fractions of a and b at which the motif's columns lie.
    sublattices : sequence of int, optional
        Sublattice of each site; the site's number when not given.
    names : sequence of str, optional
        Name of each site, such as "Sr"; empty when not given.
    units : {"nm", "px"}
        Length unit, that of the columns.

    Returns
    -------
    Dataset, (basis, component, site)
        ``vectors`` (basis, component), ``origin`` (component), ``site_position`` (site, basis) in
        fractions from 0 to 1, each with `_std` (0 here: given, not measured), ``site_sublattice``
        and ``site_name``.

    Raises
    ------
    ValueError
        If the vectors are no numbers, span no cell, or sites and their labels differ in number.
    """
    vectors = np.array([a, b], float)
    if vectors.shape != (2, 2) or not abs(np.linalg.det(vectors)) > 1e-9 * np.sum(vectors**2):
        raise ValueError(
            f"The lattice vectors a={a} and b={b} span no cell. Give two (y, x) vectors that point"
            " apart."
        )
    place = np.atleast_2d(np.asarray(sites, float)) % 1.0
    count = len(place)
    kinds = np.arange(count) if sublattices is None else np.asarray(sublattices, int)
    labels = [""] * count if names is None else [str(name) for name in names]
    if place.shape != (count, 2) or kinds.shape != (count,) or len(labels) != count:
        raise ValueError(
            f"sites are pairs of fractions with one sublattice and one name each, but shapes"
            f" {np.shape(sites)}, {np.shape(kinds)} and {len(labels)} names came."
        )
    start = np.asarray(origin, float)
    return xr.Dataset(
        {
            "vectors": _with_errors(("basis", "component"), vectors, units, "lattice vector"),
            "vectors_std": _errors(("basis", "component"), vectors, units, "lattice vector"),
            "origin": _with_errors("component", start, units, "corner of cell (0, 0)", "origin"),
            "origin_std": _errors("component", start, units, "corner of cell (0, 0)"),
            "site_position": _with_errors(
                ("site", "basis"), place, "1", "place in the cell", "site_position"
            ),
            "site_position_std": _errors(("site", "basis"), place, "1", "place in the cell"),
            "site_sublattice": quantity("site", kinds, "1", "sublattice of the site"),
            "site_name": ("site", np.asarray(labels, dtype=object), {"long_name": "site name"}),
        },
        coords={
            "basis": list(BASIS),
            "component": list(COMPONENT),
            "site": quantity("site", np.arange(count), "1", "motif site"),
        },
    )


def _with_errors(dims: Any, values: Any, units: str, name: str, own: str = "vectors") -> Any:
    return quantity(dims, values, units, name, ancillary_variables=f"{own}_std")


def _errors(dims: Any, values: Any, units: str, name: str) -> Any:
    return quantity(dims, np.zeros_like(values), units, f"standard error of {name}")


def check_lattice(lattice: Any) -> xr.Dataset:
    """Check that `lattice` is a lattice Dataset and return it.

    Raises
    ------
    TypeError, ValueError
        If it is no Dataset or lacks vectors, origin or sites.
    """
    if not isinstance(lattice, xr.Dataset):
        raise TypeError(
            f"A lattice is an xarray Dataset, but a {type(lattice).__name__} came. Make one with"
            " temwidgets.fit_lattice(columns) or temwidgets.make_lattice(a, b)."
        )
    missing = [n for n in ("vectors", "origin", "site_position") if n not in lattice]
    if missing:
        raise ValueError(
            f"The Dataset is no lattice: it has no {', '.join(missing)}. Make one with"
            " temwidgets.fit_lattice(columns) or temwidgets.make_lattice(a, b)."
        )
    return lattice


def vectors_of(lattice: xr.Dataset) -> np.ndarray:
    """Return the vectors (basis, component) as an array: rows a and b, each (y, x)."""
    return np.asarray(
        lattice["vectors"].sel(basis=list(BASIS), component=list(COMPONENT)).values, float
    )


def site_points(lattice: xr.Dataset, n_a: Any, n_b: Any, site: Any) -> tuple[Any, Any]:
    """Return where sites lie, y and x in the lattice's unit.

    Parameters
    ----------
    lattice : Dataset
        From `fit_lattice` or `make_lattice`.
    n_a, n_b : array_like
        Cell indices; NaN gives NaN.
    site : array_like of int
        Motif sites; -1 gives NaN.
    """
    n_a, n_b, site = np.broadcast_arrays(
        np.asarray(n_a, float), np.asarray(n_b, float), np.asarray(site, int)
    )
    known = (site >= 0) & (site < lattice.sizes["site"])
    fraction = lattice["site_position"].values[np.where(known, site, 0)]
    cells = np.stack([n_a, n_b], axis=-1) + np.where(known[..., None], fraction, np.nan)
    points = cells @ vectors_of(lattice) + lattice["origin"].values
    return points[..., 0], points[..., 1]


def cell_indices(lattice: xr.Dataset, y: Any, x: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return positions as fractional cell indices along a and b."""
    points = np.stack(np.broadcast_arrays(np.asarray(y, float), np.asarray(x, float)), axis=-1)
    cells = (points - lattice["origin"].values) @ np.linalg.inv(vectors_of(lattice))
    return cells[..., 0], cells[..., 1]
