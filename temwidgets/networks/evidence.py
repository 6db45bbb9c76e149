"""Whether the image itself bears out a column that a lattice makes likely."""

from __future__ import annotations

import numpy as np
import scipy.ndimage as ndi

from temwidgets.networks.filtering import bragg_filter_blocks, fill_missing

_CORE = 0.22  # sigma of the mean taken over a column, spacings
_RING = 1.6  # the same of the mean round it, times that
_MISSED = 0.55  # of a typical height: a column that is so much lower than its lattice wants it
_SURE = 3.0  # standard deviations


def is_vacancy(image: np.ndarray, place: np.ndarray, spacing: float) -> np.ndarray:
    """Tell places where the lattice wants a column and the image has none.

    A lattice seen far below the noise is seen by what repeats; so a missing column is filled in.
    Heights in the image are compared with those in what repeats (`bragg_filter`): a place is
    vacant if its height falls short by half a column, and by three times what noise can do. Where
    noise is stronger than a column nothing can be said, and no place is called vacant.

    Parameters
    ----------
    image : ndarray, (y, x)
        Bright columns; NaN where a pixel is missing.
    place : ndarray, (n, 2)
        y, x, px.
    spacing : float
        Mean distance to the nearest neighbour, px.

    Returns
    -------
    ndarray of bool, (n,)
    """
    if len(place) < 8:
        return np.zeros(len(place), bool)
    known = np.isfinite(image)
    flat = fill_missing(image, known)
    wanted = _heights(bragg_filter_blocks(flat), place, spacing)
    short = wanted - _heights(flat, place, spacing)
    short -= np.median(short)  # the filter takes a little from every column
    typical = np.median(wanted[wanted >= np.median(wanted)])
    spread = 1.4826 * float(np.median(np.abs(short)))
    return (short > _MISSED * typical) & (short > _SURE * spread) & bool(typical > 0)


def _heights(image: np.ndarray, place: np.ndarray, spacing: float) -> np.ndarray:
    """Difference of a narrow and a wide mean at places."""
    sigma = max(_CORE * spacing, 0.7)
    bump = ndi.gaussian_filter(image, sigma) - ndi.gaussian_filter(image, _RING * sigma)
    return ndi.map_coordinates(bump, place.T, order=1, mode="nearest")
