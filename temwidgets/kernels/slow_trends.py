"""Slow trends across an image: smooth polynomials of place, orthonormal over the columns."""

from __future__ import annotations

import numpy as np
from numpy.polynomial import legendre


def polynomials(points: np.ndarray, degree: int) -> np.ndarray:
    """Return an orthonormal basis of all polynomials up to a total degree.

    Parameters
    ----------
    points : ndarray, (n, 2)
        Finite places, in any unit.
    degree : int
        0: the constant alone.

    Returns
    -------
    ndarray, (n, p)
        ``basis.T @ basis`` is the identity; polynomials that these points cannot tell apart are
        left out.
    """
    middle = (points.max(axis=0) + points.min(axis=0)) / 2
    half = np.maximum((points.max(axis=0) - points.min(axis=0)) / 2, 1e-12)
    first, second = (legendre.legvander(u, degree) for u in ((points - middle) / half).T)
    powers = [(i, j) for i in range(degree + 1) for j in range(degree + 1 - i)]
    design = np.stack([first[:, i] * second[:, j] for i, j in powers], axis=1)
    left, size, _ = np.linalg.svd(design, full_matrices=False)
    return left[:, size > 1e-9 * size[0]]


def without(basis: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Take the part that lies in `basis` (n, p) off values (n,) or (n, m)."""
    return values - basis @ (basis.T @ values)
