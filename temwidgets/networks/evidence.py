"""Whether the image itself bears out a column that a lattice makes likely."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.ndimage as ndi

from temwidgets.networks.filtering import bragg_filter_blocks, fill_missing
from temwidgets.networks.scaling import resample

_ENOUGH = 12.0  # px between columns
_CORE = 0.22  # sigma of the mean taken over a column, spacings
_RING = 1.6  # the same of the mean round it, times that
_MISSED = 0.55  # of a typical height: a column that is so much lower than its lattice wants it
_SURE = 3.0  # standard deviations
_FEW = 8  # columns that tell nothing of what is typical


class Evidence(NamedTuple):
    """How much every pixel stands above its surroundings, over the width of a column."""

    there: np.ndarray  # (y, x) in the image
    wanted: np.ndarray  # (y, x) in what repeats in it
    zoom: float  # its pixels over those of the image


def gather(image: np.ndarray, spacing: float) -> Evidence:
    """Look at an image (y, x), bright columns `spacing` px apart; NaN where a pixel is missing."""
    zoom = min(1.0, _ENOUGH / spacing)  # more pixels a column tell no more, and take their time
    flat = fill_missing(resample(image, zoom))
    sigma = max(_CORE * spacing * zoom, 0.7)
    return Evidence(_bumps(flat, sigma), _bumps(bragg_filter_blocks(flat), sigma), zoom)


def is_vacancy(evidence: Evidence, place: np.ndarray) -> np.ndarray:
    """Tell places where the lattice wants a column and the image has none.

    A lattice seen far below the noise is seen by what repeats; so a missing column is filled in.
    Heights in the image are compared with those in what repeats (`bragg_filter`): a place is
    vacant if its height falls short by half a column, and by three times what noise can do. Where
    noise is stronger than a column nothing can be said, and no place is called vacant.

    Parameters
    ----------
    evidence : Evidence
        From `gather`.
    place : ndarray, (n, 2)
        y, x, px.

    Returns
    -------
    ndarray of bool, (n,)
    """
    if len(place) < _FEW:
        return np.zeros(len(place), bool)
    short, typical, spread = _heights(evidence, place)
    return (short > _MISSED * typical) & (short > _SURE * spread) & bool(typical > 0)


def clarity(evidence: Evidence, place: np.ndarray) -> float:
    """Height of a typical column over what noise does to it; 0 where there are too few."""
    if len(place) < _FEW:
        return 0.0
    _, typical, spread = _heights(evidence, place)
    return typical / max(spread, 1e-12)


def _heights(evidence: Evidence, place: np.ndarray) -> tuple[np.ndarray, float, float]:
    """How much the image falls short of what repeats, a typical height, and the spread of noise."""
    at = ((place + 0.5) * evidence.zoom - 0.5).T
    there, wanted = (
        ndi.map_coordinates(bumps, at, order=1, mode="nearest") for bumps in evidence[:2]
    )
    typical = float(np.median(wanted[wanted >= np.median(wanted)]))
    # at the border, where the filter raises what its taper had lowered, more is wanted than can be
    short = np.minimum(wanted, typical) - there
    short -= np.median(short)  # the filter takes a little from every column
    return short, typical, 1.4826 * float(np.median(np.abs(short)))


def _bumps(image: np.ndarray, sigma: float) -> np.ndarray:
    """Difference of a narrow and a wide mean."""
    return ndi.gaussian_filter(image, sigma) - ndi.gaussian_filter(image, _RING * sigma)
