"""Segment an image into crystalline domains."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import xarray as xr

from temwidgets.analysis.fourier._domain_options import domain_options
from temwidgets.analysis.fourier._pursued import pursued_domains
from temwidgets.conventions import check_image, pixel_grid

METHODS = ("pursuit", "filter", "spectra")
_LEAST = 48  # px: windows and grains would be of the same size


def segment_domains(
    image: xr.DataArray,
    *,
    method: Literal["pursuit", "filter", "spectra"] = "pursuit",
    sensitivity: float = 0.5,
    smallest: float = 0.0,
    d_range: tuple[float | None, float | None] = (None, None),
    report: Callable[[float], None] | None = None,
) -> xr.Dataset:
    """Find the crystalline domains in an image: where they are, their d-spacings and orientation.

    Parameters
    ----------
    image : DataArray, (y, x)
        Finite, at least 48 pixels each way.
    method : {"pursuit", "filter", "spectra"}
        "pursuit" needs nothing to be known and nothing to be tuned: the strongest fringes are
        sought in windows of all widths, measured on the connected region where they are, taken
        out, and so on down to the noise; fringes of one place become a grain.
    sensitivity : float
        Between 0 and 1. A pixel is crystal when its fringes have more than ``1 - sensitivity`` of
        the amplitude of their plateau nearby: 0.5 puts outlines where they are, more draws them
        further out.
    smallest : float
        Domains of a smaller area are left out, in the image's length unit squared. What is no
        larger than a single point seen through the window never counts.
    d_range : (float, float)
        Smallest and largest d-spacing to look for; None: no limit.
    report : callable, optional
        Told the fraction done; it may raise `CancelledError` to stop.

    Returns
    -------
    Dataset
        ``label`` (y, x): the domain at each pixel, -1 where it is amorphous.
        By domain, the largest 0: ``area``, ``centre_y``, ``centre_x``; ``g`` (domain, spot,
        component), ``d_spacing``, ``angle`` and ``amplitude`` (domain, spot), the strongest
        reflection first, NaN-padded; ``orientation``, the angle of the strongest; all with
        ``_std``; ``confidence``, the chance that a pixel is rightly told from amorphous.
        Outlines: ``vertex_y``, ``vertex_x``, ``vertex_domain``, ``vertex_ring`` (closed polygons;
        holes are rings of their own). Attributes ``method``, ``crystalline_area``,
        ``crystalline_fraction``, ``total_area``. Without any domain the attribute ``note`` says
        so.

    Raises
    ------
    TypeError
        If `image` is none.
    ValueError
        If the image has other dims, is not finite or too small, or an option is out of range.

    Notes
    -----
    Reciprocal vectors maximise the Fourier sum over the pixels of their domain: means, if the
    domain is strained. Their errors come from the noise alone. Amplitude over noise decides the
    window that a reflection is seen through, never less than 1.5 periods; a domain that is
    smaller than about three windows is not seen. Crystals that differ by less than about 1.5
    degrees or 2.5 % in d-spacing are not parted.
    """
    check_image(image, finite=True)
    grid = pixel_grid(image)
    options = domain_options(sensitivity, smallest, d_range, grid.units)
    if method not in METHODS:
        raise ValueError(f"method is one of {', '.join(METHODS)}, but {method!r} came.")
    if min(grid.shape) < _LEAST:
        raise ValueError(
            f"The image has {grid.shape[0]} x {grid.shape[1]} pixels; domains need {_LEAST} or more"
            " each way."
        )
    tell: Any = report or (lambda fraction: None)
    tell(0.0)
    result = pursued_domains(image, options, tell)
    tell(1.0)
    return result
