"""Arguments of the rolling window: what is allowed, and what stands for what is not given."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from temwidgets.conventions.grid import finite_numbers
from temwidgets.kernels.fourier.windowed import Method

WINDOW = 128
HALF_BOX = 7
_SMALLEST_WINDOW = 8
_SMALLEST_HALF = 3  # a Gaussian and the noise round it need no fewer bins
_FEWEST = 4.5  # fringes that a window must hold
_CLEAR = 2  # bins between a box and what it must not hold: half a main lobe of the window
_SHAPES = ("hann", "gaussian", "none")


class Windowing(NamedTuple):
    """How a window rolls over an image."""

    sizes: tuple[int, int]  # px along y and x
    shape: str
    half_box: int | None
    method: Method
    stride: int
    angle_tolerance: float
    distance_tolerance: float
    least_snr: float


def as_windowing(
    pixels: tuple[int, int],
    window: Any,
    shape: str,
    box: int | None,
    fit: str,
    scale: str,
    stride: int,
    accepted: tuple[float, float, float],
) -> Windowing:
    """Check the arguments of `windowed_spacing` for an image of so many pixels.

    What is accepted is given as tolerances of angle and distance, and the least signal over noise.
    """
    for name, given, known in (
        ("shape", shape, _SHAPES),
        ("fit", fit, ("gaussian", "parabola")),
        ("scale", scale, ("linear", "log")),
    ):
        if given not in known:
            raise ValueError(f"{name} is one of {', '.join(known)}, but {given!r} came.")
    if stride != int(stride) or not 1 <= stride <= min(pixels):
        raise ValueError(f"stride is a whole number of pixels from 1, but {stride!r} came.")
    return Windowing(
        _as_sizes(pixels, window),
        shape,
        _as_half(box),
        Method(fit == "gaussian", scale == "log"),
        int(stride),
        *_as_accepted(*accepted),
    )


def _as_accepted(angle: float, distance: float, snr: float) -> tuple[float, float, float]:
    if not 0 < angle <= 90:
        raise ValueError(f"angle_tolerance is above 0 and at most 90 degrees, but {angle!r} came.")
    if not 0 < distance < 1:
        raise ValueError(
            "distance_tolerance is a part of the distance of the reflection, between 0 and 1, but"
            f" {distance!r} came."
        )
    if not (np.isfinite(snr) and snr >= 0):
        raise ValueError(f"least_snr is a ratio of signal to noise from 0, but {snr!r} came.")
    return float(angle), float(distance), float(snr)


def _as_sizes(pixels: tuple[int, int], window: Any) -> tuple[int, int]:
    shorter = min(pixels)
    sizes = finite_numbers(min(WINDOW, shorter) if window is None else window)
    whole = sizes is not None and sizes.shape in ((), (2,)) and (sizes % 1 == 0).all()
    if sizes is None or not whole or not (sizes >= _SMALLEST_WINDOW).all():
        raise ValueError(
            f"window is a whole number of pixels from {_SMALLEST_WINDOW}, or two along y and x, but"
            f" {window!r} came."
        )
    if (sizes > pixels).any():
        raise ValueError(
            f"A window of {window} px does not fit into the image of {pixels[0]} x {pixels[1]} px."
            " Give a smaller one."
        )
    y, x = np.broadcast_to(sizes, (2,)).astype(int)
    return int(y), int(x)


def _as_half(box: int | None) -> int | None:
    if box is None:
        return None
    if box != int(box) or box % 2 == 0 or box < 2 * _SMALLEST_HALF + 1:
        raise ValueError(
            f"box is an odd number of bins from {2 * _SMALLEST_HALF + 1}, but {box!r} came."
        )
    return int(box) // 2


def half_boxes(bins: np.ndarray, given: int | None) -> list[int]:
    """Choose half sides of the boxes round spots at `bins` (n, 2), cycles per window.

    A box stays clear of the middle of the spectrum and of the other spots, if it can.

    Raises
    ------
    ValueError
        If the middle of the spectrum is in a box all the same: too few fringes fit in the window.
    """
    halves = []
    for k, spot in enumerate(bins):
        others = np.delete(np.concatenate([bins, -bins]), k, axis=0)
        apart = np.abs(others - spot).max(axis=1)
        free = int(min(apart.min(initial=np.inf), HALF_BOX + _CLEAR)) - _CLEAR
        clear = int(np.rint(np.abs(spot).max())) - _CLEAR
        if np.hypot(*spot) >= _FEWEST:
            clear = max(clear, _SMALLEST_HALF)  # the middle touches a corner of it at most
        half = max(min(free, clear), _SMALLEST_HALF) if given is None else given
        if half > clear:
            raise ValueError(
                f"The window holds {np.hypot(*spot):.3g} fringes of reflection {k}, too few for a"
                f" box of {2 * half + 1} bins, which needs {half + _CLEAR} or more."
                " Give a larger window" + ("." if given is None else ", or a smaller box.")
            )
        halves.append(half)
    return halves
