"""One set of fringes on the region where it is."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.ndimage as ndi

from temwidgets.kernels.fourier.bands import (
    Band,
    Transform,
    demodulate,
    noise_amplitude,
    sigma_for,
    transform,
)
from temwidgets.kernels.fourier.local_peaks import Peaks
from temwidgets.kernels.fourier.low_angle import smoothness, split
from temwidgets.kernels.fourier.noise_floor import NoiseFloor, flattened, noise_floor
from temwidgets.kernels.fourier.rims import is_rim
from temwidgets.kernels.fourier.ring_noise import ring_amplitude
from temwidgets.kernels.fourier.tiled_spectra import FEWEST

WIDEST = 0.1
"""sigma of the widest window, as part of the image's shorter side."""
SNR = 5.0
"""Amplitude over noise that the window of a reflection is chosen for."""
LEAST_SNR = 3.5
SMOOTH = 2.2
"""Least SNR that the smoothness of local g speaks for."""
LEAST_RING = 3.0
"""Amplitude over that in other directions: texture of a thicker film has 2.4, weak fringes 4."""
ROUNDS = 4
SETTLED = 0.02
"""Relative change of the window at which another round changes nothing."""
LARGE = 1.6
"""Area of a region over that of a single point seen through the window."""
WIDE = 1.15
"""Its smaller half axis over that of a point."""
POINT = np.sqrt(2 * np.log(2))
"""Half width at half height of a Gaussian, in sigmas."""
TOLERANCE = 1.0
"""How far local g may lie from g, in sigmas of the transformed window."""
LIKE = 0.3
"""Standard deviation of local g that is like that of the region, in sigmas of the transform."""
GROWTHS = 6
AROUND = 3.0
"""Reach of the neighbourhood that tells a plateau, in sigmas of the window."""
FAINT = 0.15
"""Least plateau over that of the region as a whole."""


class Field(NamedTuple):
    """An image ready for pursuit."""

    image: Transform
    noise: NoiseFloor
    flat: np.ndarray
    sides: np.ndarray

    @property
    def widest(self) -> float:
        """The widest window, units of length."""
        return WIDEST * float(min(np.array(self.flat.shape) * self.sides))


class Reflection(NamedTuple):
    """Fringes and where they are."""

    g: np.ndarray  # (2,) cycles per px
    amplitude: float  # of the plateau
    snr: float  # of the plateau
    sigma: float  # of the window, units of length
    step: np.ndarray  # (2,) px, of the grid
    height: np.ndarray  # (y, x) amplitude over the plateau nearby
    region: np.ndarray  # (y, x) bool
    local_g: np.ndarray  # (2, y, x) cycles per px, mean over the region nearby
    likeness: np.ndarray  # (y, x) how well local g agrees with that of the region nearby, 0 to 1


class View(NamedTuple):
    """Fringes seen through one window."""

    band: Band
    height: np.ndarray  # (y, x) amplitude
    noise: float  # its root mean square for noise alone
    sigma: float
    sides: np.ndarray

    @property
    def step(self) -> np.ndarray:
        """Of the grid, in sigmas of the window."""
        return self.band.step * self.sides / self.sigma

    def away(self, g: np.ndarray) -> np.ndarray:
        """Local g from `g`, in sigmas of the transformed window."""
        unit = 2 * np.pi * self.sigma / self.sides
        return (self.band.local_g - g[:, None, None]) * unit[:, None, None]


def prepare(image: np.ndarray, sides: np.ndarray) -> Field:
    """Flatten an image and learn its noise; `sides` of a pixel multiply to 1."""
    flat = flattened(image)
    widest = WIDEST * float(min(np.array(flat.shape) * sides))
    return Field(transform(flat, sides, widest), noise_floor(flat, sides), flat, sides)


def refine(field: Field, peak: Peaks, least: float) -> Reflection | None:
    """Measure a reflection on its own region; None when it is no fringes of some extent.

    The window is the narrowest in which the fringes stand well above the noise.

    Parameters
    ----------
    field : Field
    peak : Peaks
        A single peak: where to start.
    least : float
        Power over noise, summed over independent places, that a reflection has.
    """
    g, amplitude, place = peak.g, float(peak.amplitude), peak.place
    sigma = 0.0
    for number in range(ROUNDS):
        new = window_for(field, g, amplitude)
        if abs(new - sigma) < SETTLED * sigma:
            break
        sigma = new
        seen = look(field, g, sigma)
        if number == 0:
            amplitude = _highest(seen, place)
        region, plateau = _region(seen, g, amplitude, place)
        if not region.any():
            return None
        weight = np.where(region, seen.height**2, 0)
        total = float(weight.sum())
        g = (weight * seen.band.local_g).sum((1, 2)) / total
        amplitude = float(np.sqrt((weight * seen.height**2).sum() / total))
    # where the film is thicker there is more noise than in the image as a whole
    noise = max(seen.noise, noise_amplitude(float(peak.noise), sigma))
    energy = total / noise**2 * seen.step.prod() / (4 * np.pi)
    if amplitude < LEAST_SNR * noise or energy < least:
        return None
    if not extended(region, seen.step) or smoothness(region, seen.away(g), seen.step) < SMOOTH:
        return None
    if not _lattice(field, seen, region, g, amplitude):
        return None
    local = _local_mean(seen, region)
    return Reflection(
        g,
        amplitude,
        amplitude / noise,
        sigma,
        seen.band.step,
        seen.height / plateau,
        region,
        local,
        _likeness(seen, local),
    )


