"""What a spectrum holds between its spots: noise, amorphous texture and the streaks of a scan."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.fft
import scipy.ndimage as ndi

from temwidgets.kernels.spectra import fast_shape, local_mean, without_plane

SECTORS = 8
"""Of a half turn: astigmatism and drift make noise differ by direction."""
BINS = 2.5
"""Thickness of a ring in bins: Thon rings are narrow."""
THINNEST = 0.003
"""Its least thickness, cycles per unit of length."""
LEAST = 40
"""Bins in a sector below which the whole ring speaks for it."""
BLOCKS = 4
"""Pieces of a streak along its length."""
MEDIAN = np.log(2)
"""Median over mean of exponentially distributed power."""


class NoiseFloor(NamedTuple):
    """Power per pixel between the spots; white noise of variance v has power v.

    Scan lines that jitter or flicker smear power along lines through the origin and through every
    spot: `along_y` is that on lines of equal kx, `along_x` that on lines of equal ky.
    """

    rings: np.ndarray  # (ring, SECTORS)
    thickness: float
    along_y: np.ndarray  # (block of |ky|, kx)
    along_x: np.ndarray  # (block of |kx|, |ky|)
    bins: tuple[float, float]  # from line to line, cycles per unit of length: ky, kx
    highest: tuple[float, float]  # ky, kx

    def __call__(self, ky: np.ndarray, kx: np.ndarray) -> np.ndarray:
        """Power at frequencies (cycles per unit of length)."""
        ky, kx = np.broadcast_arrays(ky, kx)
        ring = np.hypot(ky, kx) / self.thickness - 0.5
        turn = np.arctan2(ky, kx) / np.pi % 1 * SECTORS - 0.5
        padded = np.pad(np.log(self.rings), ((0, 0), (1, 1)), mode="wrap")
        power = np.exp(_between(padded, ring, turn + 1))
        for table, across, along, axis in (
            (self.along_y, kx, ky, 1),
            (self.along_x, ky, kx, 0),
        ):
            place = np.abs(across) / self.bins[axis]
            block = np.abs(along) / self.highest[1 - axis] * BLOCKS - 0.5
            power = np.maximum(power, _between(table, block, place))
        return power

    def through(self, sigma: float) -> NoiseFloor:
        """Return the noise per pixel that a Gaussian window of `sigma` units of length lets in."""
        blur = 1 / (2 * np.pi * np.sqrt(2) * sigma)
        rings = ndi.gaussian_filter1d(self.rings, blur / self.thickness, 0, mode="nearest")
        along = [
            ndi.gaussian_filter1d(table, blur / step, 1, mode="mirror")
            for table, step in ((self.along_y, self.bins[1]), (self.along_x, self.bins[0]))
        ]
        return self._replace(rings=rings, along_y=along[0], along_x=along[1])


def flattened(image: np.ndarray) -> np.ndarray:
    """Take away what varies over an eighth of the image and more."""
    flat = without_plane(image.astype(np.float32))
    width = min(image.shape) / 8
    return flat - local_mean(flat, (width, width))


def noise_floor(flat: np.ndarray, sides: np.ndarray) -> NoiseFloor:
    """Medians of the Hann-windowed power spectrum over sectors of rings and along streaks.

    Parameters
    ----------
    flat : ndarray, (y, x)
        An image without slow changes.
    sides : ndarray, (2,)
        Sides of a pixel; their product is 1.
    """
    tapers = [np.hanning(n + 2)[1:-1].astype(np.float32) for n in flat.shape]
    shape = fast_shape(flat.shape)
    transformed = scipy.fft.rfft2(flat * np.outer(*tapers), s=shape, workers=2)
    power = np.abs(transformed) ** 2 / np.prod([(t**2).sum() for t in tapers])
    ky = scipy.fft.fftfreq(shape[0])[:, None] / sides[0]
    kx = scipy.fft.rfftfreq(shape[1])[None] / sides[1]
    thickness = max(THINNEST, BINS / min(np.array(flat.shape) * sides))
    ring = (np.hypot(ky, kx) / thickness).astype(np.int32)
    sector = (np.arctan2(ky, kx) / np.pi % 1 * SECTORS).astype(np.int32) % SECTORS
    half = shape[0] // 2
    both = np.stack([power[1 : half + 1], power[: -half - 1 : -1]])  # ky and -ky
    origin = power[:1].repeat(2, 0)[:, None]
    folded = np.concatenate([origin, both], 1)
    return NoiseFloor(
        _levels(power, ring, sector),
        thickness,
        np.stack([_median(part, (0, 1)) for part in np.array_split(folded, BLOCKS, 1)]),
        np.stack([_median(part, (0, 2)) for part in np.array_split(folded, BLOCKS, 2)]),
        (float(ky[1, 0]), float(kx[0, 1])),
        (0.5 / sides[0], 0.5 / sides[1]),
    )


def _between(table: np.ndarray, row: np.ndarray, col: np.ndarray) -> np.ndarray:
    limits = np.array(table.shape) - 1
    at = [np.clip(v, 0, n) for v, n in zip((row, col), limits, strict=True)]
    return ndi.map_coordinates(table, at, order=1, mode="nearest")


def _median(power: np.ndarray, axes: tuple[int, int]) -> np.ndarray:
    return np.median(power, axis=axes) / MEDIAN


def _levels(power: np.ndarray, ring: np.ndarray, sector: np.ndarray) -> np.ndarray:
    """Power (ring, SECTORS): the larger of what a ring and its sector say, for either may err."""
    rings = int(ring.max()) + 1
    whole = _medians(power, ring, rings)[0]
    parts, count = _medians(power, ring * SECTORS + sector, rings * SECTORS)
    parts, count = parts.reshape(rings, SECTORS), count.reshape(rings, SECTORS)
    known = count >= LEAST
    # a sector has few bins: what it says is smoothed along the ring
    parts = np.where(known, parts, whole[:, None])
    smooth = ndi.convolve1d(parts, [0.25, 0.5, 0.25], 1, mode="wrap")
    return np.maximum(np.maximum(whole[:, None], smooth), 1e-30)


def _medians(power: np.ndarray, cell: np.ndarray, cells: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean of exponentially distributed power from its median, in each cell; and the bins there."""
    flat = cell.ravel()
    order = np.argsort(flat.astype(np.uint16) if cells < 65536 else flat, kind="stable")
    count = np.bincount(flat, minlength=cells)
    parts = np.split(power.ravel()[order], np.cumsum(count)[:-1])
    return np.array([np.median(p) if p.size else 0.0 for p in parts]) / MEDIAN, count
