"""From reflections, each with its region, to grains."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.ndimage as ndi
from scipy.cluster.hierarchy import fcluster, linkage

from temwidgets.kernels.fourier.fringe_region import Reflection

COARSE = 256
"""Points along the longer side of the grid on which regions are compared."""
ALIKE = 0.5
"""Jaccard index (common area over area of both) from which two regions are one grain's."""
WITHIN = 0.7
"""Share of a region inside another from which it is part of that."""
COVERED = 0.6
"""Share of a region that its parts cover when it is common to several grains."""
APART = 0.3
"""Largest common area over the smaller of two parts that lie apart."""
LOUD = 0.25
"""Amplitude, over that of fringes common to several grains, from which others tell these apart."""


class Grain(NamedTuple):
    """Reflections of one crystal, by number: `core` cover all of it, `others` a part or more."""

    core: tuple[int, ...]
    others: tuple[int, ...]


class _Groups(NamedTuple):
    """Reflections with nearly the same region."""

    members: list[np.ndarray]
    extent: np.ndarray  # (group, place) bool
    area: np.ndarray  # (group,)
    common: np.ndarray  # (group, group)
    amplitude: np.ndarray  # (group,)


def group(found: list[Reflection], shape: tuple[int, int]) -> list[Grain]:
    """Merge reflections from the same place into grains.

    Fringes that twins or neighbours have in common cover both; they tell none of them but belong
    to each.
    """
    if not found:
        return []
    regions = np.stack([_coarse_region(one, shape) for one in found])
    kinds = _alike(regions)
    members = [np.flatnonzero(kinds == kind) for kind in np.unique(kinds)]
    extent = np.stack([regions[some].mean(0) >= 0.5 for some in members])
    common = extent.astype(np.float32) @ extent.T
    amplitude = np.array([max(found[i].amplitude for i in some) for some in members])
    groups = _Groups(members, extent, np.diag(common), common, amplitude)
    owners = _owners(groups, found)
    grains = []
    for number, core in enumerate(members):
        if owners[number] == {number}:
            others = [
                int(i)
                for k, owner in enumerate(owners)
                if k != number and number in owner
                for i in members[k]
            ]
            grains.append(Grain(tuple(map(int, core)), tuple(others)))
    return grains


def _coarse_region(one: Reflection, shape: tuple[int, int]) -> np.ndarray:
    step = max(1.0, max(shape) / COARSE)
    axes = [np.arange(step / 2, n, step) / h for n, h in zip(shape, one.step, strict=True)]
    mesh = np.meshgrid(*axes, indexing="ij")
    region = one.region.astype(np.float32)
    return ndi.map_coordinates(region, mesh, order=1, mode="nearest").ravel() > 0.5


def _alike(regions: np.ndarray) -> np.ndarray:
    """Number regions that are nearly the same."""
    if len(regions) == 1:
        return np.zeros(1, int)
    common = regions.astype(np.float32) @ regions.T
    area = np.diag(common)
    either = area[:, None] + area[None] - common
    apart = 1 - common / np.maximum(either, 1)
    pairs = np.triu_indices(len(regions), 1)
    return fcluster(linkage(apart[pairs], "average"), 1 - ALIKE, "distance")


def _owners(groups: _Groups, found: list[Reflection]) -> list[set[int]]:
    """Which grains each group belongs to: its own, a larger one, or several smaller ones."""
    order = [int(n) for n in np.argsort(-groups.area)]
    owners = [{n} for n in range(len(order))]
    for big in order:
        parts = [
            n
            for n in order
            if n != big
            and owners[n] == {n}
            and groups.area[n] < groups.area[big]
            and groups.common[n, big] >= WITHIN * groups.area[n]
        ]
        loud = [n for n in parts if groups.amplitude[n] > LOUD * groups.amplitude[big]]
        apart = [n for n in loud if any(_distinct(n, m, groups, found) for m in loud)]
        union = np.logical_or.reduce(groups.extent[apart], axis=0) & groups.extent[big]
        if apart and union.sum() >= COVERED * groups.area[big]:
            owners[big] = set(apart)
            continue
        for n in parts:
            owners[n] = {big}
    return owners


def _distinct(n: int, m: int, groups: _Groups, found: list[Reflection]) -> bool:
    """Tell whether two groups lie apart and are no pieces of the same fringes."""
    smaller = min(groups.area[n], groups.area[m])
    if n == m or groups.common[n, m] > APART * smaller:
        return False
    pairs = [(found[i], found[j]) for i in groups.members[n] for j in groups.members[m]]
    return not any(_same_g(one, two) for one, two in pairs)


def _same_g(one: Reflection, two: Reflection) -> bool:
    apart = min(np.hypot(*(one.g - two.g)), np.hypot(*(one.g + two.g)))
    return bool(apart * 2 * np.pi * max(one.sigma, two.sigma) < 0.25)
