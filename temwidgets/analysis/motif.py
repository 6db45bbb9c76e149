"""The motif: which columns a cell holds, found and fitted in the mean cell."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr

from temwidgets.analysis.cell_image import check_cell
from temwidgets.analysis.lattice_data import check_lattice, make_lattice, vectors_of
from temwidgets.analysis.motif_search import SAME, Motif, apart_from, closest, search
from temwidgets.conventions import quantity
from temwidgets.kernels import periodic_fit

_VALUES = ("amplitude", "y", "x", "sigma_major", "sigma_minor", "theta", "intensity")

Report = Callable[[float], None]


def fit_motif(
    cell: xr.Dataset,
    lattice: xr.Dataset,
    *,
    threshold: float = 6.0,
    weakest: float = 0.02,
    report: Report | None = None,
) -> xr.Dataset:
    """Find the motif's columns in the mean cell and fit them.

    Columns are found in the mean cell and fitted jointly, as elliptical Gaussians on a constant
    that repeat from cell to cell. Where the fit leaves most another column is tried, until that
    explains nothing more.

    Parameters
    ----------
    cell : Dataset, (along_a, along_b)
        From `mean_cell`.
    lattice : Dataset
        The lattice that was averaged over.
    threshold : float
        Least significance, in standard deviations, of a site that only the fit shows.
    weakest : float
        Least amplitude of a site, over that of the strongest.
    report : callable, optional
        Told the fraction done; it may raise `CancelledError` to stop.

    Returns
    -------
    Dataset, (basis, component, site)
        The lattice with ``site_position`` in the coordinates of `cell`; ``site_sublattice`` (0 the
        brightest site); ``site_amplitude``, ``site_sigma_major``, ``site_sigma_minor``,
        ``site_theta`` (degrees), ``site_intensity``, each with ``_std``; ``background``. A site
        that the lattice had keeps its number and name (and its fraction may pass 0 or 1 a little,
        so that columns keep their cells); new ones follow, brightest first; those that are not
        there are left out. Attribute ``motif_misfit``: root mean square of what the fit leaves,
        over the noise; well above 1 where columns are not Gaussian.

    Raises
    ------
    TypeError, ValueError
        If cell or lattice are none, have different vectors, an option is out of range, or no
        column is seen in the cell.

    Notes
    -----
    Standard errors are those of the scatter of pixels about the mean cell, or of what the fit
    leaves where that is larger. That whole columns differ from cell to cell is not in them.
    """
    check_cell(cell)
    check_lattice(lattice)
    _check_options(threshold, weakest)
    if not np.allclose(vectors_of(cell), vectors_of(lattice), rtol=1e-6):
        raise ValueError(
            "The mean cell was averaged over another lattice. Give the lattice that it was made"
            " with, or average again with temwidgets.mean_cell(image, lattice)."
        )
    motif = search(cell, lattice, threshold, weakest, report)
    return _as_lattice(motif, cell, lattice)


def _check_options(threshold: float, weakest: float) -> None:
    if not threshold > 0:
        raise ValueError(
            f"threshold is a significance (standard deviations) above 0, but {threshold!r} came."
        )
    if not 0 <= weakest < 1:
        raise ValueError(f"weakest is a ratio of amplitudes from 0 to 1, but {weakest!r} came.")


def _as_lattice(motif: Motif, cell: xr.Dataset, lattice: xr.Dataset) -> xr.Dataset:
    level = motif.fitted.parameters[:, 0]
    order, origin, place = _numbered(lattice, motif.places, level)
    rank = np.argsort(np.argsort(-level, kind="stable"), kind="stable")
    old = lattice.sizes["site"]
    given = lattice["site_name"].values if "site_name" in lattice else [""] * old
    out = make_lattice(
        *vectors_of(lattice),
        origin=lattice["origin"].values,
        sites=place,
        sublattices=rank[order].tolist(),
        names=["" if site < 0 else str(given[site]) for site in origin],
        units=str(lattice["vectors"].attrs["units"]),
    )
    out["site_position"].values[:] = place
    for name in ("vectors_std", "origin_std"):
        if name in lattice:
            out[name] = lattice[name]
    _put_values(out, motif.fitted, order, cell)
    out.attrs.update(lattice.attrs)
    out.attrs["motif_misfit"] = float(np.sqrt(motif.fitted.misfit))
    return out


def _numbered(
    lattice: xr.Dataset, places: np.ndarray, level: np.ndarray
) -> tuple[list[int], list[int], np.ndarray]:
    """Put sites that the lattice had first, in its order, then the others by brightness.

    Returns the order, the lattice's number of each site (-1 for a new one), and places: beside the
    lattice's own, also across the corner of the cell.
    """
    vectors = vectors_of(lattice)
    near = SAME * closest(places, vectors)
    order, known, moved = [], [], places % 1.0
    free = set(range(len(places)))
    for site, old in enumerate(lattice["site_position"].values):
        apart = apart_from(places, old)
        distance = np.hypot(*(apart @ vectors).T)
        k = min(free, key=lambda k: distance[k], default=-1)
        if k >= 0 and distance[k] < near:
            moved[k] = old + apart[k]
            free.remove(k)
            order.append(k)
            known.append(site)
    order += sorted(free, key=lambda k: -level[k])
    return order, known + [-1] * len(free), moved[order]


def _put_values(
    out: xr.Dataset, fitted: periodic_fit.Fitted, order: list[int], cell: xr.Dataset
) -> None:
    counts = str(cell["intensity"].attrs["units"])
    length = str(cell["vectors"].attrs["units"])
    units = {"amplitude": counts, "theta": "deg", "intensity": f"{counts} {length}²"}
    inverse = np.linalg.inv(vectors_of(cell))
    values = np.array([periodic_fit.described(fitted.parameters[k]) for k in order])
    spread = [
        periodic_fit.described_errors(fitted.parameters[k], fitted.covariance[k]) for k in order
    ]
    errors = np.sqrt(np.maximum([np.diag(s) for s in spread], 0))
    out["site_position_std"].values[:] = [
        np.sqrt(np.maximum(np.diag(inverse.T @ s[1:3, 1:3] @ inverse), 0)) for s in spread
    ]
    for k, name in enumerate(_VALUES):
        if name in ("y", "x"):
            continue
        key, text = f"site_{name}", f"{name.replace('_', ' ')} of the site"
        unit = units.get(name, length)
        out[key] = quantity("site", values[:, k], unit, text, ancillary_variables=f"{key}_std")
        out[f"{key}_std"] = quantity("site", errors[:, k], unit, f"standard error of {text}")
    out["background"] = quantity((), fitted.background, counts, "level between the columns")
