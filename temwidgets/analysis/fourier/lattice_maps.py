"""The steps that local spacing and geometric phase share: fringes, reference, lattice fit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from temwidgets.analysis.fourier._fringes import Fringes, fringes_of
from temwidgets.analysis.fourier.references import Unstrained, reference_vectors
from temwidgets.analysis.fourier.spacing_data import lattices_of
from temwidgets.conventions.grid import finite_numbers
from temwidgets.kernels.fourier.crystal_maps import MapMaker
from temwidgets.kernels.fourier.lattice_fit import LatticeFit, Reference, fit_lattices
from temwidgets.kernels.fourier.phase_engine import Measured

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
    fringes = fringes_of(image)
    report(0.2)
    g = reflections["g"].values.astype(float)
    measured = fringes.measure(g, sigma=sigma, inside=inside, report=report)
    reference = reference_vectors(measured, fringes, unstrained)
    fit = fit_lattices(measured, reference.g, lattices_of(reflections))
    report(0.7)
    maker = MapMaker(measured, g, fit.gradient.known, fringes.spectrum, stride)
    return LatticeMaps(fringes, measured, reference, fit, maker)


def check_window(sigma: Any, stride: Any) -> None:
    """Refuse a window that is no length, or a stride that is no number of pixels.

    Raises
    ------
    ValueError
        Of either.
    """
    if sigma is not None:
        width = finite_numbers(sigma)
        if width is None or width.shape != () or not width > 0:
            raise ValueError(
                f"sigma is the width of the window, a length above 0, but {sigma!r} came. Leave it"
                " out to have it chosen."
            )
    if isinstance(stride, bool) or not isinstance(stride, int | np.integer) or stride < 1:
        raise ValueError(f"stride is a whole number of pixels from 1, but {stride!r} came.")
