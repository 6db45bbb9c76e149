"""Peaks of a filtered image: where they are to a fraction of a pixel, also at the image edge."""

from __future__ import annotations

import numpy as np
from scipy.spatial import KDTree
from skimage.feature import peak_local_max


def find_peaks(
    image: np.ndarray, lowest: float, distance: float, aspect: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray]:
    """Return positions (n, 2) in pixels and heights of the peaks above `lowest`.

    Of two peaks nearer than `distance` (in the length unit of `aspect`) the higher one is kept.
    """
    reach = max(1, int(distance / 2 / max(aspect)))
    # a footprint and no least distance: its own spacing takes twenty times as long as `strongest`
    peaks = peak_local_max(
        image,
        min_distance=1,
        footprint=np.ones((2 * reach + 1,) * 2, bool),
        threshold_abs=lowest,
        exclude_border=False,
    )
    if not len(peaks):
        return np.empty((0, 2)), np.empty(0)
    height = image[tuple(peaks.T)]
    place = subpixel(image, peaks)
    keep = strongest(place * np.array(aspect), height, distance)
    return place[keep], height[keep]


def strongest(place: np.ndarray, height: np.ndarray, distance: float) -> np.ndarray:
    """Indices, by falling height, of points that have no kept higher one within `distance`."""
    order = np.argsort(-height, kind="stable")
    return order[
        first_of_rivals(
            len(order), KDTree(place[order]).query_pairs(distance, output_type="ndarray")
        )
    ]


def first_of_rivals(count: int, pairs: np.ndarray) -> np.ndarray:
    """Tell which of `count` stay, in their order, if the first that stays drives out its rivals.

    `pairs` (m, 2) are rivals.
    """
    pairs = np.sort(pairs, axis=1)
    kept = np.ones(count, bool)
    for high, low in pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))].tolist():
        if kept[high]:
            kept[low] = False
    return kept


def subpixel(image: np.ndarray, peaks: np.ndarray) -> np.ndarray:
    """Summit of the paraboloid through the 3 x 3 pixels round each peak."""
    y, x = peaks.T

    def at(i: int, j: int) -> np.ndarray:
        rows = np.clip(y + i, 0, image.shape[0] - 1)
        return image[rows, np.clip(x + j, 0, image.shape[1] - 1)].astype(float)

    dy, dx = (at(1, 0) - at(-1, 0)) / 2, (at(0, 1) - at(0, -1)) / 2
    yy, xx = at(1, 0) + at(-1, 0) - 2 * at(0, 0), at(0, 1) + at(0, -1) - 2 * at(0, 0)
    xy = (at(1, 1) + at(-1, -1) - at(1, -1) - at(-1, 1)) / 4
    det = yy * xx - xy**2
    det = np.where(np.abs(det) < 1e-12 * np.abs(yy * xx) + 1e-30, np.inf, det)
    step = np.stack([-(xx * dy - xy * dx) / det, -(yy * dx - xy * dy) / det], axis=1)
    return peaks + np.clip(step, -0.6, 0.6)


def refine_at_border(
    image: np.ndarray, place: np.ndarray, sigma: tuple[float, float], reach: tuple[float, float]
) -> np.ndarray:
    """Place peaks near the edge by fitting the profile normal to it.

    A filter that hangs over the edge pulls peaks inwards, and makes one of a column whose centre
    lies outside. Here the distance from the edge is the centre of the Gaussian (of known sigma,
    over a constant) that fits best the profile inwards, from pixels of the image alone; it may
    come out negative.

    Parameters
    ----------
    image : array, (row, col)
        Image without slow background.
    place : array, (n, 2)
        Peaks in pixels.
    sigma, reach : (float, float)
        Sigma of a column, and length of the profile, in pixels along rows and columns.
    """
    place = place.copy()
    for axis in (0, 1):
        lines = image if axis == 0 else image.T
        last = lines.shape[0] - 1
        for flipped in (False, True):
            near = last - place[:, axis] if flipped else place[:, axis]
            chosen = np.flatnonzero(near < 1.5 * sigma[axis])
            length = int(np.ceil(max(1.7 * sigma[axis], reach[axis]))) + 1
            if not chosen.size or length > last:
                continue
            side = lines[::-1][:length] if flipped else lines[:length]
            profile = _profiles(side, place[chosen, 1 - axis], 0.7 * sigma[1 - axis])
            depth = _gaussian_centre(profile, sigma[axis])
            place[chosen, axis] = last - depth if flipped else depth
    return place


def _profiles(side: np.ndarray, along: np.ndarray, sigma: float) -> np.ndarray:
    """Profiles (n, depth) into the image, averaged along the edge with a Gaussian weight."""
    offset = np.arange(-int(np.ceil(1.7 * sigma)), int(np.ceil(1.7 * sigma)) + 1)
    index = np.round(along).astype(int)[:, None] + offset
    weight = np.exp(-((offset / sigma) ** 2) / 2) * ((index >= 0) & (index < side.shape[1]))
    lines = side[:, np.clip(index, 0, side.shape[1] - 1)]
    total = np.maximum(weight.sum(axis=1, keepdims=True), 1e-9)
    return np.einsum("dnt,nt->nd", lines, weight) / total


def _gaussian_centre(profile: np.ndarray, sigma: float) -> np.ndarray:
    """Centre of the upright Gaussian over a constant that explains most of each profile."""
    depth = np.arange(profile.shape[1])
    centre = np.linspace(-1.6 * sigma, 0.8 * depth[-1], 81)
    shape = np.exp(-(((depth - centre[:, None]) / sigma) ** 2) / 2)
    shape -= shape.mean(axis=1, keepdims=True)
    match = (profile - profile.mean(axis=1, keepdims=True)) @ shape.T
    gain = np.where(match > 0, match**2 / (shape**2).sum(axis=1), -1)
    return centre[gain.argmax(axis=1)]
