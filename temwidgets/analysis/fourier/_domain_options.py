"""What can be asked of a segmentation into domains, and the checks on it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from temwidgets.conventions.grid import finite_numbers


class DomainOptions(NamedTuple):
    """Options that all methods share."""

    sensitivity: float
    smallest: float  # area, in lengths squared
    k_range: tuple[float, float]  # cycles per length


def domain_options(sensitivity: Any, smallest: Any, d_range: Any, units: str) -> DomainOptions:
    """Check the options that all methods share.

    Raises
    ------
    ValueError
        If one is out of range.
    """
    if not _number(sensitivity) or not 0 < sensitivity < 1:
        raise ValueError(
            f"sensitivity lies between 0 and 1 (0.5 is unbiased), but {sensitivity!r} came."
        )
    if not _number(smallest) or smallest < 0:
        raise ValueError(f"smallest is an area in {units}², 0 or more, but {smallest!r} came.")
    return DomainOptions(float(sensitivity), float(smallest), _k_range(d_range, units))


def _number(value: Any) -> bool:
    array = finite_numbers(value)
    return array is not None and array.ndim == 0


def _k_range(d_range: Any, units: str) -> tuple[float, float]:
    pair = tuple(d_range) if isinstance(d_range, tuple | list) and len(d_range) == 2 else None
    known = pair and all(value is None or (_number(value) and value > 0) for value in pair)
    low, high = (pair[0] or 0.0, pair[1] or np.inf) if pair and known else (1.0, 0.0)
    if not low < high:
        raise ValueError(
            f"d_range is the smallest and the largest d-spacing in {units}, None where there is no"
            f" limit, but {d_range!r} came."
        )
    return (1 / high, 1 / low if low else np.inf)
