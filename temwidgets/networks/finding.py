"""Find columns by a network: the same result as by peaks, with probabilities."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from scipy.spatial import KDTree

from temwidgets.analysis import finding as classical
from temwidgets.conventions import check_image, make_columns, pixel_grid, quantity, with_frame_of

Report = Callable[[float], None]

DEFAULT = "default"
_UNSURE = 0.6
_LEAST = 0.05  # probability below which nothing is a candidate
ADVICE = (
    "The network is not sure of these columns (certainty {0:.2f}; 0.8 and more is usual)."
    " The structure may be unlike any it was trained on: look at the map of probability, and"
    " retrain it on some corrected images if columns are wrong."
)


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
        when not given.
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
    px apart; the spacing comes from the classical search and from the network itself, and where
    they differ the surer answer is taken. Columns that what repeats in the image wants but the
    image itself denies are vacancies and are left out.
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
    image = check_image(image)
    classical.check_options(separation, contrast)
    if report:
        report(0.0)
    known = loaded(network)
    prediction = predict_image(
        known, image, separation=separation, contrast=contrast, report=report
    )
    result = _as_columns(prediction, image, separation, contrast)
    result.attrs["network"] = str(known.card.get("name", "unnamed"))
    result.attrs["automatic_threshold"] = float(known.card.get("threshold", 0.3))
    return with_frame_of(image, result)


@lru_cache(maxsize=4)
def _load(name: str) -> Any:
    from temwidgets.networks.store import load

    return load(name)


def loaded(network: str | Path | Any) -> Any:
    """Return the network of this name or file; one that is loaded already as it is."""
    return _load(str(network)) if isinstance(network, str | Path) else network


def predict_image(
    network: str | Path | Any,
    image: xr.DataArray,
    *,
    separation: float | None = None,
    contrast: str = "bright",
    report: Report | None = None,
) -> Any:
    """Apply a network to an image: a `temwidgets.networks.prediction.Prediction`, in pixels.

    Parameters as in `find_columns`.
    """
    from temwidgets.networks.prediction import predict

    values = _bright(image, contrast)
    return predict(
        loaded(network), values, spacings=_guesses(image, values, separation), report=report
    )


def _bright(image: xr.DataArray, contrast: str) -> np.ndarray:
    """Values with bright columns and NaN for missing pixels."""
    values = np.asarray(image.values, np.float32)
    values = np.where(np.isfinite(values), values, np.float32(np.nan))
    if not np.isfinite(values).any():
        raise ValueError("No pixel of this image is finite; there is nothing to find columns in.")
    return -values if contrast == "dark" else values


def _guesses(
    image: xr.DataArray, values: np.ndarray, separation: float | None
) -> tuple[float, ...]:
    """Guesses of the spacing, px: what was given, or what the reflections of a crystal tell."""
    sampling = pixel_grid(image).sampling
    unit = float(np.sqrt(sampling.y * sampling.x))
    if separation is not None:
        return (separation / unit,)
    from temwidgets.kernels import candidates
    from temwidgets.networks.prediction import filled

    found = candidates.find_candidates(filled(values), (sampling.y / unit, sampling.x / unit), None)
    good = found.place[found.strength >= found.threshold]
    if not found.crystal or len(good) < 8:
        return ()
    return (float(np.median(KDTree(good).query(good, k=2)[0][:, 1])),)


def _as_columns(
    prediction: Any, image: xr.DataArray, separation: float | None, contrast: str
) -> xr.Dataset:
    from temwidgets.networks.evidence import is_vacancy

    grid = pixel_grid(image)
    unit = float(np.sqrt(grid.sampling.y * grid.sampling.x))
    found = prediction.columns(_LEAST, None if separation is None else 0.7 * separation / unit)
    real = ~is_vacancy(_bright(image, contrast), found.place, prediction.spacing)
    place, probability = found.place[real], found.probability[real].astype(float)
    columns = make_columns(*grid.to_lengths(*place.T), units=grid.units)
    for name in ("probability", "score"):
        columns[name] = quantity("column", probability, "1", "probability of a column")
    certainty = prediction.certainty()
    columns.attrs.update(
        separation=float(separation or prediction.spacing * unit),
        separation_source="estimated" if separation is None else "given",
        contrast=contrast,
        certainty=certainty,
        advice=ADVICE.format(certainty) if certainty < _UNSURE else "",
    )
    return columns
