"""The steps that local spacing and geometric phase share: fringes, reference, lattice fit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from temwidgets.analysis.fourier._fringes import Fringes, fringes_of
from temwidgets.analysis.fourier.references import Unstrained, reference_vectors
from temwidgets.analysis.fourier.spacing_data import lattices_of
from temwidgets.conventions import length_unit, pixel_grid
from temwidgets.conventions.grid import finite_numbers
from temwidgets.kernels.fourier.crystal_maps import MapMaker
from temwidgets.kernels.fourier.lattice_fit import LatticeFit, Reference, fit_lattices
from temwidgets.kernels.fourier.phase_engine import Measured
from temwidgets.kernels.fourier.window_choice import narrowest

Report = Callable[[float], None]


class LatticeMaps(NamedTuple):
    """Fringes measured on a coarse grid, what they are compared with, and the way to pixels."""

    fringes: Fringes
    measured: Measured
    reference: Reference
    fit: LatticeFit
    maker: MapMaker

    @property
    def sigma(self) -> float:
        """Width of the window, in lengths."""
        return self.measured.sigma * self.fringes.unit

    @property
    def vectors(self) -> tuple[np.ndarray, np.ndarray]:
        """Reference vectors and their errors, in cycles per length."""
        unit = self.fringes.unit
        return self.reference.g / unit, np.sqrt(self.reference.variance) / unit


def lattice_maps(
    image: xr.DataArray,
    reflections: xr.Dataset,
    unstrained: Unstrained,
    *,
    sigma: float | None,
    stride: int,
    inside: np.ndarray | None,
    report: Report,
) -> LatticeMaps:
    """Measure reflections, find the reference and fit the lattice; arguments are checked."""
    g = reflections["g"].values.astype(float)
    _check_nyquist(image, g)
    fringes = fringes_of(image, max(2 * narrowest(g), sigma or 0.0))
    report(0.2)
    measured = fringes.measure(g, sigma=sigma, inside=inside, report=report)
    reference = reference_vectors(measured, fringes, unstrained)
    fit = fit_lattices(measured, reference.g, lattices_of(reflections))
    report(0.7)
    maker = MapMaker(measured, g, fit.gradient.known, fringes.spectrum, stride)
    return LatticeMaps(fringes, measured, reference, fit, maker)


def _check_nyquist(image: xr.DataArray, g: np.ndarray) -> None:
    beyond = (np.abs(g) * pixel_grid(image).sampling > 0.5).any(axis=1)
    if beyond.any():
        raise ValueError(
            f"g = {np.array2string(g[beyond][0], precision=4)} is finer than the pixels can show."
            " Reflections are in cycles per length; are they of this image?"
        )


def check_window(image: xr.DataArray, sigma: Any, stride: Any) -> None:
    """Refuse a window that is no length in the image, or a stride that is no number of pixels.

    Raises
    ------
    ValueError
        Of either.
    """
    extent = min(np.array(image.shape[-2:]) * pixel_grid(image).sampling)
    if sigma is not None:
        width = finite_numbers(sigma)
        if width is None or width.shape != () or not width > 0:
            raise ValueError(
                f"sigma is the width of the window, a length above 0, but {sigma!r} came. Leave it"
                " out to have it chosen."
            )
        if width > extent / 2:
            raise ValueError(
                f"sigma={sigma:g} is more than half the image ({extent:.4g} {length_unit(image)})."
                " Take a narrower window."
            )
    if isinstance(stride, bool) or not isinstance(stride, int | np.integer) or stride < 1:
        raise ValueError(f"stride is a whole number of pixels from 1, but {stride!r} came.")
