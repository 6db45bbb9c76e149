"""Sites named, moved, deleted, laid out; lines through the mean cell."""

from __future__ import annotations

import numpy as np
import pytest

import temwidgets as tw
from temwidgets.analysis.cell_image import cell_image

A, B = (0.03, 0.4), (0.36, 0.0)


@pytest.fixture
def lattice():
    return tw.make_lattice(A, B, origin=(2.0, -3.0), sites=[(0, 0), (0.5, 0.4)])


@pytest.fixture(scope="module")
def cell():
    rng = np.random.default_rng(0)
    lattice = tw.make_lattice(A, B, origin=(2.0, -3.0))
    y, x = np.mgrid[0:60, 0:90]
    y, x = 2.0 + 0.03 * y, -3.0 + 0.04 * x
    n = np.stack([y - 2.0, x + 3.0], -1) @ np.linalg.inv([A, B])
    values = 100 + 20 * np.cos(2 * np.pi * n[..., 0]) + 5 * np.sin(2 * np.pi * n[..., 1])
    image = tw.make_image(
        values + rng.normal(0, 0.1, values.shape), sampling=(0.03, 0.04), origin=(2.0, -3.0)
    )
    return tw.mean_cell(image, lattice)


def test_sites_are_named(lattice):
    named = tw.name_sites(lattice, {1: " Ti "})
    assert named["site_name"].values.tolist() == ["", "Ti"]
    assert lattice["site_name"].values.tolist() == ["", ""]
    with pytest.raises(ValueError, match="the sites 0 to 1, but site 2 came"):
        tw.name_sites(lattice, {2: "O"})


def test_a_site_is_moved_in_lengths_from_its_corner(lattice):
    y, x = 0.25 * np.array(A) + 0.75 * np.array(B)
    moved = tw.move_site(lattice, 1, y, x)
    assert moved["site_position"].values[1] == pytest.approx([0.25, 0.75])
    assert lattice["site_position"].values[1] == pytest.approx([0.5, 0.4])
    with pytest.raises(ValueError, match="at a place y, x in lengths, but nan, 0 came"):
        tw.move_site(lattice, 1, np.nan, 0)


def test_a_site_is_deleted_but_not_the_last(lattice):
    left = tw.delete_site(tw.name_sites(lattice, {1: "Ti"}), 0)
    assert left["site_name"].values.tolist() == ["Ti"]
    assert left["site"].values.tolist() == [0]
    with pytest.raises(ValueError, match="only this site"):
        tw.delete_site(left, 0)


def test_sites_are_laid_out_around_the_corner(lattice):
    named = tw.name_sites(lattice, {0: "Sr", 1: "Ti"})
    columns = tw.motif_columns(named, (-0.5, 0.9), (-0.5, 0.9))
    assert columns["sublattice"].attrs["names"] == ["Sr", "Ti"]
    first = columns.isel(column=columns["site"].values == 0)
    at_corner = np.hypot(first["y"].values, first["x"].values)
    assert at_corner.min() == pytest.approx(0)
    counts = np.bincount(columns["site"].values)
    area = abs(np.linalg.det([A, B]))
    assert counts == pytest.approx(1.4 * 1.4 / area, rel=0.35)
    assert columns["y"].attrs["units"] == "nm"
    fitted = lattice.assign(site_sigma_major=("site", [0.05, 0.04], {"units": "nm"}))
    shaped = tw.motif_columns(fitted, (-0.5, 0.9), (-0.5, 0.9))
    assert set(shaped["sigma_major"].values) == {0.05, 0.04}


def test_a_line_through_the_cell_is_what_the_picture_shows(cell):
    picture = cell_image(cell, shape=(40, 50))
    row = picture.isel(y=20)
    ends = [(float(row.y), float(row.x[i])) for i in (0, -1)]
    line = tw.cell_profile(cell, *ends, points=50)
    assert line.values == pytest.approx(row.values, abs=1e-3)
    assert line["distance"].attrs["units"] == "nm"
    assert float(line["distance"][-1]) == pytest.approx(float(row.x[-1] - row.x[0]))


def test_a_line_along_a_is_the_cosine_that_was_put_in(cell):
    line = tw.cell_profile(cell, (0.0, 0.0), A)
    turns = line["distance"].values / np.hypot(*A)
    assert line.values == pytest.approx(100 + 20 * np.cos(2 * np.pi * turns), abs=0.5)


def test_wrong_lines_are_explained(cell):
    with pytest.raises(ValueError, match="two ends that lie apart"):
        tw.cell_profile(cell, (0, 0), (0, 0))
    with pytest.raises(ValueError, match=r"2 points or more, but points=1"):
        tw.cell_profile(cell, (0, 0), (0, 1), points=1)
