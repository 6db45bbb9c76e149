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
    smooth_product,
    sub_band,
)
from temwidgets.kernels.fourier.image_spectrum import ImageSpectrum

CERTAIN = 20.0  # power of fringes over that of noise: noise alone reaches it once in 1e5 windows
WANTED = 40.0  # typical power over noise at which the outline is sharp enough
QUIET = 0.4  # amplitude outside the crystal, over that inside, at which it is
_GROWTH = 1.6
_ROUNDS = 5


class Support(NamedTuple):
    """Fringes of one reflection seen through a narrow window."""

    grid: CoarseGrid
    sigma: float
    g: np.ndarray  # (2,) mean reciprocal vector of the core; without a core the one looked for
    spread: float  # largest deviation from it within the core, but for a few points and noise
    share: np.ndarray  # (y, x) amplitude over that of the crystal nearby; a half at its edge
    core: np.ndarray  # (y, x) bool: certainly fringes
    amplitude: float  # typical, within the core; 0 without one
    noise: float  # power per pixel near the reflection, within the core
    outside: float  # root mean square amplitude away from the core, over the typical one


def find_support(spectrum: ImageSpectrum, g: np.ndarray, sigma: float) -> Support:
    """Find where the fringes of a reflection are, widening the window until they stand out."""
    best = _look(spectrum, g, sigma)
    for _ in range(_ROUNDS):
        sigma = sigma * _GROWTH
        if _strength(best) >= 1 or sigma > spectrum.widest:
            break
        wider = _look(spectrum, g, sigma)
        if _strength(wider) >= _strength(best):
            best = wider
    return best


def _strength(support: Support) -> float:
    """How far fringes stand out of noise and of what is beside the crystal; 1 is enough."""
    if not support.core.any():
        return 0.0
    power = np.pi * (support.sigma * support.amplitude) ** 2 / support.noise
    return min(power / WANTED, (QUIET / max(support.outside, 1e-6)) ** 2)


def _look(spectrum: ImageSpectrum, g: np.ndarray, sigma: float) -> Support:
    grid = coarse_grid(spectrum, sigma / 1.5)
    fade_y, fade_x = fade_on(spectrum, grid)
    squared = fade_y**2, fade_x**2
    transform, carrier = sub_band(spectrum, g, grid)
    window, half = gaussian(grid, sigma), gaussian(grid, sigma / 2)
    fringes, finer = filtered(transform, [window, half])
    weight = np.maximum(smooth_product((fade_y, fade_x), grid, sigma), 0.05)
    amplitude = np.abs(fringes) / weight
    noise = _noise_near(np.abs(finer - fringes) ** 2, squared, grid, sigma)
    spread = np.maximum(smooth_product(squared, grid, sigma / np.sqrt(2)), 0.05)
    power = np.abs(fringes) ** 2 / (noise * spread) * (4 * np.pi * sigma**2)
    within = np.outer(fade_y > 0.5, fade_x > 0.5)
    core = _large((power > CERTAIN) & within, grid, sigma)
    share = _share(amplitude, core, grid, sigma) * (weight > 0.1)
    inner = core & (share > 0.8) if (core & (share > 0.8)).any() else core
    size, level = _typical(2 * amplitude[inner], noise[inner])
    mean, spread = _deviation(fringes, core, grid)
    found = carrier + mean if core.any() else g
    noise_of_g = np.sqrt(level / (16 * np.pi**3)) / (sigma**2 * max(size, 1e-12))
    spread = max(np.sqrt(max(spread**2 - 6 * noise_of_g**2, 0.0)), 1e-9)
    outside = _beside(2 * amplitude, core, within, grid, sigma) / max(size, 1e-12)
    return Support(grid, sigma, found, spread, share, core, size, level, outside)


def _typical(amplitude: np.ndarray, noise: np.ndarray) -> tuple[float, float]:
    """Typical amplitude and noise; edges of the crystal, where power spreads, are no noise."""
    if not amplitude.size:
        return 0.0, 0.0
    # the tenth percentile of an estimate that scatters by 13 % is so much below its mean
    return float(np.median(amplitude)), 1.15 * float(np.percentile(noise, 10))


def _beside(
    amplitude: np.ndarray, core: np.ndarray, within: np.ndarray, grid: CoarseGrid, sigma: float
) -> float:
    """Root mean square of the amplitude away from the core; 0 where there is little beside it."""
    far = within & (smooth(core.astype(np.float32), grid, 1.5 * sigma) < 0.02)
    if far.sum() * np.prod(grid.step) < 4 * np.pi * sigma**2:
        return 0.0
    return float(np.sqrt(np.mean(amplitude[far] ** 2)))


def _deviation(fringes: np.ndarray, core: np.ndarray, grid: CoarseGrid) -> tuple[np.ndarray, float]:
    """Mean g of the core less the carrier, and by how much g departs from it (95th percentile)."""
    if not core.any():
        return np.zeros(2), 0.0
    steps = []
    for axis, step in enumerate(grid.step):
        turn = np.angle(np.roll(fringes, -1, axis)[core] * fringes[core].conj())
        steps.append(turn / (2 * np.pi * step))
    mean = np.mean(steps, axis=1)
    return mean, float(np.percentile(np.hypot(*(np.array(steps) - mean[:, None])), 95))


def _noise_near(
    power: np.ndarray, fade: tuple[np.ndarray, np.ndarray], grid: CoarseGrid, sigma: float
) -> np.ndarray:
    """Noise power per pixel, from the power between the windows of sigma and of half of it."""
    window, half = (np.outer(*gaussian(grid, s)) for s in (sigma, sigma / 2))
    passed = float(((half - window) ** 2).mean() / np.prod(grid.step))
    weight = np.maximum(smooth_product(fade, grid, 2 * sigma), 0.05)
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
