"""The length a scale bar stands for (as in js/geometry.js)."""

from __future__ import annotations

import math


def round_length(longest: float) -> float:
    """Return the largest of 1, 2, 5 times a power of ten that is not above `longest`."""
    power = 10.0 ** math.floor(math.log10(longest))
    return float(next(s for s in (5, 2, 1) if s * power <= longest * (1 + 1e-9)) * power)


def length_label(length: float, units: str) -> str:
    """Write the length with its unit, e.g. "2 nm"."""
    if units == "nm" and length >= 1000:
        return f"{length / 1000:.3g} µm"
    return f"{length:.3g} {units}"
