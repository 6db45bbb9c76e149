"""Filters that make columns stand out of noise, background and the tails of their neighbours.

Lengths as in `temwidgets.kernels.spectra`: units of the geometric mean of the pixel sides.
"""

from __future__ import annotations

import numpy as np
import scipy.fft
import scipy.ndimage as ndi

from temwidgets.kernels.spectra import diffuse_power, fast_shape, frequencies, noise_power

SMALLEST_EDGE = 0.15
"""Greatest correction for the part of a filter that hangs over the image edge (its inverse)."""


class ColumnFilter:
    """Wiener deconvolution of an image by the Gaussian shape of its columns.

    The kernel is ``T g / (g^2 + eps)``: g the transform of a column, T the one of the narrower
    Gaussian that a column becomes, eps the ratio of noise to signal. It is matched filtering
    where noise is strong, sharpening where it is weak. Normalised so that an isolated column of
    height one comes out at height one. Zeros surround the image; what a kernel loses over the
    edge is made up (`edge`), so that columns at the edge count and peak where they are.
    """

    def __init__(self, image: np.ndarray, sigma: float, aspect: tuple[float, float]):
        self.pad = tuple(int(3 * sigma / a) + 4 for a in aspect)
        self.size = image.shape
        self.shape = fast_shape(
            tuple(n + 2 * p for n, p in zip(image.shape, self.pad, strict=True))
        )
        self.inside = tuple(slice(p, p + n) for p, n in zip(self.pad, image.shape, strict=True))
        padded = np.zeros(self.shape, np.float32)
        padded[self.inside] = image
        self.transform = scipy.fft.rfft2(padded, workers=2)
        self.power = np.abs(self.transform) ** 2 / image.size
        self.frequency = frequencies(self.shape, aspect)
        self.noise = noise_power(self.power)
        signal = max(float(image.var()) - self.noise, 1e-9 * float(image.var()))
        self.noise_to_signal = self.noise / (signal * 4 * np.pi * sigma**2)
        self._column = np.exp(-((2 * np.pi * self.frequency * sigma) ** 2) / 2)
        self._twice = np.full(self.frequency.shape[1], 2.0, np.float32)
        self._twice[0] = 1
        self._twice[-1] = 2 - (self.shape[1] % 2 == 0)

    def kernel(self, eps: float, width: float) -> np.ndarray:
        """Transform of the kernel that turns columns into Gaussians of sigma `width`."""
        narrow = np.exp(-((2 * np.pi * self.frequency * width) ** 2) / 2)
        kernel = narrow * self._column / (self._column**2 + eps)
        return kernel / (self._mean(kernel * self._column) / self._mean(self._column))

    def gates(self) -> tuple[np.ndarray, np.ndarray]:
        """Pass what stands above the noise: everything, and the diffuse part of it alone.

        An adaptive Wiener filter: reflections pass singly, diffuse signal as a whole. It brings
        out a lattice far below the noise, but also where a column is missing:
        `kernel * (1 - gate)` tells what it has left out.
        """
        diffuse = diffuse_power(self.power, self.frequency)
        whole = np.clip(1 - 1.5 * self.noise / np.maximum(diffuse, 1e-30), 0, 1)
        singly = np.clip(1 - 4 * diffuse / np.maximum(self.power, 1e-30), 0, 1)
        return np.maximum(whole, singly), whole

    def apply(self, kernel: np.ndarray) -> np.ndarray:
        """Filter the image; the result has the padded shape."""
        return scipy.fft.irfft2(self.transform * kernel, s=self.shape, workers=2)

    def noise_after(self, kernel: np.ndarray) -> float:
        """Standard deviation of the noise after filtering."""
        return float(np.sqrt(self._mean(kernel**2) * self.noise))

    def edge(self, kernel: np.ndarray) -> np.ndarray:
        """Share (root of the energy) of the kernel that lies inside the image, in padded shape."""
        energy = scipy.fft.irfft2(kernel, s=self.shape, workers=2) ** 2
        shares = []
        for axis in (0, 1):
            profile = energy.sum(axis=1 - axis)
            profile = scipy.fft.rfft(profile / profile.sum())
            box = np.zeros(self.shape[axis])
            box[self.inside[axis]] = 1
            share = scipy.fft.irfft(scipy.fft.rfft(box) * profile, n=self.shape[axis])
            shares.append(np.sqrt(np.clip(share, SMALLEST_EDGE, 1)))
        return np.outer(*shares).astype(np.float32)

    def _mean(self, values: np.ndarray) -> float:
        """Mean over the whole plane of a function given on its half."""
        total = np.sum(values * self._twice, dtype=np.float64)
        return float(total / (self._twice.sum() * self.shape[0]))


def lower_envelope(
    image: np.ndarray, step: tuple[float, float], rows: np.ndarray, cols: np.ndarray
) -> np.ndarray:
    """Level between the columns (5th percentile of blocks of `step` pixels) at given places."""
    centres, index = [], []
    for n, s in zip(image.shape, step, strict=True):
        count = max(1, round(n / s))
        edges = np.linspace(0, n, count + 1)
        inner = (np.arange(12) + 0.5) / 12
        samples = edges[:-1, None] + inner * np.diff(edges)[:, None]
        index.append(np.minimum(samples.astype(int), n - 1))
        centres.append((edges[:-1] + edges[1:] - 1) / 2)
    blocks = image[index[0][:, None, :, None], index[1][None, :, None, :]]
    level = np.percentile(blocks.reshape(*blocks.shape[:2], -1), 5, axis=-1)
    level = ndi.gaussian_filter(level, 0.7, mode="nearest")
    at = [
        np.interp(place, centre, np.arange(centre.size))
        for place, centre in zip((rows, cols), centres, strict=True)
    ]
    return ndi.map_coordinates(level, at, order=1, mode="nearest")
