"""Maps of local spacing with another mask, without measuring anew."""

from __future__ import annotations

from typing import Any

import xarray as xr

from temwidgets.analysis.fourier.crystal_mask import crystal_mask


def mask_crystal(maps: xr.Dataset, *, method: str = "noise", **options: Any) -> xr.Dataset:
    """Return the same maps with another mask.

    Parameters
    ----------
    maps : Dataset, (reflection, y, x)
        From `local_spacing` or `geometric_phase`; no value of theirs is changed, so strain stays
        relative to what it was.
    method : {"noise", "otsu", "threshold"}
        See `crystal_mask`.
    **options
        ``threshold``, ``smallest``, ``fill`` and ``smooth`` of `crystal_mask`.

    Returns
    -------
    Dataset
        With the new ``mask`` (y, x).

    Raises
    ------
    TypeError, ValueError
        As `crystal_mask`; also if `maps` are no Dataset.
    """
    if not isinstance(maps, xr.Dataset):
        raise TypeError(
            "Maps from temwidgets.local_spacing were expected, but a"
            f" {type(maps).__name__} came. Of a single map temwidgets.crystal_mask makes a mask."
        )
    return maps.assign(mask=crystal_mask(maps, method=method, **options))
