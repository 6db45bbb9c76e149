"""Least-squares power spectrum of values on lattice cells, some of them missing.

At every wave vector q a cosine and a sine are fitted together with the slow trend to the cells
that have a value (N. R. Lomb, Astrophys. Space Sci. 39 (1976) 447; J. D. Scargle, Astrophys. J.
263 (1982) 835; with the trend as part of the fit). The sums run as fast Fourier transforms. The
share R² of the residual variance that is explained has, for exchangeable normal values, a beta
distribution; the extremes over all q are told by permuting the values.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import fft, ndimage, special

from temwidgets.kernels.slow_trends import without

OVERSAMPLING = 2
_SEEN = 0.5  # of a wave's variance that the trend leaves: below, the wave is part of the trend
_CLIP = 4.0  # of the mean power
_WIDTH = 12  # of the neighbourhood in q, in independent waves
_RANK = 0.02  # of the columns: a wave whose sine is weaker is a cosine alone, as at q = 1/2


class Waves(NamedTuple):
    """Waves over the cells, without the part that the trend holds; all of shape (q_a, q_b).

    ``q_b`` runs over the half plane from 0 to 1/2. The gram matrix of cosine and sine is inverted
    already; `rank` is 0 where the trend hides the wave.
    """

    cells: np.ndarray  # (n, 2) int
    basis: np.ndarray  # (n, p) orthonormal trend
    shape: tuple[int, int]
    q_a: np.ndarray
    q_b: np.ndarray
    inverse: tuple[np.ndarray, np.ndarray, np.ndarray]  # cos cos, cos sin, sin sin
    rank: np.ndarray

    @property
    def freedom(self) -> int:
        """Degrees of freedom of the values without the trend."""
        return len(self.cells) - self.basis.shape[1]


def waves(cells: np.ndarray, basis: np.ndarray) -> Waves:
    """Prepare the waves of all q for the cells that have a value.

    Parameters
    ----------
    cells : ndarray of int, (n, 2)
        A cell that comes twice counts twice.
    basis : ndarray, (n, p)
        Orthonormal trend (`slow_trends.polynomials`) over these cells, the constant among them.
    """
    extent = np.ptp(cells, axis=0)
    shape = (_even(OVERSAMPLING * (int(extent[0]) + 1)), _even(OVERSAMPLING * (int(extent[1]) + 1)))
    double = fft.fft2(_grid(np.ones(len(cells)), cells, shape))
    a, b = shape
    at = np.ix_(2 * np.arange(a) % a, 2 * np.arange(b // 2 + 1) % b)
    twice = double[at]
    cc, ss = (len(cells) + twice.real) / 2, (len(cells) - twice.real) / 2
    cs = -twice.imag / 2
    for column in basis.T:
        c, s = _sums(column, cells, shape)
        cc, cs, ss = cc - c * c, cs - c * s, ss - s * s
    inverse, rank = _inverse(cc, cs, ss, len(cells))
    return Waves(cells, basis, shape, fft.fftfreq(a), fft.rfftfreq(b), inverse, rank)


def _even(length: int) -> int:
    # 1/2 itself has to be among the q
    return 2 * int(fft.next_fast_len((length + 1) // 2, real=True))


def _grid(values: np.ndarray, cells: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    # the transform is periodic, so that cells of any number have a place
    place = (cells[:, 0] % shape[0]) * shape[1] + cells[:, 1] % shape[1]
    return np.bincount(place, values, minlength=shape[0] * shape[1]).reshape(shape)


def _sums(
    values: np.ndarray, cells: np.ndarray, shape: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Sums of values times cosine and times sine."""
    transform = fft.rfft2(_grid(values, cells, shape))
    return transform.real, -transform.imag


def _inverse(
    cc: np.ndarray, cs: np.ndarray, ss: np.ndarray, count: int
) -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray], np.ndarray]:
    trace, root = cc + ss, np.hypot((cc - ss) / 2, cs)
    low, high = trace / 2 - root, trace / 2 + root
    rank = np.where(trace < _SEEN * count, 0, np.where(low < _RANK * count, 1, 2))
    both = 1 / np.where(rank == 2, low * high, 1.0)
    # of one wave alone the projector on the stronger eigenvector over its eigenvalue
    single = 1 / np.where(rank == 1, high * (high - low), 1.0)
    two, one = (rank == 2) * both, (rank == 1) * single
    parts = (
        two * ss + one * (cc - low),
        (one - two) * cs,
        two * cc + one * (ss - low),
    )
    return parts, rank


def explained(setup: Waves, residual: np.ndarray) -> np.ndarray:
    """Return the share R² of the residual's variance that each wave explains, (q_a, q_b).

    `residual` (n,) has no trend any more.
    """
    c, s = _sums(residual, setup.cells, setup.shape)
    cc, cs, ss = setup.inverse
    share = (cc * c * c + 2 * cs * c * s + ss * s * s) / max(float(residual @ residual), 1e-300)
    return np.clip(share, 0.0, 1 - 1e-15)


