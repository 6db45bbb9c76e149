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
