"""Which reflections of a list to go on with: the strongest, a family, a lattice."""

from __future__ import annotations

import numpy as np
import xarray as xr

from temwidgets.analysis.fourier.reflection_data import check_reflections

_STRENGTHS = ("snr", "intensity", "amplitude")
_MOST = 3
_LEAST_SINE = 0.1
"""Of the angle between vectors: below, they are in line."""


def strongest(reflections: xr.Dataset, count: int) -> list[int]:
    """Return the labels of the `count` strongest reflections, the strongest first.

    They are ranked by signal to noise, by intensity or by amplitude, whichever is known first, and
    otherwise stay in their order. Multiples of others (``harmonic`` above 1) come last.
    """
    check_reflections(reflections)
    if count < 1:
        raise ValueError(f"count is 1 or more, but {count!r} came.")
    labels = reflections["reflection"].values
    known = next((name for name in _STRENGTHS if name in reflections), None)
    strength = np.zeros(labels.size) if known is None else reflections[known].values.astype(float)
    multiple = np.zeros(labels.size, bool)
    if "harmonic" in reflections:
        multiple = reflections["harmonic"].values > 1
    order = np.lexsort((np.arange(labels.size), -np.nan_to_num(strength), multiple))
    return [int(label) for label in labels[order[:count]]]


def main(reflections: xr.Dataset) -> list[int]:
    """Return the labels of up to three of the strongest reflections of lattice 0, no two in line.

    They span the lattice with little noise, and are few enough to be measured at every pixel. Where
    no lattice has two, as in an image with two reflections, they are chosen from all.
    """
    first = _independent(reflections, members(reflections, "lattice").get(0, []))
    every = [int(label) for label in reflections["reflection"].values]
    return first if len(first) > 1 else _independent(reflections, every)


def _independent(reflections: xr.Dataset, labels: list[int]) -> list[int]:
    some, chosen = reflections.sel(reflection=labels), list[int]()
    for label in strongest(some, max(len(labels), 1)):
        g = some["g"].sel(reflection=label).values
        others = (some["g"].sel(reflection=other).values for other in chosen)
        if len(chosen) < _MOST and all(_apart(g, other) for other in others):
            chosen.append(label)
    return sorted(chosen)


def _apart(one: np.ndarray, other: np.ndarray) -> bool:
    cross = one[0] * other[1] - one[1] * other[0]
    return bool(abs(cross) > _LEAST_SINE * np.hypot(*one) * np.hypot(*other))


def members(reflections: xr.Dataset, by: str) -> dict[int, list[int]]:
    """Return the labels of the reflections of each family or lattice, by its number.

    Parameters
    ----------
    reflections : Dataset, (reflection,)
        From `find_reflections` or `group_reflections`.
    by : {"family", "lattice"}
        Rings of equal spacing, or lattices; empty where they were not grouped.

    Raises
    ------
    ValueError
        If `by` is neither.
    """
    if by not in ("family", "lattice"):
        raise ValueError(f'by is "family" or "lattice", but {by!r} came.')
    if by not in check_reflections(reflections):
        return {}
    numbers, labels = reflections[by].values, reflections["reflection"].values
    return {
        int(n): [int(label) for label in labels[numbers == n]] for n in np.unique(numbers) if n >= 0
    }
