"""Take domains or reflections away; tell which columns lie in which domain."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from temwidgets.analysis.fourier.domain_data import with_totals
from temwidgets.analysis.fourier.domain_maps import check_domains
from temwidgets.analysis.fourier.reflection_data import check_reflections
from temwidgets.analysis.places import points_of
from temwidgets.conventions import check_columns, length_unit, pixel_grid, quantity

ALL_EXCLUDED = "No domain is left: all were excluded."


def exclude_domains(domains: xr.Dataset, labels: Any) -> xr.Dataset:
    """Take domains away; the others keep their labels.

    Parameters
    ----------
    domains : Dataset
        From `segment_domains`.
    labels : int or sequence of int
        Labels of the domains to leave out. Their pixels count as amorphous from now on.

    Returns
    -------
    Dataset
        Without them, the totals in its attributes set anew.

    Raises
    ------
    TypeError
        If `domains` are none.
    ValueError
        If there is no such domain.
    """
    check_domains(domains)
    gone = _known(labels, domains["domain"].values, "domain")
    kept = domains.isel(domain=~np.isin(domains["domain"].values, gone))
    kept = kept.isel(vertex=~np.isin(domains["vertex_domain"].values, gone))
    label = domains["label"]
    kept["label"] = label.copy(data=np.where(np.isin(label, gone), -1, label).astype(label.dtype))
    note = {} if kept.sizes["domain"] else {"note": ALL_EXCLUDED}
    return with_totals(kept).assign_attrs(note)


def exclude_reflections(reflections: xr.Dataset, labels: Any) -> xr.Dataset:
    """Take reflections, that is peaks with their Friedel mates, away; the others keep their labels.

    Parameters
    ----------
    reflections : Dataset, (reflection,)
        From `find_reflections` or `make_reflections`.
    labels : int or sequence of int
        Labels of the reflections to leave out.

    Returns
    -------
    Dataset, (reflection,)
        Without them.

    Raises
    ------
    TypeError
        If `reflections` are none.
    ValueError
        If there is no such reflection.
    """
    check_reflections(reflections)
    gone = _known(labels, reflections["reflection"].values, "reflection")
    return reflections.isel(reflection=~np.isin(reflections["reflection"].values, gone))


def columns_in_domains(columns: xr.Dataset, domains: xr.Dataset) -> xr.Dataset:
    """Tell the domain in which each column lies.

    Parameters
    ----------
    columns : Dataset, (column,)
        From `find_columns` or `fit_columns`.
    domains : Dataset
        From `segment_domains`, in the same length unit.

    Returns
    -------
    Dataset, (column,)
        With the integer variable ``domain``: the label of the domain at the nearest pixel; -1 in
        amorphous parts, beyond the image, and where the column has no position.

    Raises
    ------
    TypeError
        If either is of another kind.
    ValueError
        If columns and domains are in different length units.
    """
    check_columns(columns)
    label = check_domains(domains)["label"]
    if length_unit(columns) != length_unit(domains):
        raise ValueError(
            f"The columns are in {length_unit(columns)} but the domains are in"
            f" {length_unit(domains)}. Find both in the same image, or calibrate both alike."
        )
    points = points_of(columns)
    known = np.isfinite(points).all(axis=1)
    places = np.where(known[:, None], points, 0.0)
    rows, cols = (np.rint(v).astype(int) for v in pixel_grid(label).to_pixels(*places.T))
    inside = known & (rows >= 0) & (rows < label.shape[0]) & (cols >= 0) & (cols < label.shape[1])
    here = label.values[np.where(inside, rows, 0), np.where(inside, cols, 0)]
    domain = np.where(inside, here, -1).astype(np.int32)
    text = "domain in which the column lies, -1 for none"
    return columns.assign(domain=quantity("column", domain, "1", text))


def _known(labels: Any, there: np.ndarray, kind: str) -> np.ndarray:
    wanted = np.atleast_1d(np.asarray(labels if np.isscalar(labels) else list(labels)))
    unknown = wanted[~np.isin(wanted, there)]
    if unknown.size:
        known = ", ".join(map(str, there.tolist())) or "none"
        raise ValueError(f"There is no {kind} {unknown[0]}; there are {known}.")
    return wanted
