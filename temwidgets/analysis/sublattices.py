"""Tell sublattices apart, by brightness in the whole image or against the neighbourhood."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
import xarray as xr

from temwidgets.analysis.variables import numeric_variable
from temwidgets.conventions import check_columns, quantity

if TYPE_CHECKING:
    from temwidgets.kernels.mixtures import Mixture

Parts = tuple[np.ndarray, np.ndarray, np.ndarray]
_VARIABLES = ("amplitude", "height", "intensity")
# Ashman's D of neighbouring populations: above 3 fewer than 1 in 15 columns would be mislabelled
_SEPARATION = 3.0
_LIGHTEST = 0.05
_NEIGHBOURS = 12
# offset of the neighbours' centre, over their distance
_ONE_SIDED = 0.2


def label_sublattices(
    columns: xr.Dataset,
    variable: str | None = None,
    *,
    n: int | None = None,
    max_sublattices: int = 4,
    method: Literal["global", "local"] = "global",
    names: Sequence[str] | None = None,
) -> xr.Dataset:
    """Sort columns into sublattices by brightness.

    Parameters
    ----------
    columns : Dataset, (column,)
        Found or fitted columns.
    variable : str, optional
        What to sort by; the first of amplitude, height, intensity that the columns have.
    n : int, optional
        Number of sublattices. When not given, the number of populations that stand clearly apart:
        each with at least 5 % of the columns, neighbouring means at least three (root mean square)
        standard deviations apart, integrated completed likelihood best. One broad population is
        not split, and a few dopants or contaminated columns make no sublattice of their own.
    max_sublattices : int
        Largest number to consider.
    method : {"global", "local"}
        Compare columns in the whole image, or each with its 12 nearest neighbours, which tells
        sublattices apart where thickness or tilt changes the brightness over the image.
    names : sequence of str, optional
        Names of the sublattices, brightest first, e.g. ("Sr", "Ti"); kept in
        ``columns["sublattice"].attrs["names"]``.

    Returns
    -------
    Dataset, (column,)
        With integer `sublattice`: 0 the brightest; -1 where the variable is NaN.

    Raises
    ------
    ValueError
        If no such variable exists, values are too few, or names and sublattices differ in number.

    References
    ----------
    Separation: K. M. Ashman et al., Astron. J. 108 (1994) 2348.
    """
    check_columns(columns)
    _check_options(n, max_sublattices, method)
    variable = variable or _first_variable(columns)
    values = numeric_variable(columns, variable)
    if method == "local":
        values, typical = _against_neighbours(columns["y"].values, columns["x"].values, values)
    else:
        typical = np.isfinite(values)
    known = np.isfinite(values)
    if known.sum() < max(n or 1, 2):
        raise ValueError(
            f"Only {int(known.sum())} columns have a finite {variable};"
            f" that is too few to tell {n or 'any'} sublattices apart."
        )
    limits = _limits(
        values[typical if typical.sum() > known.sum() / 2 else known], n, max_sublattices
    )
    labels = np.full(values.size, -1)
    labels[known] = limits.size - np.searchsorted(limits, values[known], side="right")
    result = quantity("column", labels, "1", "sublattice, 0 the brightest")
    if names is not None:
        if len(names) != limits.size + 1:
            raise ValueError(
                f"{len(names)} names came, but {limits.size + 1} sublattices were told apart."
                f" Give as many names, or the number wanted: n={len(names)}."
            )
        result.attrs["names"] = list(map(str, names))
    return columns.assign(sublattice=result)


def _check_options(n: int | None, max_sublattices: int, method: str) -> None:
    if method not in ("global", "local"):
        raise ValueError(f'method is "global" or "local", but {method!r} came.')
    for number in (max_sublattices, 1 if n is None else n):
        if number != int(number) or number < 1:
            raise ValueError(
                f"The number of sublattices is a whole number from 1, but {number} came."
            )


def _first_variable(columns: xr.Dataset) -> str:
    for name in _VARIABLES:
        if name in columns:
            return name
    raise ValueError(
        f"The columns have none of {', '.join(_VARIABLES)}. Name a variable to sort by."
    )


def _against_neighbours(
    y: np.ndarray, x: np.ndarray, values: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Divide values by the plane through their nearest neighbours, at their own place.

    Returns the quotients, NaN where unknown, and which columns have neighbours all round: at the
    rim of a crystal the mixture of neighbours is another one, and quotients scatter more.
    """
    from scipy.spatial import cKDTree

    known = np.flatnonzero(np.isfinite(values) & np.isfinite(y) & np.isfinite(x))
    relative, surrounded = np.full(values.size, np.nan), np.zeros(values.size, bool)
    if known.size < 4:
        return relative, surrounded
    points = np.stack([y[known], x[known]], 1)
    distance, near = cKDTree(points).query(points, min(_NEIGHBOURS + 1, known.size))
    near, size = near[:, 1:], np.median(distance[:, -1]) or 1.0
    terms = np.concatenate(
        [np.ones((*near.shape, 1)), (points[near] - points[:, None]) / size], axis=2
    )
    # a touch of ridge: neighbours may lie in one line
    normal = np.einsum("nki,nkj->nij", terms, terms) + np.diag([0, 1e-3, 1e-3])
    target = np.einsum("nki,nk->ni", terms, values[known][near])
    around = np.linalg.solve(normal, target[:, :, None])[:, 0, 0]
    relative[known] = np.divide(
        values[known], around, out=np.full(known.size, np.nan), where=around > 0
    )
    surrounded[known] = np.hypot(*terms[:, :, 1:].mean(1).T) < _ONE_SIDED
    return relative, surrounded & np.isfinite(relative)


def _limits(values: np.ndarray, n: int | None, most: int) -> np.ndarray:
    """Return the values between sublattices, ascending, one fewer than there are sublattices."""
    from temwidgets.kernels import mixtures

    if n == 1 or not np.ptp(values) > 0:
        return np.zeros(0)
    counts = range(1, most + 3) if n is None else range(n, n + 3)
    # two more than wanted, to take up the outliers
    fits = [mixtures.fit_mixture(values, k) for k in counts if 5 * k <= values.size or k == n]
    possible = [(fit.icl, _heavy(fit)) for fit in fits]
    possible = [(icl, parts) for icl, parts in possible if _acceptable(parts, n, most)]
    if possible:
        return mixtures.borders(*min(possible, key=lambda pair: pair[0])[1])
    return np.zeros(0) if n is None else mixtures.borders(*fits[0][:3])


def _heavy(fit: Mixture) -> Parts:
    """Return weights, means and sds without the light components."""
    heavy = fit.weight >= _LIGHTEST
    return fit.weight[heavy], fit.mean[heavy], fit.sd[heavy]


def _acceptable(parts: Parts, n: int | None, most: int) -> bool:
    _, mean, sd = parts
    if n is not None:
        return mean.size == n
    apart = np.diff(mean) / np.sqrt((sd[1:] ** 2 + sd[:-1] ** 2) / 2)
    return mean.size <= most and bool((apart >= _SEPARATION).all())
