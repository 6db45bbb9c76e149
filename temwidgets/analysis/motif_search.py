"""Search a mean cell for the columns that it holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import xarray as xr
from scipy.ndimage import center_of_mass, label
from skimage.morphology import h_maxima

from temwidgets.analysis.cell_image import cell_image
from temwidgets.analysis.lattice_data import vectors_of
from temwidgets.conventions import pixel_grid
from temwidgets.kernels import cell_average, periodic_fit
from temwidgets.kernels.starts import typical_sigma

_STANDS = 6.0  # standard errors by which a maximum of the cell stands out
_RISE = 0.02  # the same over the cell's contrast
_PERIODS = 3.2  # of the cell in the image that tells the columns' width
_LEAST = 128  # pixels of its sides
_SURE = 2.0  # standard errors of an amplitude that a site needs
_EXCESS = 1.2  # mean square of what a fit leaves, over noise, from where it is taken for misfit
_RESOLVED = 2.4  # sigmas from a site that only the fit shows to the next one
_MOST = 12  # sites that the fit may show to be missing
SAME = 0.35  # of the nearest distance of columns, within which two are one site
_QUIET = 1e-6  # noise over contrast of a cell that has none

Report = Callable[[float], None]


class Motif(NamedTuple):
    """Sites in fractions (s, 2), and what was fitted to them."""

    places: np.ndarray
    fitted: periodic_fit.Fitted


def search(
    cell: xr.Dataset, lattice: xr.Dataset, threshold: float, weakest: float, report: Report | None
) -> Motif:
    """Find and fit the sites of a cell: those seen at once, then one by one what the fit misses."""
    samples = _samples(cell)
    places, sigma = _seen(cell, lattice)
    motif = _fit(samples, places, sigma)
    motif = _without(motif, _strong(motif, weakest), samples, sigma)
    for k in range(_MOST):
        if report is not None:
            report((k + 1) / (_MOST + 1))
        bump = _bump(motif, cell, sigma)
        trial = _fit(samples, np.concatenate([motif.places, bump[None]]), sigma)
        if not _better(trial, motif, cell, sigma, threshold, weakest):
            break
        motif = trial
    motif = _without(motif, _strong(motif, weakest), samples, sigma)
    if report is not None:
        report(1.0)
    return motif


def _strong(motif: Motif, weakest: float) -> np.ndarray:
    """Which sites are strong enough, for the noise and beside the strongest."""
    level = motif.fitted.parameters[:, 0]
    error = np.sqrt(np.maximum(motif.fitted.covariance[:, 0, 0], 0))
    strong: np.ndarray = (level > weakest * level.max()) & (level > _SURE * error)
    return strong


def _better(
    trial: Motif, motif: Motif, cell: xr.Dataset, sigma: float, threshold: float, weakest: float
) -> bool:
    """Tell whether the last site of a trial is a column.

    It must explain more than `threshold` standard deviations of noise (likelihood ratio). What is
    left beyond the noise is misfit, alike over a column, which then counts as one datum. A site
    that is not resolved from another, or stopped at a bound of its shape, mends a misfit too.
    """
    area = max(4 * np.pi * sigma**2 / _pixel(cell).prod(), 1.0)
    noise = 1 + max(trial.fitted.misfit - _EXCESS, 0) * area
    gain = (motif.fitted.chi2 - trial.fitted.chi2) / noise
    apart = apart_from(trial.places[:-1], trial.places[-1]) @ vectors_of(cell)
    resolved = np.hypot(*apart.T).min() > _RESOLVED * sigma
    column = _strong(trial, weakest).all() and not trial.fitted.at_bound[-1]
    return bool(column and resolved and gain > threshold**2)


def _samples(cell: xr.Dataset) -> periodic_fit.Samples:
    """Read the cell at no more points than it is worth."""
    waves = cell_average.harmonics(vectors_of(cell) / _pixel(cell))
    a, b = 2 * np.abs(waves).max(axis=0) + 1
    values, error = (
        cell_average.synthesise(
            cell_average.analyse(cell[k].values, waves), waves, (int(a), int(b))
        )
        for k in ("intensity", "intensity_std")
    )
    # an error is itself an estimate: none counts for much more than the others
    typical = float(np.sqrt((cell["intensity_std"] ** 2).mean()))
    error = np.maximum(error, max(0.3 * typical, _QUIET * float(np.ptp(values))))
    return periodic_fit.Samples(vectors_of(cell), values, error, len(waves))


def _pixel(cell: xr.Dataset) -> np.ndarray:
    return np.array([cell.attrs["sampling_y"], cell.attrs["sampling_x"]])


def _fit(samples: periodic_fit.Samples, places: np.ndarray, sigma: float) -> Motif:
    fitted = periodic_fit.fit(samples, places @ samples.vectors, sigma)
    return Motif(fitted.parameters[:, 1:3] @ np.linalg.inv(samples.vectors), fitted)


def _without(motif: Motif, real: np.ndarray, samples: periodic_fit.Samples, sigma: float) -> Motif:
    return motif if real.all() or not real.any() else _fit(samples, motif.places[real], sigma)


def _seen(cell: xr.Dataset, lattice: xr.Dataset) -> tuple[np.ndarray, float]:
    """Sites (s, 2) seen at once, and the width of a column.

    Those are the sites whose columns the lattice was found from, and the maxima of the cell that
    stand out of their surroundings.
    """
    vectors = vectors_of(cell)
    places = _maxima(cell)
    if "n_columns" in lattice or "site_amplitude" in lattice:
        known = lattice["site_position"].values
        near = SAME * closest(known, vectors)
        new = [p for p in places if np.hypot(*(apart_from(known, p) @ vectors).T).min() > near]
        places = np.concatenate([known, np.reshape(new, (-1, 2))])
    if not len(places):
        raise ValueError(
            "No column is seen in the mean cell. Look at it, check the lattice, or average more"
            " cells."
        )
    return places, _width(cell, places)


def _maxima(cell: xr.Dataset) -> np.ndarray:
    values = cell["intensity"].values
    rise = max(_STANDS * float(cell["intensity_std"].max()), _RISE * float(np.ptp(values)), 1e-30)
    shape = np.array(values.shape)
    border = shape // 2
    wrapped = np.pad(values, [(n, n) for n in border], mode="wrap")
    tops, count = label(h_maxima(wrapped, rise))
    points = np.array(center_of_mass(tops > 0, tops, np.arange(1, count + 1))).reshape(-1, 2)
    points -= border
    # half a point of slack: a maximum on the seam is seen on both of its sides
    inside = ((points >= -0.5) & (points < shape - 0.5)).all(axis=1)
    fractions: np.ndarray = points[inside] / shape
    return fractions


def _width(cell: xr.Dataset, places: np.ndarray) -> float:
    """Width of a column, from the spectrum of some periods of the cell."""
    vectors, step = vectors_of(cell), _pixel(cell)
    rows, cols = np.maximum(np.ceil(_PERIODS * np.abs(vectors).sum(axis=0) / step), _LEAST).astype(
        int
    )
    image = cell_image(cell, shape=(int(rows), int(cols)))
    reach = np.arange(-(_LEAST // 2), _LEAST // 2 + 1)
    numbers = np.stack(np.meshgrid(reach, reach, indexing="ij"), -1).reshape(-1, 1, 2)
    points = ((numbers + places) @ vectors).reshape(-1, 2)
    grid = pixel_grid(image)
    pixels = np.column_stack(grid.to_pixels(*points.T))
    inside = ((pixels >= 0) & (pixels <= np.array(grid.shape) - 1)).all(axis=1)
    size = float(np.sqrt(step.prod()))
    apart = closest(places, vectors) / size
    row, col = pixels[inside].T
    return size * typical_sigma(image.values.astype(float), row, col, apart)


def apart_from(fractions: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Difference to the nearest copy of `place`."""
    difference = fractions - place
    return difference - np.rint(difference)


