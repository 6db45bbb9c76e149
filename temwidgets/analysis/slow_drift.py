"""Drift that changes while an image is scanned, told from columns that lie off their lattice."""

from __future__ import annotations

import numpy as np
import xarray as xr

from temwidgets.analysis.lattice_data import site_points
from temwidgets.analysis.places import cells_of, points_of
from temwidgets.conventions import check_columns, check_image, length_unit, quantity
from temwidgets.kernels.smooth_lines import smooth_line

_WILD = 4.0  # robust standard deviations of its strip beyond which a column is left out
_FEWEST_STRIPS = 8
_MOST_PIECES = 40


def slow_drift(image: xr.DataArray, columns: xr.Dataset, lattice: xr.Dataset) -> xr.Dataset:
    """Tell how the specimen drifted, unsteadily but slowly, while the lines were scanned.

    A steady drift is part of the lattice that was fitted (`scan_distortion` tells it). What the
    columns of one line lie off that lattice together, a smooth function of the line, is drift that
    changed.

    Parameters
    ----------
    image : DataArray, (y, x) or (frame, y, x)
        Image with lines scanned along x; only its coordinates are used.
    columns : Dataset, (column,)
        Columns numbered by `index_columns`, of a crystal that is the same everywhere: a lattice
        that bends or changes along y, as at an interface or in layers, looks just like drift.
    lattice : Dataset
        Fitted to them.

    Returns
    -------
    Dataset, (y,)
        ``drift_y`` and ``drift_x`` in the length unit, each with ``_std``: what belongs at (y, x)
        lies at (y + drift_y, x + drift_x), at the line y of the image. Both are free of a constant
        and of what is linear in y, for these are the lattice's. For `correct_distortion`
        (``drift_y`` as row_drift, ``drift_x`` as row_offsets); then fit anew, or correct the
        columns with `correct_columns`.

    Raises
    ------
    TypeError, ValueError
        If the columns do not fit the lattice, units differ, or columns on the lattice lie in fewer
        than eight strips along y.

    Notes
    -----
    Strips as high as columns are apart are averaged, without wild ones, and a spline is laid
    through them whose smoothness restricted maximum likelihood chooses from the scatter of the
    strips: offsets of single lines end up in the error, not in the drift. Slower motion than a few
    cells is seen; of what is faster `row_offsets` tells.

    References
    ----------
    See `temwidgets.kernels.smooth_lines`. Slow-scan drift told from a known lattice: L. Jones &
    P. Nellist, Microsc. Microanal. 19 (2013) 1050.
    """
    check_image(image, ndim=None)
    check_columns(columns)
    if length_unit(columns) != length_unit(image):
        raise ValueError(
            f"The columns are in {length_unit(columns)}, but the image is in {length_unit(image)}."
        )
    points, off = _off_the_lattice(columns, lattice)
    strips = _strips(points)
    lines = np.asarray(image["y"].values, float)
    made: dict[str, xr.Variable] = {}
    for k, name in enumerate("yx"):
        place, mean, weight = _averaged(points[:, 0], off[:, k], strips)
        if place.size < _FEWEST_STRIPS:
            raise ValueError(
                f"Columns on the lattice lie in {place.size} strips along y; drift that changes is"
                f" told from {_FEWEST_STRIPS} on. Fit more columns, or use scan_distortion."
            )
        pieces = min(_MOST_PIECES, place.size)
        line = smooth_line(place, _bent(place, mean, weight, place), weight, lines, pieces)
        made |= _described(name, line.values, line.error, length_unit(image))
    return xr.Dataset(made, coords={"y": image["y"]})


def _off_the_lattice(columns: xr.Dataset, lattice: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Places, and what they lie off the lattice, (n, 2) each; without what sites have in common."""
    cells = cells_of(columns, lattice)
    points = points_of(columns)
    ideal = site_points(lattice, cells.numbers[:, 0], cells.numbers[:, 1], cells.site)
    off = points - np.column_stack(ideal)
    used = cells.used & (cells.domain == 0) & np.isfinite(off).all(axis=1)
    for site in np.unique(cells.site[used]):
        members = used & (cells.site == site)
        off[members] -= np.median(off[members], axis=0)
    return points[used], off[used]


def _strips(points: np.ndarray) -> np.ndarray:
    """Number strips along y, as high as columns are apart."""
    if not len(points):
        return np.zeros(0, int)
    height = np.sqrt(max(float(np.prod(np.ptp(points, axis=0))), 1e-300) / len(points))
    return np.floor((points[:, 0] - points[:, 0].min()) / height + 1e-9).astype(int)


def _averaged(
    y: np.ndarray, off: np.ndarray, strips: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Place, mean and weight of each strip that has columns; wild columns are left out."""
    place, mean, number = [], [], []
    for strip in np.unique(strips):
        inside = strips == strip
        values = off[inside]
        away = np.abs(values - np.median(values))
        kept = away <= _WILD * 1.4826 * max(float(np.median(away)), 1e-12)
        place.append(y[inside][kept].mean())
        mean.append(values[kept].mean())
        number.append(kept.sum())
    counts = np.array(number, float)
    # whole strips count alike: what moves a line moves all its columns
    weight = np.minimum(counts / np.median(counts), 1.0) if counts.size else counts
    return np.array(place), np.array(mean), weight


def _bent(place: np.ndarray, mean: np.ndarray, weight: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Take off the straight line through the strips."""
    slope, start = np.polyfit(place, mean, 1, w=np.sqrt(weight))
    return mean - (start + slope * at)


def _described(
    name: str, values: np.ndarray, error: np.ndarray, unit: str
) -> dict[str, xr.Variable]:
    text, std = f"drift along {name}", f"drift_{name}_std"
    return {
        f"drift_{name}": quantity("y", values, unit, text, ancillary_variables=std),
        std: quantity("y", error, unit, f"standard error of {text}"),
    }
