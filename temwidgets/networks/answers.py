"""What a network tells of an image, and how much speaks for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from temwidgets.networks.batches import nearest_distance
from temwidgets.networks.detection import Found

_SEEN = 0.1  # probability of what may be a column
_COUNTED = 0.5  # probability from which a column counts
_NEARLY = 0.1  # log of a spacing told over one assumed that says nothing
_LARGE = 1.7  # zoom beyond which noise becomes blobs


class Answer(NamedTuple):
    """The answer of a network for an image on the scale that it got to see."""

    probability: np.ndarray  # (y, x) on cells: of a column, of whatever species
    cell: int  # pixels a side of a cell
    spacing: float  # px: mean distance to the nearest neighbour; NaN where it is not told
    detect: Callable[..., Found]  # of threshold and separation (px, or None), places in px


class Prediction(NamedTuple):
    """What a network tells of an image; `columns` cuts it, in no time."""

    answer: Answer
    zoom: float  # pixels that the network saw over pixels of the image
    shape: tuple[int, int]  # of the image
    spacing: float  # px of the image: as told, or else as assumed
    assumed: float  # px of what the network saw: the spacing that it is used to

    def columns(self, threshold: float = 0.3, separation: float | None = None) -> Found:
        """Columns in pixels of the image; of two nearer than `separation` px the likelier one.

        Half the spacing when it is not given.
        """
        found = self.answer.detect(
            threshold, None if separation is None else separation * self.zoom
        )
        place = (found.place + 0.5) / self.zoom - 0.5
        # as everywhere: a column is in the image if it lies within the outermost pixel centres
        inside = ((place >= 0) & (place <= np.array(self.shape) - 1)).all(axis=1)
        species = None if found.species is None else found.species[inside]
        return Found(place[inside], found.probability[inside], species)

    def certainty(self) -> float:
        """How sure the network is of what it calls columns: their mean probability, 0 to 1."""
        return _certainty(self.columns(_SEEN).probability)

    def evidence(self) -> float:
        """How much speaks for the scale: certainty, and the root of the log odds of all columns.

        On a wrong scale a network is sure of a few columns, or unsure of many, and tells another
        spacing than it would then have been shown. Noise that is much enlarged has columns of its
        own.
        """
        probability = self.columns(_SEEN).probability
        sure = np.clip(probability, _COUNTED, 0.99)  # the others have odds of 1
        odds = float(np.log(sure / (1 - sure)).sum()) / (self.shape[0] * self.shape[1])
        told = self.answer.spacing if np.isfinite(self.answer.spacing) else self.assumed
        off = max(abs(np.log(told / self.assumed)) - _NEARLY, 0.0)
        enlarged = max(self.zoom / _LARGE, 1.0)
        return _certainty(probability) * float(np.sqrt(odds) * np.exp(-off)) / enlarged**2


def _certainty(probability: np.ndarray) -> float:
    return float((probability**2).sum() / probability.sum()) if len(probability) else 0.0


def distance_of(found: Found) -> float:
    """Mean distance to the nearest neighbour of what was found, px; NaN for fewer than eight."""
    return nearest_distance(found.place) if len(found.place) >= 8 else float("nan")
