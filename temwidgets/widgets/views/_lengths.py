"""Lengths for people to read: displacements are some hundredths of a nm, so pm are shown."""

from __future__ import annotations

import numpy as np

_PICO = {"nm": ("pm", 1000.0)}
_SMALL = 0.5
"""Below so many nm lengths are written in pm."""


def readable_unit(units: str, largest: float) -> tuple[str, float]:
    """Return the unit to write lengths in, and what to multiply them with."""
    return _PICO[units] if units in _PICO and abs(largest) < _SMALL else (units, 1.0)


def written(value: float, digits: int = 3) -> str:
    """Write a number to so many figures, with a true minus and no exponent where it is short."""
    if not np.isfinite(value):
        return "?"
    size = abs(value)
    text = f"{value:.{digits}g}"
    if "e" in text and 1e-4 <= size < 1e7:
        text = np.format_float_positional(float(text), trim="-")
    return text.replace("-", "\N{MINUS SIGN}")
