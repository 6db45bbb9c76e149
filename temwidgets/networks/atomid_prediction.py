"""Apply AtomID-Net, or the plain U-Net, to an image of any size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from temwidgets.networks.answers import Answer, distance_of
from temwidgets.networks.atomid_batches import normalised
from temwidgets.networks.atomid_detection import detect_boxes
from temwidgets.networks.atomid_net import HeatSpacing
from temwidgets.networks.detection import Found, detect
from temwidgets.networks.tiles import apply

Report = Callable[[float], None]

_TOP = 2.0  # largest heat; a column by itself has 1
_NEAREST = 4.0  # px: columns that are not farther apart are not told apart
_STEP = 64  # px: sides are mirrored up to multiples of it


def predict_heat(model: Any, image: np.ndarray, *, report: Report | None = None) -> HeatSpacing:
    """Apply a network to an image, in tiles if it is large.

    Parameters
    ----------
    model : AtomIDNet or PlainUNet
    image : ndarray, (y, x)
        Bright columns, at any magnification; NaN where a pixel is missing.
    report : callable, optional
        Called with the fraction done; raises `CancelledError` to stop.

    Returns
    -------
    HeatSpacing
        heat (y, x), 0 to 2, and spacing in px: the median of those of the tiles; NaN from a
        `PlainUNet`, which does not tell it. `temwidgets.networks.atomid_detection.detect_boxes`
        takes both.
    """
    seen = normalised(image)[..., 0]
    ny, nx = seen.shape
    # zeros beyond the border would draw the mean spacing towards that of nothing
    seen = np.pad(seen, [(0, -ny % _STEP), (0, -nx % _STEP)], mode="symmetric")
    answer = apply(model, seen[..., None], report=report)
    heat, spacing = answer if isinstance(answer, HeatSpacing) else (answer, float("nan"))
    return HeatSpacing(np.clip(heat[:ny, :nx], 0.0, _TOP), spacing)


def see(model: Any, image: np.ndarray, report: Report | None = None) -> Answer:
    """Apply a network to an image, for `prediction.predict`.

    Windows are 0.8 of the separation; a `PlainUNet` has none of its own idea of the spacing, which
    is measured between the maxima of its heat.
    """
    heat, spacing = predict_heat(model, image, report=report)
    if not np.isfinite(spacing):
        spacing = distance_of(detect(heat, np.zeros((*heat.shape, 2)), separation=_NEAREST))
    if not np.isfinite(spacing):
        spacing = _NEAREST

    def columns(threshold: float, separation: float | None) -> Found:
        window = None if separation is None else max(1, int(0.8 * separation))
        return detect_boxes(heat, spacing, threshold=max(threshold, 1e-6), window=window)

    return Answer(np.minimum(heat, 1.0), model.cell, spacing, columns)
