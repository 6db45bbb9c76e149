import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from temwidgets.kernels.fourier.lattices import find_lattices, nodes, rings


def lattice(a, b, count=12, noise=0.0, seed=0):
    basis = np.array([a, b], float)
    points = nodes(basis, 1e9)
    points = points[np.argsort(np.hypot(*points.T))][:count]
    return points + noise * np.random.default_rng(seed).normal(size=points.shape)


def turned(points, angle):
    sin, cos = np.sin(np.deg2rad(angle)), np.cos(np.deg2rad(angle))
    return points @ np.array([[cos, sin], [-sin, cos]])


@settings(max_examples=40, deadline=None)
@given(
    st.floats(3, 6), st.floats(3, 6), st.floats(45, 120), st.floats(0, 180), st.integers(0, 1000)
)
def test_one_lattice_is_found_whatever_its_cell(long_a, long_b, angle, turn, seed):
    a = np.array([0, long_a])
    b = long_b * np.array([np.sin(np.deg2rad(angle)), np.cos(np.deg2rad(angle))])
    g = turned(lattice(a, b, noise=0.01, seed=seed), turn)
    signs = np.random.default_rng(seed).choice([-1, 1], len(g))[:, None]
    found = find_lattices(g * signs, np.full(len(g), 0.06), np.ones(len(g)))
    assert (found.number == 0).all()
    np.testing.assert_allclose(found.indices @ found.basis[0], g * signs, atol=0.06)


def test_two_crystals_with_equal_spacings_stay_apart():
    one = lattice((0, 5), (5, 0), 8)
    g = np.concatenate([one, turned(one, 17)])
    found = find_lattices(g, np.full(len(g), 0.05), np.ones(len(g)))
    assert sorted(np.bincount(found.number)) == [8, 8]
    assert len(set(found.number[:8])) == len(set(found.number[8:])) == 1
    assert len(np.unique(rings(np.hypot(*g.T), 0.01))) == len(
        np.unique(rings(np.hypot(*one.T), 0.01))
    )


def test_places_decide_where_geometry_does_not():
    g = np.array([(0, 5.0), (5.0, 0), (0, 4.0), (4.0, 0)])
    place = np.eye(2)[[0, 0, 1, 1]]
    found = find_lattices(g, np.full(4, 0.05), np.ones(4), place @ place.T, np.ones(4, bool))
    assert found.number[0] == found.number[1] != found.number[2] == found.number[3]
    apart = find_lattices(g, np.full(4, 0.05), np.ones(4), np.eye(4), np.ones(4, bool))
    assert len(set(apart.number)) == 4


def test_rows_hold_their_multiples():
    g = np.array([(1.0, 2.0), (-2.0, -4.0), (3.0, 6.02), (2.5, -1.0)])
    found = find_lattices(g, np.full(4, 0.05), np.ones(4))
    assert found.number.tolist() == [0, 0, 0, -1]
    assert found.indices[:, 0].tolist() == [1, -2, 3, 0]
    assert np.isnan(found.basis[0, 1]).all()


def test_chance_makes_no_large_lattice():
    rng = np.random.default_rng(0)
    for _ in range(20):
        g = rng.uniform(-10, 10, (30, 2))
        found = find_lattices(g, np.full(30, 0.05), np.ones(30))
        assert np.bincount(found.number + 1)[1:].max(initial=0) <= 3


def test_nothing_makes_nothing():
    found = find_lattices(np.zeros((0, 2)), np.zeros(0), np.zeros(0))
    assert found.number.size == 0
    assert found.basis.shape == (0, 2, 2)


def test_rings_do_not_chain():
    k = np.array([1.0, 1.015, 1.03, 1.045, 2.0])
    assert rings(k, 0.02).tolist() == [0, 0, 1, 1, 2]


@pytest.mark.parametrize("longest", [4.0, 11.0])
def test_nodes_are_one_of_each_pair(longest):
    found = nodes(np.array([(0, 2.0), (3.0, 0.5)]), longest)
    assert (np.hypot(*found.T) <= longest).all()
    both = np.concatenate([found, -found])
    assert len(np.unique(both.round(9), axis=0)) == 2 * len(found)
