"""One gradient for all reflections of a lattice at every point, and strain from it.

A lattice with reciprocal vectors g_j that is displaced by u(r), r the place in the image, has the
local vectors ``(1 - grad u^T) g_j``: one linear map B = -grad u^T adds ``B g_j`` to each of them,
whatever the size of the strain. The deformation gradient is ``F = (1 + B)^-T``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

_LEAST_ANGLE = 0.05  # sine of the angle between vectors below which they tell one direction only


class Gradient(NamedTuple):
    """Gradient B of the reciprocal lattice, and how much each reflection moves it."""

    matrix: np.ndarray  # (2, 2, y, x)
    influence: np.ndarray  # (n, 2, y, x): B changes by the outer product of a change of g_j and it
    known: np.ndarray  # (y, x) bool


def fit_gradient(change: np.ndarray, g: np.ndarray, weight: np.ndarray) -> Gradient:
    """Weighted least squares of B from ``change_j = B g_j``.

    Parameters
    ----------
    change : ndarray, (n, 2, y, x)
        Local vectors less reference vectors.
    g : ndarray, (n, 2)
        Reference vectors.
    weight : ndarray, (n, y, x)
        One over the variance, zero where a reflection is not seen.
    """
    outer = np.einsum("nyx,na,nb->abyx", weight, g, g).astype(np.float64)
    trace = outer[0, 0] + outer[1, 1]
    det = outer[0, 0] * outer[1, 1] - outer[0, 1] ** 2
    known = det > (_LEAST_ANGLE * trace / 2) ** 2
    det = np.where(known, det, 1)
    inverse = np.stack([[outer[1, 1], -outer[0, 1]], [-outer[0, 1], outer[0, 0]]]) / det
    influence = np.einsum("abyx,nb,nyx->nayx", inverse, g, weight) * known
    matrix = np.einsum("nayx,nbyx->abyx", change, influence)
    return Gradient(matrix.astype(np.float32), influence.astype(np.float32), known)


def rebased(gradient: Gradient, g: np.ndarray, reference: np.ndarray) -> Gradient:
    """Express a gradient from vectors g (n, 2) as one from reference vectors, NaN if not known."""
    used = np.isfinite(reference).all(axis=1)
    largest = np.abs(g[used]).max(initial=0.0)
    if np.linalg.matrix_rank(g[used], tol=_LEAST_ANGLE * largest) < 2:
        return gradient._replace(known=np.zeros_like(gradient.known))
    back = np.linalg.inv(np.linalg.lstsq(g[used], reference[used], rcond=None)[0].T)
    matrix = np.einsum("acyx,cb->abyx", gradient.matrix, back) + (back - np.eye(2))[..., None, None]
    influence = np.einsum("nayx,ab->nbyx", gradient.influence, back)
    return Gradient(matrix.astype(np.float32), influence.astype(np.float32), gradient.known)


def joint_vectors(
    gradient: Gradient, g: np.ndarray, covariance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Local vectors (n, 2, y, x) that share the gradient, and their covariance (n, 3, y, x)."""
    vectors = g[:, :, None, None] + np.einsum("abyx,nb->nayx", gradient.matrix, g)
    share = np.einsum("kayx,na->nkyx", gradient.influence, g) ** 2
    return vectors.astype(np.float32), np.einsum("nkyx,kcyx->ncyx", share, covariance)


def finite_strain(matrix: np.ndarray) -> np.ndarray:
    """Biot strain U - 1 and rotation from B; (e_xx, e_yy, e_xy, rotation in degrees)."""
    (yy, yx), (xy, xx) = matrix[0], matrix[1]
    # F = (1 + B)^-T
    a, b, c, d = 1 + yy, yx, xy, 1 + xx
    det = a * d - b * c
    f_yy, f_yx, f_xy, f_xx = d / det, -c / det, -b / det, a / det
    total, turned = f_yy + f_xx, f_yx - f_xy
    length = np.hypot(total, turned)
    cos, sin = total / length, turned / length
    # U = R^T F with R = [[cos, sin], [-sin, cos]] in (y, x)
    e_yy = cos * f_yy - sin * f_xy - 1
    e_yx = cos * f_yx - sin * f_xx
    e_xx = sin * f_yx + cos * f_xx - 1
    return np.stack([e_xx, e_yy, e_yx, np.rad2deg(np.arctan2(turned, total))])


def small_strain(matrix: np.ndarray) -> np.ndarray:
    """Symmetric and antisymmetric part of grad u = -B^T; ordered as in `finite_strain`."""
    (yy, yx), (xy, xx) = matrix[0], matrix[1]
    return np.stack([-xx, -yy, -(yx + xy) / 2, np.rad2deg(yx - xy) / 2])


def strain_variance(gradient: Gradient, covariance: np.ndarray) -> np.ndarray:
    """Variances of e_xx, e_yy, e_xy, rotation and dilatation to first order (5, y, x)."""
    total = np.zeros((5, *covariance.shape[2:]), np.float32)
    for (h_y, h_x), (yy, yx, xx) in zip(gradient.influence, covariance, strict=True):
        mixed = 2 * h_y * h_x * yx
        total[0] += xx * h_x**2
        total[1] += yy * h_y**2
        total[2] += (yy * h_x**2 + mixed + xx * h_y**2) / 4
        total[3] += (yy * h_x**2 - mixed + xx * h_y**2) / 4
        total[4] += yy * h_y**2 + mixed + xx * h_x**2
    total[3] *= np.rad2deg(1.0) ** 2
    return total


def turned(gradient: Gradient, angle: float) -> Gradient:
    """Express a gradient on axes turned by `angle` degrees from +x towards +y."""
    turn = _turn(angle)
    matrix = np.einsum("ac,bd,cdyx->abyx", turn, turn, gradient.matrix)
    influence = np.einsum("ac,ncyx->nayx", turn, gradient.influence)
    return Gradient(matrix, influence, gradient.known)


def turned_covariance(covariance: np.ndarray, angle: float) -> np.ndarray:
    """Express covariances (n, 3, y, x) on axes turned by `angle` degrees."""
    (cos, _), (sin, _) = _turn(angle)
    yy, yx, xx = (covariance[:, k] for k in range(3))
    mixed = 2 * cos * sin * yx
    across = cos * sin * (yy - xx) + (cos**2 - sin**2) * yx
    return np.stack(
        [cos**2 * yy - mixed + sin**2 * xx, across, sin**2 * yy + mixed + cos**2 * xx], axis=1
    )


def _turn(angle: float) -> np.ndarray:
    cos, sin = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
    return np.array([[cos, -sin], [sin, cos]], np.float32)
