"""What a network tells of an image DataArray, kept, and candidates for columns from it."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from scipy import ndimage as ndi
from scipy.spatial import KDTree

from temwidgets.analysis import finding as classical
from temwidgets.analysis.naming import name_sublattices
from temwidgets.conventions import check_image, make_columns, pixel_grid, quantity, with_frame_of
from temwidgets.networks.shipped import locate

Report = Callable[[float], None]

DEFAULT = "default"
_UNSURE = 0.5
_DOUBTED = 0.5  # certainty below which single places must be likelier
_NOWHERE = 0.4  # certainty that images without columns hardly reach
_SURE = 0.75  # probability that single places reach by chance in such images
_CLEAR = 4.0  # columns over noise above which a profile tells a centre better than the network
_THIN, _THICK = 0.08, 0.4  # sigma over spacing of columns that are told apart
_BLOB = 5.0  # spacing over sigma of single atoms: networks are trained on 4 to 6
_SCREEN = 1024  # pixels a side that a map of probability needs at most
_LEAST = 0.05  # probability below which nothing is a candidate
ADVICE = (
    "The network is not sure of these columns (certainty {0:.2f}; 0.7 and more is usual)."
    " The structure may be unlike any it was trained on: look at the map of probability, and"
    " retrain it on some corrected images if columns are wrong."
)


class _Guess(NamedTuple):
    """What a classical look tells of an image, px."""

    spacings: tuple[float, ...]  # of nearest neighbours
    sigma: float  # of a column; NaN where nothing tells


class Seen(NamedTuple):
    """What a network told of an image, kept so that no cut asks it again."""

    image: xr.DataArray
    filled: np.ndarray  # bright columns, missing pixels filled in
    sigma: float  # of a column, px, from the reflections or the blobs; NaN where neither tells
    prediction: Any
    evidence: Any
    contrast: str
    network: Any


def look(
    image: xr.DataArray,
    *,
    contrast: str = "bright",
    network: str | Path | Any = DEFAULT,
    report: Report | None = None,
) -> Seen:
    """Apply a network to an image once, for `candidates_of` and `probability_map`.

    Parameters and errors are those of `find_columns`.
    """
    image = check_image(image)
    classical.check_options(None, contrast)
    if report:
        report(0.0)
    from temwidgets.networks.evidence import gather
    from temwidgets.networks.filtering import fill_missing

    known = loaded(network)
    values = _bright(image, contrast)
    filled = fill_missing(values)
    guess = _guess(image, filled)
    prediction = _predict(known, values, guess.spacings, report)
    evidence = gather(filled, prediction.spacing, guess.sigma)
    if report:
        report(1.0)
    return Seen(image, filled, guess.sigma, prediction, evidence, contrast, known)


def candidates_of(seen: Seen, *, separation: float | None = None) -> xr.Dataset:
    """Return what `find_candidates` finds, from what was seen already.

    Parameters
    ----------
    seen : Seen
        From `look`.
    separation : float, optional
        As in `find_columns`.
    """
    classical.check_options(separation, seen.contrast)
    card = seen.network.card
    result = name_species(_as_columns(seen, separation), card)
    result.attrs["network"] = str(card.get("name", "unnamed"))
    result.attrs["automatic_threshold"] = _threshold(card, result.attrs["certainty"])
    return with_frame_of(seen.image, result)


def name_species(columns: xr.Dataset, card: dict[str, Any]) -> xr.Dataset:
    """Name the sublattices that a network told apart as its card does."""
    if "sublattice" not in columns:
        return columns
    told = dict(enumerate(card.get("species", ())))
    present = np.unique(columns["sublattice"]).tolist()
    return name_sublattices(columns, {n: told[n] for n in present if n in told})


def spacing_of(seen: Seen) -> float:
    """Return the mean distance to the nearest neighbour that the network told, a length."""
    sampling = pixel_grid(seen.image).sampling
    return float(seen.prediction.spacing * np.sqrt(sampling.y * sampling.x))


def probability_map(seen: Seen) -> xr.DataArray:
    """Return the probability that there is a column, (y, x), between the cells interpolated.

    Its coordinates are those of the image, its pixels a sixth of the spacing or less.
    """
    told = seen.prediction.answer.probability
    finer = int(np.clip(_SCREEN // max(told.shape), 1, 4))
    index = [(np.arange(n * finer) + 0.5) / finer - 0.5 for n in told.shape]
    values = ndi.map_coordinates(told, np.meshgrid(*index, indexing="ij"), order=1, mode="nearest")
    to_pixels = seen.prediction.answer.cell / seen.prediction.zoom
    cells = [(at + 0.5) * to_pixels - 0.5 for at in index]
    grid = pixel_grid(seen.image)
    coords = {
        name: quantity(name, length, grid.units, name)
        for name, length in zip("yx", grid.to_lengths(*cells), strict=True)
    }
    attrs = {"units": "1", "long_name": "probability of a column"}
    return xr.DataArray(values, coords, ("y", "x"), "probability", attrs)


@lru_cache(maxsize=4)
def _load(name: str, changed: int) -> Any:
    from temwidgets.networks.store import load

    return load(name)


def loaded(network: str | Path | Any) -> Any:
    """Return the network of this name or file; one that is loaded already as it is."""
    if not isinstance(network, str | Path):
        return network
    return _load(str(network), locate(network).stat().st_mtime_ns)


def predict_image(
    network: str | Path | Any,
    image: xr.DataArray,
    *,
    contrast: str = "bright",
    report: Report | None = None,
) -> Any:
    """Apply a network to an image: a `temwidgets.networks.prediction.Prediction`, in pixels.

    Parameters as in `find_columns`.
    """
    from temwidgets.networks.filtering import fill_missing

    values = _bright(image, contrast)
    guess = _guess(image, fill_missing(values))
    return _predict(loaded(network), values, guess.spacings, report)


def _predict(
    network: Any, values: np.ndarray, guesses: tuple[float, ...], report: Report | None
) -> Any:
    from temwidgets.networks.prediction import predict

    return predict(network, values, spacings=guesses, report=report)


def _bright(image: xr.DataArray, contrast: str) -> np.ndarray:
    """Values with bright columns and NaN for missing pixels."""
    values = np.asarray(image.values, np.float32)
    values = np.where(np.isfinite(values), values, np.float32(np.nan))
    if not np.isfinite(values).any():
        raise ValueError("No pixel of this image is finite; there is nothing to find columns in.")
    return -values if contrast == "dark" else values


def _guess(image: xr.DataArray, filled: np.ndarray) -> _Guess:
    """What the reflections of a crystal, or the size of blobs, tell."""
    from temwidgets.kernels.candidates import find_candidates

    found = find_candidates(filled, _aspect(image), None)
    good = found.place[found.strength >= found.threshold]
    if not found.crystal and len(good):
        return _Guess((_BLOB * found.sigma,), found.sigma)
    if len(good) < 8:
        return _Guess((), float("nan"))
    return _Guess((float(np.median(KDTree(good).query(good, k=2)[0][:, 1])),), found.sigma)


def _aspect(image: xr.DataArray) -> tuple[float, float]:
    """Sides of a pixel over their geometric mean."""
    sampling = pixel_grid(image).sampling
    unit = float(np.sqrt(sampling.y * sampling.x))
    return sampling.y / unit, sampling.x / unit


def _as_columns(seen: Seen, separation: float | None) -> xr.Dataset:
    from temwidgets.networks.evidence import judge

    grid, prediction = pixel_grid(seen.image), seen.prediction
    unit = float(np.sqrt(grid.sampling.y * grid.sampling.x))
    found = prediction.columns(_LEAST, None if separation is None else 0.7 * separation / unit)
    judged = judge(seen.evidence, found.place)
    place, real = _at_border(seen, found.place, judged.clarity)
    real &= ~judged.vacant
    columns = make_columns(*grid.to_lengths(*place[real].T), units=grid.units)
    probability = found.probability[real].astype(float)
    for name in ("probability", "score"):
        columns[name] = quantity("column", probability, "1", "probability of a column")
    if found.species is not None:
        columns["sublattice"] = quantity("column", found.species[real], "1", "sublattice")
    certainty = prediction.certainty()
    columns.attrs.update(
        separation=float(separation or prediction.spacing * unit),
        separation_source="estimated" if separation is None else "given",
        contrast=seen.contrast,
        certainty=certainty,
        advice=advice(certainty),
    )
    return columns


def _at_border(seen: Seen, place: np.ndarray, clarity: float) -> tuple[np.ndarray, np.ndarray]:
    """Place those near the edge of a clear image by their profiles; tell which lie in it."""
    from temwidgets.kernels.peaks import refine_at_border

    spacing = seen.prediction.spacing
    if _THIN < seen.sigma / spacing < _THICK and clarity > _CLEAR:
        pixels = [(seen.sigma / side, 0.5 * spacing / side) for side in _aspect(seen.image)]
        place = refine_at_border(seen.filled, place, *zip(*pixels, strict=True))
    last = np.array(seen.filled.shape) - 1
    return place, np.all((place >= 0) & (place <= last), axis=1)


def advice(certainty: float) -> str:
    """Return a sentence where the network is not sure of the columns of an image, else ""."""
    return ADVICE.format(certainty) if certainty < _UNSURE else ""


def _threshold(card: dict[str, Any], certainty: float) -> float:
    """Probability to cut at: that of the card, or up to a high one where nothing seems to be."""
    usual = float(card["threshold"])
    doubt = float(np.clip((_DOUBTED - certainty) / (_DOUBTED - _NOWHERE), 0, 1))
    return usual + doubt * max(_SURE - usual, 0.0)
