"""An image to train on from its columns: probe, background, scan, brightness, noise."""

from __future__ import annotations

import numpy as np

from temwidgets.synthetic import training_degradation as degradation
from temwidgets.synthetic import training_rendering as rendering
from temwidgets.synthetic.training_lattices import Columns


def scene(
    columns: Columns,
    shape: tuple[int, int],
    spacing: float,
    dark: bool,
    lone: bool,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """The image before noise, nowhere negative, and where its columns lie (n, 2)."""
    phase = rng.random() < (0.5 if dark else 0.12)  # as in high-resolution TEM
    signal = _drawn(columns, shape, phase, rng)
    clean = -signal if dark else signal
    clean = clean + _background(shape, spacing, phase or lone, not len(columns.points), rng)
    points = columns.points
    if rng.random() < 0.3:
        width = columns.sigmas.min() if len(points) else 0.2 * spacing
        shifts = degradation.row_jitter(shape[0], min(rng.uniform(0.02, 0.3) * width, 1.0), rng)
        clean = degradation.shift_rows(clean, shifts)
        points = degradation.shifted_columns(points, columns.sigmas, shifts)
    # from a dark field where vacuum counts nothing to a bright one far above its contrast
    base = 0.5 if dark else 0.02
    clean += rng.choice([base, rng.uniform(base, 1), rng.uniform(1, 5)]) - clean.min()
    if rng.random() < 0.1:
        clean *= degradation.flicker(shape[0], rng)
    return clean, points


def _drawn(
    columns: Columns, shape: tuple[int, int], phase: bool, rng: np.random.Generator
) -> np.ndarray:
    """Columns as the probe shows them: round, elliptical, with a broad tail, or with rings."""
    if not len(columns.points):
        return np.zeros(shape, np.float32)
    if rng.random() < 0.25:
        # never wider than the columns were meant to be: the longer axis is the sigma drawn
        # and the shorter is at least 0.8 px, which pixels still resolve
        ratio = max(min(rng.uniform(1.05, 1.5), columns.sigmas.min() / 0.8), 1.0)
        angle = rng.uniform(0, np.pi)
        core = rendering.draw_elliptical(
            columns._replace(sigmas=columns.sigmas / ratio), shape, ratio, angle
        )
    else:
        core = rendering.draw_round(columns, shape)
    if phase:
        # Gaussians of three widths and changing sign are rings of delocalised contrast
        first = rng.uniform(0.3, 0.6)
        second = first * rng.uniform(0.2, 0.6)
        wide = rendering.draw_round(columns, shape, 1.6)
        wider = rendering.draw_round(columns, shape, 2.4)
        return (core - first * wide + second * wider) / (1 - first + second)
    if rng.random() < 0.35:
        tail = rng.uniform(0.05, 0.3)
        wide = rendering.draw_round(columns, shape, rng.uniform(2, 4))
        return (1 - tail) * core + tail * wide
    return core


def _background(
    shape: tuple[int, int], spacing: float, rough: bool, empty: bool, rng: np.random.Generator
) -> np.ndarray:
    """What lies beneath the columns, in heights of the strongest: slopes, blobs, texture."""
    ground = np.zeros(shape, np.float32)
    if rng.random() < 0.35:
        ground += rng.uniform(0.1, 2) * rendering.gradient(shape, rng)
    if rng.random() < 0.2:
        # smaller patches would be columns themselves
        smallest = max(1.5 * spacing, 0.12 * min(shape))
        ground += rng.uniform(0.2, 2) * rendering.blobs(shape, smallest, rng)
    if rough or rng.random() < (0.6 if empty else 0.25):
        length, width = spacing * rng.uniform(0.5, 3), rng.choice([0.15, 0.4, 1.0])
        # from hardly seen to as strong as a faint column
        strength = rng.uniform(0.02, 1.0 if empty else 0.2 if rough else 0.12)
        ground += strength * rendering.band_noise(shape, length, width, rng)
    return ground


def measured(
    clean: np.ndarray,
    points: np.ndarray,
    heights: np.ndarray,
    level: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """The image with noise whose deviation at columns is their median height over `level`."""
    if not len(points):
        return degradation.noisy(clean, float(clean.mean()), 1 / level, rng)
    y, x = np.clip(np.rint(points).astype(int).T, 0, [[size - 1] for size in clean.shape])
    brightness = max(float(np.median(clean[y, x])), 1e-3)
    return degradation.noisy(clean, brightness, float(np.median(heights)) / level, rng)
