"""Place of a spectral peak between bins, from the exact transform of the windowed data."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

_ROUNDS = 12
_CLOSE = 3e-4  # bins; the step squares what is left
_LONGEST_STEP = 0.5  # bins
_CHUNK = 24


class Windowed(NamedTuple):
    """Windowed data without their mean, the window, and where the middle of the window is.

    Places and frequencies are in pixels and cycles per pixel.
    """

    data: np.ndarray
    weight: np.ndarray
    middle: np.ndarray

    @property
    def energy(self) -> float:
        """Sum of the squared window: power of white noise over its variance."""
        return float(np.sum(self.weight**2))


class Transform(NamedTuple):
    """The transform at given frequencies with its derivatives (per cycle per pixel)."""

    value: np.ndarray  # (n,)
    slope: np.ndarray  # (n, 2)
    curvature: np.ndarray  # (n, 2, 2)


class Peaks(NamedTuple):
    """Maxima of the power: frequency (n, 2), curvature of log power, centre of fringes, modulus."""

    frequency: np.ndarray
    curvature: np.ndarray
    centre: np.ndarray
    modulus: np.ndarray


def windowed(data: np.ndarray, weight: np.ndarray) -> Windowed:
    """Hold data that are windowed already (float64) and their window."""
    total = weight.sum()
    middle = [
        float(weight.sum(axis=1 - axis) @ np.arange(n)) / total for axis, n in enumerate(data.shape)
    ]
    return Windowed(data, weight, np.array(middle))


def transform(part: Windowed, frequency: np.ndarray) -> Transform:
    """Evaluate the transform and its derivatives at any frequencies (n, 2).

    The origin is the middle of the window: this changes phases only, and keeps derivatives small.
    """
    pieces = [
        _transform(part, frequency[start : start + _CHUNK])
        for start in range(0, max(len(frequency), 1), _CHUNK)
    ]
    return Transform(*(np.concatenate(values) for values in zip(*pieces, strict=True)))


def _transform(part: Windowed, frequency: np.ndarray) -> tuple[np.ndarray, ...]:
    rows = _moments(frequency[:, 0], part.data.shape[0], part.middle[0])
    cols = _moments(frequency[:, 1], part.data.shape[1], part.middle[1])
    count = len(frequency)
    # one real product is half the work of a complex one with real data
    parts = (
        np.concatenate([rows.real, rows.imag]).reshape(6 * count, part.data.shape[0]) @ part.data
    )
    half = (parts[: 3 * count] + 1j * parts[3 * count :]).reshape(3, count, part.data.shape[1])
    moment = np.einsum("amx,bmx->mab", half, cols)
    slope = np.stack([moment[:, 1, 0], moment[:, 0, 1]], axis=1)
    curvature = np.empty((count, 2, 2), complex)
    curvature[:, 0, 0], curvature[:, 1, 1] = moment[:, 2, 0], moment[:, 0, 2]
    curvature[:, 0, 1] = curvature[:, 1, 0] = moment[:, 1, 1]
    return moment[:, 0, 0], slope, curvature


def _moments(frequency: np.ndarray, size: int, middle: float) -> np.ndarray:
    """Carriers (3, n, size) times 1, (-2 pi i r), (-2 pi i r)²."""
    place = -2j * np.pi * (np.arange(size) - middle)
    wave = np.exp(frequency[:, None] * place)
    return np.stack([wave, place * wave, place**2 * wave])


def parabola(transform: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Move whole bins (n, 2; from the origin) to the top of a parabola through log power."""
    place, size = np.rint(start).astype(int), np.array(transform.shape)
    top = place.astype(float)
    for axis in (0, 1):
        before, here, after = (
            np.log(
                np.abs(transform[tuple(((place + lag * np.eye(2, dtype=int)[axis]) % size).T)])
                + 1e-30
            )
            for lag in (-1, 0, 1)
        )
        hollow = np.minimum(before - 2 * here + after, -1e-9)
        top[:, axis] += np.clip((before - after) / (2 * hollow), -0.5, 0.5)
    return top


