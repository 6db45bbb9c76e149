"""Starting values of the joint fit, in plain NumPy: widths, background, heights."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

CROWDED = 3.3  # distance of nearest columns over sigma below which tails merge
INTERVALS = (1, 2, 3, 4, 6, 9, 14)  # of the background's knots along an axis
HALVES = (3, 4, 5, 6, 7, 8, 10, 12, 14, 17, 20, 24, 29, 35, 42, 50, 60, 72)

_DETAIL = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]]) / 6.0
"""Second differences along both axes; of white noise the variance stays."""


def nearest_distance(rows: np.ndarray, cols: np.ndarray, alone: float) -> np.ndarray:
    """Distance of each point to its nearest neighbour, px; `alone` for a single point."""
    if len(rows) < 2:
        return np.full(len(rows), alone)
    points = np.stack([rows, cols], axis=1)
    return cKDTree(points).query(points, k=2)[0][:, 1]


def typical_sigma(image: np.ndarray, rows: np.ndarray, cols: np.ndarray, apart: float) -> float:
    """Width of the columns, from how the image's spectrum falls off against that of points.

    The image is the columns' places convolved with a Gaussian, so at every frequency f its
    spectrum is that of the places times exp(-2 pi^2 sigma^2 f^2); overlaps do not matter. Low
    frequencies are left out, for the background. `apart` is the distance of nearest columns, px.
    """
    fallback = 0.25 * apart
    rows, cols, image = _central(image, rows, cols)
    row, col = np.rint(rows).astype(int), np.rint(cols).astype(int)
    if len(row) < 3:
        return fallback
    taper = np.outer(*(np.hanning(n + 2)[1:-1] for n in image.shape))
    height = np.maximum(image[row, col] - np.percentile(image, 5), 0) * taper[row, col]
    points = np.zeros(image.shape)
    np.add.at(points, (row, col), height)
    spectrum = np.fft.rfft2((image - image.mean()) * taper)
    pattern = np.fft.rfft2(points)
    fy, fx = np.fft.fftfreq(image.shape[0]), np.fft.rfftfreq(image.shape[1])
    square = fy[:, None] ** 2 + fx**2
    # rounding places to pixels spreads them by a twelfth of a square pixel
    used = (square > (0.6 / apart) ** 2) & (square < (2.0 / apart) ** 2)
    along = np.real(spectrum[used] * np.conj(pattern[used]))
    power, square = np.abs(pattern[used]) ** 2, square[used]
    sigmas = apart * np.geomspace(0.12, 0.6, 60)
    falls = np.exp(-2 * np.pi**2 * (sigmas[:, None] ** 2 - 1 / 12) * square)
    gains = (falls @ along) ** 2 / np.maximum(falls**2 @ power, 1e-300)
    gains[falls @ along <= 0] = 0
    best = int(np.argmax(gains))
    return float(sigmas[best]) if gains[best] > 0 else fallback


def _central(
    image: np.ndarray, rows: np.ndarray, cols: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The middle of a large image, up to 768 px a side, and the points in it."""
    height, width = image.shape
    top, left = max(0, (height - 768) // 2), max(0, (width - 768) // 2)
    piece = image[top : top + 768, left : left + 768]
    rows, cols = rows - top, cols - left
    inside = (rows > -0.5) & (rows < piece.shape[0] - 0.5)
    inside &= (cols > -0.5) & (cols < piece.shape[1] - 0.5)
    return rows[inside], cols[inside], piece


def window_half(sigma: float, apart: float) -> int:
    """Half width of the fit window, px, rounded up to one of a few sizes.

    3.3 sigma do where columns stand apart. Where they crowd, heights, widths and background are
    told apart by the tails alone, and a step that does not see them goes astray: 4.3 sigma.
    """
    wanted = (4.3 if apart < CROWDED * sigma else 3.3) * sigma
    return next((half for half in HALVES if half >= wanted), HALVES[-1])


def background_counts(kind: str, shape: tuple[int, int], spacing: float) -> tuple[int, int]:
    """Number of background basis functions along y and x."""
    if kind != "smooth":
        return (1, 1) if kind == "constant" else (2, 2)
    # few choices, so that like images share a compilation; beyond 17 functions a side the dense
    # coarse system of the solver would rule the time
    choices = np.array(INTERVALS)
    counts = [int(choices[np.argmin(np.abs(choices - size / spacing))]) + 3 for size in shape]
    return counts[0], counts[1]


def background_basis(kind: str, count: int, place: np.ndarray) -> np.ndarray:
    """Basis functions (place, count) along one axis at places 0 (first pixel) to 1 (last).

    One constant; 1 and a slope; or uniform cubic B-splines (de Boor, A Practical Guide to Splines,
    1978), which follow a slow background closely with few unknowns. Values hold on outside.
    """
    place = np.clip(place, 0, 1)
    if kind == "constant":
        return np.ones((len(place), 1))
    if kind == "plane":
        return np.stack([np.ones(len(place)), 2 * place - 1], axis=1)
    t = place * (count - 3)
    cell = np.minimum(t.astype(int), count - 4)
    u = t - cell
    weights = np.stack(
        [(1 - u) ** 3, 3 * u**3 - 6 * u**2 + 4, -3 * u**3 + 3 * u**2 + 3 * u + 1, u**3], axis=1
    )
    basis = np.zeros((len(place), count))
    np.put_along_axis(basis, cell[:, None] + np.arange(4), weights / 6, axis=1)
    return basis


def background_start(kind: str, image: np.ndarray, counts: tuple[int, int]) -> np.ndarray:
    """Coefficients: a low percentile of the pixels around each node."""
    start = np.zeros(counts)
    if kind != "smooth":
        start[0, 0] = np.percentile(image, 5)
        return start
    reach = [size / (count - 3) for size, count in zip(image.shape, counts, strict=True)]
    for i in range(counts[0]):
        for j in range(counts[1]):
            rows, cols = (
                slice(max(int((k - 1.8) * r), 0), max(int((k - 0.2) * r), 2))
                for k, r in zip((i, j), reach, strict=True)
            )
            piece = image[rows, cols]
            piece = piece if piece.size else image[-int(reach[0]) :, -int(reach[1]) :]
            start[i, j] = np.percentile(piece[::2, ::2], 8)
    return start


def heights_at(
    image: np.ndarray, rows: np.ndarray, cols: np.ndarray, background: np.ndarray, sigma: float
) -> np.ndarray:
    """Height of each column over the background, from the gently smoothed image."""
    smooth = ndimage.gaussian_filter(image, 0.4 * sigma, mode="nearest")
    row = np.clip(np.rint(rows).astype(int), 0, image.shape[0] - 1)
    col = np.clip(np.rint(cols).astype(int), 0, image.shape[1] - 1)
    return np.maximum(smooth[row, col] - background[row, col], 0)


def noise_deviation(image: np.ndarray) -> float:
    """Standard deviation of the noise, from second differences.

    Immerkaer, Computer Vision and Image Understanding 64, 300 (1996), eq. 4, with the median in
    place of the mean so that columns do not count.
    """
    detail = ndimage.convolve(image, _DETAIL, mode="nearest")
    return float(np.median(np.abs(detail)) / 0.6745)


def noise_to_signal(image: np.ndarray) -> float:
    """Variance of the noise over the mean intensity where it is, 1 for counts.

    The squares of second differences over the mean of the same pixels, in eighths of the image by
    brightness; the median of the eighths, for columns bend some of them. Brightness is told by the
    surroundings, which share no noise with what is compared.
    """
    image = np.asarray(image, float)
    squares = ndimage.convolve(image, _DETAIL, mode="nearest") ** 2
    level = ndimage.convolve(image, _DETAIL**2, mode="nearest")
    ring = 81 * ndimage.uniform_filter(image, 9) - 9 * ndimage.uniform_filter(image, 3)
    sample = ring.flat[:: max(1, ring.size // 100_000)]
    part = np.searchsorted(np.quantile(sample, np.arange(1, 8) / 8), ring.ravel())
    squares, level = (np.bincount(part, v.ravel(), minlength=8) for v in (squares, level))
    ratios = squares[level > 0] / level[level > 0]
    return float(np.median(ratios)) if ratios.size else 1.0


def beyond_edge(
    image: np.ndarray, rows: np.ndarray, cols: np.ndarray, sigma: float, apart: float
) -> np.ndarray:
    """Guess columns whose centre lies just outside but whose tail reaches in; (k, 2) row, col.

    They show as maxima along the outermost pixels towards which the image still rises. Left out of
    the model, their tails would bend the background and their neighbours.
    """
    smooth = ndimage.gaussian_filter(image, 0.5 * sigma, mode="nearest")
    depth = int(np.clip(np.rint(sigma), 1, min(image.shape) - 1))
    # smoothing by half a sigma divides the noise by sqrt(pi) sigma (white noise, 2-D Gaussian)
    noise = noise_deviation(image) / max(1.77 * sigma, 1.0)
    found = []
    # quarter turns bring each side to the top; `sign` and `swap` undo them
    for turned, place in (
        (smooth, lambda t: (-0.8 * sigma + 0 * t, t)),
        (smooth[::-1], lambda t: (image.shape[0] - 1 + 0.8 * sigma + 0 * t, t)),
        (smooth.T, lambda t: (t, -0.8 * sigma + 0 * t)),
        (smooth.T[::-1], lambda t: (t, image.shape[1] - 1 + 0.8 * sigma + 0 * t)),
    ):
        line = turned[0]
        reach = max(1, int(0.5 * apart))
        peaks = line == ndimage.maximum_filter1d(line, 2 * reach + 1, mode="nearest")
        lowest = ndimage.minimum_filter1d(line, 2 * reach + 1, mode="nearest")
        peaks &= (line - turned[depth] > 0) & (line - lowest > 3 * noise)
        found.append(np.stack(place(np.flatnonzero(peaks).astype(float)), axis=1))
    ghosts = np.concatenate(found)
    if len(ghosts) and len(rows):
        distance = cKDTree(np.stack([rows, cols], axis=1)).query(ghosts)[0]
        ghosts = ghosts[distance > 0.55 * apart]
    return ghosts


def unexplained_rim(
    shape: tuple[int, int], rows: np.ndarray, cols: np.ndarray, sigma: float
) -> np.ndarray:
    """Tell which pixels of the rim, a sigma and a half wide, have no column near; (y, x) bool.

    There the faint tails of unseen columns beyond the edge would pass for background.
    """
    rim = np.ones(shape, bool)
    depth = max(1, round(1.5 * sigma))
    rim[depth:-depth, depth:-depth] = False
    pixels = np.argwhere(rim)
    near = cKDTree(np.stack([rows, cols], axis=1)).query(pixels)[0] < 1.5 * sigma
    rim[tuple(pixels[near].T)] = False
    return rim
