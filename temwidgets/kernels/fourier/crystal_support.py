"""Where fringes are, from their amplitude against the noise next to them in the spectrum."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.ndimage as ndi
from scipy.special import ndtri

from temwidgets.kernels.fourier.coarse_grid import (
    CoarseGrid,
    coarse_grid,
    fade_on,
    filtered,
    gaussian,
    smooth,
    sub_band,
)
from temwidgets.kernels.fourier.image_spectrum import ImageSpectrum

CERTAIN = 20.0  # power of fringes over that of noise: noise alone reaches it once in 1e5 windows
WANTED = 40.0  # typical power over noise at which the outline is sharp enough
_GROWTH = 1.6
_ROUNDS = 5


class Support(NamedTuple):
    """Fringes of one reflection seen through a narrow window."""

    grid: CoarseGrid
    sigma: float
    carrier: np.ndarray  # (2,)
    share: np.ndarray  # (y, x) amplitude over that of the crystal nearby; a half at its edge
    core: np.ndarray  # (y, x) bool: certainly fringes
    amplitude: float  # typical, within the core; 0 without one
    noise: float  # power per pixel near the reflection, within the core
    band: np.ndarray  # (y, x) complex fringes


def find_support(spectrum: ImageSpectrum, g: np.ndarray, sigma: float) -> Support:
    """Find where the fringes of a reflection are, widening the window until they stand out."""
    best = _look(spectrum, g, sigma)
    for _ in range(_ROUNDS):
        sigma = sigma * _GROWTH
        if _strength(best) >= WANTED or sigma > spectrum.widest:
            break
        wider = _look(spectrum, g, sigma)
        if _strength(wider) >= _strength(best):
            best = wider
    return best


def _strength(support: Support) -> float:
    if not support.core.any():
        return 0.0
    return np.pi * (support.sigma * support.amplitude) ** 2 / support.noise


def _look(spectrum: ImageSpectrum, g: np.ndarray, sigma: float) -> Support:
    grid = coarse_grid(spectrum, sigma / 1.5)
    fade = fade_on(spectrum, grid)
    transform, carrier = sub_band(spectrum, g, grid)
    window, half = gaussian(grid, sigma), gaussian(grid, sigma / 2)
    fringes, finer = filtered(transform, [window, half])
    weight = np.maximum(smooth(fade, grid, sigma), 0.05)
    amplitude = np.abs(fringes) / weight
    noise = noise_near(np.abs(finer - fringes) ** 2, fade, grid, sigma)
    spread = np.maximum(smooth(fade**2, grid, sigma / np.sqrt(2)), 0.05)
    power = np.abs(fringes) ** 2 / (noise * spread) * (4 * np.pi * sigma**2)
    core = _large((power > CERTAIN) & (fade > 0.5), grid, sigma)
    share = _share(amplitude, core, grid, sigma) * (weight > 0.1)
    inner = core & (share > 0.8)
    inner = inner if inner.any() else core
    typical = [float(np.median(v[inner])) if inner.any() else 0.0 for v in (2 * amplitude, noise)]
    return Support(grid, sigma, carrier, share, core, typical[0], typical[1], fringes)


def noise_near(power: np.ndarray, fade: np.ndarray, grid: CoarseGrid, sigma: float) -> np.ndarray:
    """Noise power per pixel, from the power between the windows of sigma and of half of it."""
    window, half = (np.outer(*gaussian(grid, s)) for s in (sigma, sigma / 2))
    passed = float(((half - window) ** 2).mean() / np.prod(grid.step))
    weight = np.maximum(smooth(fade**2, grid, 2 * sigma), 0.05)
    return np.maximum(smooth(power, grid, 2 * sigma), 1e-30) / (passed * weight)


def _large(core: np.ndarray, grid: CoarseGrid, sigma: float) -> np.ndarray:
    """Leave out specks smaller than a window: chance makes them."""
    label, count = ndi.label(core)
    size = np.bincount(label.ravel(), minlength=count + 1) * np.prod(grid.step)
    size[0] = 0
    return (size >= 4 * np.pi * sigma**2)[label]


def _share(amplitude: np.ndarray, core: np.ndarray, grid: CoarseGrid, sigma: float) -> np.ndarray:
    """Amplitude over its mean of the crystal nearby, the strong part of which counts most."""
    if not core.any():
        return np.zeros_like(amplitude)
    weight = np.where(core, amplitude, 0) ** 2
    total = smooth(weight, grid, 2.5 * sigma)
    level = smooth(weight * amplitude, grid, 2.5 * sigma) / np.maximum(total, 1e-30)
    return np.where(total > 1e-4 * total.max(), amplitude / np.maximum(level, 1e-30), 0)


def sharpened(share: np.ndarray, sigma: float, blur: float) -> np.ndarray:
    """Outline seen through a window of `sigma`, as one of `blur` would show it; 0 to 1."""
    distance = sigma * ndtri(np.clip(share, 0.02, 0.98))
    return np.clip(0.5 + distance / (np.sqrt(2 * np.pi) * blur), 0, 1).astype(np.float32)
