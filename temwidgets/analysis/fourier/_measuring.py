"""The windowed transform of a region, and reflections measured in it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import scipy.fft
import xarray as xr

from temwidgets.analysis.fourier._region import find_region
from temwidgets.analysis.fourier.reflection_data import make_reflections
from temwidgets.conventions import pixel_grid, quantity
from temwidgets.kernels.fourier import footprints, peak_position, periodogram, windows
from temwidgets.kernels.fourier.background import HalfPlane, correlated_bins, half_plane
from temwidgets.kernels.fourier.spots import MARGIN

_SAME = 0.75  # bins: peaks that climb this near to each other are one


class Prepared(NamedTuple):
    """The windowed region, its transform over the root of the window's energy, and its scales."""

    part: peak_position.Windowed
    foot: windows.Footing
    transform: np.ndarray  # complex64, not shifted
    sampling: tuple[float, float]
    units: str
    image_units: str
    bounds: list[float]
    kind: str

    @property
    def shape(self) -> np.ndarray:
        """Pixels of the region along y and x."""
        return np.array(self.part.data.shape)

    @property
    def bins(self) -> np.ndarray:
        """Frequencies (cycles per length) from one bin to the next, y and x."""
        return 1 / (self.shape * self.sampling)

    def plane(self) -> HalfPlane:
        """Return the power over the half plane."""
        power = periodogram.power_of(self.transform, 1.0)
        together = correlated_bins(self.part.weight)
        return half_plane(power, (self.bins[0], self.bins[1]), MARGIN, together)


def prepare(image: xr.DataArray, region: Any) -> Prepared:
    """Window a region of the image by Hann and transform it."""
    grid = pixel_grid(image)
    where = find_region(image, region)
    values = where.values(image)
    if where.mask is None:
        weight = windows.separable((values.shape[0], values.shape[1]), "hann")
    else:
        weight = windows.masked(where.mask, "hann", grid.sampling)
    data = periodogram.without_mean(values, weight)
    part = peak_position.windowed(data, weight)
    scaled = (data / np.sqrt(part.energy)).astype(np.float32)
    return Prepared(
        part,
        windows.footing(weight),
        scipy.fft.fft2(scaled),
        grid.sampling,
        grid.units,
        str(image.attrs.get("units", "counts")),
        where.bounds(grid),
        where.kind,
    )


class Evidence(NamedTuple):
    """What is known of spots before they are measured, each (n,)."""

    background: np.ndarray
    probability: np.ndarray
    sharpness: np.ndarray


def measure(ready: Prepared, start: np.ndarray, known: Evidence) -> xr.Dataset:
    """Measure the peaks next to `start` (n, 2), in bins from the origin; the strongest first.

    Of several that climb to the same peak the first stays.
    """
    between = peak_position.parabola(ready.transform, start)
    peaks = peak_position.refine(ready.part, between / ready.shape)
    at = peaks.frequency * ready.shape
    first = _first_of_each(at)
    cycles = np.sqrt(
        np.einsum("nii->ni", peak_position.covariance(ready.part, peaks, known.background))
    )
    ratio = peaks.modulus**2 / ready.part.energy / known.background
    width, sharpest = peak_position.widths(ready.part, peaks)
    broader = np.sqrt(np.maximum(width**2 - sharpest**2, 0)) / ready.sampling
    amplitude = 2 * peaks.modulus / ready.part.weight.sum()
    snr = np.sqrt(2 * ratio)
    bins = np.rint(at).astype(int)
    places = footprints.footprints(
        ready.transform, bins[:, 0], bins[:, 1], known.background, ready.foot
    )
    whole = footprints.window(ready.foot)
    unit, row = ready.image_units, "reflection"
    values = {
        "broadening": (
            np.sqrt((broader**2).mean(axis=1)),
            f"1/{ready.units}",
            "width (sigma) beyond that of the window",
        ),
        "coverage": (
            footprints.likeness(places, whole[None])[:, 0],
            "1",
            "likeness of where the reflection comes from to the whole region",
        ),
        "amplitude": (amplitude, unit, "amplitude of the fringes"),
        "amplitude_std": (amplitude / snr, unit, "standard error of the amplitude"),
        "intensity": (ratio, "1", "power over the diffuse background"),
        "snr": (snr, "1", "amplitude over its standard error"),
        "sharpness": (known.sharpness, "1", "Laplacian of Gaussian of the compressed intensity"),
        "probability": (known.probability, "1", "probability of a reflection"),
    }
    order = np.flatnonzero(first)
    order = order[np.argsort(-snr[order], kind="stable")]
    made = make_reflections(
        (peaks.frequency / ready.sampling)[order],
        g_std=(cycles / ready.sampling)[order],
        units=ready.units,
        footprint=quantity(
            (row, "band_y", "band_x"),
            places[order].astype(np.float32),
            "1",
            "where in the region the reflection comes from",
        ),
        **{name: quantity(row, v[order], u, text) for name, (v, u, text) in values.items()},
    )
    made["amplitude"].attrs["ancillary_variables"] = "amplitude_std"
    return made.assign_attrs(
        region=None if ready.kind == "image" else ready.bounds,
        region_kind=ready.kind,
        bin=[float(b) for b in ready.bins],
    )


def _first_of_each(at: np.ndarray) -> np.ndarray:
    """Tell which peaks have none before them at the same place or that of the mate."""
    first = np.ones(len(at), bool)
    for n in range(1, len(at)):
        apart = np.minimum(np.hypot(*(at[:n] - at[n]).T), np.hypot(*(at[:n] + at[n]).T))
        first[n] = not (first[:n] & (apart < _SAME)).any()
    return first
