"""Domains of known reflections: where their fringes are bright, clustered by distance."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import shapely
from scipy.spatial import Delaunay
from skimage.draw import polygon2mask
from sklearn.cluster import DBSCAN

from temwidgets.kernels.fourier.fringe_region import Field, look, window_for
from temwidgets.kernels.fourier.grain_map import Box, enlarged

ROUNDS = 3
FAINTEST = 2.5
"""Amplitude over noise below which nothing is bright."""
MOST = 20_000
"""Bright points that are clustered; a coarser grid is taken rather than more."""
NEIGHBOURS = 4
"""Points within eps, itself among them, that make a point part of a cluster."""
BRIDGE = 2.0
"""Longest edge of an outline, over eps."""


class Brightness(NamedTuple):
    """Amplitude of a group of reflections over their plateau, on a coarse grid."""

    height: np.ndarray  # (y, x)
    step: np.ndarray  # (2,) px
    sigma: float  # of the window, units of length
    snr: float  # of the plateau


class Cluster(NamedTuple):
    """Connected bright points of a group: what they surround."""

    inside: np.ndarray  # (y, x) bool, in the box
    box: Box


def brightness(field: Field, g: np.ndarray) -> Brightness | None:
    """Amplitude over noise of reflections (n, 2; cycles per px) together; None if they are faint.

    The inverse Fourier transform of Gaussian masks round them, all of the same width: that of the
    window in which the faintest but one stands well above the noise.
    """
    sigmas = [_sigma(field, vector) for vector in g]
    sigma = float(np.median(sigmas))
    shortest = max(window_for(field, vector, np.inf) for vector in g)
    seen = [look(field, vector, max(sigma, shortest)) for vector in g]
    power = np.mean([(one.height / one.noise) ** 2 for one in seen], axis=0)
    snr = np.sqrt(power)
    bright = snr > FAINTEST
    if not bright.any():
        return None
    plateau = float((power[bright] * snr[bright]).sum() / power[bright].sum())
    bright &= snr > plateau / 2
    plateau = float((power[bright] * snr[bright]).sum() / power[bright].sum())
    height = np.where(snr > FAINTEST, snr, 0) / plateau
    return Brightness(height, seen[0].band.step, seen[0].sigma, plateau * np.sqrt(len(g)))


def _sigma(field: Field, g: np.ndarray) -> float:
    sigma = field.widest / 2
    for _ in range(ROUNDS):
        seen = look(field, g, sigma)
        high = seen.height[seen.height > seen.height.max() / 2]
        sigma = window_for(field, g, float((high**3).sum() / (high**2).sum()))
    return sigma


def clusters(
    bright: Brightness, shape: tuple[int, int], sides: np.ndarray, level: float, eps: float
) -> list[Cluster]:
    """Cluster the points brighter than `level` of the plateau and fill their outlines.

    Parameters
    ----------
    bright : Brightness
    shape : (int, int)
        Of the image.
    sides : ndarray, (2,)
        Of a pixel, units of length.
    level : float
        Share of the plateau.
    eps : float
        Distance within which points are neighbours (DBSCAN), units of length.
    """
    stride = np.maximum((min(bright.sigma / 2, eps / 1.5) / sides).astype(int), 1)
    while True:
        grid = tuple(slice(0, n, int(s)) for n, s in zip(shape, stride, strict=True))
        points = np.argwhere(enlarged(bright.height, bright.step, (grid[0], grid[1])) > level)
        if len(points) <= MOST:
            break
        stride = np.ceil(1.4 * stride).astype(int)
    if not len(points):
        return []
    places = points * stride * sides
    reach = max(eps, 1.5 * float((stride * sides).max()))
    number = DBSCAN(eps=reach, min_samples=NEIGHBOURS).fit_predict(places)
    found = []
    for label in range(number.max() + 1):
        outline = _outline(places[number == label], BRIDGE * reach, stride * sides)
        if outline is not None:
            found.append(_filled(outline, shape, sides))
    return found


def _outline(points: np.ndarray, longest: float, step: np.ndarray) -> shapely.Polygon | None:
    """Concave hull with edges up to `longest`, half a step beyond the points."""
    if len(points) < 4 or np.linalg.matrix_rank(points - points[0]) < 2:
        return None
    corners = points[Delaunay(points).simplices]
    edges = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2)
    # the ratio of GEOS: where between the shortest and the longest edge
    ratio = (longest - edges.min()) / max(edges.max() - edges.min(), 1e-12)
    hull = shapely.concave_hull(
        shapely.MultiPoint(points), ratio=float(np.clip(ratio, 0, 1)), allow_holes=True
    )
    hull = hull.buffer(float(step.mean()) / 2, join_style="mitre")
    if hull.geom_type == "MultiPolygon":
        hull = max(hull.geoms, key=lambda part: part.area)
    return hull if hull.geom_type == "Polygon" and not hull.is_empty else None


def _filled(outline: shapely.Polygon, shape: tuple[int, int], sides: np.ndarray) -> Cluster:
    low_y, low_x, high_y, high_x = outline.bounds
    rows = slice(max(0, int(low_y / sides[0])), min(shape[0], int(high_y / sides[0]) + 2))
    cols = slice(max(0, int(low_x / sides[1])), min(shape[1], int(high_x / sides[1]) + 2))
    corner = np.array([rows.start, cols.start])
    size = (rows.stop - rows.start, cols.stop - cols.start)
    inside = polygon2mask(size, np.array(outline.exterior.coords) / sides - corner)
    for hole in outline.interiors:
        inside &= ~polygon2mask(size, np.array(hole.coords) / sides - corner)
    return Cluster(inside, (rows, cols))
