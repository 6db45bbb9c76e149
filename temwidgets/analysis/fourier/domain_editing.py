"""Domains and reflections edited by hand, columns numbered by domain, totals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from temwidgets.analysis.fourier.domain_data import NO_CRYSTAL, with_totals
from temwidgets.analysis.fourier.domain_maps import check_domains
from temwidgets.analysis.fourier.reflection_data import check_reflections
from temwidgets.conventions import check_columns, length_unit, pixel_grid, quantity

_SAME_PHASE = 0.02


def exclude_domains(domains: xr.Dataset, labels: Sequence[int]) -> xr.Dataset:
    """Take domains away: their pixels count as amorphous; the others keep their labels.

    Parameters
    ----------
    domains : Dataset
        From `segment_domains`.
    labels : sequence of int
        Domains to take away.

    Returns
    -------
    Dataset
        Without them, totals brought up to date.

    Raises
    ------
    TypeError, ValueError
        If domains are none, or there is no such domain.
    """
    unwanted = _known(check_domains(domains)["domain"].values, labels, "domain")
    kept = ~np.isin(domains["domain"].values, unwanted)
    corners = ~np.isin(domains["vertex_domain"].values, unwanted)
    label = domains["label"].values
    left = domains.isel(domain=kept, vertex=corners)
    gone = np.isin(label, unwanted)
    left["label"] = domains["label"].copy(data=np.where(gone, np.int32(-1), label))
    note = {} if kept.any() else {"note": NO_CRYSTAL}
    return with_totals(left).assign_attrs(note)


def exclude_reflections(reflections: xr.Dataset, labels: Sequence[int]) -> xr.Dataset:
    """Take reflections (each with its Friedel mate) away; the others keep their labels.

    Raises
    ------
    TypeError, ValueError
        If reflections are none, or there is no such reflection.
    """
    known = check_reflections(reflections)["reflection"].values
    unwanted = _known(known, labels, "reflection")
    return reflections.isel(reflection=~np.isin(known, unwanted))


def _known(known: np.ndarray, labels: Any, kind: str) -> np.ndarray:
    wanted = np.atleast_1d(np.asarray(labels))
    unknown = wanted[~np.isin(wanted, known)] if wanted.size else wanted
    if unknown.size:
        there = ", ".join(map(str, known.tolist())) or "none"
        raise ValueError(f"There is no {kind} {unknown[0]}; there are {there}.")
    return wanted


def columns_in_domains(columns: xr.Dataset, domains: xr.Dataset) -> xr.Dataset:
    """Give each column the label of the domain it lies in.

    Parameters
    ----------
    columns : Dataset, (column,)
        In the length unit of the domains.
    domains : Dataset
        From `segment_domains`.

    Returns
    -------
    Dataset, (column,)
        The columns with ``domain``, -1 in amorphous parts, outside the image and without a place.

    Raises
    ------
    TypeError, ValueError
        If columns or domains are none, or their length units differ.
    """
    check_columns(columns)
    label = check_domains(domains)["label"]
    if length_unit(columns) != length_unit(label):
        raise ValueError(
            f"The columns are in {length_unit(columns)} but the domains are in"
            f" {length_unit(label)}. Segment the image that the columns were found in."
        )
    grid = pixel_grid(label)
    rows, cols = (
        np.rint(np.nan_to_num(place, nan=-1e9)).astype(np.int64)
        for place in grid.to_pixels(columns["y"].values, columns["x"].values)
    )
    inside = (rows >= 0) & (rows < grid.shape[0]) & (cols >= 0) & (cols < grid.shape[1])
    number = np.full(columns.sizes["column"], -1, np.int32)
    number[inside] = label.values[rows[inside], cols[inside]]
    return columns.assign(domain=quantity("column", number, "1", "crystalline domain"))


def domain_totals(domains: xr.Dataset, *, tolerance: float = _SAME_PHASE) -> xr.Dataset:
    """Add up domains by the d-spacing of their strongest reflection.

    Parameters
    ----------
    domains : Dataset
        From `segment_domains`.
    tolerance : float
        d-spacings whose neighbours differ by less than this share count as one group.

    Returns
    -------
    Dataset, (group,)
        Largest area first: ``d_spacing`` (mean weighted by area), ``area``, ``fraction`` of the
        crystalline area, ``count`` of domains and ``first_domain``, a label of it. Attributes
        ``crystalline_area``, ``crystalline_fraction`` and ``total_area``. A group is a phase only
        if the grains show the same planes: one crystal has several d-spacings.

    Raises
    ------
    TypeError, ValueError
        If domains are none, or `tolerance` is no share.
    """
    check_domains(domains)
    if not 0 < tolerance < 1:
        raise ValueError(f"tolerance is a share of d, 0 to 1, but {tolerance!r} came.")
    d = domains["d_spacing"].values[:, :1].ravel() if domains.sizes["spot"] else np.empty(0)
    area, units = domains["area"].values[: d.size], length_unit(domains)
    order = np.argsort(d)
    number = np.empty(d.size, int)
    number[order] = np.cumsum(np.diff(np.log(d[order]), prepend=np.log(d[order][:1])) > tolerance)
    sums = np.bincount(number, area)
    mean = np.bincount(number, area * d) / sums
    count = np.bincount(number)
    first = [int(domains["domain"].values[number == n][0]) for n in range(sums.size)]
    by_area = np.argsort(-sums)
    whole = sums.sum() or 1.0
    names = ("crystalline_area", "crystalline_fraction", "total_area")
    return xr.Dataset(
        {
            "d_spacing": quantity("group", mean[by_area], units, "mean d-spacing"),
            "area": quantity("group", sums[by_area], f"{units}²", "area"),
            "fraction": quantity("group", sums[by_area] / whole, "1", "share of the crystal"),
            "count": quantity("group", count[by_area], "1", "domains"),
            "first_domain": quantity("group", np.array(first, int)[by_area], "1", "a domain of it"),
        },
        attrs={name: domains.attrs[name] for name in names if name in domains.attrs},
    )
