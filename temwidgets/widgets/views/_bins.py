"""Edges, counts and outlines of a histogram, in NumPy."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import xarray as xr

from temwidgets.analysis.shown_units import in_shown_unit

_MOST_BINS = 200
_LEAST = 1e-300
"""Nearer to zero there are too few numbers for the edges of bins."""


def robust_range(values: np.ndarray) -> tuple[float, float]:
    """Return a range that a few outliers cannot squash: the central 98 % and half of it beyond."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return 0.0, 1.0
    low, high = np.percentile(finite, (1, 99))
    margin = 0.5 * (high - low)
    low, high = max(finite.min(), low - margin), min(finite.max(), high + margin)
    if high - low <= max(1e-9 * max(abs(low), abs(high)), _LEAST):
        half = 0.5 * (abs(low) if abs(low) > _LEAST else 1.0)
        return float(low - half), float(high + half)
    return float(low), float(high)


def same_range(selected: Any, wanted: tuple[float, float]) -> bool:
    """Tell whether a brush already shows a range."""
    return selected is not None and len(selected) == 2 and np.allclose(selected, wanted, rtol=1e-9)


def bin_edges(values: np.ndarray, bins: int | str, limits: tuple[float, float]) -> np.ndarray:
    """Return bin edges; "auto" follows numpy's rule within limits.

    That rule makes too few bins where there are several populations: at least the root of the
    number of values, up to 60, and at most 200 are made.
    Whole numbers get bins of whole width, centred on them, so that none is empty by construction.
    """
    low, high = limits
    inside = values[(values >= low) & (values <= high)]
    if bins == "auto" and inside.size and values.dtype.kind in "iub":
        step = max(1, int(np.ceil((high - low + 1) / _MOST_BINS)))
        return np.arange(np.floor(low), np.ceil(high) + step + 0.5, step) - 0.5
    if bins == "auto":
        found = np.histogram_bin_edges(inside, "auto", limits).size - 1 if inside.size else 1
        least = min(60, int(np.sqrt(inside.size)))
        bins = int(np.clip(max(found, least), 5, _MOST_BINS))
    return np.linspace(low, high, int(bins) + 1)


def counts(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Count the finite values in each bin."""
    return np.histogram(values[np.isfinite(values)], edges)[0]


def counts_csv(groups: list[tuple[str, np.ndarray]], edges: np.ndarray) -> str:
    """Write edges and the counts of each group (name, values) as CSV."""
    heights = [counts(values, edges) for _, values in groups]
    names = ["low", "high", *(name for name, _ in groups)]
    lines = [",".join(f'"{name}"' for name in names)]
    for i, (low, high) in enumerate(pairwise(edges)):
        numbers = [str(int(h[i])) for h in heights]
        lines.append(",".join([repr(float(low)), repr(float(high)), *numbers]))
    return "\n".join(lines) + "\n"


def outline(edges: np.ndarray, heights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the points of the stair line over the bins, closed to zero at both ends."""
    x = np.repeat(edges, 2)
    y = np.concatenate([[0], np.repeat(heights, 2), [0]])
    return x, y.astype(float)


def mixture_curves(
    mixture: xr.Dataset, values: np.ndarray, edges: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return x and the expected counts of each population of a mixture, and of all together."""
    from temwidgets.analysis.mixture import mixture_density

    mixture = in_shown_unit(mixture, str(mixture.attrs.get("variable", "")), "mean", "sd")
    x = np.linspace(edges[0], edges[-1], 400)
    density = np.atleast_2d(np.asarray(mixture_density(mixture, x)))
    scale = mixture.attrs.get("n_columns", np.isfinite(values).sum()) * np.diff(edges)[0]
    curves = np.vstack([density, density.sum(axis=0)]) if len(density) > 1 else density
    return x, scale * curves
