"""Where the frames of a series lie, to within a pixel, by cross-correlation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.fft
import scipy.ndimage as ndi
from skimage.registration import phase_cross_correlation

from temwidgets.kernels.spectra import noise_power, without_plane

_OVERLAP = 0.5  # of the largest overlap: shifts that leave less are not looked at
_AS_GOOD = 0.95  # of the best correlation: such a peak is as good, and the nearest one is taken
_LOWEST = 0.9  # of the highest pixel: lower ones are no peaks between the pixels
_FINE = 50  # parts of a pixel
_SMOOTH = 1.0  # px: width of the mean that quietens frames before they are compared


def signal_to_noise(frame: np.ndarray) -> float:
    """Standard deviation of the signal over that of the noise, which the highest frequencies tell.

    Parameters
    ----------
    frame : ndarray, (y, x)
        Finite.
    """
    flat = without_plane(frame)
    power = np.abs(scipy.fft.rfft2(flat)) ** 2 / flat.size
    noise = noise_power(power)
    return float(np.sqrt(max(float(flat.var()) - noise, 0.0) / max(noise, 1e-12)))


def rough_drift(
    frames: np.ndarray, reference: int, report: Callable[[float], None] | None = None
) -> np.ndarray:
    """Measure where each frame lies, to a fraction of a pixel.

    Parameters
    ----------
    frames : ndarray, (frame, y, x)
        Finite.
    reference : int
        Number of the frame that has not moved.
    report : callable, optional
        Told the fraction done.

    Returns
    -------
    ndarray, (frame, 2)
        dy, dx, px: what is at p in the reference is at p + d in the frame.

    Notes
    -----
    Each frame is compared with the one before, to a fiftieth of a pixel (Guizar-Sicairos et al.,
    Opt. Lett. 33 (2008) 156): these differ least where columns come and go. In a perfect crystal a
    drift is known but for a lattice vector; of shifts that fit as well (within 5 %, for a smaller
    overlap may hide what has changed) the one nearest to that of the frame before is taken.
    """
    flat = [ndi.gaussian_filter(without_plane(frame), _SMOOTH) for frame in frames]
    drift = np.zeros((len(flat), 2))
    done = 0
    for order, step in ((range(reference + 1, len(flat)), 1), (range(reference - 1, -1, -1), -1)):
        for k in order:
            before = flat[k - step]
            shift = _coarse(before, flat[k])
            drift[k] = drift[k - step] + shift + _residual(before, _back(flat[k], shift))
            done += 1
            if report is not None:
                report(done / len(flat))
    return drift


def _back(frame: np.ndarray, drift: np.ndarray) -> np.ndarray:
    """Move a frame to where the reference is; 0 where it does not reach."""
    return ndi.shift(frame, -drift, order=3, mode="constant")


def window(shape: tuple[int, ...]) -> np.ndarray:
    """Weights that fall to the rim of a frame, (y, x)."""
    return np.outer(*(np.sin(np.pi * (np.arange(n) + 0.5) / n) for n in shape)).astype(np.float32)


def _coarse(reference: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """Smallest shift of those that fit, by the peaks of the correlation, whole pixels."""
    match = _correlation(reference, frame)
    shape = match.shape
    peaks = (match == ndi.maximum_filter(match, 3, mode="wrap")) & (match >= _LOWEST * match.max())
    places = np.argwhere(peaks | (match == match.max()))
    heights = _heights(match, places)
    places = places[heights >= _AS_GOOD * heights.max()]
    places = np.where(places > np.array(shape) / 2, places - shape, places).astype(float)
    nearest: np.ndarray = places[np.argmin((places**2).sum(axis=1))]
    return nearest


def _heights(match: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Height of each peak between the pixels, by a parabola along each axis, (n,)."""
    top = match[tuple(places.T)]
    height = top.copy()
    for axis in (0, 1):
        step = np.eye(2, dtype=int)[axis]
        before, after = (match[tuple(((places + sign * step) % match.shape).T)] for sign in (-1, 1))
        bend = before + after - 2 * top
        fits = np.isfinite(bend) & (bend < 0)
        rise = np.where(fits, (after - before) ** 2 / (-8 * np.where(fits, bend, -1)), 0)
        height += rise
    return height


def _correlation(reference: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """Correlation coefficient over the overlap of every shift, negative shifts at the end."""
    taper = window(frame.shape)
    shape = [scipy.fft.next_fast_len(2 * n, real=True) for n in frame.shape]

    def product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        spectra = [scipy.fft.rfft2(values * taper, shape) for values in (a, b)]
        return scipy.fft.irfft2(np.conj(spectra[0]) * spectra[1], shape)

    ones = np.ones_like(taper)
    overlap = product(ones, ones)
    seen = overlap > _OVERLAP * overlap.max()
    energy = product(reference**2, ones) * product(ones, frame**2)
    seen &= energy > 1e-12 * energy.max()
    match = product(reference, frame) / np.sqrt(np.where(seen, energy, 1))
    return np.where(seen, match, -np.inf)


def _residual(reference: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """Remaining shift of a frame that lies within a pixel or so of the reference."""
    taper = window(frame.shape)
    shift = phase_cross_correlation(
        reference * taper, frame * taper, upsample_factor=_FINE, normalization=None
    )[0]
    away = -np.asarray(shift, float)
    # more can only be a lattice vector
    return away if np.all(np.abs(away) < 2) else np.zeros(2)
