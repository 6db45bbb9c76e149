"""What the microscope does to an image: scan errors, flicker, noise, lost pixels."""

from __future__ import annotations

import numpy as np


def shift_rows(image: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Move each row along +x by its shift (px), between pixels by Catmull-Rom splines."""
    size = image.shape[1]
    whole = np.floor(-shifts).astype(int)
    t = (-shifts - whole).astype(np.float32)[:, None]
    taps = (
        ((2 - t) * t - 1) * t / 2,
        ((3 * t - 5) * t * t + 2) / 2,
        ((4 - 3 * t) * t + 1) * t / 2,
        (t - 1) * t * t / 2,
    )
    moved = np.zeros_like(image)
    for step, tap in enumerate(taps, -1):
        place = np.clip(np.arange(size) + (whole + step)[:, None], 0, size - 1)
        moved += tap * np.take_along_axis(image, place, 1)
    return moved


def row_jitter(rows: int, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Shifts (px) of rows: white noise of standard deviation `strength`, at most three of it."""
    return strength * np.clip(rng.standard_normal(rows), -3, 3)


def shifted_columns(points: np.ndarray, sigmas: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Where columns lie once rows moved: each by the mean shift of the rows it covers."""
    rows = np.arange(len(shifts))
    near = np.exp(-0.5 * ((rows - points[:, :1]) / sigmas[:, None]) ** 2) + 1e-9
    return points + np.stack([np.zeros(len(points)), near @ shifts / near.sum(1)], 1)


def flicker(rows: int, rng: np.random.Generator) -> np.ndarray:
    """Factors (rows, 1) by which the brightness of rows is off."""
    factors = 1 + rng.uniform(0.01, 0.08) * np.clip(rng.standard_normal((rows, 1)), -3, 3)
    return factors.astype(np.float32)


def noisy(
    clean: np.ndarray, level: float, deviation: float, rng: np.random.Generator
) -> np.ndarray:
    """Add Poisson and read noise, together `deviation` where the image is as bright as `level`.

    Anything from read noise alone to counting noise alone; `clean` must not be negative.
    """
    share = np.clip(rng.uniform(-0.2, 1.2), 0, 1)
    gain = share * deviation**2 / level
    read = np.float32(deviation * np.sqrt(1 - share))
    noise = rng.standard_normal(clean.shape, np.float32)
    if gain == 0:
        return clean + read * noise
    if level / gain > 30:  # so many counts are normal, which is far quicker to draw
        return clean + np.sqrt(np.float32(gain) * clean + read**2) * noise
    counts = rng.poisson(clean / gain).astype(np.float32)
    return counts * np.float32(gain) + read * noise


def known_pixels(
    shape: tuple[int, int], missing: tuple[float, float], rng: np.random.Generator
) -> np.ndarray:
    """Mask of measured pixels: three in four images lack as few as may be, the others many."""
    low, high = missing
    lost = low
    if rng.random() < 0.25:
        lost = rng.uniform(min(max(low, 0.3), high), high)
    if lost == 0:
        return np.ones(shape, bool)
    return rng.random(shape, np.float32) >= lost
