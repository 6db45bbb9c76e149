"""Drift in a series of frames of one region, by cross-correlation."""

from __future__ import annotations

import numpy as np
import scipy.fft
import scipy.ndimage as ndi
from skimage.registration import phase_cross_correlation

from temwidgets.kernels.spectra import noise_power, without_plane

_OVERLAP = 0.5  # of the largest overlap: shifts that leave less are not looked at
_AS_GOOD = 0.98  # of the best correlation: such a peak is as good, and the nearest one is taken
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


def measure_drift(frames: np.ndarray, reference: int) -> np.ndarray:
    """Measure where each frame lies.

    Parameters
    ----------
    frames : ndarray, (frame, y, x)
        Finite.
    reference : int
        Number of the frame that has not moved.

    Returns
    -------
    ndarray, (frame, 2)
        dy, dx, px: what is at p in the reference is at p + d in the frame.

    Notes
    -----
    Each frame is compared with the reference and then twice with the mean of all frames so far
    aligned, which is less noisy, to a fiftieth of a pixel (Guizar-Sicairos et al., Opt. Lett. 33
    (2008) 156). In a perfect crystal a drift is known but for a lattice vector; of shifts that fit
    as well (within 2 %) the one nearest to that of the frame before is taken.
    """
    flat = np.stack([ndi.gaussian_filter(without_plane(frame), _SMOOTH) for frame in frames])
    drift = np.zeros((len(flat), 2))
    for order in (range(reference + 1, len(flat)), range(reference - 1, -1, -1)):
        before = drift[reference]
        for k in order:
            before = drift[k] = _coarse(flat[reference], flat[k], before)
    for k in range(len(flat)):
        drift[k] += _residual(flat[reference], _back(flat[k], drift[k]))
    weights = np.array([signal_to_noise(frame) ** 2 + 1e-6 for frame in frames])
    for _ in range(2):
        back = np.stack([_back(f, d) for f, d in zip(flat, drift, strict=True)])
        mean = np.average(back, axis=0, weights=weights / back.var(axis=(1, 2)).clip(1e-12) ** 0.5)
        drift += np.stack([_residual(mean, frame) for frame in back])
        drift -= drift[reference]
    return drift


def _back(frame: np.ndarray, drift: np.ndarray) -> np.ndarray:
    """Move a frame to where the reference is; 0 where it does not reach."""
    return ndi.shift(frame, -drift, order=3, mode="constant")


def _window(shape: tuple[int, ...]) -> np.ndarray:
    return np.outer(*(np.sin(np.pi * (np.arange(n) + 0.5) / n) for n in shape)).astype(np.float32)


def _coarse(reference: np.ndarray, frame: np.ndarray, near: np.ndarray) -> np.ndarray:
    """Whole-pixel shift of the peak of the correlation over the overlap, nearest to `near`."""
    match = _correlation(reference, frame)
    shape = match.shape
    peaks = (match == ndi.maximum_filter(match, 3, mode="wrap")) & (match >= _AS_GOOD * match.max())
    places = np.argwhere(peaks | (match == match.max()))
    places = np.where(places > np.array(shape) / 2, places - shape, places).astype(float)
    nearest: np.ndarray = places[np.argmin(((places - near) ** 2).sum(axis=1))]
    return nearest


def _correlation(reference: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """Correlation coefficient over the overlap of every shift, negative shifts at the end."""
    window = _window(frame.shape)
    shape = [scipy.fft.next_fast_len(2 * n, real=True) for n in frame.shape]

    def product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        spectra = [scipy.fft.rfft2(values * window, shape) for values in (a, b)]
        return scipy.fft.irfft2(np.conj(spectra[0]) * spectra[1], shape)

    ones = np.ones_like(window)
    overlap = product(ones, ones)
    seen = overlap > _OVERLAP * overlap.max()
    energy = product(reference**2, ones) * product(ones, frame**2)
    seen &= energy > 1e-12 * energy.max()
    match = product(reference, frame) / np.sqrt(np.where(seen, energy, 1))
    return np.where(seen, match, -np.inf)


def _residual(reference: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """Remaining shift of a frame that lies within a pixel or so of the reference."""
    window = _window(frame.shape)
    shift = phase_cross_correlation(
        reference * window, frame * window, upsample_factor=_FINE, normalization=None
    )[0]
    away = -np.asarray(shift, float)
    # more can only be a lattice vector
    return away if np.all(np.abs(away) < 2) else np.zeros(2)
