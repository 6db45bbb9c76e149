import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from temwidgets.kernels.slow_trends import polynomials, without

PLACES = np.random.default_rng(0).uniform([-5, 100], [20, 300], (200, 2))


@given(degree=st.integers(0, 8))
def test_basis_is_orthonormal_and_complete(degree):
    basis = polynomials(PLACES, degree)
    assert basis.shape == (200, (degree + 1) * (degree + 2) // 2)
    np.testing.assert_allclose(basis.T @ basis, np.eye(basis.shape[1]), atol=1e-9)


@given(seed=st.integers(0, 10_000))
def test_a_polynomial_is_taken_off_in_full(seed):
    c = np.random.default_rng(seed).normal(size=6)
    y, x = PLACES.T / 100
    values = c[0] + c[1] * y + c[2] * x + c[3] * y * x + c[4] * y**2 + c[5] * x**2
    np.testing.assert_allclose(without(polynomials(PLACES, 2), values), 0, atol=1e-9)
    assert np.abs(without(polynomials(PLACES, 0), values).mean()) < 1e-9


def test_points_in_a_line_have_fewer_polynomials():
    line = np.stack([np.arange(30.0), np.full(30, 2.0)], axis=1)
    assert polynomials(line, 3).shape == (30, 4)


def test_several_columns_of_values_at_once():
    basis = polynomials(PLACES, 1)
    values = np.random.default_rng(1).normal(size=(200, 3))
    expected = [without(basis, column) for column in values.T]
    np.testing.assert_allclose(without(basis, values).T, expected, atol=1e-12)
    assert without(basis, values)[:, 0].mean() == pytest.approx(0, abs=1e-12)
