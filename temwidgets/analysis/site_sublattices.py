"""Sublattices as the motif sites of a lattice say, and the colours that views give them."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import xarray as xr

from temwidgets.analysis.lattice_data import check_lattice
from temwidgets.conventions import check_columns, quantity

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


def sublattices_from_sites(columns: xr.Dataset, lattice: xr.Dataset) -> xr.Dataset:
    """Make each motif site a sublattice: its number is the site's, its name the site's name.

    Parameters
    ----------
    columns : Dataset, (column,)
        Numbered by `index_columns` on this lattice; not changed.
    lattice : Dataset
        From `fit_lattice`, `fit_motif` or `make_lattice`.

    Returns
    -------
    Dataset, (column,)
        With `sublattice`, -1 off the lattice. Sites that the lattice puts into one sublattice
        (``site_sublattice``) share its number.

    Raises
    ------
    TypeError, ValueError
        If these are no columns or no lattice, or the columns have no `site`.
    """
    check_columns(columns)
    check_lattice(lattice)
    if "site" not in columns:
        raise ValueError(
            "The columns have no site yet. Number them with temwidgets.index_columns(columns,"
            " lattice)."
        )
    site = columns["site"].values.astype(int)
    of_site = np.asarray(lattice["site_sublattice"].values, int)
    known = (site >= 0) & (site < of_site.size)
    numbers = np.where(known, of_site[np.where(known, site, 0)], -1)
    result = quantity("column", numbers, "1", "sublattice")
    names = [""] * (int(of_site.max(initial=-1)) + 1)
    for number, name in zip(of_site, lattice["site_name"].values, strict=True):
        if number >= 0:
            names[number] = names[number] or str(name)
    if any(names):
        result.attrs["names"] = names
    return columns.assign(sublattice=result)


def colour_sublattices(columns: xr.Dataset, colours: Mapping[int, str]) -> xr.Dataset:
    """Say in which colours views and legends show sublattices.

    Parameters
    ----------
    columns : Dataset, (column,)
        With `sublattice`; not changed.
    colours : mapping of int to str
        Sublattice number to "#rrggbb"; "" gives the colour back that views choose. Others stay.

    Returns
    -------
    Dataset, (column,)
        With the list ``columns["sublattice"].attrs["colours"]``, "" where views choose.

    Raises
    ------
    ValueError
        If the columns have no sublattice, or a colour is not written "#rrggbb".
    """
    check_columns(columns)
    if "sublattice" not in columns:
        raise ValueError("The columns have no sublattice to colour. Tell sublattices apart first.")
    named = columns["sublattice"].copy()
    known = [str(colour) for colour in np.atleast_1d(named.attrs.get("colours", []))]
    size = max([len(known), int(named.values.max(initial=-1)) + 1, *(int(k) + 1 for k in colours)])
    known += [""] * (size - len(known))
    for number, colour in colours.items():
        if number < 0 or (colour and not _COLOUR.fullmatch(colour)):
            raise ValueError(
                f'A colour is written "#rrggbb" and belongs to a sublattice from 0 on, but'
                f" {colour!r} came for {number!r}."
            )
        known[int(number)] = colour
    named.attrs = {**named.attrs, "colours": known}
    return columns.assign(sublattice=named)
