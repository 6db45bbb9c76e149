"""Find the reflections of an image, or those nearest to clicks, with standard errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from temwidgets.analysis.fourier._choosing import believed, choose, lattice_nodes
from temwidgets.analysis.fourier._measuring import Evidence, Prepared, measure, prepare
from temwidgets.conventions import check_image, quantity
from temwidgets.conventions.grid import finite_numbers
from temwidgets.kernels.fourier import background, evidence, spots

Report = Callable[[float], None]
KRange = tuple[float | None, float | None]


def find_reflections(
    image: xr.DataArray,
    *,
    threshold: float = 0.5,
    max_reflections: int = 100,
    k_range: KRange = (None, None),
    region: Any = None,
    report: Report | None = None,
) -> xr.Dataset:
    """Find the reflections of the crystals in an image.

    Parameters
    ----------
    image : DataArray, (y, x)
        Finite inside the region.
    threshold : float
        Smallest probability of a reflection that is kept, 0 to 1.
    max_reflections : int
        At most so many are kept, the most significant.
    k_range : (float, float)
        Smallest and largest ``|g|`` to look at (1/nm); None: no limit. Never nearer to the origin
        than four bins.
    region : optional
        As in `power_spectrum`.
    report : callable, optional
        Called with the fraction done; raises `CancelledError` to stop.

    Returns
    -------
    Dataset, (reflection,)
        One row for each Friedel pair, the strongest first: ``g``, ``d_spacing``, ``angle`` with
        ``_std``; ``amplitude`` of the fringes with ``_std``; ``intensity`` (power over that of the
        diffuse background); ``snr`` (amplitude over its standard error); ``sharpness`` (Laplacian
        of Gaussian of the compressed intensity); ``probability``; ``broadening`` (width, sigma,
        beyond that of the window); ``footprint`` (reflection, band_y, band_x), the part of the
        region that it comes from, on a coarse grid, and ``coverage``, how much this is like all of
        the region, 0 to 1; and what `group_reflections`
        adds. No rows where no crystal is seen. Attributes ``threshold``, ``region`` (its bounds),
        ``bin`` of the spectrum (y, x) and ``information_limit``, the |g| beyond which peaks were
        not believed (infinite: none).

    Raises
    ------
    TypeError, ValueError
        If the image is none or not finite, or an option is out of range.

    Notes
    -----
    Hann window. The background is the level of the weaker bins in rings, in blocks, and along the
    streaks of scan lines. Spots are maxima of the Laplacian of Gaussian at two scales
    (`skimage.feature.peak_local_max`) that do not lie in the shoulders of a stronger one. Two
    Gaussians (scikit-learn) tell signal from noise by log intensity, sharpness and deviation from
    the ring; a guard from the statistics of noise, whose power is exponential, keeps an image
    without a crystal empty. On the nodes of a lattice of five reflections or more, weaker ones
    count too. Peaks further out than the diffuse signal and 1.5 times any lattice are
    left out. Positions are maxima of the exact transform, between bins; their errors come from the
    power around and the curvature of the peak, and are the Cramér-Rao bound of a wave in noise
    under the window. They know nothing of a distorted scan.
    """
    _check_cut(threshold, max_reflections)
    tell = report or (lambda fraction: None)
    found = search_reflections(image, k_range=k_range, region=region, report=tell)
    made = cut_reflections(found, threshold=threshold, max_reflections=max_reflections)
    tell(1.0)
    return made


class Search(NamedTuple):
    """What is known of an image's spots before any of them is taken for a reflection."""

    ready: Prepared
    found: spots.Spots
    probability: np.ndarray
    diffuse: float


def search_reflections(
    image: xr.DataArray,
    *,
    k_range: KRange = (None, None),
    region: Any = None,
    report: Report | None = None,
) -> Search:
    """Do the part of `find_reflections` that does not depend on the threshold."""
    check_image(image)
    _check_range(k_range)
    tell = report or (lambda fraction: None)
    tell(0.0)
    ready = prepare(image, region)
    tell(0.1)
    plane = ready.plane()
    level = background.background(plane)
    k = background.radius(plane)
    low, high = k_range
    allowed = (k >= (low or 0)) & (k <= (high or np.inf))
    tell(0.3)
    found = spots.find_spots(plane, level, ready.foot, allowed)
    probability = evidence.probability(found)
    tell(0.6)
    nyquist = float(min(0.5 / np.array(ready.sampling)))
    diffuse = background.diffuse_limit(level.rings, nyquist)
    return Search(ready, found, probability, diffuse)


