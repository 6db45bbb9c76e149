import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from temwidgets.kernels import lattice_search


def grid(basis, sites=((0, 0),), size=12, noise=0.0, seed=0):
    cells = np.stack(np.meshgrid(*[np.arange(-size, size + 1)] * 2, indexing="ij"), -1)
    points = (cells.reshape(-1, 1, 2) + np.array(sites)).reshape(-1, 2) @ np.array(basis, float)
    points = points[np.hypot(*points.T) < 0.8 * size * np.hypot(*np.array(basis).T).min()]
    return points + np.random.default_rng(seed).normal(0, noise, points.shape)


@given(
    st.floats(6, 20),
    st.floats(6, 20),
    st.floats(60, 120),
    st.floats(0, 360),
)
def test_any_lattice_is_found(first, second, opening, turn):
    angle = np.deg2rad([turn, turn + opening])
    basis = np.array([[np.sin(angle[0]), np.cos(angle[0])], [np.sin(angle[1]), np.cos(angle[1])]])
    basis *= [[first], [second]]
    points = grid(basis, noise=0.1)
    found = lattice_search.translations(points, np.zeros((len(points), 1)))
    cell = lattice_search.shortest_basis(found)
    # the same lattice: whole numbers, determinant one
    numbers = cell @ np.linalg.inv(basis)
    np.testing.assert_allclose(numbers, np.rint(numbers), atol=0.05)
    assert abs(np.linalg.det(numbers)) == pytest.approx(1, abs=0.02)


@given(st.integers(-3, 3), st.integers(-3, 3), st.floats(0, 360), st.floats(0.3, 3))
def test_reduction_keeps_the_lattice_and_shortens_it(p, q, turn, ratio):
    c, s = np.cos(np.deg2rad(turn)), np.sin(np.deg2rad(turn))
    short = np.array([[1.0, 0.1], [-0.05, ratio]]) @ np.array([[c, s], [-s, c]])
    change = np.array([[1, p], [q, 1 + p * q]])
    cell = lattice_search.reduced(change @ short)
    numbers = cell @ np.linalg.inv(short)
    np.testing.assert_allclose(numbers, np.rint(numbers), atol=1e-9)
    assert abs(np.linalg.det(numbers)) == pytest.approx(1)
    assert np.hypot(*cell.T).max() <= 1.1 * np.hypot(*short.T).max()
    # a to the right, b down
    assert cell[0, 1] >= 0
    assert cell[1, 0] >= -1e-12


def test_hexagonal_cells_open_120_degrees():
    for turn in range(0, 60, 7):
        angle = np.deg2rad([turn, turn + 60])
        a, b = lattice_search.reduced(np.stack([np.sin(angle), np.cos(angle)], axis=1))
        assert a @ b == pytest.approx(-0.5)


def test_two_grains_do_not_give_the_cell_of_their_coincidences():
    turn = np.deg2rad(36.87)
    c, s = np.cos(turn), np.sin(turn)
    left, right = (
        grid(b, size=22) for b in ([(10, 0), (0, 10)], [(10 * c, 10 * s), (-10 * s, 10 * c)])
    )
    points = np.concatenate([left[left[:, 1] < -3], right[right[:, 1] > 3]])
    found = lattice_search.translations(points, np.zeros((len(points), 1)))
    cell = lattice_search.shortest_basis(found)
    assert abs(np.linalg.det(cell)) == pytest.approx(100, rel=0.02)


def test_brightness_is_relative_to_the_neighbourhood():
    points = grid([(10, 0), (0, 10)])
    slope = np.exp(points[:, 0] / 100)
    left = lattice_search.relative_brightness(points, slope)
    inner = np.hypot(*points.T) < 50
    assert abs(left[inner]).max() < 0.02
    assert not lattice_search.relative_brightness(points, np.full(len(points), np.nan)).any()
