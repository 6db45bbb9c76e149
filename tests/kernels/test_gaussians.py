import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from temwidgets.kernels import gaussians

SCALE = 3.0
small = st.floats(-0.5, 0.5)
jitted_exponent = jax.jit(lambda p: gaussians.exponent(p, SCALE))
jitted_tangents = jax.jit(lambda c: gaussians.tangents(c, SCALE))


def written_out(column, half=6):
    h, dy, dx, m, e1, e2 = np.asarray(column, float)
    inverse = expm(-2 * np.array([[m + e1, e2], [e2, m - e1]]))
    v, u = np.mgrid[-half : half + 1, -half : half + 1].astype(float)
    d = np.stack([u - dx, v - dy])
    return (h * np.exp(-np.einsum("iyx,ij,jyx->yx", d, inverse, d) / 2)).ravel()


@settings(max_examples=40, deadline=None)
@given(small, small, st.floats(0.3, 1.2), small, small)
def test_values_are_those_of_the_gaussian(dy, dx, m, e1, e2):
    place_and_shape = np.array([dy, dx, m, e1, e2], np.float32)
    monomials = gaussians.monomials(6, gaussians.DEGREE_2, SCALE)
    drawn = np.exp(np.asarray(jitted_exponent(place_and_shape)) @ monomials)
    np.testing.assert_allclose(drawn, written_out([1, *place_and_shape]), atol=3e-6)


@settings(max_examples=40, deadline=None)
@given(st.floats(0.1, 3), small, small, st.floats(0.3, 1.2), small, small)
def test_derivatives_agree_with_differences(h, dy, dx, m, e1, e2):
    column = np.array([h, dy, dx, m, e1, e2], np.float32)
    monomials = gaussians.monomials(6, gaussians.DEGREE_2, SCALE)
    unit = written_out([1, *column[1:]])
    slopes = unit * (np.asarray(jitted_tangents(column[None]))[0] @ monomials)
    for k in range(6):
        step = np.zeros(6)
        step[k] = 1e-5
        differences = (written_out(column + step) - written_out(column - step)) / 2e-5
        np.testing.assert_allclose(slopes[k], differences, atol=2e-5 * max(1, h))


def test_round_shapes_have_finite_derivatives():
    column = np.array([[1, 0.1, -0.2, 0.8, 0, 0]], np.float32)
    assert np.isfinite(np.asarray(jitted_tangents(column))).all()


@pytest.mark.parametrize("square", [1e-3, 0.5, 4.0, 30.0])
def test_hyperbolic_functions(square):
    t = np.sqrt(square)
    sinhc = np.sinh(t) / t
    first = (np.cosh(t) - sinhc) / (2 * square)
    second = (sinhc / 2 - 3 * first) / (2 * square)
    found = gaussians._cosh_sinhc(jnp.float32(square))
    np.testing.assert_allclose(found, [np.cosh(t), sinhc, first, second], rtol=3e-6)


@pytest.mark.parametrize("shape", [[0.7, 0.0, 0.0], [0.5, 0.3, -0.4], [1.0, -1.2, 0.1]])
def test_slopes_of_the_inverse_covariance(shape):
    shape = jnp.asarray(shape, jnp.float32)
    first, second = gaussians.precision_slopes(shape)
    by_shape = jax.jacfwd(gaussians.precision)
    np.testing.assert_allclose(first, by_shape(shape).T, rtol=2e-5, atol=2e-6)
    twice = jnp.moveaxis(jax.jacfwd(by_shape)(shape), 0, -1)
    np.testing.assert_allclose(second, twice, rtol=2e-5, atol=5e-6)


def test_products_multiply_monomials():
    two = gaussians.monomials(3, gaussians.DEGREE_2, 1.0)
    four = gaussians.monomials(3, gaussians.DEGREE_4, 1.0)
    np.testing.assert_allclose(two[:, None] * two[None], four[gaussians.PRODUCTS])
