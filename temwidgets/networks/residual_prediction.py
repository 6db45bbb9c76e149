"""The default network on an image that is on its scale."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import expit

from temwidgets.networks.detection import Found, detect
from temwidgets.networks.filtering import input_channels
from temwidgets.networks.prediction import Answer
from temwidgets.networks.tiles import apply


def see(model: Any, image: np.ndarray, report: Callable[[float], None] | None = None) -> Answer:
    """Apply a `ResidualUNet` to an image (y, x); NaN where a pixel is missing."""
    maps = apply(model, input_channels(image), report=report)
    probability = expit(maps.heat)
    cell = model.cell
    spacing = cell * float(np.exp(maps.log_spacing))

    def columns(threshold: float, separation: float | None) -> Found:
        least = (0.5 * spacing if separation is None else separation) / cell
        found = detect(probability, maps.offset, threshold=threshold, separation=least)
        return found._replace(place=found.place * cell + (cell - 1) / 2)

    return Answer(probability, cell, spacing, columns)
