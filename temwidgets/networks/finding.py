"""Find columns by a network: the same result as by peaks, with probabilities."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import xarray as xr

from temwidgets.analysis import finding as classical
from temwidgets.networks.looking import DEFAULT, candidates_of, look

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
    the network itself, and where they differ the surer answer is taken. Columns that
    what repeats in the image wants but the image itself denies are vacancies and are left out.
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
    seen = look(image, contrast=contrast, network=network, report=report)
    return candidates_of(seen, separation=separation)
