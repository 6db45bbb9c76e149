"""Spectra of Gaussian windows all over an image, and the peaks in them that noise does not make."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import scipy.fft

from temwidgets.kernels.fourier.noise_floor import NoiseFloor

REACH = 3.0
"""Half the side of a tile, in sigmas."""
STEP = 1.25
"""From tile to tile, in sigmas."""
FEWEST = 1.5
"""sigma in periods of the coarsest fringes that a tile can tell from slow changes."""
GROUPS = 12
"""Rings, and columns, and rows, into which the spectrum of a window is parted to tell its noise."""
SAMPLED = 2000
"""Bins of it that are looked at for that."""
CLIP = 1.0
"""Log of power over its ring's above which a bin counts no more."""
CLIPPED = 0.596
"""Log of mean over geometric mean of exponentially distributed power cut off there."""
FINEST = 0.47
"""Highest frequency, cycles per pixel: what lies beyond is not told from its alias."""


class Tiles(NamedTuple):
    """Windowed spectra of a band of an image."""

    row: np.ndarray  # (tile,) centres, px
    col: np.ndarray
    values: np.ndarray  # (tile, ky, kx) complex
    weight: np.ndarray  # (tile,) sum of the window within the image
    weight2: np.ndarray  # (tile,) sum of its square


class Peaks(NamedTuple):
    """Local maxima of windowed spectra."""

    place: np.ndarray  # (n, 2) row, col, px
    g: np.ndarray  # (n, 2) cycles per px
    amplitude: np.ndarray  # (n,) of the fringes
    snr2: np.ndarray  # (n,) power over noise
    noise: np.ndarray  # (n,) power of the noise there, per px
    sigma: np.ndarray  # (n,) of the window, units of length


class Window(NamedTuple):
    """A Gaussian window and the frequencies of its spectrum."""

    tapers: tuple[np.ndarray, np.ndarray]
    half: np.ndarray  # (2,) int px
    step: np.ndarray  # (2,) int px
    ky: np.ndarray  # (ky, 1) cycles per px
    kx: np.ndarray  # (1, kx)
    used: np.ndarray  # (ky, kx) bool
    sample: np.ndarray  # flat numbers of used bins that tell the noise
    shares: np.ndarray  # (sample, group) share of each in the mean of each group
    groups: np.ndarray  # (3, ky, kx) groups of each bin: a ring, a column, a row


