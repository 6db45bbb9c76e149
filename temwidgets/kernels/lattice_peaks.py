"""The strongest wave in a spectrum over lattice cells, found between grid points too."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from temwidgets.kernels.lattice_spectrum import Waves, explained, log_p
from temwidgets.kernels.slow_trends import without


class Peak(NamedTuple):
    """One wave ``amplitude cos(2 pi (q_a n_a + q_b n_b) + phase)`` with standard errors."""

    q: np.ndarray  # (2,)
    q_std: np.ndarray  # (2,)
    amplitude: float
    amplitude_std: float
    phase: float  # rad
    power: float  # share R² times the degrees of freedom over the rank: 1 for white noise
    log_p: float  # of this wave alone
    values: np.ndarray  # (n, 1 or 2): its cosine and sine without the trend, orthonormal


def strongest(setup: Waves, residual: np.ndarray, *, smooth: bool = False) -> Peak:
    """Fit the most significant wave, between grid points too.

    `residual` (n,) is without the trend, and without earlier peaks if there were any.
    """
    single = log_p(setup, explained(setup, residual), smooth=smooth)
    at = np.unravel_index(int(single.argmin()), single.shape)
    q = np.array([setup.q_a[at[0]], setup.q_b[at[1]]])
    alone = setup.rank[at] == 1
    q = np.abs(q) if alone else _refined(setup, residual, q)
    return _fitted(setup, residual, q, float(single[at]), alone=bool(alone))


def _refined(setup: Waves, residual: np.ndarray, q: np.ndarray) -> np.ndarray:
    step = 0.5 / np.array(setup.shape)
    corners = q + step * np.array([[0, 0], [1, 0], [0, 1]])
    found = minimize(
        lambda at: -_share_at(setup, residual, at),
        q,
        method="Nelder-Mead",
        options={"initial_simplex": corners, "xatol": 1e-3 * step.min(), "fatol": 1e-9},
    ).x
    near = (np.abs(found - q) <= 2 * step).all()
    return _wrapped(found) if near else _wrapped(q)


def _wrapped(q: np.ndarray) -> np.ndarray:
    """Into [-1/2, 1/2], of the two equal waves q and -q the one with q_a > 0 or q_b >= 0."""
    q = q - np.rint(q)
    return -q if q[0] < 0 or (q[0] == 0 and q[1] < 0) else q


def _wave(setup: Waves, q: np.ndarray, *, alone: bool) -> np.ndarray:
    phase = 2 * np.pi * (setup.cells @ q)
    parts = [np.cos(phase)] if alone else [np.cos(phase), np.sin(phase)]
    return np.stack(parts, axis=1)


def _share_at(setup: Waves, residual: np.ndarray, q: np.ndarray) -> float:
    left = np.linalg.qr(without(setup.basis, _wave(setup, q, alone=False)))[0]
    return float(((left.T @ residual) ** 2).sum())


def _fitted(
    setup: Waves, residual: np.ndarray, q: np.ndarray, single: float, *, alone: bool
) -> Peak:
    wave = without(setup.basis, _wave(setup, q, alone=alone))
    left, right = np.linalg.qr(wave)
    coefficients = np.linalg.solve(right, left.T @ residual)
    rest = residual - wave @ coefficients
    rank = wave.shape[1]
    noise = float(rest @ rest) / max(setup.freedom - rank, 1)
    amplitude = float(np.hypot(*coefficients)) if rank == 2 else float(abs(coefficients[0]))
    sine = coefficients[1] if rank == 2 else 0.0
    share = 1 - float(rest @ rest) / max(float(residual @ residual), 1e-300)
    mean_square = float((wave @ coefficients) @ (wave @ coefficients)) / len(residual)
    return Peak(
        q=q,
        q_std=_place_error(setup, noise, mean_square),
        amplitude=amplitude,
        amplitude_std=float(np.sqrt(noise * rank / len(residual))),
        phase=float(np.arctan2(-sine, coefficients[0])),
        power=share * setup.freedom / rank,
        log_p=single,
        values=left,
    )


def _place_error(setup: Waves, noise: float, mean_square: float) -> np.ndarray:
    centred = setup.cells - setup.cells.mean(axis=0)
    information = (2 * np.pi) ** 2 * mean_square / max(noise, 1e-300) * (centred.T @ centred)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.sqrt(np.diag(np.linalg.pinv(information)))
