"""Groups of columns to compare: by site, by parity of the cell, or as the user says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any, Literal, NamedTuple

import numpy as np
import xarray as xr

from temwidgets.analysis.cell_values import sites_of
from temwidgets.conventions import check_columns

Groups = Literal["site", "sublattice", "parity_a", "parity_b", "parity_ab"]
_PARITIES = {"parity_a": ("n_a",), "parity_b": ("n_b",), "parity_ab": ("n_a", "n_b")}


class Pair(NamedTuple):
    """Two groups by name, and which columns they hold."""

    first: str
    second: str
    first_rows: np.ndarray  # (column,) bool
    second_rows: np.ndarray


def pairs_of(columns: xr.Dataset, groups: Any, site: int | None) -> list[Pair]:
    """Return the pairs of groups to compare; those of one motif site only, or all.

    Raises
    ------
    ValueError
        If the groups are unknown, overlap, or are fewer than two.
    """
    if isinstance(groups, Mapping):
        families = [_labelled(columns, groups)]
    elif groups in _PARITIES:
        families = _parities(columns, groups, site)
    elif groups in ("site", "sublattice"):
        families = [_kinds(columns, groups)]
    else:
        raise ValueError(
            f"groups is site, sublattice, {', '.join(_PARITIES)} or a mapping of names to labels,"
            f" but {groups!r} came."
        )
    if site is not None and groups not in _PARITIES:
        raise ValueError(f"site chooses whose parities to compare, but groups={groups!r} came.")
    pairs = [
        Pair(a, b, family[a], family[b]) for family in families for a, b in combinations(family, 2)
    ]
    if not pairs:
        raise ValueError(f"There are no two groups to compare by {groups!r}. Choose other groups.")
    return pairs


def _labelled(columns: xr.Dataset, groups: Mapping[str, Sequence[int]]) -> dict[str, np.ndarray]:
    label = columns["column"].values
    family = {}
    for name, labels in groups.items():
        unknown = np.setdiff1d(labels, label)
        if unknown.size:
            raise ValueError(f"Group {name!r} names no column {unknown[:5].tolist()}.")
        family[str(name)] = np.isin(label, labels)
    for a, b in combinations(family, 2):
        if (family[a] & family[b]).any():
            shared = label[family[a] & family[b]][:5].tolist()
            raise ValueError(f"Groups {a!r} and {b!r} share columns {shared}. Set them apart.")
    return family


def _kinds(columns: xr.Dataset, groups: str) -> dict[str, np.ndarray]:
    if groups == "sublattice":
        check_columns(columns, needs=("sublattice",))
    number = columns["sublattice"].values if groups == "sublattice" else sites_of(columns)
    by_sublattice = groups == "sublattice" or "site" not in columns
    given = columns["sublattice"].attrs.get("names", ()) if "sublattice" in columns else ()
    names = [str(name) for name in np.atleast_1d(given)] if by_sublattice else []
    family = {}
    for k in np.unique(number[number >= 0]):
        name = names[k] if k < len(names) and names.count(names[k]) == 1 else ""
        family[name or f"{'sublattice' if by_sublattice else 'site'} {k}"] = number == k
    return family


def _parities(columns: xr.Dataset, groups: str, site: int | None) -> list[dict[str, np.ndarray]]:
    missing = [name for name in ("n_a", "n_b") if name not in columns]
    if missing:
        raise ValueError(
            f"The columns have no {' and no '.join(missing)}: their cells are not numbered. Do it"
            " with temwidgets.index_columns(columns, lattice)."
        )
    cell = sum(columns[name].values.astype(float) for name in _PARITIES[groups])
    sites = sites_of(columns)
    present = [int(k) for k in np.unique(sites) if k >= 0]
    if site is not None and site not in present:
        raise ValueError(f"There is no site {site}; there are {present}.")
    used = sites >= 0
    if "lattice_domain" in columns:
        used &= columns["lattice_domain"].values == 0
    what = " + ".join(_PARITIES[groups])
    return [
        {
            f"site {k}, {what} {word}": used & (sites == k) & (np.abs(cell % 2 - odd) < 0.25)
            for odd, word in enumerate(("even", "odd"))
        }
        for k in ([site] if site is not None else present)
    ]
