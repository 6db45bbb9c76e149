"""Domains from images of groups of reflections: bright pixels, clustered."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.ndimage as ndi
import xarray as xr

from temwidgets.analysis.fourier._domain_options import DomainOptions
from temwidgets.analysis.fourier.domain_data import DomainFringes, make_domains
from temwidgets.analysis.fourier.families import group_reflections
from temwidgets.analysis.fourier.reflection_data import check_reflections
from temwidgets.analysis.fourier.reflections import find_reflections
from temwidgets.conventions import pixel_grid
from temwidgets.kernels.fourier.bright_clusters import Brightness, brightness, clusters
from temwidgets.kernels.fourier.domain_spots import measure_spots
from temwidgets.kernels.fourier.fringe_region import Field, prepare
from temwidgets.kernels.fourier.grain_map import drop_small, enlarged, tidy

Report = Callable[[float], None]
_EPS = 1.0
"""Distance within which bright pixels are neighbours, in sigmas of the window."""


def filtered_domains(
    image: xr.DataArray,
    options: DomainOptions,
    reflections: xr.Dataset | None,
    eps: float | None,
    report: Report,
) -> xr.Dataset:
    """Segment an image as `segment_domains` does with method "filter"."""
    grid = pixel_grid(image)
    sampling = np.array(grid.sampling)
    unit = float(np.sqrt(sampling.prod()))
    if reflections is None:
        reflections = find_reflections(image, report=lambda done: report(0.5 * done))
    check_reflections(reflections, units=grid.units)
    k = np.hypot(*reflections["g"].values.T)
    low, high = options.k_range
    chosen = reflections.isel(reflection=(k >= low) & (k <= high))
    groups = _groups(chosen)
    field = prepare(image.values, sampling / unit)
    best = np.zeros(grid.shape, np.float32)
    label = np.full(grid.shape, -1, np.int32)
    seen: list[Brightness] = []
    owner: list[int] = []
    for number, g in enumerate(groups):
        report(0.5 + 0.4 * number / len(groups))
        bright = brightness(field, g * sampling)
        if bright is None:
            continue
        seen.append(bright)
        owner.append(number)
        reach = _EPS * bright.sigma if eps is None else eps / unit
        for cluster in clusters(bright, grid.shape, field.sides, options.level, reach):
            score = enlarged(bright.height, bright.step, cluster.box)
            better = cluster.inside & (score > best[cluster.box])
            label[cluster.box][better] = len(seen) - 1
            best[cluster.box][better] = score[better]
    label, grain = tidy(label, np.array([one.sigma for one in seen]), field.sides)
    label, kept = drop_small(label, options.smallest / sampling.prod())
    fringes = []
    for number, box in enumerate(ndi.find_objects(label + 1)):
        member = int(grain[kept[number]])
        found = (groups[owner[member]] * sampling, seen[member])
        fringes.append(_fringes(field, label[box] == number, box, *found, sampling))
    return make_domains(image, label, fringes, method="filter")


def _groups(reflections: xr.Dataset) -> list[np.ndarray]:
    """Vectors (n, 2) of each crystal; those that belong to none stand alone."""
    if not reflections.sizes["reflection"]:
        return []
    if "lattice" not in reflections:
        reflections = group_reflections(reflections)
    g, lattice = reflections["g"].values, reflections["lattice"].values
    together = [g[lattice == number] for number in np.unique(lattice[lattice >= 0])]
    return together + [vector[None] for vector in g[lattice < 0]]


def _fringes(
    field: Field,
    inside: np.ndarray,
    box: tuple[slice, slice],
    g: np.ndarray,
    bright: Brightness,
    sampling: np.ndarray,
) -> DomainFringes:
    corner = np.array([part.start for part in box])
    spots = measure_spots(field, inside, corner, g, np.full(len(g), bright.sigma))
    return DomainFringes.from_spots(spots, sampling, bright.snr)
