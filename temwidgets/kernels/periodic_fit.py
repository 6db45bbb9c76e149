"""Fit Gaussians on a constant to one period of a periodic function, in plain least squares."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import least_squares

REACH = 4.5  # sigmas to which a Gaussian is drawn
BOUNDS = (1.2, 2.2)  # of sigma over the typical one, and its inverse: first narrow, then wide
WIDEST = BOUNDS[-1]
PER_SITE = 6  # height, y, x, and the factor of the inverse covariance
# Where columns crowd and are no Gaussians, width and background would trade against each other for
# the misfit's sake; priors as in `temwidgets.kernels.priors`:
EXCESS = 1.2  # misfit over noise from where they count
SHAPE = 0.3  # of log sigma round the typical one
LEVEL = 0.5  # of the background round its start, over the span of the values


class Samples(NamedTuple):
    """The function at grid points of the cell, all in lengths."""

    vectors: np.ndarray  # (2, 2) rows a and b, each (y, x)
    values: np.ndarray  # (na, nb)
    error: np.ndarray  # (na, nb) standard error
    independent: float  # data that the samples are worth


class Fitted(NamedTuple):
    """Heights, places and shapes; what is uncertain is so for one cell's worth of data."""

    parameters: np.ndarray  # (s, 6) height, y, x, p, q, r
    covariance: np.ndarray  # (s, 6, 6)
    background: float
    residual: np.ndarray  # (na, nb) samples minus fit
    chi2: float  # sum of squares of the residual over the noise, in independent data
    misfit: float  # the same over the degrees of freedom
    at_bound: np.ndarray  # (s,) bool, shape stopped at its bound


def fit(samples: Samples, places: np.ndarray, sigma: float) -> Fitted:
    """Fit all Gaussians and the constant at once.

    The Gaussian is ``height exp(-(u^2 + v^2) / 2)`` with u = p dy and v = q dy + r dx: p, q, r are
    the Cholesky factor of its inverse covariance. A Gaussian belongs to every cell.

    Parameters
    ----------
    samples : Samples
    places : ndarray, (s, 2)
        Starting places y, x.
    sigma : float
        Typical width, the start of all.
    """
    case = _Case(
        samples, places, sigma, _grid(samples), _images(samples.vectors, WIDEST * sigma * REACH)
    )
    first = _solve(case, BOUNDS[0], _start(samples, places, sigma), 0.0)
    free = found = _solve(case, WIDEST, first, 0.0)
    chi2, misfit = _misfit(case, free)
    if misfit > EXCESS:
        # what is left beyond noise is alike over a column, which counts as one datum
        firmness = float(np.sqrt(np.sum(_left(case, free) ** 2) / len(places)))
        found = _solve(case, WIDEST, first, firmness)
        chi2, misfit = _misfit(case, found)
    sites = found[1:].reshape(len(places), PER_SITE)
    residual = -(_left(case, found) * samples.error.ravel()).reshape(samples.values.shape)
    own = _own_covariances(case, found, max(misfit, 1.0))
    return Fitted(sites, own, found[0], residual, chi2, misfit, _stuck(case, free))


class _Case(NamedTuple):
    samples: Samples
    places: np.ndarray
    sigma: float
    steps: np.ndarray
    images: np.ndarray


def _left(case: _Case, parameters: np.ndarray) -> np.ndarray:
    """Return fit minus samples over the errors, (n,)."""
    off = _model(parameters, case.steps, case.images) - case.samples.values.ravel()
    out: np.ndarray = off / case.samples.error.ravel()
    return out


def _slopes(case: _Case, parameters: np.ndarray) -> np.ndarray:
    slopes = _derivatives(parameters, case.steps, case.images)
    out: np.ndarray = slopes / case.samples.error.reshape(-1, 1)
    return out


