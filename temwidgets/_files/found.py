"""What a reader finds in a file, before it is judged: arrays, their axes, their kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr

from temwidgets._files.units import is_energy, is_reciprocal, nm_per
from temwidgets.conventions import CALIBRATED, UNCALIBRATED

# less is a list of positions, or a line scan
_LEAST_PIXELS = 4
# a pixel of a micrograph longer than 1 mm is a reciprocal length that its file calls a length
_LONGEST_PIXEL_NM = 1e6

IMAGE, SERIES = "image", "image series"
READABLE = (IMAGE, SERIES)
CHANNEL = "channel"


class UnreadableError(ValueError):
    """A sentence about a file; it reaches the user as it is."""


@dataclass(frozen=True)
class Axis:
    """One axis of an array, as the file tells it."""

    name: str = ""
    scale: float = 1.0
    offset: float = 0.0
    units: str = ""

    @property
    def nm(self) -> float | None:
        """The nm in one pixel, None when the file does not calibrate it."""
        factor = nm_per(self.units)
        if factor is None or not np.isfinite(self.scale) or self.scale == 0:
            return None
        return abs(self.scale) * factor

    @property
    def origin(self) -> float:
        """Position of the first pixel, in pixels."""
        counts = self.nm is not None or self.units == UNCALIBRATED
        return self.offset / abs(self.scale) if counts and np.isfinite(self.offset) else 0.0


@dataclass(frozen=True)
class Found:
    """One dataset of a file.

    `image` when the file holds it ready in the project's conventions; `doubt` says what to look
    twice at.
    """

    name: str
    values: np.ndarray
    axes: tuple[Axis, ...]
    attrs: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    image: xr.DataArray | None = None
    doubt: str = ""

    @property
    def kind(self) -> str:
        """What it is, in words; `READABLE` lists the kinds that make an image."""
        shape, axes = self.values.shape, self.axes
        if self.values.dtype.kind not in "fiub":
            return "complex numbers" if _is_complex(self.values) else "no numbers"
        if len(shape) < 2 or any(is_energy(axis.units) for axis in axes):
            return "spectrum"
        if axes[-1].name == CHANNEL or (len(shape) == 3 and shape[-1] in (3, 4)):
            return "colour"
        if min(shape[-2:]) < _LEAST_PIXELS:
            return "table"
        if any(is_reciprocal(a.units) or (a.nm or 0) > _LONGEST_PIXEL_NM for a in axes[-2:]):
            return "diffraction"
        return {2: IMAGE, 3: SERIES}.get(len(shape), f"{len(shape)} dimensions")

    @property
    def sampling(self) -> tuple[float, float] | None:
        """Length of a pixel (y, x) in nm; None when not calibrated."""
        if self.kind not in READABLE:
            return None
        y, x = (axis.nm for axis in self.axes[-2:])
        return None if y is None or x is None else (y, x)

    @property
    def units(self) -> str:
        """The length unit of the image it makes."""
        return UNCALIBRATED if self.sampling is None else CALIBRATED


def _is_complex(values: np.ndarray) -> bool:
    names = " ".join(values.dtype.names or ()).casefold()
    return values.dtype.kind == "c" or "real" in names


def plain_axes(ndim: int) -> tuple[Axis, ...]:
    """Make the axes of an array about which nothing is known."""
    return (Axis(),) * ndim


def choose_default(found: list[Found]) -> int | None:
    """Return the index of the largest image, the first of those of equal size; None without one."""
    sizes = [f.values.shape[-1] * f.values.shape[-2] if f.kind in READABLE else 0 for f in found]
    return int(np.argmax(sizes)) if any(sizes) else None


def unique_names(found: list[Found]) -> list[str]:
    """Give a number to names that repeat, so that each dataset can be called by its own."""
    names: list[str] = []
    for item in found:
        base = name = item.name or "data"
        count = 2
        while name in names:
            name, count = f"{base} ({count})", count + 1
        names.append(name)
    return names
