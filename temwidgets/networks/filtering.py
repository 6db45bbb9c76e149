"""What a network gets to see: the image, the same after an adaptive filter, and what is known."""

from __future__ import annotations

import numpy as np
import scipy.fft
import scipy.ndimage as ndi

from temwidgets.kernels.missing import fill_missing
from temwidgets.kernels.spectra import frequencies, without_plane

_BLOCK = 256  # px: the lattice is taken for the same over so much
_STRONG = 4.0  # power over its ring below which a coefficient is shrunk to nothing
_RISE = 0.08  # of each side: how far in the border is tapered
_CLIP = 6.0


def bragg_filter(image: np.ndarray) -> np.ndarray:
    """Shrink every Fourier coefficient against the geometric mean of its ring.

    Parameters
    ----------
    image : ndarray, (y, x)
        Without missing pixels.

    Returns
    -------
    ndarray, (y, x), float32
        What repeats in the image; some 0 where nothing does.

    Notes
    -----
    The adaptive filter of Kilaas, J. Microsc. 190 (1998) 45, with the geometric mean of each ring
    of the spectrum for the noise: spots hardly move it. The border is tapered to its mean, lest
    the jump from one side to the other make a cross.
    """
    tapers = [_taper(n) for n in image.shape]
    window = np.outer(*tapers)
    flat = without_plane(image) * window
    transform = scipy.fft.rfft2(flat)
    power = transform.real**2 + transform.imag**2 + 1e-20
    frequency = frequencies(image.shape, (1.0, 1.0))
    ring = (frequency * max(image.shape)).astype(int)
    count = np.bincount(ring.ravel())
    level = np.bincount(ring.ravel(), np.log(power).ravel()) / np.maximum(count, 1)
    level = ndi.uniform_filter1d(level, 5, mode="nearest")
    # a ring's geometric mean is less than its mean by this factor where there is noise alone
    noise = np.exp(level[ring] + np.euler_gamma)
    share = np.clip(1 - _STRONG * noise / power, 0, 1)
    out = scipy.fft.irfft2(transform * share, s=image.shape)
    return (out / np.maximum(window, 0.25)).astype(np.float32)


def _taper(count: int) -> np.ndarray:
    reach = min(max(2, int(_RISE * count)), count // 2)
    rise = np.sin(np.pi / 2 * (np.arange(reach) + 0.5) / reach) ** 2
    return np.concatenate([rise, np.ones(count - 2 * reach), rise[::-1]]).astype(np.float32)


def bragg_filter_blocks(image: np.ndarray, block: int = _BLOCK) -> np.ndarray:
    """Filter overlapping blocks of a large image each by itself, and blend them."""
    if max(image.shape) <= 1.5 * block:
        return bragg_filter(image)
    total = np.zeros(image.shape, np.float32)
    weight = np.zeros(image.shape, np.float32)
    for rows in _spans(image.shape[0], block):
        for cols in _spans(image.shape[1], block):
            part = bragg_filter(image[rows, cols])
            hat = np.outer(*(_hat(n) for n in part.shape))
            total[rows, cols] += part * hat
            weight[rows, cols] += hat
    return total / weight


def _spans(size: int, block: int) -> list[slice]:
    """Spans of `block` that overlap by half."""
    if size <= block:
        return [slice(0, size)]
    count = int(np.ceil(2 * (size - block) / block)) + 1
    starts = np.linspace(0, size - block, count).astype(int)
    return [slice(s, s + block) for s in starts]


def _hat(count: int) -> np.ndarray:
    place = (np.arange(count) + 0.5) / count
    return (1e-3 + np.minimum(place, 1 - place)).astype(np.float32)


def input_channels(image: np.ndarray) -> np.ndarray:
    """Stack what the network sees.

    Parameters
    ----------
    image : ndarray, (y, x)
        NaN where a pixel is missing.

    Returns
    -------
    ndarray, (y, x, 3), float32
        The image over its standard deviation, the filtered image over the same and over its own
        (their geometric mean: both how sure and what it is), 1 where known.
    """
    flat = without_plane(fill_missing(image))
    flat /= max(float(flat.std()), 1e-12)
    filtered = bragg_filter_blocks(flat)
    filtered /= np.sqrt(max(float(filtered.std()), 0.05))
    channels = np.stack([flat, filtered, np.isfinite(image)], axis=-1, dtype=np.float32)
    return np.clip(channels, -_CLIP, _CLIP, out=channels)