def _solve(case: _Case, widest: float, start: np.ndarray, firmness: float) -> np.ndarray:
    """Return the parameters that fit best; priors count with `firmness`, 0 for not at all."""
    goal = _start(case.samples, case.places, case.sigma)
    shape = case.sigma / SHAPE
    site = [0.0, 0.0, 0.0, shape, shape, shape]
    level = 1 / (LEVEL * _span(case.samples))
    firm = firmness * np.array([level, *site * len(case.places)])
    low, high = _bounds(case.samples, case.places, case.sigma, widest)
    found: np.ndarray = least_squares(
        lambda p: np.concatenate([_left(case, p), firm * (p - goal)]),
        np.clip(start, low, high),
        jac=lambda p: np.concatenate([_slopes(case, p), np.diag(firm)]),
        bounds=(low, high),
        x_scale="jac",
        xtol=1e-6,
        ftol=1e-8,
        max_nfev=40,
    ).x
    return found


def _repeated(samples: Samples) -> float:
    """Samples for each independent datum: neighbouring ones repeat each other."""
    return samples.values.size / samples.independent


def _misfit(case: _Case, parameters: np.ndarray) -> tuple[float, float]:
    """Return chi-square in independent data, and that over the degrees of freedom."""
    chi2 = float(np.sum(_left(case, parameters) ** 2)) / _repeated(case.samples)
    return chi2, chi2 / max(case.samples.independent - parameters.size, 1.0)


def _own_covariances(case: _Case, parameters: np.ndarray, misfit: float) -> np.ndarray:
    """Return the covariance of each site's parameters, (s, 6, 6)."""
    slopes, count = _slopes(case, parameters), len(case.places)
    noise = _repeated(case.samples) * misfit
    covariance = np.linalg.pinv(slopes.T @ slopes, hermitian=True) * noise
    blocks = covariance[1:, 1:].reshape(count, PER_SITE, count, PER_SITE)
    own: np.ndarray = blocks[np.arange(count), :, np.arange(count)]
    return own


def _stuck(case: _Case, parameters: np.ndarray) -> np.ndarray:
    """Tell which sites have a shape at its bound, (s,)."""
    low, high = _bounds(case.samples, case.places, case.sigma, WIDEST)
    shape, least, most = (
        values[1:].reshape(len(case.places), PER_SITE)[:, 3:] * case.sigma
        for values in (parameters, low, high)
    )
    stuck: np.ndarray = np.any((shape < least + 1e-5) | (shape > most - 1e-5), axis=1)
    return stuck


def _grid(samples: Samples) -> np.ndarray:
    """Places (n, 2) of the samples."""
    na, nb = samples.values.shape
    a, b = np.meshgrid(np.arange(na) / na, np.arange(nb) / nb, indexing="ij")
    return np.column_stack([a.ravel(), b.ravel()]) @ samples.vectors


def _images(vectors: np.ndarray, reach: float) -> np.ndarray:
    """Translations (m, 2) to all cells from which a Gaussian reaches into the cell round it."""
    heights = abs(np.linalg.det(vectors)) / np.hypot(*vectors[::-1].T)
    most = np.ceil(reach / heights).astype(int) + 1
    numbers = np.stack(np.meshgrid(*(np.arange(-m, m + 1) for m in most), indexing="ij"), -1)
    translations = numbers.reshape(-1, 2) @ vectors
    inside = np.hypot(*np.abs(vectors).sum(axis=0)) + reach
    return translations[np.hypot(*translations.T) <= inside]


def _start(samples: Samples, places: np.ndarray, sigma: float) -> np.ndarray:
    level = float(np.percentile(samples.values, 5))
    na, nb = samples.values.shape
    index = np.rint(places @ np.linalg.inv(samples.vectors) * (na, nb)).astype(int) % (na, nb)
    height = np.maximum(samples.values[tuple(index.T)] - level, 0.02 * _span(samples))
    one = np.full(len(places), 1 / sigma)
    sites = np.column_stack([height, places, one, 0 * one, one])
    return np.concatenate([[level], sites.ravel()])


def _bounds(
    samples: Samples, places: np.ndarray, sigma: float, widest: float
) -> tuple[np.ndarray, np.ndarray]:
    """Heights are positive, places at most a sigma off, shapes within `widest` of round ones."""
    span = 5 * _span(samples)
    level = float(np.percentile(samples.values, 5))
    zero = np.zeros(len(places))
    skew = (widest - 1) / (BOUNDS[-1] - 1) / sigma
    low = np.column_stack(
        [zero, places - sigma, zero + 1 / sigma / widest, zero - skew, zero + 1 / sigma / widest]
    )
    high = np.column_stack(
        [zero + np.inf, places + sigma, zero + widest / sigma, zero + skew, zero + widest / sigma]
    )
    return (
        np.concatenate([[level - span], low.ravel()]),
        np.concatenate([[level + span], high.ravel()]),
    )


