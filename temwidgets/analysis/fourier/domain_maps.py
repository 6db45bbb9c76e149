"""Domains as they are drawn: maps, outlines, one row for each."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from temwidgets.conventions import length_unit, pixel_grid, quantity

QUANTITIES = ("area", "diameter", "d_spacing", "orientation", "confidence")


def check_domains(domains: Any) -> xr.Dataset:
    """Check that `domains` are some and return them.

    Raises
    ------
    TypeError
        If they are no Dataset of domains.
    """
    if not isinstance(domains, xr.Dataset) or not {"label", "domain"} <= set(domains.variables):
        raise TypeError(
            "Domains from temwidgets.segment_domains were expected, but a"
            f" {type(domains).__name__} came."
        )
    return domains


def domain_quantity(domains: xr.Dataset, name: str) -> xr.DataArray:
    """Return one number for each domain, (domain,): a column of a table, a bar of a histogram.

    Parameters
    ----------
    domains : Dataset
        From `segment_domains`.
    name : {"area", "diameter", "d_spacing", "orientation", "confidence"}
        ``diameter`` is that of a circle of the same area; ``d_spacing`` is the first, that of the
        strongest reflection.

    Raises
    ------
    ValueError
        If there is no such quantity.
    """
    check_domains(domains)
    if name not in QUANTITIES:
        raise ValueError(f"A domain has {', '.join(QUANTITIES)}, but {name!r} was asked for.")
    if name == "d_spacing":
        first = domains["d_spacing"]
        return first.isel(spot=0) if domains.sizes["spot"] else first.sum("spot", min_count=1)
    if name != "diameter":
        return domains[name]
    diameter = 2 * np.sqrt(domains["area"].values / np.pi)
    made = quantity("domain", diameter, length_unit(domains), "diameter of an equal circle")
    return xr.DataArray(made, coords={"domain": domains["domain"]}, name=name)


def domain_map(domains: xr.Dataset, name: str | None = None) -> xr.DataArray:
    """Return each pixel's domain label, or a quantity of its domain; NaN off all domains.

    Parameters
    ----------
    domains : Dataset
        From `segment_domains`.
    name : str, optional
        A quantity as in `domain_quantity`; the label when not given.

    Returns
    -------
    DataArray, (y, x), float32
    """
    label = check_domains(domains)["label"]
    labels = domains["domain"].values
    values = labels if name is None else domain_quantity(domains, name).values
    attrs = label.attrs if name is None else domain_quantity(domains, name).attrs
    table = np.full(max(int(labels.max(initial=-1)) + 2, 1), np.nan, np.float32)
    table[labels] = values
    return label.copy(data=table[np.where(label.values >= 0, label.values, -1)]).assign_attrs(attrs)


def outline_segments(domains: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Return the outlines as segments (n, 4) of y0, x0, y1, x1, and the domain of each, (n,)."""
    ends = np.column_stack([check_domains(domains)[f"vertex_{n}"].values for n in "yx"])
    ring, domain = domains["vertex_ring"].values, domains["vertex_domain"].values
    along = (ring[1:] == ring[:-1]) & (domain[1:] == domain[:-1])
    return np.hstack([ends[:-1], ends[1:]])[along], domain[:-1][along]


def domain_at(domains: xr.Dataset, y: float, x: float) -> int:
    """Return the label of the domain at a point (lengths); -1 where there is none."""
    grid = pixel_grid(check_domains(domains)["label"])
    rows, cols = grid.to_pixels(y, x)
    row, col = round(float(rows)), round(float(cols))
    inside = 0 <= row < grid.shape[0] and 0 <= col < grid.shape[1]
    return int(domains["label"].values[row, col]) if inside else -1
