"""The Cramer-Rao bound by brute force: a dense Fisher matrix in double precision.

Independent of the package's kernels on purpose. Poisson noise, all columns and the background's
coefficients unknown; shapes free for every column or one for each sublattice.
"""

import numpy as np
from scipy import linalg

REACH = 5.0


def position_bound(truth, shape, background_basis, *, shared):
    """Standard deviations of (y, x) of every column, px, from truth in px; (column, 2)."""
    rows, cols = truth["y"].values, truth["x"].values
    count = len(rows)
    group = truth["sublattice"].values if shared else np.arange(count)
    kinds = int(group.max()) + 1
    model = _background(truth, shape)
    pieces = [_derivatives(truth, n, shape) for n in range(count)]
    for window, values, _ in pieces:
        model[window] += values
    own = 3 if shared else 6
    size = own * count + (3 * kinds if shared else 0) + background_basis.shape[-1]
    fisher = np.zeros((size, size))
    indices = [
        np.concatenate([own * n + np.arange(3), _shape_index(n, own, count, group, shared)])
        for n in range(count)
    ]
    base = size - background_basis.shape[-1]
    weight = 1 / model
    for n, (window, _, slopes) in enumerate(pieces):
        weighted = slopes * weight[window][..., None]
        for m in _near(rows, cols, n):
            block = _overlap(window, weighted, *pieces[m][::2])
            if block is not None:
                fisher[np.ix_(indices[n], indices[m])] += block
        basis = background_basis[window]
        side = np.einsum("yxi,yxk->ik", weighted, basis)
        fisher[indices[n][:, None], base + np.arange(basis.shape[-1])] += side
        fisher[(base + np.arange(basis.shape[-1]))[:, None], indices[n]] += side.T
    flat = background_basis.reshape(-1, background_basis.shape[-1])
    fisher[base:, base:] = flat.T @ (flat * weight.reshape(-1, 1))
    scale = 1 / np.sqrt(np.diag(fisher))
    factor = linalg.cho_factor(fisher * scale[:, None] * scale, lower=True, overwrite_a=True)
    inverse, info = linalg.lapack.dpotri(factor[0], lower=1, overwrite_c=1)
    if info:
        raise RuntimeError("The Fisher matrix could not be inverted.")
    variance = np.diag(inverse) * scale**2
    return np.sqrt(np.stack([variance[own * np.arange(count) + k] for k in (1, 2)], axis=1))


def _shape_index(n, own, count, group, shared):
    return (own * count + 3 * group[n] if shared else own * n + 3) + np.arange(3)


def _near(rows, cols, n):
    return np.flatnonzero(np.hypot(rows - rows[n], cols - cols[n]) < 36)


def _background(truth, shape):
    from scipy.interpolate import griddata

    points = np.stack([truth["y"].values, truth["x"].values], axis=1)
    grid = np.mgrid[: shape[0], : shape[1]].reshape(2, -1).T
    values = griddata(points, truth["background"].values, grid, method="nearest")
    return values.reshape(shape)


def _derivatives(truth, n, shape):
    """Window, values and derivatives by (height, y, x, xx, yx, yy of the inverse covariance)."""
    row, col, height, major, minor, theta = (
        float(truth[k].values[n])
        for k in ("y", "x", "amplitude", "sigma_major", "sigma_minor", "theta")
    )
    half = int(np.ceil(REACH * major))
    top, left = max(0, round(row) - half), max(0, round(col) - half)
    window = np.s_[top : min(shape[0], round(row) + half), left : min(shape[1], round(col) + half)]
    y = np.arange(window[0].start, window[0].stop)[:, None] - row
    x = np.arange(window[1].start, window[1].stop) - col
    c, s = np.cos(np.deg2rad(theta)), np.sin(np.deg2rad(theta))
    xx, yy = (c / major) ** 2 + (s / minor) ** 2, (s / major) ** 2 + (c / minor) ** 2
    yx = c * s * (major**-2 - minor**-2)
    unit = np.exp(-(xx * x**2 + 2 * yx * x * y + yy * y**2) / 2)
    values = height * unit
    slopes = [unit, values * (yy * y + yx * x), values * (xx * x + yx * y)]
    slopes += [-values * x**2 / 2 + 0 * y, -values * x * y, -values * y**2 / 2 + 0 * x]
    return window, values, np.stack(slopes, axis=-1)


def _overlap(window, weighted, other, slopes):
    spans = []
    for a, b in zip(window, other, strict=True):
        low, high = max(a.start, b.start), min(a.stop, b.stop)
        if low >= high:
            return None
        spans.append((slice(low - a.start, high - a.start), slice(low - b.start, high - b.start)))
    mine = weighted[spans[0][0], spans[1][0]]
    theirs = slopes[spans[0][1], spans[1][1]]
    return np.einsum("yxi,yxk->ik", mine, theirs)
