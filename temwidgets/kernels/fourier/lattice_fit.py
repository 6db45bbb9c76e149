"""Reference vectors, and the joint fit of all reflections of each lattice, on the coarse grid."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from temwidgets.kernels.fourier.lattice_gradient import (
    Gradient,
    fit_gradient,
    joint_vectors,
    rebased,
)
from temwidgets.kernels.fourier.phase_engine import Measured

_FADE = (0.3, 0.5)  # share between which a reflection begins to count
_ONE_LATTICE = 4.0  # typical chi² per degree of freedom above which vectors are not one lattice


class Reference(NamedTuple):
    """Vectors (n, 2) that strain is measured from, and their variances (n, 2)."""

    g: np.ndarray
    variance: np.ndarray


class LatticeFit(NamedTuple):
    """What the reflections of each lattice tell together."""

    gradient: Gradient
    g: np.ndarray  # (n, 2, y, x) local vectors
    covariance: np.ndarray  # (n, 3, y, x)
    noise: np.ndarray  # (n, 3, y, x) covariance of each reflection by itself, from noise
    bias: np.ndarray  # (n, 3, y, x) its squared bias


def mean_reference(measured: Measured, weight: np.ndarray | None = None) -> Reference:
    """Mean local vectors over the crystal, or under a weight (y, x) on the grid as well."""
    vectors, variances = [], []
    area = float(np.prod(measured.grid.step))
    independent = 4 * np.pi * measured.sigma**2
    for k, fringes in enumerate(measured.fringes):
        w = np.where(measured.inside(k), 1.0, 0.0) * (1 if weight is None else weight)
        total = w.sum()
        if total == 0:
            vectors.append([np.nan, np.nan])
            variances.append([np.nan, np.nan])
            continue
        vectors.append((fringes.g * w).sum(axis=(1, 2), dtype=float) / total)
        spread = (fringes.covariance[::2] * w).sum(axis=(1, 2), dtype=float) / total
        variances.append(spread / max(total * area / independent, 1))
    return Reference(np.array(vectors, float), np.array(variances, float))


def region_reference(measured: Measured, weight: np.ndarray) -> Reference:
    """Vectors of the plane waves that fit the phase best under a weight (y, x) on the grid.

    Where the phase departs from a plane by a radian or more the mean local vector stays.
    """
    mean = mean_reference(measured, weight)
    vectors, variances = mean.g.copy(), mean.variance.copy()
    for k, fringes in enumerate(measured.fringes):
        w = np.where(measured.inside(k), weight, 0.0)
        if w.sum() == 0:
            continue
        for _ in range(2):
            left = np.angle(phase_from(measured, k, vectors[k], w))
            if np.sqrt((w * left**2).sum() / w.sum()) > 1:
                break
            slope, inverse = _plane(left, w, measured)
            vectors[k] += slope / (2 * np.pi)
            amplitude = (w * fringes.amplitude).sum() / w.sum()
            noise = (w * fringes.noise).sum() / w.sum()
            area = np.prod(measured.grid.step)
            variances[k] = 2 * noise / amplitude**2 / (4 * np.pi**2) * np.diag(inverse) / area
    return Reference(vectors, variances)


def phase_from(
    measured: Measured, k: int, g: np.ndarray, weight: np.ndarray | None = None
) -> np.ndarray:
    """Phasor of reflection k less that of the plane wave g, of mean phase zero under a weight."""
    fringes, sides = measured.fringes[k], []
    for component, step, count in zip(
        g - fringes.carrier, measured.grid.step, measured.grid.counts, strict=True
    ):
        turn = 2 * np.pi * component * step * np.arange(count)
        sides.append(np.exp(-1j * turn).astype(np.complex64))
    phasor = fringes.phasor * sides[0][:, None] * sides[1]
    if weight is None:
        return phasor
    mean = (phasor * weight).sum()
    return phasor * np.complex64(np.conj(mean) / max(abs(mean), 1e-30))


def _plane(
    phase: np.ndarray, weight: np.ndarray, measured: Measured
) -> tuple[np.ndarray, np.ndarray]:
    """Slope of the plane that fits a phase best, and the inverse of the normal matrix."""
    step, counts = measured.grid.step, measured.grid.counts
    y, x = np.arange(counts[0])[:, None] * step[0], np.arange(counts[1]) * step[1]
    basis = np.stack(np.broadcast_arrays(1.0, y, x)).reshape(3, -1)
    used = weight.ravel() > 0
    basis, w = basis[:, used], weight.ravel()[used]
    basis[1:] -= (basis[1:] @ w / w.sum())[:, None]
    normal = (basis * w) @ basis.T
    inverse = np.linalg.pinv(normal)
    return (inverse @ ((basis * w) @ phase.ravel()[used]))[1:], inverse[1:, 1:]


def fit_lattices(measured: Measured, reference: np.ndarray, lattice: np.ndarray) -> LatticeFit:
    """Fit one gradient to the reflections of each lattice, each where it is seen.

    The gradient is one from the reference (n, 2); the joint vectors do not depend on it.
    """
    low, high = _FADE
    seen = np.clip((measured.share - low) / (high - low), 0, 1)
    local = np.stack([f.g for f in measured.fringes])
    noise = np.stack([f.covariance for f in measured.fringes])
    bias = np.stack([f.bias for f in measured.fringes])
    mean = mean_reference(measured).g
    return fit_vectors(local, noise, bias, seen, mean, reference, lattice)


def fit_vectors(
    local: np.ndarray,
    noise: np.ndarray,
    bias: np.ndarray,
    seen: np.ndarray,
    mean: np.ndarray,
    reference: np.ndarray,
    lattice: np.ndarray,
) -> LatticeFit:
    """Fit one gradient to the vectors of each lattice, weighted by one over their variance.

    Where lattices overlap the one that is known better counts.

    Parameters
    ----------
    local : ndarray, (n, 2, y, x)
    noise, bias : ndarray, (n, 3, y, x)
        Covariance from noise and squared bias: yy, yx, xx. Bias comes from how the lattice is
        displaced, so reflections share it: a joint fit averages the noise alone.
    seen : ndarray, (n, y, x)
        How far each reflection counts, 0 to 1.
    mean, reference : ndarray, (n, 2)
        Mean vectors and those that are unstrained; NaN of a reflection that is seen nowhere.
    lattice : ndarray of int, (n,)
    """
    covariance = noise + bias
    with np.errstate(invalid="ignore", divide="ignore"):
        weight = np.where(seen > 0, seen / (covariance[:, 0] + covariance[:, 2]), 0)
    known = np.isfinite(mean).all(axis=1)
    weight = np.where(np.isfinite(weight) & known[:, None, None], weight, 0).astype(np.float32)
    g = np.where(known[:, None], mean, 1.0)
    change = np.where(weight[:, None] > 0, local - g[:, :, None, None], 0).astype(np.float32)
    whole, best = _nothing(local), np.zeros(local.shape[2:], np.float32)
    joint, shared = local.copy(), covariance.copy()
    for number in np.unique(lattice):
        mine = np.flatnonzero(lattice == number)
        fit = fit_gradient(change[mine], g[mine], weight[mine])
        from_reference = rebased(fit, g[mine], reference[mine])
        sure = np.where(from_reference.known, weight[mine].sum(axis=0), 0)
        whole = _better(whole, _among(from_reference, mine, len(lattice)), sure > best)
        best = np.maximum(best, sure)
        if len(mine) > 2 and _one_lattice(
            fit, change[mine], g[mine], covariance[mine], weight[mine]
        ):
            vectors, errors = joint_vectors(fit, g[mine], noise[mine])
            used = (fit.known & (weight[mine] > 0))[:, None]
            joint[mine] = np.where(used, vectors, local[mine])
            shared[mine] = np.where(used, errors + bias[mine], covariance[mine])
    return LatticeFit(whole, joint, shared, noise, bias)


def _nothing(local: np.ndarray) -> Gradient:
    shape = local.shape[2:]
    return Gradient(
        np.zeros((2, 2, *shape), np.float32),
        np.zeros((len(local), 2, *shape), np.float32),
        np.zeros(shape, bool),
    )


def _among(fit: Gradient, mine: np.ndarray, count: int) -> Gradient:
    """The same gradient with an influence, none, of the other reflections too."""
    influence = np.zeros((count, *fit.influence.shape[1:]), np.float32)
    influence[mine] = fit.influence
    return fit._replace(influence=influence)


def _better(one: Gradient, other: Gradient, where: np.ndarray) -> Gradient:
    return Gradient(*(np.where(where, b, a) for a, b in zip(one, other, strict=True)))


def _one_lattice(
    fit: Gradient, change: np.ndarray, g: np.ndarray, covariance: np.ndarray, weight: np.ndarray
) -> bool:
    """Tell whether the vectors share a gradient within their errors, at most points."""
    left = change - np.einsum("abyx,nb->nayx", fit.matrix, g)
    used = fit.known & (weight > 0).all(axis=0)
    if not used.any():
        return False
    spread = (covariance[:, 0] + covariance[:, 2])[:, used] / 2
    chi = ((left[:, :, used] ** 2).sum(axis=1) / np.maximum(spread, 1e-30)).sum(axis=0)
    return bool(np.median(chi) < _ONE_LATTICE * (2 * len(g) - 4))
