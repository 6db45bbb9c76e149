"""Domains as a Dataset: how they are made from a label map and the fringes of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from scipy.special import ndtr

from temwidgets.conventions import PixelGrid, pixel_grid, quantity
from temwidgets.kernels.fourier.domain_spots import Spots
from temwidgets.kernels.fourier.outlines import outlines

NO_CRYSTAL = "No crystal found: nothing stands out of the noise as fringes of some extent."


class DomainFringes(NamedTuple):
    """Fringes of one domain, the strongest first."""

    g: np.ndarray  # (spot, 2) cycles per length
    covariance: np.ndarray  # (spot, 2, 2)
    amplitude: np.ndarray  # (spot,)
    amplitude_std: np.ndarray  # (spot,)
    snr: float  # amplitude of all together over noise, as pixels are told

    @classmethod
    def from_spots(cls, spots: Spots, sampling: np.ndarray, snr: float) -> DomainFringes:
        """Turn fringes that were measured per pixel into lengths."""
        spread = spots.covariance / np.outer(sampling, sampling)
        return cls(spots.g / sampling, spread, spots.amplitude, spots.amplitude_error, snr)


def make_domains(
    image: xr.DataArray,
    label: np.ndarray,
    fringes: Sequence[DomainFringes],
    **attrs: Any,
) -> xr.Dataset:
    """Describe labelled pixels as domains.

    Parameters
    ----------
    image : DataArray, (y, x)
    label : ndarray, (y, x), int
        0, 1, ... for the domains, -1 elsewhere.
    fringes : sequence
        Of each domain.
    **attrs
        Attributes of the result, such as ``method``.

    Returns
    -------
    Dataset
        As `segment_domains` returns.
    """
    grid = pixel_grid(image)
    count, spots = len(fringes), max((len(one.g) for one in fringes), default=0)
    made = xr.Dataset(
        coords={
            "y": image["y"],
            "x": image["x"],
            "domain": quantity("domain", np.arange(count), "1", "domain"),
            "spot": quantity("spot", np.arange(spots), "1", "reflection of a domain"),
            "component": ("component", ["y", "x"], {"units": "1", "long_name": "component"}),
        }
    )
    made["label"] = quantity(
        ("y", "x"), np.asarray(label, np.int32), "1", "domain at a pixel, -1 amorphous"
    )
    made = made.assign(_extents(grid, label, count))
    made = made.assign(_spacings(fringes, spots, grid.units))
    made["confidence"] = quantity(
        "domain", _confidence(fringes), "1", "chance that a pixel is rightly told from amorphous"
    )
    made = made.assign(outline_variables(grid, label))
    note = {} if count else {"note": NO_CRYSTAL}
    return with_totals(made).assign_attrs({**attrs, **note})


def _confidence(fringes: Sequence[DomainFringes]) -> np.ndarray:
    """One minus the chances that noise reaches half the plateau, and that fringes do not."""
    snr = np.array([one.snr for one in fringes])
    return np.clip(1 - np.exp(-((snr / 2) ** 2)) - ndtr(-snr / np.sqrt(2)), 0, 1)


def _extents(grid: PixelGrid, label: np.ndarray, count: int) -> dict[str, xr.Variable]:
    rows, cols = np.nonzero(label >= 0)
    number = label[rows, cols]
    pixels = np.bincount(number, minlength=count)
    centres = [
        np.bincount(number, weights=axis, minlength=count) / np.maximum(pixels, 1)
        for axis in grid.to_lengths(rows, cols)
    ]
    area = pixels * grid.sampling.y * grid.sampling.x
    return {
        "area": quantity("domain", area, f"{grid.units}²", "area"),
        "centre_y": quantity("domain", centres[0], grid.units, "centre y"),
        "centre_x": quantity("domain", centres[1], grid.units, "centre x"),
    }


def _spacings(fringes: Sequence[DomainFringes], spots: int, units: str) -> dict[str, xr.Variable]:
    """Vectors, spacings and directions, padded with NaN."""
    count = len(fringes)
    g, spread = np.full((count, spots, 2), np.nan), np.full((count, spots, 2, 2), np.nan)
    height, error = np.full((2, count, spots), np.nan)
    for number, one in enumerate(fringes):
        some = slice(len(one.g))
        g[number, some], spread[number, some] = _half_plane(one.g), one.covariance
        height[number, some], error[number, some] = one.amplitude, one.amplitude_std
    length = np.hypot(g[..., 0], g[..., 1])
    along = g / length[..., None]
    across = np.stack([along[..., 1], -along[..., 0]], -1)
    spread_along, spread_across = (
        np.sqrt(np.einsum("dsi,dsij,dsj->ds", v, spread, v)) for v in (along, across)
    )
    angle = np.rad2deg(np.arctan2(g[..., 0], g[..., 1]))
    turn = np.rad2deg(spread_across / length)
    g_std = np.sqrt(np.diagonal(spread, axis1=2, axis2=3))
    first = (slice(None), slice(0, 1))
    text = "direction of g from +x towards +y"
    table: dict[str, tuple[Any, np.ndarray, np.ndarray, str, str]] = {
        "g": (("domain", "spot", "component"), g, g_std, f"1/{units}", "reciprocal vector"),
        "d_spacing": (
            ("domain", "spot"),
            1 / length,
            spread_along / length**2,
            units,
            "mean d-spacing",
        ),
        "angle": (("domain", "spot"), angle, turn, "deg", text),
        "amplitude": (("domain", "spot"), height, error, "counts", "fringe amplitude"),
        "orientation": (
            "domain",
            _padded_first(angle[first]),
            _padded_first(turn[first]),
            "deg",
            f"{text}, strongest reflection",
        ),
    }
    made = {}
    for name, (dims, values, std, unit, long_name) in table.items():
        made[name] = quantity(dims, values, unit, long_name, ancillary_variables=f"{name}_std")
        made[f"{name}_std"] = quantity(dims, std, unit, f"standard error of {long_name}")
    return made


def _padded_first(values: np.ndarray) -> np.ndarray:
    return values[:, 0] if values.shape[1] else np.full(len(values), np.nan)


def _half_plane(g: np.ndarray) -> np.ndarray:
    y, x = g.T
    return np.where(((x < 0) | ((x == 0) & (y < 0)))[:, None], -g, g) + 0.0


def outline_variables(grid: PixelGrid, label: np.ndarray) -> dict[str, xr.Variable]:
    """Trace the outlines of labelled pixels as closed polygons."""
    traced = outlines(label)
    y, x = grid.to_lengths(traced.row, traced.col)
    return {
        "vertex_y": quantity("vertex", y, grid.units, "outline y"),
        "vertex_x": quantity("vertex", x, grid.units, "outline x"),
        "vertex_domain": quantity("vertex", traced.label.astype(np.int32), "1", "domain"),
        "vertex_ring": quantity("vertex", traced.ring.astype(np.int32), "1", "closed ring"),
    }


def with_totals(domains: xr.Dataset) -> xr.Dataset:
    """Set the attributes crystalline_area, crystalline_fraction and total_area."""
    grid = pixel_grid(domains["label"])
    pixel = grid.sampling.y * grid.sampling.x
    inside = int((domains["label"].values >= 0).sum())
    return domains.assign_attrs(
        crystalline_area=inside * pixel,
        crystalline_fraction=inside / domains["label"].size,
        total_area=domains["label"].size * pixel,
    )
