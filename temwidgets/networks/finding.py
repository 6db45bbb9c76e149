"""Find columns by a network: the same result as by peaks, with probabilities."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from temwidgets.analysis import finding as classical
from temwidgets.analysis import tiling
from temwidgets.conventions import check_image, with_frame_of
from temwidgets.networks.looking import DEFAULT, advice, candidates_of, loaded, look, name_species

Report = Callable[[float], None]


def find_columns(
    image: xr.DataArray,
    *,
    separation: float | None = None,
    threshold: float | None = None,
    method: str = "peaks",
    contrast: str = "bright",
    network: str | Path | Any = DEFAULT,
    report: Report | None = None,
) -> xr.Dataset:
    """Find the atomic columns of an image.

    Parameters
    ----------
    image : DataArray, (y, x)
        Intensities. For peaks all finite; for a network NaN is a pixel that was not measured.
    separation : float, optional
        Smallest distance between columns, in the image's length unit. Estimated from the image
        when not given. For a network, of two nearer than 0.7 of it the likelier one stays; the
        scale on which it sees the image is estimated all the same.
    threshold : float, optional
        Candidates with a lower ``score`` are left out, 0 to 1. When not given: for peaks it is
        put in the gap between noise and columns, for a network it is what its card says.
    method : {"peaks", "network"}
        Peaks of the filtered image, or a network: slower, but it sees columns in noise, among
        missing pixels and beside contamination where peaks fail.
    contrast : {"bright", "dark"}
        Whether columns are bright on dark (HAADF) or dark on bright (ABF).
    network : str, Path or Network
        Name of a network (`temwidgets.networks.available`), file, or what was loaded or trained.
    report : callable, optional
        Called with the fraction done; raises `CancelledError` to stop.

    Returns
    -------
    Dataset, dim column
        ``y``, ``x``; ``height`` and ``score``. By peaks: ``height`` above the level between
        columns, counts (depth for dark ones); ``score`` the smaller of the height with and without
        its neighbours on the lattice, over that of a strong column, 0 to 1; strongest first.
        Attributes ``separation``,
        ``separation_source`` ("given" or "estimated"), ``threshold``, ``automatic_threshold``,
        ``strong_height`` (in counts, of which the score is a fraction),
        ``noise`` (standard deviation, on the scale of the score), ``contrast``. No rows where
        nothing stands out. An image that is one frame of a stack hands its coordinate ``frame`` on.
        By a network: ``probability`` (also as ``score``); likeliest first. Attributes
        ``network``, ``certainty`` (mean probability of what is called a column) and ``advice``, a
        sentence where that is low.

    Raises
    ------
    TypeError, ValueError
        If the image is not one, holds NaN (peaks), or an option is out of range.
    FileNotFoundError
        If there is no such network.

    Notes
    -----
    Peaks: the image is deconvolved by the mean Gaussian shape of its columns, as far as noise
    allows (Wiener filter); the shape comes from how the reflections of the image's spectrum fall
    off. Reflections are first brought out of the noise by an adaptive filter: every Fourier
    coefficient is shrunk by what its surroundings hold (Kilaas, J. Microsc. 190 (1998) 45).
    That filter also makes columns where the lattice wants them; so heights are taken from the
    image without it, and a vacancy stays empty. Of two peaks nearer than the separation allows
    the higher one stays.

    Network: the image is brought to the scale that the network knows, where neighbours are some 12
    px apart. The spacing comes from the pairs it was trained on, the classical search and
    the network itself, and where they differ the answer that is sure of more columns is taken. In
    doubt other scales are tried, and the image is looked at twice, the second time turned by half.
    Columns that what repeats in the image wants but the image itself denies are vacancies and are
    left out; faint ones are not.
    """
    if method == "peaks":
        return classical.find_columns(
            image, separation=separation, threshold=threshold, contrast=contrast, report=report
        )
    if method != "network":
        raise ValueError(f'method is "peaks" or "network", but {method!r} came.')
    found = find_candidates(
        image, separation=separation, contrast=contrast, network=network, report=report
    )
    return classical.apply_threshold(found, threshold)


def find_candidates(
    image: xr.DataArray,
    *,
    separation: float | None = None,
    contrast: str = "bright",
    network: str | Path | Any = DEFAULT,
    report: Report | None = None,
) -> xr.Dataset:
    """Find all that a network gives any probability; `apply_threshold` chooses among them.

    Parameters, errors and result are those of `find_columns` by a network, before the cut.
    """
    classical.check_options(separation, contrast)

    def find(part: xr.DataArray, report: Report | None) -> xr.Dataset:
        seen = look(part, contrast=contrast, network=network, report=report)
        return candidates_of(seen, separation=separation)

    image = check_image(image)
    if not tiling.is_large(image):
        return find(image, report)
    return name_species(_in_tiles(find, image, report), loaded(network).card)


def _in_tiles(
    find: Callable[[xr.DataArray, Report | None], xr.Dataset],
    image: xr.DataArray,
    report: Report | None,
) -> xr.Dataset:
    """Look at tile after tile; the whole is as sure, and cut, as the tiles with columns are."""
    parts = tiling.tiles((image.sizes["y"], image.sizes["x"]))
    result, found = tiling.find_in_tiles(find, image, parts, report=report)
    weight = np.array([float(one["score"].sum()) for one in found]) + 1e-9
    result = result.isel(column=np.argsort(-result["score"].values, kind="stable"))
    result = result.assign_coords(column=np.sort(result["column"].values))
    attrs = dict(found[int(weight.argmax())].attrs)
    for name in ("certainty", "automatic_threshold", "separation"):
        told = np.array([one.attrs[name] for one in found])
        known = np.isfinite(told)
        attrs[name] = float(np.average(told[known], weights=weight[known]))
    attrs["advice"] = advice(attrs["certainty"])
    attrs["next_label"] = result.attrs["next_label"]
    return with_frame_of(image, result.assign_attrs(attrs))
