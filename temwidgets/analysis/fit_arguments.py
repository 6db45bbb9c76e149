"""The options of a fit: what they may be, and sentences for what they may not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from temwidgets.conventions import PixelGrid

SHAPES = ("elliptical", "round", "shared", "auto")
NOISES = ("poisson", "gaussian")
BACKGROUNDS = ("smooth", "plane", "constant")
PLACE = ("amplitude", "y", "x")
FORM = ("sigma_major", "sigma_minor", "theta")
FIXABLE = (*PLACE, *FORM, "background")
BOUNDABLE = (*PLACE, "sigma_major", "sigma_minor")
SQUARE = 1.01  # pixels with a smaller ratio of sides count as square


def check_choice(name: str, value: Any, allowed: tuple[str, ...]) -> None:
    """Refuse an option that is not among the allowed ones."""
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}, but {value!r} came.")


def check_positive(**values: float | None) -> None:
    """Refuse numbers that are not above zero; None stands for a choice not made."""
    for name, value in values.items():
        if value is not None and not (np.isfinite(value) and value > 0):
            raise ValueError(f"{name} must be a positive number or None, but {value!r} came.")


def check_fixed(fixed: Iterable[str] | Mapping[str, Any], count: int) -> dict[str, np.ndarray]:
    """Turn `fixed` into a boolean per column for each name.

    Raises
    ------
    ValueError
        For a name that cannot be fixed or a mask of the wrong length.
    """
    if isinstance(fixed, str):
        fixed = (fixed,)
    given = fixed if isinstance(fixed, Mapping) else dict.fromkeys(fixed, True)
    masks = {}
    for name, mask in given.items():
        check_choice("Each name in fixed", name, FIXABLE)
        array = np.asarray(mask, bool)
        if array.shape not in ((), (count,)):
            raise ValueError(
                f"fixed[{name!r}] must be True or one boolean per column ({count}), but its shape"
                f" is {array.shape}."
            )
        masks[name] = np.broadcast_to(array, (count,))
    return masks


def check_fixed_shapes(fixed: Mapping[str, np.ndarray], shape: str, grid: PixelGrid) -> None:
    """Refuse to hold a part of a shape where pixels are so non-square that it would not hold.

    Raises
    ------
    ValueError
        For one or two of sigma_major, sigma_minor and theta on pixels that are not square.
    """
    held = [np.any(fixed.get(name, False)) for name in FORM]
    masks = [fixed[name] for name in FORM if name in fixed]
    whole = all(held) and all((mask == masks[0]).all() for mask in masks)
    if shape == "round" or whole or not any(held):
        return
    if max(grid.sampling) > SQUARE * min(grid.sampling):
        dy, dx = grid.sampling
        raise ValueError(
            f"Pixels are not square ({dy:g} x {dx:g} {grid.units}), so a shape can be fixed only"
            " as a whole: name sigma_major, sigma_minor and theta together in fixed, or make"
            " pixels square with temwidgets.rotate(image, 0)."
        )


def check_bounds(bounds: Mapping[str, Any] | None) -> dict[str, tuple[float, float]]:
    """Check that every bound is a pair low < high of a parameter that can be bounded."""
    checked = {}
    for name, pair in (bounds or {}).items():
        if name not in BOUNDABLE:
            raise ValueError(
                f"{name!r} cannot be bounded; {', '.join(BOUNDABLE)} can. To hold theta or the"
                f" background, use fixed=({name!r},)."
            )
        low, high = (float("nan") if v is None else float(v) for v in pair)
        low = -np.inf if np.isnan(low) else low
        high = np.inf if np.isnan(high) else high
        if not low < high:
            raise ValueError(
                f"bounds[{name!r}] must be (low, high) with low < high, but {pair!r} came."
            )
        checked[name] = (low, high)
    return checked
