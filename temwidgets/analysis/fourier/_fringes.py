"""Fringes of an image by the phase engine, with what was computed for the same image kept.

The spectrum of an image, and the last measurements on it, stay in memory as long as the image's
array does: while a reflection or a region is dragged only what changes is computed.
"""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr

from temwidgets.conventions import pixel_grid
from temwidgets.kernels.fourier.image_spectrum import (
    ImageSpectrum,
    image_spectrum,
    padded_shape,
)
from temwidgets.kernels.fourier.phase_engine import Measured, measure

_IMAGES = 2
_MEASUREMENTS = 4

Report = Callable[[float], None]


@dataclass
class Fringes:
    """The spectrum of an image, measurements on it, and the unit they are in."""

    owner: Any  # weak reference to the array that holds the pixels
    mark: tuple
    spectrum: ImageSpectrum
    unit: float  # length of the kernels' unit: geometric mean of the sides of a pixel
    measured: OrderedDict[tuple, Measured] = field(default_factory=OrderedDict)

    def measure(
        self,
        g: np.ndarray,
        *,
        sigma: float | None = None,
        inside: np.ndarray | None = None,
        report: Report | None = None,
    ) -> Measured:
        """Measure reflections g (n, 2); vectors and sigma are in the image's lengths."""
        tell = report or (lambda fraction: None)
        key = (g.tobytes(), sigma)
        if inside is None and key in self.measured:
            return self.measured[key]
        width = None if sigma is None else sigma / self.unit
        found = measure(self.spectrum, g * self.unit, sigma=width, inside=inside, report=tell)
        if inside is None:
            self.measured[key] = found
            while len(self.measured) > _MEASUREMENTS:
                self.measured.popitem(last=False)
        return found


_kept: list[Fringes] = []
_lock = threading.Lock()


def fringes_of(image: xr.DataArray, widest: float = 0.0) -> Fringes:
    """Return the fringes of an image, with what was computed before if its pixels are the same.

    They allow for windows up to `widest`, a length.
    """
    values, sampling = image.values, pixel_grid(image).sampling
    unit = float(np.sqrt(sampling.y * sampling.x))
    owner = values if values.base is None else values.base
    pixel = (float(sampling.y), float(sampling.x))
    shape = padded_shape((values.shape[0], values.shape[1]), pixel, widest / unit)
    mark = (_place(values), _fingerprint(values), pixel, shape)
    with _lock:
        _kept[:] = [one for one in _kept if one.owner() is not None]
        for one in _kept:
            if one.mark == mark and one.owner() is owner:
                return one
    spectrum = image_spectrum(values, pixel, widest / unit)
    try:
        made = Fringes(weakref.ref(owner), mark, spectrum, unit)
    except TypeError:  # a buffer that allows no weak reference is not kept
        return Fringes(lambda: None, mark, spectrum, unit)
    with _lock:
        _kept.append(made)
        del _kept[:-_IMAGES]
    return made


def _place(values: np.ndarray) -> tuple:
    return values.__array_interface__["data"][0], values.shape, values.strides, values.dtype.str


def _fingerprint(values: np.ndarray) -> float:
    """One number that changes when a pixel does."""
    kind = np.dtype(np.float64 if values.dtype == np.float64 else np.float32)
    rng = np.random.default_rng(0)
    rows, cols = (rng.uniform(0.5, 1.5, (n,)).astype(kind) for n in values.shape)
    return float(np.dot(rows, np.dot(values.astype(kind, copy=False), cols)))
