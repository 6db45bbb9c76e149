"""Trait types of our own; to the type checker their values are what they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets


class Trait(traitlets.TraitType):
    """A trait whose attribute has the type of its value, not of the trait."""

    if TYPE_CHECKING:

        def __get__(self, obj: Any, cls: Any = None) -> Any: ...
        def __set__(self, obj: Any, value: Any) -> None: ...


class Interval(Trait):
    """None, or two finite numbers (low, high)."""

    default_value = None
    info_text = "None or (low, high)"

    def validate(self, obj: Any, value: Any) -> tuple[float, float] | None:
        """Sort the two numbers."""
        if value is None:
            return None
        try:
            low, high = sorted(float(v) for v in value)
        except (TypeError, ValueError):
            low = high = float("nan")
        if not (np.isfinite(low) and np.isfinite(high)):
            raise traitlets.TraitError(f"{self.name} is None or (low, high), but {value!r} came.")
        return low, high


class Region(Trait):
    """None, a rectangle (y0, y1, x0, x1), or a polygon of three or more corners (y, x)."""

    default_value = None
    info_text = "None, (y0, y1, x0, x1) or three or more corners (y, x)"

    def validate(self, obj: Any, value: Any) -> Any:
        """Put the edges of a rectangle in order; make tuples of floats."""
        if value is None:
            return None
        try:
            numbers = np.asarray(value, float)
        except (TypeError, ValueError):
            numbers = np.empty(0)
        if numbers.shape == (4,) and np.isfinite(numbers).all():
            y0, y1 = sorted(float(v) for v in numbers[:2])
            x0, x1 = sorted(float(v) for v in numbers[2:])
            return y0, y1, x0, x1
        corners = numbers.ndim == 2 and numbers.shape[1] == 2 and len(numbers) > 2
        if corners and np.isfinite(numbers).all():
            return tuple((float(y), float(x)) for y, x in numbers)
        raise traitlets.TraitError(
            f"{self.name} is None, a rectangle (y0, y1, x0, x1) or a polygon of three or more"
            f" corners (y, x), but {value!r} came."
        )
