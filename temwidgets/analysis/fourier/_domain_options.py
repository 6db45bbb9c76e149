"""What can be asked of a segmentation into domains, and the checks on it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from temwidgets.conventions.grid import finite_numbers

METHODS = ("pursuit", "filter", "spectra")
CLUSTERINGS = ("hdbscan", "gmm")
_HOME = {
    "eps": "filter",
    "clustering": "spectra",
    "clusters": "spectra",
}


class DomainOptions(NamedTuple):
    """Options that all methods share."""

    sensitivity: float
    smallest: float  # area, in lengths squared
    k_range: tuple[float, float]  # cycles per length

    @property
    def level(self) -> float:
        """Share of the plateau from which a pixel is crystal: a half at sensitivity 0.5."""
        return 0.9 - 0.8 * self.sensitivity


def domain_options(sensitivity: Any, smallest: Any, d_range: Any, units: str) -> DomainOptions:
    """Check the options that all methods share.

    Raises
    ------
    ValueError
        If one is out of range.
    """
    if not _number(sensitivity) or not 0 <= sensitivity <= 1:
        raise ValueError(
            f"sensitivity is a number from 0 to 1 (0.5 is unbiased), but {sensitivity!r} came."
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


def method_options(method: Any, eps: Any, clustering: Any, clusters: Any, units: str) -> None:
    """Check the options that only one method has.

    Raises
    ------
    ValueError
        If one is out of range, or for another method.
    """
    if method not in METHODS:
        raise ValueError(f"method is one of {', '.join(METHODS)}, but {method!r} came.")
    if clustering not in CLUSTERINGS:
        raise ValueError(f"clustering is {' or '.join(CLUSTERINGS)}, but {clustering!r} came.")
    given = {
        "eps": eps is not None,
        "clustering": clustering != CLUSTERINGS[0],
        "clusters": clusters is not None,
    }
    for name, home in _HOME.items():
        if given[name] and method != home:
            raise ValueError(f'{name} is for method="{home}", but method is {method!r}.')
    if eps is not None and (not _number(eps) or not eps > 0):
        raise ValueError(f"eps is a distance above 0 in {units}, but {eps!r} came.")
    if clusters is not None and (clusters != int(clusters) or clusters < 1):
        raise ValueError(f"clusters is a whole number from 1, but {clusters!r} came.")
    if clusters is not None and clustering != "gmm":
        raise ValueError('clusters is for clustering="gmm": HDBSCAN finds the number itself.')
