"""What stands around each point of a set, in a form that vacancies and rims disturb little."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree
from skimage.feature import peak_local_max

_MOST = 24
_RIM = 12
# offset of the centre of the nearest twelve, over the distance of the last
_ONE_SIDED = 0.2
# beyond the sixth neighbour, so that the shell it belongs to is inside with all its members
_REACH = 1.25
# parts of the smallest usual distance: width of a bin, and how far from its place a neighbour is
_BIN, _TOLERANCE = 1 / 12, 0.35
_MOST_BINS = 400
_WEAKEST = 0.1
_BRIGHTEST = 3.0


class Around(NamedTuple):
    """Neighbours of n points within reach: offsets (n, k, 2), distances and relative brightness."""

    offset: np.ndarray
    distance: np.ndarray
    brightness: np.ndarray
    near: np.ndarray
    surrounded: np.ndarray
    contrast: np.ndarray
    reach: float
    closest: float


def look_around(points: np.ndarray, brightness: np.ndarray) -> Around:
    """Find the neighbours of points (n, 2), and brightness (n,) against the local mean.

    `surrounded` (n,) tells points with neighbours on all sides; `contrast` (n,) is a point's
    brightness over the mean of itself and its neighbours.
    """
    count = min(_MOST, len(points) - 1)
    distance, index = cKDTree(points).query(points, count + 1)
    distance, index = distance[:, 1:], index[:, 1:]
    usual = np.median(distance, axis=0)
    reach = _REACH * float(usual[min(5, count - 1)])
    near = distance < reach
    offset = points[index] - points[:, None]
    theirs = brightness[index]
    local = (np.where(near, theirs, 0).sum(1) + brightness) / (near.sum(1) + 1)
    rim = min(_RIM, count)
    lopsided = np.hypot(*offset[:, :rim].mean(1).T) / usual[rim - 1]
    return Around(
        offset,
        distance,
        np.clip(theirs / local[:, None], 0, _BRIGHTEST),
        near,
        lopsided < _ONE_SIDED,
        brightness / local,
        reach,
        max(float(usual[0]), reach * 2 / _MOST_BINS),
    )


def by_direction(around: Around) -> np.ndarray:
    """Relative brightness of the neighbour at each usual offset, (n, places).

    Usual offsets are the peaks of the histogram of all offsets. 0 where nobody is; NaN where nobody
    is but the point has not neighbours all round: a rim and a vacancy are not told apart there.
    """
    edge = 1.1 * around.reach
    bins = np.linspace(-edge, edge, _bin_count(2 * edge, around.closest))
    near = around.offset[around.near]
    counts = np.histogramdd(near, bins=(bins, bins))[0]
    smooth = gaussian_filter(counts, 1.5)
    peaks = peak_local_max(
        smooth, min_distance=3, threshold_rel=_WEAKEST, num_peaks=_MOST, exclude_border=False
    )
    found = np.zeros((len(around.near), len(peaks)))
    seen = np.zeros(found.shape, bool)
    if len(peaks):
        places = ((bins[:-1] + bins[1:]) / 2)[peaks]
        away, place = cKDTree(places).query(around.offset)
        hit = around.near & (away < _TOLERANCE * around.closest)
        point, neighbour = np.nonzero(hit)
        # of two at one place the nearer to it counts: it comes last
        order = np.argsort(-away[point, neighbour], kind="stable")
        point, neighbour = point[order], neighbour[order]
        found[point, place[point, neighbour]] = around.brightness[point, neighbour]
        seen[point, place[point, neighbour]] = True
    return np.where(~seen & ~around.surrounded[:, None], np.nan, found)


def by_distance(around: Around) -> np.ndarray:
    """Number and mean brightness of the neighbours in each shell, (n, 2 x shells).

    Numbers are over the usual full number. NaN at the rim, as in `by_direction`.
    """
    edge = 1.05 * around.reach
    bins = np.linspace(0, edge, _bin_count(edge, around.closest))
    counts, _ = np.histogram(around.distance[around.near], bins)
    smooth = gaussian_filter(counts.astype(float), 1.5)
    peaks = peak_local_max(smooth, min_distance=3, threshold_rel=_WEAKEST, exclude_border=False)
    radii = np.sort(((bins[:-1] + bins[1:]) / 2)[peaks[:, 0]])
    whole = around.surrounded
    parts = []
    for shell in range(len(radii)):
        border = (radii[1:] + radii[:-1]) / 2
        member = around.near & (np.searchsorted(border, around.distance) == shell)
        number = member.sum(axis=1)
        total = np.where(member, around.brightness, 0).sum(axis=1)
        mean = total / np.maximum(number, 1)
        full = max(float(np.quantile(number[whole], 0.9)) if whole.any() else 1.0, 1.0)
        parts.append(np.where(whole, number / full, np.nan))
        parts.append(np.where(whole | (number > 0), mean, np.nan))
    return np.stack(parts, axis=1) if parts else np.zeros((len(around.near), 0))


def _bin_count(length: float, closest: float) -> int:
    return min(int(np.ceil(length / (_BIN * closest))), _MOST_BINS) + 1
