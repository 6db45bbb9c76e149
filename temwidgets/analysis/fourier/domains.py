"""Segment an image into crystalline domains."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import xarray as xr

from temwidgets.analysis.fourier._domain_options import domain_options, method_options
from temwidgets.conventions import check_image, pixel_grid

_LEAST = 48  # px: windows and grains would be of the same size


def segment_domains(
    image: xr.DataArray,
    *,
    method: Literal["pursuit", "filter", "spectra"] = "pursuit",
    sensitivity: float = 0.5,
    smallest: float = 0.0,
    d_range: tuple[float | None, float | None] = (None, None),
    reflections: xr.Dataset | None = None,
    eps: float | None = None,
    clustering: Literal["hdbscan", "gmm"] = "hdbscan",
    clusters: int | None = None,
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
        "filter" makes an image of each crystal's reflections by an inverse Fourier transform and
        clusters its bright pixels by distance (DBSCAN); the outline of a cluster is its concave
        hull. It finds what `find_reflections` finds, or what you choose.
        "spectra" clusters the spectra of windows all over the image; coarse, but the only one
        that can tell crystals by the whole of a spectrum.
    sensitivity : float
        0 to 1. A pixel is crystal when its fringes have more than ``0.9 - 0.8 sensitivity`` of
        the amplitude of their plateau: at 0.5 outlines are where fringes end, higher draws them
        further out and, with "pursuit", also finds weaker domains.
    smallest : float
        Domains of a smaller area are left out, in the image's length unit squared. What is no
        larger than a single point seen through the window never counts.
    d_range : (float, float)
        Smallest and largest d-spacing to look for; None: no limit.
    reflections : Dataset, optional
        For "filter": the reflections, such as `exclude_reflections` leaves; those of
        `find_reflections` when not given. The other methods do without.
    eps : float, optional
        For "filter": distance within which bright pixels are neighbours, in the image's length
        unit; as wide as the masks' window when not given.
    clustering : {"hdbscan", "gmm"}
        For "spectra": HDBSCAN, or a mixture of Gaussians.
    clusters : int, optional
        For "spectra" with "gmm": number of clusters, by the Bayesian information criterion when
        not given.
    report : callable, optional
        Told the fraction done; it may raise `CancelledError` to stop.

    Returns
    -------
    Dataset
        ``label`` (y, x): the domain at each pixel, -1 where it is amorphous.
        By domain, the largest 0: ``area``, ``centre_y``, ``centre_x``; ``g`` (domain, spot,
        component), ``d_spacing``, ``angle`` and ``amplitude`` (domain, spot), the strongest
        reflection first, NaN-padded; ``orientation``, the angle of the strongest; all of these
        with ``_std``; ``confidence``, the chance that a pixel is rightly told from amorphous.
        Outlines: ``vertex_y``, ``vertex_x``, ``vertex_domain``, ``vertex_ring`` (closed polygons;
        holes are rings of their own). Attributes ``method``, ``crystalline_area``,
        ``crystalline_fraction``, ``total_area``. Without any domain the attribute ``note`` says
        so.

    Raises
    ------
    TypeError
        If `image` is none, or `reflections` are none.
    ValueError
        If the image has other dims, is not finite or too small, or an option is out of range or
        for another method.

    Notes
    -----
    Reciprocal vectors maximise the Fourier sum over the pixels of their domain: means, if the
    domain is strained. Their errors come from the noise alone. Amplitude over noise decides the
    window that a reflection is seen through, never less than 1.5 periods; a domain that is
    smaller than about three windows is not seen. Crystals that differ by less than about 1.5
    degrees or 2.5 % in d-spacing are not parted.

    With "pursuit", fringes have 3 times the amplitude that their region holds in the quiet
    directions of the ring with the same d: texture of a thicker place repeats in all directions.
    Fringes over less than 8 periods along a step of the mean or of the variance of the image are
    Fresnel fringes of an edge; so a shell of few planes round a particle is left out as well, but
    a thin lamella within a film is not.
    """
    check_image(image, finite=True)
    grid = pixel_grid(image)
    shared = domain_options(sensitivity, smallest, d_range, grid.units)
    method_options(method, eps, clustering, clusters, grid.units)
    if min(grid.shape) < _LEAST:
        raise ValueError(
            f"The image has {grid.shape[0]} x {grid.shape[1]} pixels; domains need {_LEAST} or more"
            " each way."
        )
    tell: Any = report or (lambda fraction: None)
    tell(0.0)
    # each is slow to import: here a job shows already that it runs
    if method == "pursuit":
        from temwidgets.analysis.fourier._pursued import pursued_domains

        result = pursued_domains(image, shared, tell)
    elif method == "filter":
        from temwidgets.analysis.fourier._filtered import filtered_domains

        result = filtered_domains(image, shared, reflections, eps, tell)
    else:
        from temwidgets.analysis.fourier._clustered import clustered_domains

        result = clustered_domains(image, shared, clustering, clusters, tell)
    tell(1.0)
    return result
