"""Lengths and angle of cells, corners put elsewhere, borders of cells."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import temwidgets as tw
from temwidgets.analysis.cell_parameters import cell_lines
from temwidgets.analysis.lattice_data import cell_indices, site_points

A, B = (0.02, 0.39), (0.41, -0.03)


@pytest.fixture
def lattice():
    return tw.make_lattice(A, B, origin=(3.0, -7.0), sites=[(0, 0), (0.5, 0.45)])


def test_lengths_angle_and_area(lattice):
    found = tw.cell_parameters(lattice)
    assert float(found["a"]) == pytest.approx(np.hypot(*A))
    assert float(found["b"]) == pytest.approx(np.hypot(*B))
    cosine = np.dot(A, B) / np.hypot(*A) / np.hypot(*B)
    assert float(found["angle"]) == pytest.approx(np.degrees(np.arccos(cosine)))
    assert float(found["area"]) == pytest.approx(abs(A[0] * B[1] - A[1] * B[0]))
    assert found["a"].attrs["units"] == "nm"
    assert float(found["angle_std"]) == 0


def test_errors_are_those_of_a_simulation(lattice):
    spread = np.array([[0.002, 0.004], [0.003, 0.001]])
    lattice["vectors_std"].values[:] = spread
    rng = np.random.default_rng(0)
    tried = [
        tw.cell_parameters(tw.make_lattice(*(np.array([A, B]) + spread * rng.normal(size=(2, 2)))))
        for _ in range(400)
    ]
    found = tw.cell_parameters(lattice)
    for name in ("a", "b", "angle", "area"):
        scatter = np.std([float(one[name]) for one in tried])
        assert float(found[f"{name}_std"]) == pytest.approx(scatter, rel=0.12)


def test_a_moved_corner_leaves_the_sites_where_they_are(lattice):
    y, x = map(float, site_points(lattice, 2, 1, 1))
    moved = tw.move_origin(lattice, y + 0.01, x - 0.01)  # near site 1: put on it
    assert moved["origin"].values == pytest.approx([y, x])
    assert moved["site_position"].values == pytest.approx(np.array([[0.5, 0.55], [0, 0]]))
    free = tw.move_origin(lattice, 3.0 + 0.25 * A[0], -7.0 + 0.25 * A[1])
    assert free["site_position"].values[0] == pytest.approx([0.75, 0])
    assert lattice["origin"].values == pytest.approx([3.0, -7.0])
    with pytest.raises(ValueError, match="a place y, x in lengths, but nan, 0 came"):
        tw.move_origin(lattice, np.nan, 0)


def test_borders_of_cells_lie_on_whole_indices_inside_the_box(lattice):
    lines = cell_lines(lattice, (2.0, 5.0), (-9.0, -5.0))
    assert len(lines) > 15
    n_a, n_b = cell_indices(lattice, lines[:, [0, 2]], lines[:, [1, 3]])
    whole = lambda n: np.isclose(n, np.rint(n), atol=1e-9).all(axis=1)  # noqa: E731
    assert (whole(n_a) | whole(n_b)).all()
    assert lines[:, [0, 2]].min() >= 2 - 1e-9
    assert lines[:, [1, 3]].max() <= -5 + 1e-9


@given(st.floats(0, np.pi), st.floats(0.3, 2.8))
def test_borders_end_at_the_edges_of_the_box(turn, between):
    a = (0.4 * np.sin(turn), 0.4 * np.cos(turn))
    b = (0.3 * np.sin(turn + between), 0.3 * np.cos(turn + between))
    lines = cell_lines(tw.make_lattice(a, b), (0.05, 3.1), (-1.03, 1.9))
    at_y = np.isclose(lines[:, [0, 2]], 0.05) | np.isclose(lines[:, [0, 2]], 3.1)
    at_x = np.isclose(lines[:, [1, 3]], -1.03) | np.isclose(lines[:, [1, 3]], 1.9)
    assert (at_y | at_x).all()


def test_lines_along_the_edges():
    lines = cell_lines(tw.make_lattice((0, 1.0), (1.0, 0)), (0.5, 2.5), (0.5, 3.5))
    assert sorted(map(tuple, lines)) == [
        (0.5, 1.0, 2.5, 1.0), (0.5, 2.0, 2.5, 2.0), (0.5, 3.0, 2.5, 3.0),
        (1.0, 0.5, 1.0, 3.5), (2.0, 0.5, 2.0, 3.5),
    ]  # fmt: skip
