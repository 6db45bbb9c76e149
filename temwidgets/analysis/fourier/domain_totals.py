"""Crystalline area in all and by phase, phases being told by their d-spacings."""

from __future__ import annotations

import numpy as np
import xarray as xr
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from temwidgets.analysis.fourier.domain_maps import check_domains
from temwidgets.conventions import length_unit, quantity


def domain_totals(domains: xr.Dataset, *, tolerance: float = 0.01) -> xr.Dataset:
    """Total the crystalline area, and that of each phase.

    Parameters
    ----------
    domains : Dataset
        From `segment_domains`.
    tolerance : float
        d-spacings that differ by no more than this part of them are the same.

    Returns
    -------
    Dataset, (phase,)
        The largest phase first: ``area``, ``fraction`` of the crystalline area, ``count`` of
        domains, ``d_spacing`` (phase, line; means over domains by area, NaN-padded), and
        ``phase_of`` each domain (domain,), -1 without a d-spacing. Attributes crystalline_area,
        crystalline_fraction, total_area, mean_area of a domain.

    Raises
    ------
    TypeError
        If `domains` are none.
    ValueError
        If `tolerance` is out of range.

    Notes
    -----
    Domains with a d-spacing in common are of one phase, and so are all that are linked in this
    way, for grains seen along different zone axes show different reflections of one crystal. Two
    phases that share a d-spacing are therefore not told apart here: compare with the phases you
    expect by `index_reflections`.
    """
    check_domains(domains)
    if not 0 < tolerance < 1:
        raise ValueError(
            f"tolerance is a part of the d-spacing, such as 0.01, but {tolerance} came."
        )
    units = length_unit(domains)
    area, d = domains["area"].values, domains["d_spacing"].values
    line = _lines(d, tolerance)
    phase = _phases(line, area)
    count = int(phase.max(initial=-1)) + 1
    totals = np.bincount(phase[phase >= 0], area[phase >= 0], minlength=count)
    spacings = [_spacings(d, line, area, phase == number) for number in range(count)]
    table = np.full((count, max(map(len, spacings), default=0)), np.nan)
    for row, values in zip(table, spacings, strict=True):
        row[: len(values)] = values
    whole = float(domains.attrs["crystalline_area"])
    made = xr.Dataset(
        coords={
            "phase": quantity("phase", np.arange(count), "1", "phase"),
            "line": quantity("line", np.arange(table.shape[1]), "1", "d-spacing of a phase"),
            "domain": domains["domain"],
        }
    )
    numbers = np.bincount(phase[phase >= 0], minlength=count)
    made["area"] = quantity("phase", totals, f"{units}²", "area")
    made["fraction"] = quantity("phase", totals / (whole or 1), "1", "part of the crystalline area")
    made["count"] = quantity("phase", numbers, "1", "number of domains")
    made["d_spacing"] = quantity(("phase", "line"), table, units, "d-spacing")
    made["phase_of"] = quantity("domain", phase, "1", "phase of a domain")
    names = ("crystalline_area", "crystalline_fraction", "total_area")
    attrs = {name: float(domains.attrs[name]) for name in names}
    return made.assign_attrs(attrs, mean_area=float(area.mean()) if area.size else 0.0)


def _lines(d: np.ndarray, tolerance: float) -> np.ndarray:
    """Number d-spacings (domain, spot) that are the same; -1 where there is none."""
    known = np.isfinite(d)
    line = np.full(d.shape, -1)
    if known.sum() == 1:
        line[known] = 0
    elif known.any():
        tree = linkage(np.log(d[known])[:, None], "complete")
        line[known] = fcluster(tree, np.log1p(tolerance), "distance") - 1
    return line


def _phases(line: np.ndarray, area: np.ndarray) -> np.ndarray:
    """Number domains that share a line, the largest phase first; -1 without any line."""
    domain, spot = np.nonzero(line >= 0)
    count, lines = len(line), int(line.max(initial=-1)) + 1
    links = coo_array(
        (np.ones(len(domain)), (domain, count + line[domain, spot])), (count + lines, count + lines)
    )
    _, part = connected_components(links, directed=False)
    part = np.where((line >= 0).any(axis=1), part[:count], -1)
    kinds = np.unique(part[part >= 0])
    size = [area[part == kind].sum() for kind in kinds]
    phase = np.full(count, -1)
    for number, kind in enumerate(kinds[np.argsort(size, kind="stable")[::-1]]):
        phase[part == kind] = number
    return phase


def _spacings(d: np.ndarray, line: np.ndarray, area: np.ndarray, member: np.ndarray) -> list[float]:
    """Mean d-spacings of the members, the largest first."""
    weight = np.broadcast_to(area[:, None], d.shape)
    lines = np.unique(line[member])
    means = []
    for number in lines[lines >= 0]:
        here = member[:, None] & (line == number)
        means.append(float(np.average(d[here], weights=weight[here])))
    return sorted(means, reverse=True)
