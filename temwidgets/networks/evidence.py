"""Whether the image itself bears out a column that a lattice makes likely."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.ndimage as ndi
from scipy.sparse import coo_array
from scipy.spatial import KDTree

from temwidgets.networks.filtering import bragg_filter_blocks, fill_missing
from temwidgets.networks.scaling import resample

_ENOUGH = 12.0  # px between columns
_CORE = 0.22  # sigma of the mean taken over a column, spacings
_RING = 1.6  # the same of the mean round it, times that
_COLUMN = 0.18  # sigma of a column where nothing tells it, spacings
_THIN, _THICK = 0.1, 0.4  # what it can be
_REACH = 1.8  # spacings to the columns that change what is seen of one
_TURNS = 12  # until heights with and without their neighbours agree
_MISSED = (0.5, 0.8)  # of a height: what is missing of a vacancy in noise, and in a clear image
_SURE = 3.0  # standard deviations
_APART = 2.0  # standard deviations that a faint column is kept from a vacancy
_FEW = 8  # columns that tell nothing of what is typical


class Evidence(NamedTuple):
    """How much every pixel stands above its surroundings, over the width of a column."""

    there: np.ndarray  # (y, x) in the image
    wanted: np.ndarray  # (y, x) in what repeats in it
    zoom: float  # its pixels over those of the image
    spacing: float  # of its pixels
    sigma: float  # of a column, spacings


def gather(image: np.ndarray, spacing: float, column: float = float("nan")) -> Evidence:
    """Look at an image (y, x), bright columns `spacing` px apart; NaN where a pixel is missing.

    `column` is the sigma of one, px, where something tells it.
    """
    zoom = min(1.0, _ENOUGH / spacing)  # more pixels a column tell no more, and take their time
    flat = fill_missing(resample(image, zoom))
    sigma = max(_CORE * spacing * zoom, 0.7)
    repeats = bragg_filter_blocks(flat)
    width = float(np.clip(column / spacing, _THIN, _THICK)) if np.isfinite(column) else _COLUMN
    return Evidence(_bumps(flat, sigma), _bumps(repeats, sigma), zoom, spacing * zoom, width)


class Judgement(NamedTuple):
    """What the image says of places."""

    vacant: np.ndarray  # (n,) bool: the lattice wants a column and the image has none
    clarity: float  # height of a typical column over what noise does to it; 0 for too few


def judge(evidence: Evidence, place: np.ndarray) -> Judgement:
    """Tell the vacancies among places, and how clear columns are.

    A lattice seen far below the noise is seen by what repeats; so a missing column is filled in.
    Heights in the image, without what neighbours add, are compared with those in what repeats
    (`bragg_filter`): a place is vacant if its height falls short by four fifths of a column in a
    clear image, for columns of other atoms may be faint, by half of one in noise, and by three
    times what noise can do. Where noise is stronger than a column nothing can be said, and no
    place is called vacant.

    Parameters
    ----------
    evidence : Evidence
        From `gather`.
    place : ndarray, (n, 2)
        y, x, px.

    """
    if len(place) < _FEW:
        return Judgement(np.zeros(len(place), bool), 0.0)
    short, typical, spread = _heights(evidence, place)
    least, most = (share * typical for share in _MISSED)
    missed = min(max(typical - _APART * spread, least), most)
    vacant = (short > missed) & (short > _SURE * spread) & bool(typical > 0)
    return Judgement(vacant, typical / max(spread, 1e-12))


def _heights(evidence: Evidence, place: np.ndarray) -> tuple[np.ndarray, float, float]:
    """How much the image falls short of what repeats, a typical height, and the spread of noise."""
    at = (place + 0.5) * evidence.zoom - 0.5
    there, wanted = (
        _alone(ndi.map_coordinates(bumps, at.T, order=1, mode="nearest"), at, evidence)
        for bumps in evidence[:2]
    )
    strong = wanted >= np.median(wanted)
    # at the border, where the filter raises what its taper had lowered, more is wanted than can be
    short = np.minimum(wanted, np.median(wanted[strong])) - there
    short -= np.median(short)  # the filter takes a little from every column
    return short, float(np.median(there[strong])), 1.4826 * float(np.median(np.abs(short)))


def _alone(bumps: np.ndarray, at: np.ndarray, evidence: Evidence) -> np.ndarray:
    """Height of each column without what those round it add to its bump or take from it."""
    near = KDTree(at).query_pairs(_REACH * evidence.spacing, output_type="ndarray")
    far = np.hypot(*(at[near[:, 0]] - at[near[:, 1]]).T) / evidence.spacing
    own, others = (_response(d, evidence.sigma) for d in (np.zeros(1), far))
    both = np.concatenate([near, near[:, ::-1]]).T
    shared = coo_array((np.tile(others, 2), (both[0], both[1])), (len(at), len(at))).tocsr()
    alone = bumps / own
    for _ in range(_TURNS):
        alone = (bumps - shared @ alone) / own
    return np.asarray(alone)


def _response(far: np.ndarray, sigma: float) -> np.ndarray:
    """What `_bumps` shows of a column of height 1 so many spacings away."""
    narrow, wide = (sigma**2 + (_CORE * k) ** 2 for k in (1.0, _RING))
    shown = [sigma**2 / v * np.exp(-(far**2) / (2 * v)) for v in (narrow, wide)]
    return np.asarray(shown[0] - shown[1])


def _bumps(image: np.ndarray, sigma: float) -> np.ndarray:
    """Difference of a narrow and a wide mean."""
    return ndi.gaussian_filter(image, sigma) - ndi.gaussian_filter(image, _RING * sigma)
