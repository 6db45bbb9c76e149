"""Fit single Gaussians of known shape to what is left of an image, each in a small window."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

REACH = 1.8  # half the side of a window, in sigmas
ROUNDS = 3
STEP = 0.5  # greatest move in a round, in sigmas


class Found(NamedTuple):
    """Heights and places (row, col) with their covariance."""

    height: np.ndarray  # (n,)
    height_error: np.ndarray  # (n,)
    place: np.ndarray  # (n, 2)
    covariance: np.ndarray  # (n, 2, 2)


def fit_single(image: np.ndarray, place: np.ndarray, precision: np.ndarray) -> Found:
    """Fit height, place and a constant to the pixels round each place.

    Parameters
    ----------
    image : ndarray, (y, x)
        What other columns leave; NaN does not count.
    place : ndarray, (n, 2)
        Starting places in px.
    precision : ndarray, (n, 2, 2)
        Inverse covariance of each Gaussian in px.
    """
    sigma = np.sqrt(np.diagonal(np.linalg.inv(precision), axis1=1, axis2=2))
    half = int(np.ceil(REACH * sigma.max(initial=1.0)))
    offset = np.stack(np.meshgrid(*[np.arange(-half, half + 1)] * 2, indexing="ij"), -1)
    pixel = np.rint(place).astype(int)[:, None] + offset.reshape(-1, 2)
    padded = np.pad(np.asarray(image, float), half + 1, constant_values=np.nan)
    index = np.clip(pixel + half + 1, 0, np.array(padded.shape) - 1)
    values = padded[index[..., 0], index[..., 1]]
    used = np.isfinite(values)
    values = np.where(used, values, 0)
    here = place.astype(float).copy()
    for _ in range(ROUNDS):
        design = _design(pixel - here[:, None], precision) * used[..., None]
        solved, inverse, left = _solve(design, values)
        height = np.where(abs(solved[:, 0]) > 1e-30, solved[:, 0], 1e-30)
        step = np.clip(solved[:, 1:3] / height[:, None], -STEP * sigma, STEP * sigma)
        here += step
    noise = (left**2).sum(axis=1) / np.maximum(used.sum(axis=1) - 4, 1)
    spread = inverse * noise[:, None, None]
    error = np.sqrt(np.maximum(spread[:, 0, 0], 0))
    return Found(solved[:, 0], error, here, spread[:, 1:3, 1:3] / height[:, None, None] ** 2)


def _design(apart: np.ndarray, precision: np.ndarray) -> np.ndarray:
    """Gaussian, its derivatives by place, and one; (n, pixel, 4)."""
    slope = np.einsum("nij,npj->npi", precision, apart)
    gaussian = np.exp(-np.einsum("npi,npi->np", slope, apart) / 2)[..., None]
    return np.concatenate([gaussian, gaussian * slope, np.ones_like(gaussian)], axis=2)


def _solve(design: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    turned = np.swapaxes(design, 1, 2)
    inverse = np.linalg.pinv(turned @ design, hermitian=True)
    solved = (inverse @ (turned @ values[..., None]))[..., 0]
    return solved, inverse, values - (design @ solved[..., None])[..., 0]
