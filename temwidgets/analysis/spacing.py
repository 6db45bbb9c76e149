"""The distance between columns, from the image alone."""

from __future__ import annotations

import numpy as np
import xarray as xr

from temwidgets.analysis.finding import find_candidates


def estimate_separation(image: xr.DataArray, *, contrast: str = "bright") -> float:
    """Estimate the smallest distance between columns.

    Parameters
    ----------
    image : DataArray, (y, x)
        Intensities; finite.
    contrast : {"bright", "dark"}
        Whether columns are bright or dark.

    Returns
    -------
    float
        In the image's length unit: the median distance from a column to its nearest neighbour.
        For blobs without a lattice, four times their Gaussian sigma.

    Raises
    ------
    ValueError
        If no column stands out of the image.
    """
    separation = float(find_candidates(image, contrast=contrast).attrs["separation"])
    if not np.isfinite(separation):
        raise ValueError(
            "No column stands out of this image, so that their distance cannot be estimated."
            " Give separation= in the image's length unit."
        )
    return separation
