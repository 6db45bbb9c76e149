"""Which reflections to measure when none are given."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr

MOST = 3
_LEAST_SINE = 0.1  # of the angle between vectors


def strongest_reflections(
    image: xr.DataArray, report: Callable[[float], None] | None = None
) -> xr.Dataset:
    """Find the strongest reflections of the first lattice: at most three, no two in line.

    Fundamental ones come before their harmonics. None are left where the image shows no crystal.
    """
    from temwidgets.analysis.fourier.reflections import find_reflections  # slow to import

    found = find_reflections(image, report=report)
    if "lattice" in found and (found["lattice"] == 0).any():
        found = found.isel(reflection=found["lattice"].values == 0)
    harmonic = found["harmonic"].values if "harmonic" in found else np.zeros(len(found["g"]))
    strength = found["amplitude"].values if "amplitude" in found else np.ones(len(found["g"]))
    g = found["g"].values
    chosen: list[int] = []
    for row in np.lexsort([-np.nan_to_num(strength), harmonic > 1]):
        if len(chosen) < MOST and all(_apart(g[row], g[other]) for other in chosen):
            chosen.append(int(row))
    return found.isel(reflection=sorted(chosen))


def _apart(one: np.ndarray, other: np.ndarray) -> bool:
    cross = one[0] * other[1] - one[1] * other[0]
    return bool(abs(cross) > _LEAST_SINE * np.hypot(*one) * np.hypot(*other))
