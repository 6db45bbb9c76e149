"""What strain is measured from: the mean of the crystal, a region, or given vectors."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from temwidgets.analysis.fourier._fringes import Fringes
from temwidgets.analysis.fourier._region import Region, find_region
from temwidgets.analysis.fourier.reflection_data import check_reflections
from temwidgets.conventions import length_unit, pixel_grid
from temwidgets.kernels.fourier.lattice_fit import Reference, mean_reference, region_reference
from temwidgets.kernels.fourier.phase_engine import Measured, averaged


class Unstrained(NamedTuple):
    """What counts as unstrained."""

    region: Region | None
    vectors: np.ndarray | None  # (n, 2), in lengths
    bounds: list[float] | None  # y0, y1, x0, x1 of the region

    @property
    def words(self) -> str:
        """Say what strain is relative to."""
        if self.region is not None:
            return "the reference region"
        return "the mean of the crystal" if self.vectors is None else "the given vectors"


def as_unstrained(reference: Any, image: xr.DataArray, count: int) -> Unstrained:
    """Check a reference: None, a region of `image`, or reflections, `count` of them.

    Raises
    ------
    ValueError
        If it is neither, or holds another number of reflections.
    """
    if reference is None:
        return Unstrained(None, None, None)
    if isinstance(reference, xr.Dataset):
        known = check_reflections(reference, units=length_unit(image))
        if known.sizes["reflection"] != count:
            raise ValueError(
                f"reference holds {known.sizes['reflection']} reflections, but {count} are"
                " measured. Give the unstrained vector of each of them, in the same order."
            )
        return Unstrained(None, known["g"].values.astype(float), None)
    region = find_region(image, reference)
    return Unstrained(region, None, region.bounds(pixel_grid(image)))


def reference_vectors(measured: Measured, fringes: Fringes, unstrained: Unstrained) -> Reference:
    """Return the reference vectors in the kernels' unit, and their variances.

    Raises
    ------
    ValueError
        If no reflection is seen in the reference region, though some are elsewhere.
    """
    if unstrained.vectors is not None:
        given = unstrained.vectors * fringes.unit
        return Reference(given, np.zeros_like(given))
    if unstrained.region is None:
        return mean_reference(measured)
    found = region_reference(measured, region_weight(measured, fringes, unstrained.region))
    seen = any(measured.inside(k).any() for k in range(len(measured.share)))
    if seen and not np.isfinite(found.g).any():
        raise ValueError(
            "There are no fringes in the reference region. Move it onto the crystal, or make it"
            " larger."
        )
    return found


def region_weight(measured: Measured, fringes: Fringes, region: Region) -> np.ndarray:
    """Share of a region round each point of the coarse grid."""
    pixels = np.zeros(fringes.spectrum.size, bool)
    pixels[region.rows, region.cols] = True if region.mask is None else region.mask
    return averaged(pixels, fringes.spectrum, measured.grid)
