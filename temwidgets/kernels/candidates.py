"""Candidates for atomic columns in an image, with heights and the noise they are judged by.

Two cases. In a *crystal* (reflections in the spectrum) places come from the image after an
adaptive Wiener filter, which knows the lattice and sees far below the noise; heights add what
that filter has left out, so that it cannot fill a vacancy. Columns off the lattice are taken
from the plainly filtered image where they are significant by themselves. *Elsewhere* bright
blobs count that have no dark counterparts.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.ndimage as ndi
from scipy import signal
from scipy.spatial import KDTree

from temwidgets.kernels.filters import ColumnFilter, lower_envelope
from temwidgets.kernels.peaks import find_peaks, refine_at_border, strongest
from temwidgets.kernels.spectra import (
    Reflections,
    local_mean,
    power_spectrum,
    reflections,
    shortest_vector,
    without_plane,
)

Pair = tuple[float, float]
SIGNIFICANT = 4.5
"""Standard deviations of noise above which a peak off the lattice counts."""


class Candidates(NamedTuple):
    """Places (n, 2) in pixels, heights in counts, what to cut on, and where to cut."""

    place: np.ndarray
    height: np.ndarray
    strength: np.ndarray
    threshold: float
    noise: float
    sigma: float
    crystal: bool


NONE = Candidates(np.empty((0, 2)), np.empty(0), np.empty(0), np.inf, np.nan, np.nan, False)


def find_candidates(image: np.ndarray, aspect: Pair, separation: float | None) -> Candidates:
    """Find candidates for columns.

    Parameters
    ----------
    image : array of float32, (row, col)
        Finite.
    aspect : (float, float)
        Sides of a pixel over their geometric mean.
    separation : float or None
        Smallest distance of columns in units of that mean; None: from the image.
    """
    flat = without_plane(image)
    scale = float(flat.std())
    # what rounding leaves of a constant or a slope is nothing to look at
    if not scale > 1e-5 * float(np.abs(image).max()):
        return NONE
    image = flat / scale
    spectrum = power_spectrum(image, aspect)
    spots = reflections(spectrum, aspect)
    if spots is None:
        found = blobs(image, aspect, separation)
    else:
        guess = separation or shortest_vector(spectrum, spots, aspect) or 5 * spots.sigma
        found = lattice_columns(image, aspect, spots, guess, separation is not None)
    return found._replace(
        height=found.height * scale,
        strength=found.strength * scale,
        threshold=found.threshold * scale,
        noise=found.noise * scale,
    )


def lattice_columns(
    image: np.ndarray, aspect: Pair, spots: Reflections, spacing: float, given: bool
) -> Candidates:
    """Find candidates in the image of a crystal whose columns are about `spacing` apart."""
    sigma = float(np.clip(spots.sigma, 0.12 * spacing, 0.4 * spacing))
    flat = image - local_mean(image, _pixels(2.5 * spacing, aspect))
    filtered = ColumnFilter(flat, sigma, aspect)
    plain, sharp, width = _kernels(filtered, sigma, spacing)
    distance = 0.6 * spacing if given else float(np.clip(2.5 * width, 0.3 * spacing, 0.5 * spacing))
    gate, diffuse = filtered.gates()
    share = filtered.edge(plain)
    waves = filtered.apply(sharp * gate) / filtered.edge(sharp)
    left_out = filtered.apply(plain * (1 - gate)) / share
    alone = filtered.apply(plain) / share

    inner = waves[filtered.inside]
    blocks = _pixels(1.5 * spacing, aspect)
    pad = np.array(filtered.pad)

    def peaks(view: np.ndarray, lowest: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        raw, level = find_peaks(view, lowest, distance, aspect)
        seen = _inside(raw - pad, image.shape)
        raw, level = raw[seen], level[seen]
        place = refine_at_border(
            flat, raw - pad, _pixels(sigma, aspect), _pixels(0.5 * spacing, aspect)
        )
        seen = _inside(place, image.shape)
        level = level - lower_envelope(inner, blocks, *place.T)
        return raw[seen], place[seen], level[seen]

    raw, place, level = peaks(waves, float(np.percentile(inner, 5)))
    height = level + ndi.map_coordinates(left_out, raw.T, order=1)
    strength = np.minimum(height, level)

    noise = filtered.noise_after(plain)
    _, single, peak = peaks(alone, SIGNIFICANT * noise)
    new = _far_from(single, place[strength > 2 * noise], distance, aspect)
    place = np.concatenate([place, single[new]])
    height, strength = (np.concatenate([v, peak[new]]) for v in (height, strength))
    strength = strength * _trust(filtered, gate, place, strength, noise, aspect)
    clear = strength > max(3 * noise, 0.25 * np.percentile(strength, 90)) if len(place) else []
    apart = _nearest(place[clear] * np.array(aspect), distance)
    keep = strongest(place * np.array(aspect), strength, max(0.7 * distance, 0.5 * apart))
    least = 5.6 * filtered.noise_after(sharp * diffuse)
    cut = _valley(strength[keep], noise, least)
    return Candidates(place[keep], height[keep], strength[keep], cut, noise, sigma, True)


def _kernels(
    filtered: ColumnFilter, sigma: float, spacing: float
) -> tuple[np.ndarray, np.ndarray, float]:
    """Kernels for the image as it is and, sharper, for the image after the adaptive filter.

    Real columns are not Gaussian: where noise does not limit the sharpening, this does (the
    floor), the less so the more the columns overlap.
    """
    width = max(0.6 * sigma, 0.6)
    eps = filtered.noise_to_signal
    overlap = sigma / spacing
    floor = np.clip(4e-6 / max(eps, 1e-9) * min(1, (0.2 / overlap) ** 4), 2e-4, 0.02)
    sharper = np.clip(0.1 * (0.17 / overlap) ** 6, 0.01, 0.1)
    plain = filtered.kernel(float(eps + floor), width)
    return plain, filtered.kernel(float(sharper * eps + floor), width), width


def _trust(
    filtered: ColumnFilter,
    gate: np.ndarray,
    place: np.ndarray,
    strength: np.ndarray,
    noise: float,
    aspect: Pair,
) -> np.ndarray:
    """Mistrust faint peaks that sharpening alone has made: no bump is there before it.

    Bump: height over a ring a third of the way to the nearest neighbour. Only where noise is
    low enough for sharpening to make such peaks.
    """
    trust = np.ones(len(place))
    strong = np.percentile(strength, 90) if len(place) else 0.0
    clear = strength > 0.25 * strong
    if clear.sum() < 8 or noise > 0.05 * strong:
        return trust
    unit = np.array(aspect)
    apart = _nearest(place[clear] * unit, 0.0)
    angle = np.arange(12) * np.pi / 6
    circle = 0.35 * apart * np.stack([np.sin(angle), np.cos(angle)], axis=1) / unit
    smooth = filtered.apply(gate)[filtered.inside]
    ring = np.moveaxis(place[:, None] + circle, 2, 0)
    bump = ndi.map_coordinates(smooth, place.T, order=1, mode="nearest")
    bump -= ndi.map_coordinates(smooth, ring, order=1, mode="nearest").mean(axis=1)
    typical = np.median(bump[strength > 0.8 * strong])
    trust[~clear & (bump < 0.04 * typical)] = 0.1
    return trust


def _valley(strength: np.ndarray, noise: float, least: float) -> float:
    """Cut in a gap of the strengths, between what noise makes and a third of a strong column.

    The lowest gap, unless those between it and the next are so few, or so near the noise, that
    they are no columns of a kind of their own but traces of noise and sharpening.
    """
    if not strength.size:
        return np.inf
    clear = strength > 3 * noise
    strong = float(np.percentile(strength[clear] if clear.sum() > 10 else strength, 90))
    low = max(0.5 * noise, min(least, 0.12 * strong), 0.06 * strong)
    cut = np.linspace(low, max(0.35 * strong, 1.2 * low), 96)
    blur = max(0.4 * noise, 0.01 * strong)
    near = strength[(strength > cut[0] - 5 * blur) & (strength < cut[-1] + 5 * blur)]
    density = np.exp(-(((cut[:, None] - near) / blur) ** 2) / 2).sum(axis=1)
    depth = -np.log(density + 0.5 + 0.0005 * strength.size)
    walled = np.r_[depth.min() - 1, depth, depth.min() - 1]
    _, gaps = signal.find_peaks(walled, prominence=np.log(2), plateau_size=1)
    starts, ends = gaps["left_edges"] - 1, gaps["right_edges"] - 1
    kinds = np.split(np.sort(strength), np.searchsorted(np.sort(strength), cut[starts]))[1:]
    gap = 0
    while gap + 1 < len(kinds) and (
        kinds[gap].size < 0.1 * sum(k.size for k in kinds[gap + 1 :])
        or kinds[gap].mean() < 1.6 * noise
    ):
        gap += 1
    return float(cut[starts[gap] + (ends[gap] - starts[gap]) // 3])


def _nearest(place: np.ndarray, otherwise: float) -> float:
    """Median distance to the nearest neighbour."""
    if len(place) < 8:
        return otherwise
    return float(np.median(KDTree(place).query(place, k=2)[0][:, 1]))


def blobs(image: np.ndarray, aspect: Pair, separation: float | None) -> Candidates:
    """Find bright blobs in an image without a lattice, such as single atoms on a support.

    Amorphous supports have as many dark blobs as bright ones, and noise as many as the same
    pixels in another order (counting noise is skewed). The width is the one at which bright blobs
    exceed these most; the cut is where these are a tenth of the bright ones.
    """
    widths = [separation / 4] if separation else [1.4, 2.0, 2.8, 4.0, 5.6]
    best, most = NONE, 0.0
    for sigma in widths:
        band, noise = _band(image, sigma, aspect)
        bright, dark = (_blob_peaks(side, noise, sigma, aspect) for side in (band, -band))
        others = (dark[1], _shuffled_peaks(image, sigma, aspect))
        z, cut = bright[1], np.linspace(4.5, 12, 76)
        n = (z[None] > cut[:, None]).sum(axis=1)
        n_other = np.max([(v[None] > cut[:, None]).sum(axis=1) for v in others], axis=0)
        # beyond six standard deviations noise makes none at all
        clean = (n > 0) & (n_other + (cut < 6) <= 0.1 * n)
        gain = _excess(z) - max(_excess(v) for v in others)
        if clean.any() and gain > most:
            most, level = gain, float(np.median(noise))
            threshold = float(cut[np.argmax(clean)]) * level
            height = ndi.map_coordinates(band, bright[0].T, order=1)
            best = Candidates(bright[0], height, z * level, threshold, level, sigma, False)
    return best


def _excess(z: np.ndarray) -> float:
    return float(np.maximum(z - 4, 0).sum())


def _band(image: np.ndarray, sigma: float, aspect: Pair) -> tuple[np.ndarray, np.ndarray]:
    """Difference of Gaussians matched to `sigma`, and its local standard deviation."""
    narrow, wide, far = (_pixels(f * sigma, aspect) for f in (1, 8, 24))
    band = ndi.gaussian_filter(image, narrow) - local_mean(image, wide)
    band -= np.median(band)
    typical = 1.4826 * float(np.median(np.abs(band)))
    # clipped, so that the blobs themselves do not count as noise
    local = local_mean(np.minimum(np.abs(band), 3 * typical), far) * np.sqrt(np.pi / 2)
    return band, np.maximum(local, 0.3 * typical + 1e-12)


def _blob_peaks(
    band: np.ndarray, noise: np.ndarray, sigma: float, aspect: Pair
) -> tuple[np.ndarray, np.ndarray]:
    place, z = find_peaks(band / noise, 3.0, 2.5 * sigma, aspect)
    seen = _inside(place, band.shape)
    return place[seen], z[seen]


def _shuffled_peaks(image: np.ndarray, sigma: float, aspect: Pair, block: int = 16) -> np.ndarray:
    """Peaks, in standard deviations, of the image with pixels shuffled within blocks."""
    ny, nx = (n // block for n in image.shape)
    if not ny * nx:
        return np.empty(0)
    tiles = image[: ny * block, : nx * block].reshape(ny, block, nx, block)
    pixels = tiles.transpose(0, 2, 1, 3).reshape(ny, nx, -1)
    pixels = np.random.default_rng(0).permuted(pixels, axis=-1)
    tiles = pixels.reshape(ny, nx, block, block).transpose(0, 2, 1, 3)
    band, noise = _band(tiles.reshape(ny * block, nx * block), sigma, aspect)
    return _blob_peaks(band, noise, sigma, aspect)[1]


def _pixels(length: float, aspect: Pair) -> Pair:
    return length / aspect[0], length / aspect[1]


def _inside(place: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    within: np.ndarray = (place > -0.5) & (place < np.array(shape) - 0.5)
    return np.all(within, axis=1)


def _far_from(place: np.ndarray, others: np.ndarray, distance: float, aspect: Pair) -> np.ndarray:
    if not (len(place) and len(others)):
        return np.ones(len(place), bool)
    unit = np.array(aspect)
    return KDTree(others * unit).query(place * unit)[0] > distance