def _lattice(field: Field, seen: View, region: np.ndarray, g: np.ndarray, amplitude: float) -> bool:
    """Tell fringes from the texture of a thicker film and from the rim of a specimen."""
    if amplitude < LEAST_RING * ring_amplitude(field.image, g, seen.sigma, region):
        return False
    places = np.argwhere(region) * seen.band.step
    return not is_rim(field.flat, field.sides, places, g, seen.sigma, amplitude)


def window_for(field: Field, g: np.ndarray, amplitude: float) -> float:
    """Narrowest window in which fringes of this amplitude stand well above the noise."""
    length = g / field.sides
    power = float(field.noise(*length[:, None])[0])
    shortest = min(FEWEST / float(np.hypot(*length)), field.widest)
    return float(np.clip(sigma_for(SNR, power, amplitude), shortest, field.widest))


def look(field: Field, g: np.ndarray, sigma: float) -> View:
    """See fringes near `g` through a window."""
    band = demodulate(field.image, g, sigma)
    power = float(field.noise.through(sigma)(*(g / field.sides)[:, None])[0])
    noise = noise_amplitude(power, sigma)
    # noise adds to the square of an amplitude, most of all where that is small
    square = band.values.real**2 + band.values.imag**2 - noise**2
    return View(band, np.sqrt(np.maximum(square, 0)), noise, sigma, field.sides)


def _highest(seen: View, place: np.ndarray) -> float:
    """Amplitude near a place, within one sigma."""
    at, reach = place / seen.band.step, 1 / seen.step
    low = np.maximum(np.rint(at - reach).astype(int), 0)
    high = np.maximum(np.rint(at + reach).astype(int) + 1, low + 1)
    part = seen.height[low[0] : high[0], low[1] : high[1]]
    return float(part.max()) if part.size else float(seen.height.max())


def _region(
    seen: View, g: np.ndarray, amplitude: float, place: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Connected pixels over half the plateau with local g near g, nearest to `place`; the plateau.

    The plateau is that of the neighbourhood: where a crystal is thinner or tilted its fringes are
    weaker, and yet end where they fall to half.
    """
    away = seen.away(g)
    agree = np.hypot(*away) < TOLERANCE
    plateau = np.full(seen.height.shape, amplitude)
    region = _connected(seen, (seen.height > plateau / 2) & agree, away, place)
    floor = max(FAINT * amplitude, LEAST_SNR * seen.noise)
    for _ in range(GROWTHS if region.any() else 0):
        plateau = np.maximum(_plateau(seen, region), floor)
        grown = _connected(seen, (seen.height > plateau / 2) & agree, away, place)
        if (grown == region).all():
            break
        region = grown
    return region, plateau


def _local_mean(seen: View, region: np.ndarray) -> np.ndarray:
    """Local g (2, y, x) averaged over the region nearby, also beyond its border."""
    weight = np.where(region, seen.height, 0) ** 2
    sums = [
        ndi.gaussian_filter(values, AROUND / seen.step, mode="nearest")
        for values in (weight, *(weight * seen.band.local_g))
    ]
    near = sums[0] > 1e-9 * weight.max()
    index = ndi.distance_transform_edt(~near, return_distances=False, return_indices=True)
    return np.stack([(part / np.maximum(sums[0], 1e-30))[tuple(index)] for part in sums[1:]])


def _likeness(seen: View, local: np.ndarray) -> np.ndarray:
    unit = 2 * np.pi * seen.sigma / seen.sides
    off = (seen.band.local_g - local) * unit[:, None, None]
    return np.exp(-(off**2).sum(0) / (2 * LIKE**2))


def _plateau(seen: View, region: np.ndarray) -> np.ndarray:
    """Amplitude of the region nearby; strong places count more, for at its border it is half."""
    weight = np.where(region, seen.height, 0) ** 2
    first, second = (
        ndi.gaussian_filter(values, AROUND / seen.step, mode="nearest")
        for values in (weight, weight * seen.height)
    )
    return second / np.maximum(first, 1e-12 * weight.max() + 1e-30)


def _connected(seen: View, allowed: np.ndarray, away: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Part of what is allowed that is nearest to a place, up to where g jumps."""
    parts, _ = ndi.label(allowed)
    result = np.zeros(parts.shape, bool)
    seed = _nearest(parts, place / seen.band.step, seen.step, 2.0)
    if not seed:
        return result
    box = ndi.find_objects((parts == seed).astype(np.int8))[0]
    snr = seen.height[box] / seen.noise
    pieces = split(parts[box] == seed, away[:, *box], snr, seen.step)
    corner = np.array([part.start for part in box])
    result[box] = pieces == _nearest(pieces, place / seen.band.step - corner, seen.step, np.inf)
    return result


def _nearest(parts: np.ndarray, at: np.ndarray, step: np.ndarray, reach: float) -> int:
    """Label of the part nearest to a place on the grid; 0 when none is within reach (sigmas)."""
    rows, cols = np.nonzero(parts)
    if not len(rows):
        return 0
    apart = np.hypot((rows - at[0]) * step[0], (cols - at[1]) * step[1])
    nearest = apart.argmin()
    return int(parts[rows[nearest], cols[nearest]]) if apart[nearest] <= reach else 0


def extended(region: np.ndarray, step: np.ndarray) -> bool:
    """Tell whether a region is larger than a point or a line looks through the window.

    `step` of the grid is in sigmas of the window.
    """
    places = np.argwhere(region) * step / POINT
    area = len(places) * float(np.prod(step)) / POINT**2 / np.pi
    if area < LARGE or len(places) < 3:
        return False
    smaller = np.linalg.eigvalsh(np.cov(places.T) + 1e-9 * np.eye(2))[0]
    return bool(2 * np.sqrt(smaller) > WIDE)