def _span(samples: Samples) -> float:
    return max(float(np.ptp(samples.values)), 1e-30)


def _pieces(
    site: np.ndarray, steps: np.ndarray, images: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Unit Gaussian (n, m) of every image of a site, its u and v, and dy, dx."""
    _, y, x, p, q, r = site
    dy = steps[:, :1] - y - images[:, 0]
    dx = steps[:, 1:] - x - images[:, 1]
    u, v = p * dy, q * dy + r * dx
    return np.exp(-(u**2 + v**2) / 2), u, v, dy, dx


def _near(site: np.ndarray, steps: np.ndarray, images: np.ndarray) -> np.ndarray:
    """Images of a site that reach a sample."""
    middle = (steps.max(axis=0) + steps.min(axis=0)) / 2
    radius = np.hypot(*np.ptp(steps, axis=0)) / 2
    slowest = np.linalg.svd(np.array([[site[3], 0], [site[4], site[5]]]), compute_uv=False)[-1]
    far = np.hypot(*(images + site[1:3] - middle).T)
    kept: np.ndarray = images[far <= radius + REACH / slowest]
    return kept


def _model(parameters: np.ndarray, steps: np.ndarray, images: np.ndarray) -> np.ndarray:
    total = np.full(len(steps), parameters[0])
    for site in parameters[1:].reshape(-1, PER_SITE):
        total += site[0] * _pieces(site, steps, _near(site, steps, images))[0].sum(axis=1)
    return total


def _derivatives(parameters: np.ndarray, steps: np.ndarray, images: np.ndarray) -> np.ndarray:
    columns = [np.ones(len(steps))]
    for site in parameters[1:].reshape(-1, PER_SITE):
        height, _, _, p, q, r = site
        g, u, v, dy, dx = _pieces(site, steps, _near(site, steps, images))
        columns += [
            g.sum(axis=1),
            height * (g * (p * u + q * v)).sum(axis=1),
            height * (g * r * v).sum(axis=1),
            -height * (g * u * dy).sum(axis=1),
            -height * (g * v * dy).sum(axis=1),
            -height * (g * v * dx).sum(axis=1),
        ]
    return np.column_stack(columns)


def covariance_of(shape: np.ndarray) -> np.ndarray:
    """(3,) yy, yx, xx of the covariance from p, q, r."""
    p, q, r = shape
    xx, yx = (p**2 + q**2) / (p * r) ** 2, -q / (p**2 * r)
    return np.array([1 / p**2, yx, xx])


def described(site: np.ndarray) -> np.ndarray:
    """(7,) height, y, x, sigma_major, sigma_minor, theta (degrees), integral."""
    yy, yx, xx = covariance_of(site[3:])
    apart = np.hypot((xx - yy) / 2, yx)
    major = np.sqrt((xx + yy) / 2 + apart)
    minor = np.sqrt(max((xx + yy) / 2 - apart, 0))
    theta = np.rad2deg(np.arctan2(2 * yx, xx - yy)) / 2
    return np.array([*site[:3], major, minor, theta, 2 * np.pi * site[0] * major * minor])


def described_errors(site: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Covariance (7, 7) of what `described` gives, to first order."""
    jacobian = np.empty((7, PER_SITE))
    scale = np.array([site[0], 1 / site[3], 1 / site[3], site[3], site[3], site[5]])
    for k in range(PER_SITE):
        step = np.zeros(PER_SITE)
        step[k] = 1e-5 * max(abs(scale[k]), 1e-30)
        change = described(site + step) - described(site - step)
        change[5] = (change[5] + 90) % 180 - 90
        jacobian[:, k] = change / (2 * step[k])
    out: np.ndarray = jacobian @ covariance @ jacobian.T
    return out