def window(sigma: float, sides: np.ndarray) -> Window:
    """Make a Gaussian window of `sigma` units of length; `sides` are those of a pixel."""
    width = sigma / sides
    half = np.maximum(np.ceil(REACH * width).astype(int), 2)
    size = [scipy.fft.next_fast_len(2 * int(h), real=True) for h in half]
    half = np.array([n // 2 for n in size])
    tapers = tuple(
        np.exp(-((np.arange(n) - h) ** 2) / (2 * w * w)).astype(np.float32)
        for n, h, w in zip(size, half, width, strict=True)
    )
    ky, kx = scipy.fft.fftfreq(size[0])[:, None], scipy.fft.rfftfreq(size[1])[None]
    length = np.hypot(ky / sides[0], kx / sides[1])
    used = (length >= FEWEST / sigma) & (np.maximum(abs(ky), kx) <= FINEST)
    step = np.maximum(np.rint(STEP * width).astype(int), 1)
    used &= (kx > 0) | (ky > 0)
    sample = np.flatnonzero(used)
    sample = sample[:: max(1, sample.size // SAMPLED)]
    groups = np.stack([_grouped(v, used) for v in (length, kx + 0 * ky, abs(ky) + 0 * kx)])
    groups += GROUPS * np.arange(3)[:, None, None]
    shares = _shares(groups.reshape(3, -1)[:, sample])
    return Window((tapers[0], tapers[1]), half, step, ky, kx, used, sample, shares, groups)


def _grouped(value: np.ndarray, used: np.ndarray) -> np.ndarray:
    """Part the used bins into equal ranges of a value."""
    low, high = value[used].min(), value[used].max()
    share = np.clip((value - low) / max(high - low, 1e-30), 0, 1)
    return np.minimum((share * GROUPS).astype(int), GROUPS - 1)


def _shares(groups: np.ndarray) -> np.ndarray:
    """Matrix (bin, group) that takes means over groups and half of their neighbours."""
    there = np.arange(3 * GROUPS)
    share = np.zeros((groups.shape[1], 3 * GROUPS), np.float32)
    for kind, group in enumerate(groups):
        own = there // GROUPS == kind
        share[:, own] = np.maximum(1 - np.abs(group[:, None] - there[own]) / 2, 0)
    return share / np.maximum(share.sum(0), 1e-6)


def tiles(flat: np.ndarray, win: Window, budget: int = 2_000_000) -> Iterator[Tiles]:
    """Yield the windowed spectra of an image, some rows of tiles at a time."""
    size = [len(t) for t in win.tapers]
    centres = [_centres(n, s) for n, s in zip(flat.shape, win.step, strict=True)]
    pads = [(int(h), int(m - h)) for h, m in zip(win.half, size, strict=True)]
    patches = np.lib.stride_tricks.sliding_window_view(np.pad(flat, pads), size)
    axes = [
        _axis_windows(n, pad, at, taper)
        for n, pad, at, taper in zip(flat.shape, pads, centres, win.tapers, strict=True)
    ]
    rows = max(1, budget // (size[0] * size[1] * len(centres[1])))
    taper = np.outer(*win.tapers)
    for start in range(0, len(centres[0]), rows):
        part = slice(start, start + rows)
        block = patches[np.ix_(centres[0][part], centres[1])].reshape(-1, *size)
        block *= taper
        values = scipy.fft.rfft2(block, workers=2)
        y, x = axes[0][part], axes[1]
        weight = np.outer(y.sum(1), x.sum(1)).ravel()
        mean = values[:, 0, 0].real / weight
        for tile in np.flatnonzero(weight < 0.999 * weight.max()):
            # a window that the edge cuts would let the mean leak everywhere
            i, j = divmod(int(tile), len(centres[1]))
            values[tile] -= mean[tile] * np.outer(scipy.fft.fft(y[i]), scipy.fft.rfft(x[j]))
        row, col = (v.ravel() for v in np.meshgrid(centres[0][part], centres[1], indexing="ij"))
        square = np.outer((y**2).sum(1), (x**2).sum(1)).ravel()
        yield Tiles(row, col, values, weight, square)


def _axis_windows(
    length: int, pad: tuple[int, int], centres: np.ndarray, taper: np.ndarray
) -> np.ndarray:
    """(tile, px) the window along one axis, 0 outside the image."""
    inside = np.pad(np.ones(length, np.float32), pad)
    return np.lib.stride_tricks.sliding_window_view(inside, len(taper))[centres] * taper


def _centres(length: int, step: int) -> np.ndarray:
    count = max(1, round(length / step))
    return np.rint((np.arange(count) + 0.5) * length / count - 0.5).astype(int)


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
    floor = noise.through(sigma)(win.ky / sides[0], win.kx / sides[1])
    floor = np.where(win.used, floor, np.inf).astype(np.float32)
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
    power = part.values.real**2 + part.values.imag**2
    power /= floor
    power /= part.weight2[:, None, None]
    local = _local_levels(
        power.reshape(len(power), -1)[:, win.sample],
        win.shares,
        win.groups.reshape(3, -1)[0, win.sample],
    )
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


def _local_levels(ratio: np.ndarray, shares: np.ndarray, ring: np.ndarray) -> np.ndarray:
    """(tile, group) noise over that of the whole image, where a film is thicker; never below 1.

    Geometric means, the second time of what does not stand out: robust to a few reflections.
    """
    log = np.log(ratio + 1e-30)
    level = log @ shares + np.euler_gamma + CLIP
    np.minimum(log, level[:, ring], out=log)
    return np.exp(np.maximum(log @ shares + CLIPPED, 0)).astype(np.float32)


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