def refine(part: Windowed, start: np.ndarray) -> Peaks:
    """Climb from `start` (n, 2) to the nearest maxima of the power by Newton's method on its log.

    The maximum of the power is the maximum-likelihood frequency of one wave in white noise where
    the window is flat (D. C. Rife & R. R. Boorstyn, IEEE Trans. Inf. Theory 20 (1974) 591). A climb
    that leaves its surroundings (1.5 bins) ends where it started.
    """
    bins = 1 / np.array(part.data.shape)
    place = start.astype(float).copy()
    active = np.arange(len(place))
    for _ in range(_ROUNDS):
        _, slope, curvature = _log_power(transform(part, place[active]))
        step = _newton_step(slope, curvature, bins)
        place[active] += step
        active = active[(np.abs(step) > _CLOSE * bins).any(axis=1)]
        if not active.size:
            break
    lost = (np.abs(place - start) > 1.5 * bins).any(axis=1)
    place[lost] = start[lost]
    found = transform(part, place)
    _, _, curvature = _log_power(found)
    # where the fringes sit: the place at which the slope of the transform vanishes
    turn = found.slope / np.where(found.value == 0, 1, found.value)[:, None]
    centre = part.middle - turn.imag / (2 * np.pi)
    return Peaks(place, curvature, centre, np.abs(found.value))


def _log_power(at: Transform) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the power and the gradient and curvature of its log."""
    power = np.maximum(np.abs(at.value) ** 2, 1e-300)
    slope = 2 * (at.value.conj()[:, None] * at.slope).real / power[:, None]
    outer = (at.slope.conj()[:, :, None] * at.slope[:, None, :]).real
    second = 2 * (outer + (at.value.conj()[:, None, None] * at.curvature).real)
    return power, slope, second / power[:, None, None] - slope[:, :, None] * slope[:, None, :]


def _newton_step(slope: np.ndarray, curvature: np.ndarray, bins: np.ndarray) -> np.ndarray:
    """Step uphill; where the surface is not hollow, along the gradient."""
    scaled = curvature * bins[:, None] * bins
    values, vectors = np.linalg.eigh(scaled)
    # a flat or rising direction is climbed as if it were as curved as a peak
    values = -np.maximum(np.abs(values), 0.5)
    along = np.einsum("nij,ni->nj", vectors, slope * bins)
    step = -np.einsum("nij,nj->ni", vectors, along / values)
    length = np.hypot(*step.T)[:, None]
    return step * np.minimum(1, _LONGEST_STEP / np.maximum(length, 1e-30)) * bins


def covariance(part: Windowed, peaks: Peaks, noise: np.ndarray) -> np.ndarray:
    """Covariance (n, 2, 2) of the places, from the power of the noise around each peak.

    First order: the noise tilts the log of the power by a gradient of covariance
    ``8 pi² v sum(w² r r^T) / |F|²``, r from the centre of the fringes; its curvature turns this
    into a shift. For a flat window it is the Cramér-Rao bound, ``6 v / (pi² A² N³)`` along an axis.
    """
    result = np.empty_like(peaks.curvature)
    weights = part.weight**2
    moments = _second_moments(weights)
    for n, (centre, curvature) in enumerate(zip(peaks.centre, peaks.curvature, strict=True)):
        about = moments.about(centre)
        tilt = 8 * np.pi**2 * noise[n] * about / max(peaks.modulus[n] ** 2, 1e-300)
        inverse = np.linalg.pinv(curvature)
        result[n] = inverse @ tilt @ inverse
    return result


def widths(part: Windowed, peaks: Peaks) -> tuple[np.ndarray, np.ndarray]:
    """Sigma of the peaks (n, 2) in cycles per pixel, y and x, and that of the window alone (2,).

    From the curvature of the log of the power. What a peak has more than the window tells of
    crystals smaller than the region, of strain and of a distorted scan.
    """
    spread = np.einsum("nii->ni", -np.linalg.pinv(peaks.curvature))
    weight = _second_moments(part.weight)
    variance = np.diag(weight.about(part.middle)) / weight.total
    return np.sqrt(np.maximum(spread, 0)), 1 / (np.sqrt(8) * np.pi * np.sqrt(variance))


class _SecondMoments(NamedTuple):
    total: float
    first: np.ndarray
    second: np.ndarray

    def about(self, centre: np.ndarray) -> np.ndarray:
        cross = np.outer(self.first, centre)
        return self.second - cross - cross.T + self.total * np.outer(centre, centre)


def _second_moments(weights: np.ndarray) -> _SecondMoments:
    y, x = (np.arange(n, dtype=float) for n in weights.shape)
    rows, cols = weights.sum(axis=1), weights.sum(axis=0)
    mixed = float(y @ weights @ x)
    first = np.array([rows @ y, cols @ x])
    second = np.array([[rows @ y**2, mixed], [mixed, cols @ x**2]])
    return _SecondMoments(float(rows.sum()), first, second)
