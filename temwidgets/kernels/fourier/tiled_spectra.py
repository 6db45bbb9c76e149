"""Spectra of Gaussian windows all over an image, against the noise in each."""

from __future__ import annotations

from collections.abc import Iterator
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


def window(sigma: float, sides: np.ndarray, step: float = STEP) -> Window:
    """Make a Gaussian window of `sigma` units of length; `sides` are those of a pixel.

    `step` is the way to the next window, in sigmas.
    """
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
    ahead = np.maximum(np.rint(step * width).astype(int), 1)
    used &= (kx > 0) | (ky > 0)
    sample = np.flatnonzero(used)
    sample = sample[:: max(1, sample.size // SAMPLED)]
    groups = np.stack([_grouped(v, used) for v in (length, kx + 0 * ky, abs(ky) + 0 * kx)])
    groups += GROUPS * np.arange(3)[:, None, None]
    shares = _shares(groups.reshape(3, -1)[:, sample])
    return Window((tapers[0], tapers[1]), half, ahead, ky, kx, used, sample, shares, groups)


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


def floor_of(noise: NoiseFloor, win: Window, sigma: float, sides: np.ndarray) -> np.ndarray:
    """Noise (ky, kx) per pixel through a window; infinite where a bin is not used."""
    floor = noise.through(sigma)(win.ky / sides[0], win.kx / sides[1])
    return np.where(win.used, floor, np.inf).astype(np.float32)


def over_noise(part: Tiles, win: Window, floor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Power (tile, ky, kx) over that of the image's noise, and its level (tile, group) there."""
    power = part.values.real**2 + part.values.imag**2
    power /= floor
    power /= part.weight2[:, None, None]
    rings = win.groups[0].ravel()[win.sample]
    sample = power.reshape(len(power), -1)[:, win.sample]
    return power, _local_levels(sample, win.shares, rings)


def _local_levels(ratio: np.ndarray, shares: np.ndarray, ring: np.ndarray) -> np.ndarray:
    """(tile, group) noise over that of the whole image, where a film is thicker; never below 1.

    Geometric means, the second time of what does not stand out: robust to a few reflections.
    """
    log = np.log(ratio + 1e-30)
    level = log @ shares + np.euler_gamma + CLIP
    np.minimum(log, level[:, ring], out=log)
    return np.exp(np.maximum(log @ shares + CLIPPED, 0)).astype(np.float32)
