"""Comparisons of groups of columns as products: what they are, in words, and when they hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from temwidgets.widgets.orders import unchanged


def is_comparison(product: Any) -> bool:
    """Tell whether a product is what `temwidgets.compare_sites` returns."""
    return isinstance(product, xr.Dataset) and {"difference", "p_adjusted"} <= set(product)


def comparison_stays(comparison: Any, before: Any, after: Any) -> bool:
    """Tell whether a comparison of the columns `before` is one of the columns `after` too."""
    if comparison is None:
        return True
    names = [str(name) for name in np.unique(comparison["variable"].values.astype(str))]
    return unchanged(before, after, names)


def describe_comparison(comparison: xr.Dataset) -> str:
    """Say in a few words what was found, e.g. "2 of 6 differences are beyond chance"."""
    count, found = comparison.sizes["comparison"], int(comparison["significant"].sum())
    if count == 1:
        return f"the difference is {'beyond' if found else 'not beyond'} chance"
    return f"{found or 'none'} of {count} differences {'is' if found < 2 else 'are'} beyond chance"