def log_p(setup: Waves, share: np.ndarray, *, smooth: bool = False) -> np.ndarray:
    """Return log of the probability of a larger R² by chance, for each wave alone; 0 if hidden.

    With `smooth` each wave is compared with the level round it instead of the mean over all waves:
    correlated noise has a spectrum that is not flat, but smooth.
    """
    if smooth:
        return _log_p_over_level(setup, share)
    # of two degrees of freedom the beta distribution is elementary
    result = np.where(setup.rank == 2, (setup.freedom - 2) / 2 * np.log1p(-share), 0.0)
    alone = setup.rank == 1
    result[alone] = _log_tail(share[alone], setup.freedom)
    return result


def _log_p_over_level(setup: Waves, share: np.ndarray) -> np.ndarray:
    ratio = power(setup, share) / level(setup, share)
    # the level is a mean of so many waves: an F distribution with twice as many degrees
    known = max(2.0, float(np.prod(_window(setup.shape))) / OVERSAMPLING**2)
    result = np.where(setup.rank == 2, -known * np.log1p(ratio / known), 0.0)
    alone = setup.rank == 1
    tail = 2 * special.stdtr(2 * known, -np.sqrt(ratio[alone]))
    result[alone] = np.log(np.maximum(tail, 1e-300))
    return result


def power(setup: Waves, share: np.ndarray) -> np.ndarray:
    """Return the power of each wave over that of white noise; 0 where the trend hides it."""
    return share * setup.freedom / np.maximum(setup.rank, 1)


def level(setup: Waves, share: np.ndarray) -> np.ndarray:
    """Return the mean power round each wave, strong peaks clipped, (q_a, q_b)."""
    seen = whole((setup.rank > 0).astype(float), setup.shape)
    clipped = whole(np.minimum(power(setup, share), _CLIP), setup.shape) * seen
    window = _window(setup.shape)
    total, count = (ndimage.uniform_filter(a, window, mode="wrap") for a in (clipped, seen))
    mean = total / np.maximum(count, 1e-9) / -np.expm1(-_CLIP)
    return np.maximum(mean[:, : setup.shape[1] // 2 + 1], 1e-3)


def _window(shape: tuple[int, int]) -> tuple[int, int]:
    return tuple(min(OVERSAMPLING * _WIDTH, n // 2) for n in shape)  # type: ignore[return-value]


def whole(half: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Complete a half plane of waves by the equal ones at -q, in the order of `fft`."""
    other = half[:, 1 : (shape[1] + 1) // 2][:, ::-1]
    return np.concatenate([half, np.roll(other[::-1], 1, axis=0)], axis=1)


def _log_tail(share: np.ndarray, freedom: int) -> np.ndarray:
    t = np.sqrt(share / (1 - share) * (freedom - 1))
    tail = 2 * special.stdtr(freedom - 1, -t)
    # under the smallest float by the leading term of the beta function
    far = (freedom - 1) / 2 * np.log1p(-share)
    return np.where(tail > 1e-290, np.log(np.maximum(tail, 1e-300)), far)


def permuted_extremes(
    setup: Waves,
    residual: np.ndarray,
    count: int,
    seed: int,
    report: Callable[[float], None],
    *,
    smooth: bool = False,
) -> np.ndarray:
    """Return the smallest `log_p` of each of `count` permutations of the residual, (count,)."""
    rng = np.random.default_rng(seed)
    lowest = np.empty(count)
    for k in range(count):
        mixed = without(setup.basis, rng.permutation(residual))
        lowest[k] = log_p(setup, explained(setup, mixed), smooth=smooth).min()
        report((k + 1) / count)
    return lowest


def independent_waves(extremes: np.ndarray, searched: int) -> float:
    """Estimate how many independent waves were searched, from permuted extremes.

    The smallest of N independent p-values has ``P(min < p) = 1 - (1 - p)^N``; N is estimated by
    maximum likelihood and cannot exceed the waves searched.
    """
    rates = -special.log1p(-np.exp(np.minimum(extremes, -1e-12)))
    return float(min(len(rates) / rates.sum(), searched))


def log_p_of_extreme(single: np.ndarray | float, number: float) -> np.ndarray:
    """Return log of the probability that the strongest of `number` waves is at least so strong."""
    single = np.minimum(np.asarray(single, float), -1e-12)
    # of a small probability the product itself, which does not run under the smallest float
    small = np.log(number) + single
    exact = np.log(-np.expm1(number * np.log1p(-np.exp(np.maximum(single, -30)))))
    return np.where(small < -20, small, exact)
