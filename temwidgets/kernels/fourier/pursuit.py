"""Reflection pursuit: the strongest fringes, on the region where they are; then the next."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.ndimage as ndi

from temwidgets.kernels.fourier.fringe_region import Field, Reflection, refine
from temwidgets.kernels.fourier.local_peaks import Peaks, find_peaks, join

NARROWEST = 6.0
"""sigma of the narrowest window, px."""
FALSE_ALARMS = 1e-3
"""Peaks of noise alone expected in an image."""
PRECISION = 0.02
"""Amplitude over that of the strongest fringes down to which others are looked for."""
EXPLAINED = 2.0
"""Amplitude over what fringes found before have there, from which a peak is something else."""
MOST = 300


def pursue(
    field: Field,
    report: Callable[[float], None],
    *,
    k_range: tuple[float, float] = (0.0, np.inf),
) -> list[Reflection]:
    """Find the fringes of an image, strongest first.

    Parameters
    ----------
    field : Field
    report : callable
        Told the fraction done.
    k_range : (float, float)
        Where to look, cycles per unit of length.
    """
    peaks, least = candidates(field, lambda done: report(0.5 * done))
    peaks = _chosen(peaks, field, k_range)
    expected = np.zeros(len(peaks.snr2))
    found: list[Reflection] = []
    total = max(len(peaks.snr2), 1)
    while len(peaks.snr2) and len(found) < MOST:
        strongest = _strength(peaks).argmax()
        top = Peaks(*(values[strongest] for values in peaks))
        left = ~_near(peaks, top, field.sides)
        reflection = refine(field, top, least)
        if reflection is not None:
            if not any(_same(reflection, other) for other in found):
                found.append(reflection)
            expected += appearance(peaks, reflection, field.sides)
            left &= peaks.amplitude > EXPLAINED * expected
        peaks, expected = Peaks(*(values[left] for values in peaks)), expected[left]
        report(1 - 0.5 * len(peaks.snr2) / total)
    return found


def candidates(field: Field, report: Callable[[float], None]) -> tuple[Peaks, float]:
    """Find peaks of windowed spectra, windows of all widths; and the least power over noise."""
    sigmas = [field.widest]
    while sigmas[-1] / 2 >= 0.99 * NARROWEST:
        sigmas.append(sigmas[-1] / 2)
    # windows overlap and bins are not independent: about four values each
    least = float(np.log(4 * field.flat.size * len(sigmas) / FALSE_ALARMS))
    found = []
    for number, sigma in enumerate(sigmas):

        def part(done: float, before: int = number) -> None:
            report((before + done) / len(sigmas))

        found.append(find_peaks(field.flat, field.sides, sigma, field.noise, least, part))
    return join(found), least


def _chosen(peaks: Peaks, field: Field, k_range: tuple[float, float]) -> Peaks:
    """Leave out what lies out of range or is far fainter than the strongest fringes."""
    k = np.hypot(*(peaks.g / field.sides).T)
    inside = (k >= k_range[0]) & (k <= k_range[1])
    loud = peaks.amplitude > PRECISION * peaks.amplitude[inside].max(initial=0)
    return Peaks(*(values[inside & loud] for values in peaks))


def _strength(peaks: Peaks) -> np.ndarray:
    """Power over noise, and over what strong fringes leave beside them where there is no noise."""
    limit = (PRECISION * peaks.amplitude.max()) ** 2
    return 1 / (1 / peaks.snr2 + limit / peaks.amplitude**2)


def _near(peaks: Peaks, one: Peaks, sides: np.ndarray) -> np.ndarray:
    """Tell which peaks are the same as one, through the same window or a narrower one."""
    apart = np.hypot(*((peaks.place - one.place) * sides).T) / one.sigma
    x = 2 * np.pi * peaks.sigma * np.hypot(*((peaks.g - one.g) / sides).T)
    return (apart < 1) & (x < 1) & (peaks.sigma <= 1.01 * one.sigma)


def _same(new: Reflection, old: Reflection) -> bool:
    """Tell whether a reflection was found before, perhaps through another window."""
    apart = min(np.hypot(*(new.g - old.g)), np.hypot(*(new.g + old.g)))
    if apart * 2 * np.pi * min(new.sigma, old.sigma) > 1.0:
        return False
    where = np.rint(np.argwhere(new.region) * new.step / old.step).astype(int)
    row, col = np.minimum(where, np.array(old.region.shape) - 1).T
    common = old.region[row, col].mean()
    larger = max(new.region.sum() * new.step.prod() / (old.region.sum() * old.step.prod()), 1.0)
    return bool(common * larger > 0.5)


def appearance(peaks: Peaks, reflection: Reflection, sides: np.ndarray) -> np.ndarray:
    """Amplitude that a reflection, cut off at its region, has where and as each peak is seen."""
    region = reflection.region.astype(np.float32)
    result = np.zeros(len(peaks.snr2))
    for sigma in np.unique(peaks.sigma):
        one = peaks.sigma == sigma
        share = ndi.gaussian_filter(region, sigma / sides / reflection.step, mode="nearest")
        at = np.rint(peaks.place[one] / reflection.step).astype(int)
        row, col = np.minimum(at, np.array(share.shape) - 1).T
        here = reflection.local_g[:, row, col].T
        apart = [np.hypot(*((peaks.g[one] + s * here) / sides).T) for s in (-1, 1)]
        x = np.maximum(2 * np.pi * sigma * np.minimum(*apart), 1e-3)
        # far from g a window that is cut at a border falls off as 1/x only
        leak = np.maximum(np.exp(-(x**2) / 2), np.minimum(0.4 / x, 1))
        result[one] = reflection.amplitude * share[row, col] * leak
    return result