def cut_reflections(
    search: Search, *, threshold: float = 0.5, max_reflections: int = 100
) -> xr.Dataset:
    """Do the rest of `find_reflections`: quick enough to follow a slider."""
    _check_cut(threshold, max_reflections)
    ready, found, probability, diffuse = search
    grouped = choose(ready, found, probability, threshold, max_reflections)
    known = lattice_nodes(grouped, ready)
    more = np.maximum(probability, evidence.probability_on_nodes(found, known))
    if ((more >= threshold) & (probability < threshold)).any():
        grouped = choose(ready, found, more, threshold, max_reflections)
    result, beyond = believed(grouped, diffuse)
    return result.assign_attrs(threshold=float(threshold), information_limit=beyond)


def _check_cut(threshold: float, most: int) -> None:
    if not 0 <= threshold <= 1:
        raise ValueError(f"threshold is a probability from 0 to 1, but {threshold} came.")
    if not most >= 1 or most != int(most):
        raise ValueError(f"max_reflections is a whole number from 1, but {most} came.")


def _check_range(k_range: Any) -> None:
    pair = tuple(k_range) if isinstance(k_range, tuple | list) else ()
    if len(pair) != 2 or not (pair[0] or 0) < (pair[1] or np.inf):
        raise ValueError(
            f"k_range is a smallest and a largest |g|, None where there is no limit, but"
            f" {k_range!r} came."
        )


def snap_reflections(
    image: xr.DataArray,
    points: Any,
    *,
    region: Any = None,
    reach: float | None = None,
) -> xr.Dataset:
    """Measure the reflections nearest to given points of the spectrum, such as clicks.

    Parameters
    ----------
    image : DataArray, (y, x)
        Finite inside the region.
    points : array_like, (n, 2)
        Reciprocal vectors (ky, kx), cycles per length. A point and its mate give the same.
    region : optional
        As in `power_spectrum`.
    reach : float, optional
        How far from a point to look (1/nm); 1.5 % of the sampling frequency, at least three bins,
        when not given.

    Returns
    -------
    Dataset, (reflection,)
        One row for each different peak, as from `find_reflections` but not grouped: ``family`` and
        ``lattice`` are -1, ``harmonic`` is 0. ``probability`` tells whether noise would make so
        strong a peak within reach.

    Raises
    ------
    TypeError, ValueError
        If the image is none or not finite, or a point is no vector inside the spectrum.

    Notes
    -----
    The strongest local maximum within reach, nearer ones preferred, then the maximum of the exact
    transform of the windowed region (Newton's method), which knows no bins: odd and even sizes, g
    and -g agree.
    """
    check_image(image)
    ready = prepare(image, region)
    wanted = _as_points(points, ready)
    width = max(3 * float(max(ready.bins)), 0.015 / float(min(ready.sampling)))
    if reach is not None and not reach > 0:
        raise ValueError(f"reach is a distance in the spectrum above 0, but {reach} came.")
    found = [spots.nearest(ready.transform, at, (reach or width) / ready.bins) for at in wanted]
    start = np.array([f.place for f in found]).reshape(-1, 2)
    level = np.array([f.background for f in found])
    known = Evidence(level, np.array([f.probability for f in found]), np.full(len(found), np.nan))
    made = measure(ready, start, known)
    count, row = made.sizes["reflection"], "reflection"
    return made.assign(
        family=quantity(row, np.full(count, -1), "1", "ring of equal spacing, -1 for none"),
        lattice=quantity(row, np.full(count, -1), "1", "lattice, -1 for none"),
        harmonic=quantity(row, np.zeros(count, int), "1", "order in its row, 0 unknown"),
    )


def _as_points(points: Any, ready: Prepared) -> np.ndarray:
    """Points in bins, of the half plane."""
    given = finite_numbers(points)
    if given is None or given.size == 0 or np.atleast_2d(given).shape[1:] != (2,):
        raise ValueError(
            f"points are vectors (ky, kx) in 1/{ready.units}, such as [(4.9, 0.0)], but"
            f" {points!r} came."
        )
    given = np.atleast_2d(given)
    nyquist = 0.5 / np.array(ready.sampling)
    if (np.abs(given) > nyquist).any():
        raise ValueError(
            f"A point lies outside the spectrum, which reaches to {nyquist[0]:.4g} along ky and"
            f" {nyquist[1]:.4g} along kx (1/{ready.units})."
        )
    back = (given[:, 1] < 0) | ((given[:, 1] == 0) & (given[:, 0] < 0))
    return np.where(back[:, None], -given, given) / ready.bins
