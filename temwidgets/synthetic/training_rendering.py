"""Fast drawing of columns, contamination and amorphous texture, for images to train on."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy import fft

from temwidgets.synthetic.training_lattices import Columns

CHUNK = 4_000_000  # pixels of windows drawn at once: 16 MB


def draw_round(columns: Columns, shape: tuple[int, int], widen: float = 1.0) -> np.ndarray:
    """Sum of round Gaussians, one matrix product: exp of a sum is the product of two exps."""
    scale = np.sqrt(0.5) / (columns.sigmas * widen)
    along_y = _profile(columns.points[:, 0], scale, shape[0])
    along_x = _profile(columns.points[:, 1], scale, shape[1])
    along_y *= columns.heights[:, None].astype(np.float32)
    return along_y.T @ along_x


def _profile(centres: np.ndarray, scale: np.ndarray, size: int) -> np.ndarray:
    ruler = np.arange(size, dtype=np.float32)
    apart = ruler * scale[:, None].astype(np.float32) - (centres * scale)[:, None].astype(
        np.float32
    )
    # exp underflows to denormals below -87, which cost a hundred times an ordinary number
    return np.exp(-np.minimum(apart * apart, 40.0))


def draw_elliptical(
    columns: Columns, shape: tuple[int, int], ratio: float, angle: float
) -> np.ndarray:
    """Sum of Gaussians drawn out by `ratio` along one axis (radians from x to y), in windows."""
    reach = int(np.ceil(3.7 * ratio * columns.sigmas.max(initial=0.3)))
    ruler = np.arange(-reach, reach + 1)
    image = np.zeros(np.prod(shape), np.float32)
    step = max(CHUNK // ruler.size**2, 1)
    for start in range(0, len(columns.points), step):
        part = columns.only(slice(start, start + step))
        centre = np.rint(part.points).astype(int)
        values = _windows(part, (ruler - (part.points - centre)[..., None]), ratio, angle)
        row, column = (centre[..., None] + ruler).transpose(1, 0, 2)
        values *= ((row >= 0) & (row < shape[0]))[:, :, None]
        values *= ((column >= 0) & (column < shape[1]))[:, None, :]
        place = np.clip(row, 0, shape[0] - 1)[:, :, None] * shape[1]
        place = place + np.clip(column, 0, shape[1] - 1)[:, None, :]
        image += np.bincount(place.ravel(), values.ravel(), image.size).astype(np.float32)
    return image.reshape(shape)


def _windows(columns: Columns, apart: np.ndarray, ratio: float, angle: float) -> np.ndarray:
    """Gaussians (n, w, w) at distances `apart` (n, 2, w) along y and x."""
    y, x = (apart / columns.sigmas[:, None, None]).astype(np.float32).transpose(1, 0, 2)
    sin, cos, inverse = np.sin(angle), np.cos(angle), 1 / ratio**2
    of_yy = np.float32(0.5 * (sin**2 * inverse + cos**2))
    of_xx = np.float32(0.5 * (cos**2 * inverse + sin**2))
    of_yx = np.float32(sin * cos * (inverse - 1))
    form = (of_yy * y * y)[:, :, None] + (of_xx * x * x)[:, None, :]
    form += (of_yx * y)[:, :, None] * x[:, None, :]
    return np.exp(-form) * columns.heights[:, None, None].astype(np.float32)


def band_noise(
    shape: tuple[int, int], length: float, width: float, rng: np.random.Generator
) -> np.ndarray:
    """Noise of standard deviation 1 whose spectrum is a ring at 1/`length` (px), `width` wide.

    `width` is relative: 0.1 gives the speckle of a thin film out of focus, 1 gives clouds.
    """
    k = _frequencies(shape)
    ring = np.exp(-0.5 * ((k * np.float32(length) - 1) / np.float32(width)) ** 2)
    ring[0, 0] = 0
    white = fft.rfft2(rng.standard_normal(shape, np.float32))
    noise = fft.irfft2(white * ring, shape)
    return noise / max(float(noise.std()), 1e-12)


@lru_cache(maxsize=8)
def _frequencies(shape: tuple[int, int]) -> np.ndarray:
    k = np.hypot(np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1]))
    return k.astype(np.float32)


def blobs(shape: tuple[int, int], smallest: float, rng: np.random.Generator) -> np.ndarray:
    """Contamination: a few bright patches, sigmas (px) from `smallest` up, highest 1."""
    count = int(rng.integers(1, 4))
    points = rng.uniform(-0.2, 1.2, (count, 2)) * shape
    sigmas = smallest * rng.uniform(1, 3, count)
    patches = Columns(points, rng.uniform(0.3, 1, count), sigmas, np.zeros(count, int))
    return draw_round(patches, shape)


def gradient(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """A plane that rises by about 1 over the image, in any direction."""
    slope = rng.normal(0, 0.7, 2)
    y, x = (np.linspace(-0.5, 0.5, size, dtype=np.float32) for size in shape)
    return np.float32(slope[0]) * y[:, None] + np.float32(slope[1]) * x
