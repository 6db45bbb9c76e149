"""Domains from clusters of local spectra."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.ndimage as ndi
import xarray as xr

from temwidgets.analysis.fourier._domain_options import DomainOptions
from temwidgets.analysis.fourier.domain_data import DomainFringes, make_domains
from temwidgets.conventions import pixel_grid
from temwidgets.kernels.fourier.domain_spots import measure_spots
from temwidgets.kernels.fourier.fringe_region import prepare
from temwidgets.kernels.fourier.grain_map import drop_small, tidy
from temwidgets.kernels.fourier.spectrum_clusters import cluster, label_windows, local_spectra

Report = Callable[[float], None]


def clustered_domains(
    image: xr.DataArray,
    options: DomainOptions,
    kind: str,
    count: int | None,
    report: Report,
) -> xr.Dataset:
    """Segment an image as `segment_domains` does with method "spectra"."""
    grid = pixel_grid(image)
    sampling = np.array(grid.sampling)
    unit = float(np.sqrt(sampling.prod()))
    field = prepare(image.values, sampling / unit)
    low, high = options.k_range
    spectra = local_spectra(
        field, lambda done: report(0.05 + 0.6 * done), k_range=(low * unit, high * unit)
    )
    windows = cluster(spectra, kind, count)
    report(0.85)
    label, members, snr = label_windows(spectra, windows, grid.shape, options.level)
    label, own = tidy(label, np.full(len(members), spectra.sigma / 2), field.sides)
    label, kept = drop_small(label, options.smallest / sampling.prod())
    fringes = []
    for number, box in enumerate(ndi.find_objects(label + 1)):
        found = int(own[kept[number]])
        g = spectra.g[members[found]]
        corner = np.array([part.start for part in box])
        sigma = np.full(len(g), spectra.sigma)
        spots = measure_spots(field, label[box] == number, corner, g, sigma)
        fringes.append(DomainFringes.from_spots(spots, sampling, float(snr[found])))
    return make_domains(image, label, fringes, method="spectra")
