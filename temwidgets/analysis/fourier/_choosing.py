"""Which spots are kept as reflections, given what the lattices among them vouch for."""

from __future__ import annotations

import numpy as np
import xarray as xr

from temwidgets.analysis.fourier._measuring import Evidence, Prepared, measure
from temwidgets.analysis.fourier.families import group_reflections
from temwidgets.conventions import quantity
from temwidgets.kernels.fourier import spots
from temwidgets.kernels.fourier.lattices import nodes

_VOUCHING = 5  # reflections that make a lattice sure
_SLIGHTLY = 1.2  # times its largest |g|: how far its weak reflections are looked for
_BEYOND = 1.5
"""Times the largest |g| of a lattice: single peaks further out come from the scan or detector."""


def choose(
    ready: Prepared, found: spots.Spots, probability: np.ndarray, threshold: float, most: int
) -> xr.Dataset:
    """Measure and group the spots that are probable enough, at most so many."""
    kept = np.flatnonzero(probability >= threshold)
    kept = kept[np.argsort(found.log_expected[kept], kind="stable")][:most]
    start = np.stack([found.row, found.col], axis=1)[kept]
    known = Evidence(found.background[kept], probability[kept], found.sharpness[kept])
    return group_reflections(measure(ready, start, known))


def lattice_nodes(reflections: xr.Dataset, ready: Prepared) -> np.ndarray:
    """Nodes (n, 2; bins) of the lattices that enough reflections vouch for."""
    longest = np.hypot(*reflections["g"].values.T)
    lattice = reflections["lattice"].values
    found = [
        nodes(basis.values, _SLIGHTLY * longest[lattice == number].max()) / ready.bins
        for number, basis in zip(
            reflections["crystal"].values, reflections["lattice_basis"], strict=True
        )
        if (lattice == number).sum() >= _VOUCHING and np.isfinite(basis).all()
    ]
    return np.concatenate([np.zeros((0, 2)), *found])


def believed(reflections: xr.Dataset, diffuse: float) -> tuple[xr.Dataset, float]:
    """Leave out single peaks far beyond every lattice and the diffuse signal.

    They come from the mains, the scan or the detector, not through the lens.
    """
    k = np.hypot(*reflections["g"].values.T)
    lattice = reflections["lattice"].values
    supported = (np.bincount(lattice + 1, minlength=1)[lattice + 1] >= 3) & (lattice >= 0)
    limit = max(diffuse, _BEYOND * float(k[supported].max())) if supported.any() else np.inf
    kept = k <= limit
    if kept.all():
        return reflections, float(limit)
    left = group_reflections(reflections.isel(reflection=kept))
    label = quantity("reflection", np.arange(kept.sum()), "1", "reflection")
    return left.assign_coords(reflection=label), float(limit)
