"""Sublattices from motif sites, and their colours."""

from __future__ import annotations

import numpy as np
import pytest

import temwidgets as tw
from temwidgets.conventions import quantity


@pytest.fixture
def columns():
    made = tw.make_columns(np.arange(5.0), np.zeros(5))
    return made.assign(site=quantity("column", [0, 1, 2, -1, 1], "1", "motif site"))


@pytest.fixture
def lattice():
    return tw.make_lattice(
        (0, 0.4), (0.4, 0), sites=[(0, 0), (0.5, 0.5), (0.5, 0)], sublattices=[0, 1, 1],
        names=["Sr", "Ti", ""],
    )  # fmt: skip


def test_sites_become_sublattices_with_their_names(columns, lattice):
    found = tw.sublattices_from_sites(columns, lattice)["sublattice"]
    assert found.values.tolist() == [0, 1, 1, -1, 1]
    assert found.attrs["names"] == ["Sr", "Ti"]
    assert "sublattice" not in columns


def test_sites_without_names(columns):
    plain = tw.make_lattice((0, 0.4), (0.4, 0), sites=[(0, 0), (0.5, 0.5)])
    found = tw.sublattices_from_sites(columns, plain)["sublattice"]
    assert found.values.tolist() == [0, 1, -1, -1, 1]
    assert "names" not in found.attrs


def test_columns_that_are_not_numbered_are_refused(columns, lattice):
    with pytest.raises(
        ValueError, match=r"no site yet\. Number them with temwidgets.index_columns"
    ):
        tw.sublattices_from_sites(columns.drop_vars("site"), lattice)


def test_colours_travel_with_the_columns(columns, lattice):
    named = tw.sublattices_from_sites(columns, lattice)
    coloured = tw.colour_sublattices(named, {1: "#ff0000"})
    assert coloured["sublattice"].attrs["colours"] == ["", "#ff0000"]
    again = tw.name_sublattices(tw.colour_sublattices(coloured, {0: "#00ff00"}), {0: "A"})
    assert again["sublattice"].attrs["colours"] == ["#00ff00", "#ff0000"]
    assert named["sublattice"].attrs.get("colours") is None


def test_wrong_colours_are_explained(columns, lattice):
    with pytest.raises(ValueError, match="no sublattice to colour"):
        tw.colour_sublattices(columns, {0: "#ff0000"})
    named = tw.sublattices_from_sites(columns, lattice)
    with pytest.raises(ValueError, match=r'written "#rrggbb" .* but \'red\' came for 1'):
        tw.colour_sublattices(named, {1: "red"})
