"""The map of column probability of an image, whatever its size and scale."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from temwidgets.networks.batches import NOMINAL
from temwidgets.networks.detection import Found, detect
from temwidgets.networks.filtering import fill_missing, input_channels
from temwidgets.networks.scaling import resample
from temwidgets.networks.store import Network
from temwidgets.networks.tiles import Answer, apply

Report = Callable[[float], None]

_TRUE = 1.3  # spacing told over spacing assumed up to which the scale is right
_PROBES = (6.0, 12.0, 24.0, 48.0)  # px: what is tried when nothing is known of the spacing
_LEAST, _MOST = 2.0, 256.0  # px: spacings within which columns can be resolved


class Prediction(NamedTuple):
    """What a network tells of an image; `columns` cuts it, in no time."""

    answer: Answer  # on cells of the resampled image
    zoom: float  # pixels of the resampled image over pixels of the image
    shape: tuple[int, int]  # of the image
    cell: int

    @property
    def spacing(self) -> float:
        """Mean distance to the nearest neighbour that the network tells, px of the image."""
        return self.answer.spacing / self.zoom

    def columns(self, threshold: float = 0.3, separation: float | None = None) -> Found:
        """Columns in pixels of the image; `separation` px, half the spacing when not given."""
        if separation is None:
            separation = 0.5 * self.spacing
        least = separation * self.zoom / self.cell
        found = detect(
            self.answer.probability, self.answer.offset,
            threshold=threshold, separation=least, cell=self.cell,
        )  # fmt: skip
        place = (found.place + 0.5) / self.zoom - 0.5
        # as everywhere: a column is in the image if it lies within the outermost pixel centres
        inside = ((place >= 0) & (place <= np.array(self.shape) - 1)).all(axis=1)
        return Found(place[inside], found.probability[inside])

    def certainty(self) -> float:
        """How sure the network is of what it calls columns: their mean probability, 0 to 1."""
        found = self.columns(0.1)
        weight = found.probability
        return float((weight**2).sum() / weight.sum()) if len(weight) else 0.0

    def heat(self) -> np.ndarray:
        """Probability at the pixels of the image, (y, x): of its cell, not interpolated."""
        index = [
            np.clip(((np.arange(n) + 0.5) * self.zoom / self.cell).astype(int), 0, m - 1)
            for n, m in zip(self.shape, self.answer.probability.shape, strict=True)
        ]
        return self.answer.probability[np.ix_(*index)]


def predict(
    network: Network,
    image: np.ndarray,
    *,
    spacings: tuple[float, ...] = (),
    report: Report | None = None,
) -> Prediction:
    """Apply a network to an image.

    Parameters
    ----------
    network : Network
    image : ndarray, (y, x)
        Bright columns; NaN where a pixel is missing.
    spacings : tuple of float
        Guesses of the distance to the nearest neighbour, px: each is tried, and what the network
        itself tells of the spacing then; the answer that is surest of its columns is taken.
    """
    best: Prediction | None = None
    tried: list[float] = []
    waiting = [s for s in spacings if _LEAST <= s <= _MOST] or list(_probes(network, image))
    while waiting and len(tried) < 4:
        spacing = waiting.pop(0)
        if any(abs(np.log(spacing / t)) < np.log(1.15) for t in tried):
            continue
        tried.append(spacing)
        answer = _at(network, image, spacing, report)
        if best is None or answer.certainty() > best.certainty():
            best = answer
        told = float(np.clip(answer.spacing, _LEAST, _MOST))
        if abs(np.log(told / spacing)) > np.log(_TRUE):
            waiting.append(told)
    assert best is not None
    return best


def _probes(network: Network, image: np.ndarray) -> tuple[float, ...]:
    """Two likeliest spacings by a look at the middle of the image at several scales."""
    found = []
    for spacing in _PROBES:
        half = int(10 * spacing)
        middle = [slice(max(0, n // 2 - half), n // 2 + half) for n in image.shape]
        part = _at(network, image[middle[0], middle[1]], spacing, None)
        found.append((part.certainty(), part.spacing))
    found.sort(reverse=True)
    return tuple(float(np.clip(s, _LEAST, _MOST)) for _, s in found[:2])


def _at(network: Network, image: np.ndarray, spacing: float, report: Report | None) -> Prediction:
    """Apply the network on the scale where columns `spacing` px apart are as it knows them."""
    zoom = network.card.get("spacing", NOMINAL) / spacing
    if abs(np.log(zoom)) < 0.04:
        zoom = 1.0  # so little is not worth the smoothing
    seen = resample(image, zoom)
    answer = apply(network.model, input_channels(seen), report=report)
    return Prediction(answer, zoom, (image.shape[0], image.shape[1]), network.model.cell)


def filled(image: np.ndarray) -> np.ndarray:
    """Fill missing (NaN) pixels by their surroundings."""
    return fill_missing(image, np.isfinite(image))
