"""Columns that the lattice wants but peak finding missed, placed from the motif."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import xarray as xr
from scipy.spatial import cKDTree

from temwidgets.analysis.editing import add_columns
from temwidgets.analysis.indexing import index_columns
from temwidgets.analysis.lattice_data import cell_indices, check_lattice, vectors_of
from temwidgets.analysis.model import draw_columns
from temwidgets.analysis.motif_search import closest
from temwidgets.analysis.places import points_of
from temwidgets.analysis.registration import Registered, check_lattice_fits, register
from temwidgets.conventions import check_columns, check_image, pixel_grid, quantity
from temwidgets.kernels.drawing import precision_matrix
from temwidgets.kernels.local_amplitude import fit_single
from temwidgets.kernels.local_shift import shift_at

_TAKEN = 0.5  # of the nearest distance of sites: a column so near is the predicted one
_SUPPORT = 3  # indexed columns that must stand near a prediction
_NEAR = 1.25  # how near, in cell sizes
_MOVED = 3.0  # standard errors of a move, and of a height, that count as seen
_SEEN = 5.0
_FARTHEST = 0.3  # of the nearest distance of sites, that a prediction is corrected by
_FORM = ("sigma_major", "sigma_minor", "theta")
_STARTS = ("amplitude", *_FORM)


class _Predicted(NamedTuple):
    """Sites without a column."""

    points: np.ndarray  # (n, 2) y, x
    numbers: np.ndarray  # (n, 2) n_a, n_b
    site: np.ndarray  # (n,)


def complete_columns(
    image: xr.DataArray, columns: xr.Dataset, lattice: xr.Dataset, *, correct: bool = True
) -> xr.Dataset:
    """Add the columns that the lattice has and `columns` lack, such as faint ones.

    A missing column is placed where its neighbours' displacements put its site, so that strain and
    drift are followed. Where the image shows it elsewhere for certain it is moved there.

    Parameters
    ----------
    image : DataArray, (y, x)
        The image that columns were found in.
    columns : Dataset, (column,)
        Found or fitted columns; they are numbered here.
    lattice : Dataset
        From `fit_motif`, whose sites are all looked for. Another lattice will do, but then new
        columns have no starting values and are not corrected.
    correct : bool
        Whether to move a new column to its peak in what fitted columns leave of the image. That is
        done where peak and move are significant (5 and 3 standard errors); never if the columns
        have not been fitted.

    Returns
    -------
    Dataset, (column,)
        The columns with n_a, n_b, site and lattice_domain, then the new ones with labels of their
        own, no flag, and starting values of amplitude, sigma_major, sigma_minor and theta from the
        motif; all have a ``sublattice``. ``predicted`` (boolean) tells the new ones. No column is
        added where an unnumbered one stands, far from numbered ones, or outside the image.

    Raises
    ------
    TypeError, ValueError
        If image, columns or lattice are none, units differ, or the columns do not lie on the
        lattice.

    Examples
    --------
    Fit everything freely, but hold the places of the faint site 2 where they are predicted::

        full = tw.complete_columns(image, columns, lattice)
        faint = full["site"] == 2
        fitted = tw.fit_columns(image, full, shape="shared", fixed={"y": faint, "x": faint})

    A site that is really empty then has the flag low_signal, or failed. That test is sharp with
    places fixed; a free column goes to the highest bump of the noise.
    """
    check_image(image)
    check_columns(columns)
    check_lattice(lattice)
    check_lattice_fits(image, lattice)
    numbered = index_columns(columns, lattice)
    registered = register(numbered, lattice)
    predicted = _predict(image, numbered, lattice, registered)
    full = _with_sublattices(numbered, lattice)
    # places that are only found leave more of the neighbours than a faint column holds
    known = "amplitude" in columns and "site_amplitude" in lattice
    if correct and known and len(predicted.site):
        predicted = predicted._replace(points=_corrected(image, full, lattice, predicted))
    return _append(full, lattice, predicted)


def _predict(
    image: xr.DataArray, columns: xr.Dataset, lattice: xr.Dataset, registered: Registered
) -> _Predicted:
    numbers, site = _sites_over(image, lattice, registered)
    vectors = vectors_of(lattice)
    ideal = (numbers + lattice["site_position"].values[site]) @ vectors + lattice["origin"].values
    points = ideal + shift_at(registered.by_ideal(), ideal)
    grid = pixel_grid(image)
    pixel = np.column_stack(grid.to_pixels(*points.T))
    kept = ((pixel > -0.5) & (pixel < np.array(grid.shape) - 0.5)).all(axis=1)
    number = min(_SUPPORT, len(registered.rows))
    distance = cKDTree(registered.ideal).query(ideal, k=[number])[0][:, 0]
    kept &= distance < _NEAR * registered.size
    known = points_of(columns)
    known = known[np.isfinite(known).all(axis=1)]
    radius = _TAKEN * closest(lattice["site_position"].values, vectors)
    kept &= cKDTree(known).query(points)[0] > radius
    kept &= ~_numbered_already(columns, numbers, site)
    return _Predicted(points[kept], numbers[kept], site[kept])


def _sites_over(
    image: xr.DataArray, lattice: xr.Dataset, registered: Registered
) -> tuple[np.ndarray, np.ndarray]:
    """Cells (n, 2) that may lie in the image, displacement included, and sites (n,)."""
    farthest = np.abs(registered.actual - registered.ideal).max(axis=0) + registered.size
    corners = [
        (float(image["y"][i]) + j * farthest[0], float(image["x"][k]) + m * farthest[1])
        for i, j in ((0, -1), (-1, 1))
        for k, m in ((0, -1), (-1, 1))
    ]
    cells = np.column_stack(cell_indices(lattice, *np.array(corners).T))
    first, last = np.floor(cells.min(axis=0)) - 1, np.ceil(cells.max(axis=0)) + 1
    axes = [np.arange(low, high + 1) for low, high in zip(first, last, strict=True)]
    numbers = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 2)
    sites = lattice.sizes["site"]
    return np.tile(numbers, (sites, 1)), np.repeat(np.arange(sites), len(numbers))


def _numbered_already(columns: xr.Dataset, numbers: np.ndarray, site: np.ndarray) -> np.ndarray:
    on = columns["site"].values >= 0
    there = {
        tuple(key)
        for key in np.column_stack([columns[name].values[on] for name in ("site", "n_a", "n_b")])
        .astype(int)
        .tolist()
    }
    keys = np.column_stack([site, numbers]).astype(int).tolist()
    return np.array([tuple(key) in there for key in keys], bool)


def _with_sublattices(columns: xr.Dataset, lattice: xr.Dataset) -> xr.Dataset:
    """Give columns without sublattices those of their sites."""
    if "sublattice" in columns:
        return columns
    site = columns["site"].values
    kinds = lattice["site_sublattice"].values[np.maximum(site, 0)]
    return columns.assign(
        sublattice=quantity("column", np.where(site >= 0, kinds, -1), "1", "sublattice")
    )


def _sublattice_of_sites(columns: xr.Dataset, lattice: xr.Dataset) -> np.ndarray:
    """Sublattice of each site in the columns' own numbering.

    A site without columns joins that of sites of its kind, else it gets its own number of the
    lattice, or the next free one where that has another meaning here.
    """
    of_site = lattice["site_sublattice"].values.astype(int)
    kinds, site = columns["sublattice"].values.astype(int), columns["site"].values
    meaning: dict[int, int] = {}
    for kind in np.unique(of_site):
        there = kinds[np.isin(site, np.flatnonzero(of_site == kind)) & (kinds >= 0)]
        if there.size:
            meaning[int(kind)] = int(np.bincount(there).argmax())
    for kind in np.unique(of_site).tolist():
        if kind not in meaning:
            used = {*meaning.values(), *kinds.tolist()}
            meaning[kind] = kind if kind not in used else max(used) + 1
    return np.array([meaning[kind] for kind in of_site.tolist()])


def _corrected(
    image: xr.DataArray, columns: xr.Dataset, lattice: xr.Dataset, predicted: _Predicted
) -> np.ndarray:
    """Predicted places, moved to the peak where it is seen for certain to lie elsewhere."""
    grid = pixel_grid(image)
    left = np.asarray(image.values, float) - draw_columns(_with_starts(columns, lattice), grid)
    step = np.array(grid.sampling)
    major, minor, theta = (lattice[f"site_{k}"].values[predicted.site] for k in _FORM)
    yy, yx, xx = precision_matrix(major, minor, theta)
    precision = np.array(
        [[yy * step[0] ** 2, yx * step.prod()], [yx * step.prod(), xx * step[1] ** 2]]
    )
    place = np.column_stack(grid.to_pixels(*predicted.points.T))
    found = fit_single(left, place, np.moveaxis(precision, 2, 0))
    move = found.place - place
    spread = found.covariance + 1e-6 * np.eye(2)
    sure = np.einsum("ni,nij,nj->n", move, np.linalg.inv(spread), move) > _MOVED**2
    limit = _FARTHEST * closest(lattice["site_position"].values, vectors_of(lattice))
    taken = sure & (found.height > _SEEN * found.height_error)
    taken &= np.hypot(*(move * step).T) < limit
    return predicted.points + np.where(taken[:, None], move * step, 0)


def _with_starts(columns: xr.Dataset, lattice: xr.Dataset) -> xr.Dataset:
    """Columns with amplitude and shape, those of their site where they have none of their own."""
    site = columns["site"].values
    own = {
        name: columns[name].values.astype(float) if name in columns else np.full(site.shape, np.nan)
        for name in _STARTS
    }
    bare = ~np.isfinite([own[name] for name in _STARTS]).all(axis=0)
    out = columns[["y", "x"]]
    for name in _STARTS:
        of_site = np.where(site >= 0, lattice[f"site_{name}"].values[np.maximum(site, 0)], np.nan)
        out[name] = ("column", np.where(bare, of_site, own[name]))
    return out


def _append(columns: xr.Dataset, lattice: xr.Dataset, predicted: _Predicted) -> xr.Dataset:
    old, count = columns.sizes["column"], len(predicted.site)
    if "site_amplitude" in lattice:
        for name in _STARTS:
            if name not in columns:
                attrs = {k: lattice[f"site_{name}"].attrs[k] for k in ("units",)}
                columns = columns.assign(
                    {name: quantity("column", np.full(old, np.nan), attrs["units"], name)}
                )
    kinds = _sublattice_of_sites(columns, lattice)
    full = add_columns(columns, *predicted.points.T)
    new = slice(old, None)
    full["flags"].values[new] = 0
    values = {
        "n_a": predicted.numbers[:, 0],
        "n_b": predicted.numbers[:, 1],
        "site": predicted.site,
        "lattice_domain": np.zeros(count, int),
        "sublattice": kinds[predicted.site],
    }
    if "site_amplitude" in lattice:
        values |= {name: lattice[f"site_{name}"].values[predicted.site] for name in _STARTS}
    for name, value in values.items():
        full[name].values[new] = value
    is_new = np.arange(old + count) >= old
    full["predicted"] = quantity("column", is_new, "1", "placed from the motif")
    return _with_names(full, lattice, kinds)


def _with_names(columns: xr.Dataset, lattice: xr.Dataset, kinds: np.ndarray) -> xr.Dataset:
    """Lengthen the sublattices' names, where there are any, by those of new ones."""
    names = columns["sublattice"].attrs.get("names")
    if names is None:
        return columns
    longer = [str(name) for name in np.atleast_1d(names)]
    longer += [""] * (int(kinds.max(initial=-1)) + 1 - len(longer))
    for kind, name in zip(kinds.tolist(), lattice["site_name"].values, strict=True):
        longer[kind] = longer[kind] or str(name)
    columns["sublattice"].attrs["names"] = longer
    return columns
