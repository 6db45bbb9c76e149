"""Compare ways to find columns on images with known truth, by noise and spacing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from temwidgets.analysis import finding as classical
from temwidgets.analysis.scores import pool_scores, score_columns
from temwidgets.conventions import make_columns, make_image, quantity
from temwidgets.networks.finding import find_columns
from temwidgets.networks.validation import LONE, TOLERANCE
from temwidgets.synthetic.training import TrainingImage, training_image

Finder = Callable[[xr.DataArray], xr.Dataset]
Finders = Mapping[str, Finder]
_SEED = 900_000_000  # far from the seeds of training


def finders(network: Any = "default") -> dict[str, Finder]:
    """Return the ways that can be compared: the network, and peaks with nothing given."""
    return {
        "network": lambda image: find_columns(image, method="network", network=network),
        "peaks": classical.find_columns,
    }


def evaluate(
    compared: Finders | None = None,
    *,
    levels: Sequence[float] = (8.0, 4.0, 2.0, 1.4, 1.0, 0.7),
    spacings: Sequence[float] = (8.0, 12.0, 20.0, 40.0),
    images: int = 4,
    shape: tuple[int, int] = (256, 240),
    seed: int = 0,
    tuned: bool = True,
    **options: Any,
) -> xr.Dataset:
    """Count what several ways find on synthetic images that no network was trained on.

    Parameters
    ----------
    compared : mapping of str to callable, optional
        ``finder(image)`` returns columns with y and x; `finders` when not given.
    levels : sequence of float
        Median height of columns over the standard deviation of the noise.
    spacings : sequence of float
        Mean distances to the nearest neighbour, px.
    images : int
        Images for each level and spacing.
    shape : (int, int)
        Pixels along y and x.
    seed : int
        Other images for another seed.
    tuned : bool
        Also "peaks, tuned": the true spacing given, and for each image the threshold that does
        best on it. No user can do so well.
    **options
        As for `temwidgets.synthetic.training_image`: ``missing``, ``contrast``, ...

    Returns
    -------
    Dataset, (finder, level, spacing)
        ``f1``, ``precision``, ``recall``, ``jaccard``; ``rmse`` and ``chamfer`` distance, px.
    """
    if images < 1 or not len(levels) or not len(spacings):
        raise ValueError(
            f"There must be an image, a level and a spacing at least, but {images} images,"
            f" {len(levels)} levels and {len(spacings)} spacings came."
        )
    given = dict(finders() if compared is None else compared)
    names = [*given, *(["peaks, tuned"] if tuned else [])]
    table: dict[str, list[xr.Dataset]] = {name: [] for name in names}
    for level in levels:
        for spacing in spacings:
            made = list(_made(level, spacing, images, shape, seed, options))
            for name, finder in given.items():
                table[name].append(pool_scores([_score(finder(_image(m)), m) for m in made]))
            if tuned:
                table["peaks, tuned"].append(pool_scores([_best_of_peaks(m) for m in made]))
    return _as_dataset(table, levels, spacings)


def _made(
    level: float,
    spacing: float,
    images: int,
    shape: tuple[int, int],
    seed: int,
    options: Mapping[str, Any],
) -> Iterator[TrainingImage]:
    chosen = {"contrast": "bright", "missing": (0.0, 0.0), "empty": 0.0, **options}
    for number in range(images):
        source = np.random.SeedSequence([_SEED, seed, number])
        yield training_image(
            source, shape, spacing=(spacing, spacing), snr=(level, level), **chosen
        )


def _image(made: TrainingImage) -> xr.DataArray:
    return make_image(np.where(made.known, made.image, np.float32(np.nan)))


def _score(columns: xr.Dataset, made: TrainingImage) -> xr.Dataset:
    spacing = made.spacing if np.isfinite(made.spacing) else LONE
    # as everywhere: a column is in the image if it lies within the outermost pixel centres
    inside = ((made.columns >= 0) & (made.columns <= np.array(made.image.shape) - 1)).all(axis=1)
    true = make_columns(*made.columns[inside].T, units="px")
    return score_columns(columns, true, radius=TOLERANCE * spacing)


def _best_of_peaks(made: TrainingImage) -> xr.Dataset:
    """Score of peaks with the true spacing and the best of twenty thresholds."""
    image = make_image(np.where(made.known, made.image, made.image[made.known].mean()))
    separation = 0.8 * made.spacing if np.isfinite(made.spacing) else None
    found = classical.find_candidates(image, separation=separation)
    cuts = np.linspace(0, 0.95, 20)
    return max(
        (_score(classical.apply_threshold(found, cut), made) for cut in cuts),
        key=lambda s: float(s["f1"]),
    )


def _as_dataset(
    table: Mapping[str, Sequence[xr.Dataset]], levels: Sequence[float], spacings: Sequence[float]
) -> xr.Dataset:
    dims = ("finder", "level", "spacing")
    result = xr.Dataset(
        coords={
            "finder": list(table),
            "level": quantity("level", list(levels), "1", "height over noise"),
            "spacing": quantity("spacing", list(spacings), "px", "spacing"),
        }
    )
    for name in ("f1", "precision", "recall", "jaccard", "rmse", "chamfer"):
        first = next(iter(table.values()))[0][name]
        values = [[float(score[name]) for score in scores] for scores in table.values()]
        shaped = np.reshape(values, (len(table), len(levels), len(spacings)))
        result[name] = (dims, shaped, first.attrs)
    return result
