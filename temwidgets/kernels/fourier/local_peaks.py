"""Peaks in the spectra of Gaussian windows all over an image that noise does not make."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from temwidgets.kernels.fourier.noise_floor import NoiseFloor
from temwidgets.kernels.fourier.tiled_spectra import (
    Tiles,
    Window,
    floor_of,
    over_noise,
    tiles,
    window,
)


class Peaks(NamedTuple):
    """Local maxima of windowed spectra."""

    place: np.ndarray  # (n, 2) row, col, px
    g: np.ndarray  # (n, 2) cycles per px
    amplitude: np.ndarray  # (n,) of the fringes
    snr2: np.ndarray  # (n,) power over noise
    noise: np.ndarray  # (n,) power of the noise there, per px
    sigma: np.ndarray  # (n,) of the window, units of length


def find_peaks(
    flat: np.ndarray,
    sides: np.ndarray,
    sigma: float,
    noise: NoiseFloor,
    least: float,
    report: Callable[[float], None],
) -> Peaks:
    """Find the peaks of windowed spectra that stand out of the noise.

    Parameters
    ----------
    flat : ndarray, (y, x)
    sides : ndarray, (2,)
        Of a pixel; their product is 1.
    sigma : float
        Of the window, in units of length.
    noise : NoiseFloor
    least : float
        Power over noise from which a peak counts.
    report : callable
        Told the fraction done.
    """
    win = window(sigma, sides)
    floor = floor_of(noise, win, sigma, sides)
    found, done = [], 0
    for part in tiles(flat, win):
        found.append(_peaks_of(part, win, floor, least, sigma))
        done = int(part.row[-1])
        report(min(1.0, done / flat.shape[0]))
    return join(found)


def join(peaks: list[Peaks]) -> Peaks:
    """Join lists of peaks."""
    return Peaks(*(np.concatenate(values) for values in zip(*peaks, strict=True)))


def _peaks_of(part: Tiles, win: Window, floor: np.ndarray, least: float, sigma: float) -> Peaks:
    power, local = over_noise(part, win, floor)
    tile, at = _local_maxima(power, least)
    level = local[tile, win.groups[:, at[:, 0], at[:, 1]]].max(0)
    high = power[tile, at[:, 0], at[:, 1]] > least * level
    tile, at, level = tile[high], at[high], level[high]
    around = _around(power, tile, at) / level[:, None, None]
    offset, gain = _vertex(np.log(around + 1e-30))
    step = np.array([1 / len(win.ky), 1 / (2 * (win.kx.size - 1))])
    g = np.stack([win.ky[at[:, 0], 0], win.kx[0, at[:, 1]]], 1) + offset * step
    snr2 = around[:, 1, 1] * gain
    level = level * floor[at[:, 0], at[:, 1]]
    amplitude = 2 * np.sqrt(snr2 * level * part.weight2[tile]) / part.weight[tile]
    place = np.stack([part.row, part.col], 1)[tile].astype(float)
    return Peaks(place, g, amplitude, snr2, level, np.full(len(g), sigma))


def _local_maxima(power: np.ndarray, least: float) -> tuple[np.ndarray, np.ndarray]:
    """(n,) tiles and (n, 2) bins of local maxima above `least`."""
    flat = np.flatnonzero(power.ravel() > least)
    tile, row, col = np.unravel_index(flat, power.shape)
    at = np.stack([row, col], 1)
    around = _around(power, tile, at)
    top = around[:, 1, 1] >= around.max(axis=(1, 2))
    return tile[top], at[top]


def _around(power: np.ndarray, tile: np.ndarray, at: np.ndarray) -> np.ndarray:
    """(n, 3, 3) bins round each; across kx = 0 those of the mirrored half."""
    shift = np.arange(-1, 2)
    rows = at[:, 0, None, None] + shift[:, None]
    cols = at[:, 1, None, None] + shift[None, :]
    rows = np.where(cols < 0, -rows, rows) % power.shape[1]
    cols = np.minimum(np.abs(cols), power.shape[2] - 1)
    return power[tile[:, None, None], rows, cols]


def _vertex(log_power: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Vertex of a parabola through three bins along either axis: exact for a Gaussian window."""
    offsets, rise = [], 0.0
    for line in (log_power[:, :, 1], log_power[:, 1, :]):
        low, top, high = line.T
        bend = np.minimum(low + high - 2 * top, -1e-6)
        offset = np.clip((low - high) / (2 * bend), -0.6, 0.6)
        offsets.append(offset)
        rise = rise - 0.5 * bend * offset**2
    return np.stack(offsets, 1), np.exp(np.minimum(rise, 1.0))
