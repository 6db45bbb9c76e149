"""Domains by reflection pursuit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.ndimage as ndi
import xarray as xr

from temwidgets.analysis.fourier._domain_options import DomainOptions
from temwidgets.analysis.fourier.domain_data import DomainFringes, make_domains
from temwidgets.conventions import pixel_grid
from temwidgets.kernels.fourier.domain_spots import measure_spots
from temwidgets.kernels.fourier.fringe_region import Field, Reflection, prepare
from temwidgets.kernels.fourier.grain_map import drop_small, label_pixels, narrowest, tidy
from temwidgets.kernels.fourier.grains import Grain, group
from temwidgets.kernels.fourier.pursuit import pursue

Report = Callable[[float], None]


def pursued_domains(image: xr.DataArray, options: DomainOptions, report: Report) -> xr.Dataset:
    """Segment an image as `segment_domains` does with method "pursuit"."""
    grid = pixel_grid(image)
    sampling = np.array(grid.sampling)
    unit = float(np.sqrt(sampling.prod()))
    field = prepare(image.values, sampling / unit)
    low, high = options.k_range
    found = pursue(
        field, lambda done: report(0.05 + 0.75 * done), k_range=(low * unit, high * unit)
    )
    grains = group(found, grid.shape)
    label = label_pixels(found, grains, grid.shape, field.sides, options.level)
    report(0.85)
    label, grain = tidy(label, narrowest(found, grains), field.sides)
    label, kept = drop_small(label, options.smallest / sampling.prod())
    fringes = []
    for number, box in enumerate(ndi.find_objects(label + 1)):
        members = grains[grain[kept[number]]]
        fringes.append(_fringes(field, label[box] == number, box, found, members, sampling))
    report(0.95)
    return make_domains(image, label, fringes, method="pursuit")


def _fringes(
    field: Field,
    inside: np.ndarray,
    box: tuple[slice, slice],
    found: list[Reflection],
    grain: Grain,
    sampling: np.ndarray,
) -> DomainFringes:
    members = [found[i] for i in (*grain.core, *grain.others)]
    spots = measure_spots(
        field,
        inside,
        np.array([part.start for part in box]),
        np.array([one.g for one in members]),
        np.array([one.sigma for one in members]),
    )
    snr = float(np.sqrt(sum(found[i].snr ** 2 for i in grain.core)))
    return DomainFringes.from_spots(spots, sampling, snr)
