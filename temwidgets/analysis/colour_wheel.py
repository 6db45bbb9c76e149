"""Colours for directions: a closed wheel on which equal angles look equally different."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

_FINE = 720
_LIGHTNESS, _SWING, _LIGHTEST = 0.74, 0.07, 100.0
"""Mean lightness, how far it swings (yellow is light, blue dark), and the hue that is lightest."""
_STRONGEST = 0.17
"""Greatest chroma; most hues of the screen end before."""
_GREY = 153
# Ottosson, "A perceptual color space for image processing" (2020)
_TO_LMS = np.array(
    [
        [1, 0.3963377774, 0.2158037573],
        [1, -0.1055613458, -0.0638541728],
        [1, -0.0894841775, -1.291485548],
    ]
)
_TO_RGB = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)


def direction_colours(direction: Any) -> np.ndarray:
    """Return the colour of each direction on a perceptually uniform wheel.

    Parameters
    ----------
    direction : array_like
        Degrees from +x towards +y, as ``displacement_direction``. NaN is grey.

    Returns
    -------
    ndarray of uint8, (..., 3)
        Red, green, blue. Right is red, down yellow to green, left cyan, up violet.

    Notes
    -----
    The wheel goes once round the hues of the Oklab space (Ottosson, 2020), yellow lighter than blue
    as on every screen, and is walked at constant speed in that space, so that equal angles differ
    equally in colour. Opposite directions have opposite colours.
    """
    angle = np.asarray(direction, float)
    place = np.where(np.isfinite(angle), angle, 0.0) % 360 / 360 * _FINE
    colours = _wheel()[place.astype(int) % _FINE]
    return np.where(np.isfinite(angle)[..., None], colours, np.uint8(_GREY))


@lru_cache
def _wheel() -> np.ndarray:
    hue = np.arange(25.0, 385.0, 0.25)
    lightness = _LIGHTNESS + _SWING * np.cos(np.deg2rad(hue - _LIGHTEST))
    chroma = _smoothed(_largest_chroma(lightness, hue))
    lab = _lab(lightness, chroma, hue)
    steps = np.linalg.norm(np.diff(lab, axis=0, append=lab[:1]), axis=1)
    walked = np.concatenate([[0.0], np.cumsum(steps)])
    closed = np.vstack([lab, lab[:1]])
    at = np.arange(_FINE) / _FINE * walked[-1]
    even = np.stack([np.interp(at, walked, closed[:, i]) for i in range(3)], axis=1)
    return np.round(255 * np.clip(_encoded(_linear(even)), 0, 1)).astype(np.uint8)


def _largest_chroma(lightness: np.ndarray, hue: np.ndarray) -> np.ndarray:
    """Largest chroma up to `_STRONGEST` that a screen can show."""
    tried = np.linspace(0.0, _STRONGEST, 171)
    rgb = _linear(_lab(lightness[:, None], tried, hue[:, None]))
    fits = ((rgb >= -1e-6) & (rgb <= 1 + 1e-6)).all(axis=-1)
    return tried[fits.cumprod(axis=1).sum(axis=1) - 1]


def _smoothed(chroma: np.ndarray, width: int = 160) -> np.ndarray:
    """Take the running minimum and then the mean, for corners would be seen as stripes."""
    ring = np.concatenate([chroma, chroma, chroma])
    windows = np.lib.stride_tricks.sliding_window_view(ring, width + 1)
    lowest = windows.min(axis=1)
    mean = np.lib.stride_tricks.sliding_window_view(lowest, width + 1).mean(axis=1)
    return mean[chroma.size - width : 2 * chroma.size - width]


def _lab(lightness: np.ndarray, chroma: np.ndarray, hue: np.ndarray) -> np.ndarray:
    turn = np.deg2rad(hue)
    parts = np.broadcast_arrays(lightness, chroma * np.cos(turn), chroma * np.sin(turn))
    return np.stack(parts, axis=-1)


def _linear(lab: np.ndarray) -> np.ndarray:
    return (lab @ _TO_LMS.T) ** 3 @ _TO_RGB.T


def _encoded(rgb: np.ndarray) -> np.ndarray:
    rgb = np.clip(rgb, 0, 1)
    return np.where(rgb <= 0.0031308, 12.92 * rgb, 1.055 * rgb ** (1 / 2.4) - 0.055)