def _bump(motif: Motif, cell: xr.Dataset, sigma: float) -> np.ndarray:
    """Where the residual, filtered by the width of a column, is highest away from all sites."""
    vectors = vectors_of(cell)
    waves = cell_average.harmonics(vectors / _pixel(cell))
    frequency = waves @ np.linalg.inv(vectors).T
    filtered = cell_average.analyse(motif.fitted.residual, waves) * np.exp(
        -2 * np.pi**2 * sigma**2 * (frequency**2).sum(axis=1)
    )
    shape = (cell.sizes["along_a"], cell.sizes["along_b"])
    height = cell_average.synthesise(filtered, waves, shape)
    fractions = np.stack(np.meshgrid(*(np.arange(n) / n for n in shape), indexing="ij"), -1)
    for place in motif.places:
        near = np.linalg.norm(apart_from(fractions, place) @ vectors, axis=-1) < sigma
        height[near] = -np.inf
    highest: np.ndarray = fractions.reshape(-1, 2)[int(height.argmax())]
    return highest


def closest(places: np.ndarray, vectors: np.ndarray) -> float:
    """Smallest distance of two columns of the crystal."""
    steps = np.stack(np.meshgrid(*[np.arange(-2, 3)] * 2, indexing="ij"), -1).reshape(-1, 2)
    apart = places[:, None, None] - places[None, :, None] + steps
    distance = np.linalg.norm(apart @ vectors, axis=-1)
    return float(distance[distance > 1e-6 * distance.max()].min())
