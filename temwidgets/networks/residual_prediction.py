"""The default network on an image that is on its scale."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import expit

from temwidgets.networks.answers import Answer
from temwidgets.networks.detection import Found, detect
from temwidgets.networks.filtering import input_channels
from temwidgets.networks.residual_unet import Maps
from temwidgets.networks.tiles import apply

Report = Callable[[float], None]


def see(model: Any, image: np.ndarray, report: Report | None = None) -> Answer:
    """Apply a `ResidualUNet` to an image (y, x); NaN where a pixel is missing."""
    return _answer(model.cell, apply(model, input_channels(image), report=report))


def look_twice(model: Any, image: np.ndarray, report: Report | None = None) -> Answer:
    """Apply a `ResidualUNet` to an image and to the same turned by half, and take the mean.

    In noise that finds a little more, for what a network is not sure of differs.
    """
    cell = model.cell
    channels = input_channels(image)
    whole = np.pad(channels, [(0, -n % cell) for n in channels.shape[:2]] + [(0, 0)])
    first = apply(model, whole, report=report)
    second = apply(model, np.ascontiguousarray(whole[::-1, ::-1]))
    return _answer(cell, _mean(first, second))


def _mean(first: Maps, turned: Maps) -> Maps:
    heat = (first.heat + turned.heat[::-1, ::-1]) / 2
    offset = (first.offset - turned.offset[::-1, ::-1]) / 2
    return Maps(heat, offset, (first.log_spacing + turned.log_spacing) / 2)


def _answer(cell: int, maps: Maps) -> Answer:
    probability = expit(maps.heat)
    spacing = cell * float(np.exp(maps.log_spacing))

    def columns(threshold: float, separation: float | None) -> Found:
        least = (0.5 * spacing if separation is None else separation) / cell
        found = detect(probability, maps.offset, threshold=threshold, separation=least)
        return found._replace(place=found.place * cell + (cell - 1) / 2)

    return Answer(probability, cell, spacing, columns)
