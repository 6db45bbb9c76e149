import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from temwidgets.kernels.fourier import lattice_gradient as lg

G = np.array([[0.0, 0.12], [0.11, 0.03], [0.11, 0.15]])
SMALL = st.floats(-0.05, 0.05)


def plane(matrix):
    return np.asarray(matrix, float)[..., None, None] * np.ones((1, 1))


def fit_of(matrix, weight=(1.0, 1.0, 1.0)):
    change = plane(G @ np.asarray(matrix, float).T)
    return lg.fit_gradient(change, G, np.array(weight)[:, None, None])


@settings(max_examples=40, deadline=None)
@given(SMALL, SMALL, SMALL, SMALL, st.floats(0.1, 10))
def test_a_lattice_shares_its_gradient_whatever_the_weights(a, b, c, d, w):
    matrix = np.array([[a, b], [c, d]])
    found = fit_of(matrix, (1.0, w, 1 / w))
    np.testing.assert_allclose(found.matrix[..., 0, 0], matrix, atol=1e-6)
    vectors, covariance = lg.joint_vectors(found, G, np.ones((3, 3, 1, 1)))
    np.testing.assert_allclose(vectors[..., 0, 0], G @ (np.eye(2) + matrix).T, atol=1e-7)
    assert (covariance[:, 0] < 1.0001 * w * max(w, 1 / w) ** 2).all()


@settings(max_examples=40, deadline=None)
@given(st.floats(-60, 60), st.floats(-0.05, 0.05), st.floats(-0.05, 0.05), st.floats(-0.05, 0.05))
def test_finite_strain_parts_stretch_and_rotation(angle, e_yy, e_xx, e_xy):
    cos, sin = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
    turn = np.array([[cos, sin], [-sin, cos]])  # (y, x), from +x towards +y
    deformation = turn @ np.array([[1 + e_yy, e_xy], [e_xy, 1 + e_xx]])
    matrix = np.linalg.inv(deformation).T - np.eye(2)
    found = lg.finite_strain(plane(matrix))[:, 0, 0]
    np.testing.assert_allclose(found, [e_xx, e_yy, e_xy, angle], atol=1e-6)


def test_small_strain_agrees_to_first_order():
    matrix = 1e-5 * np.array([[1.0, 3.0], [-2.0, 0.5]])
    np.testing.assert_allclose(
        lg.small_strain(plane(matrix)), lg.finite_strain(plane(matrix)), atol=2e-8
    )
    e_xx, e_yy, e_xy, turn = lg.small_strain(plane(matrix))[:, 0, 0]
    assert (e_xx, e_yy, e_xy) == pytest.approx((-0.5e-5, -1e-5, -0.5e-5))
    # B = -grad(u)^T: B_yx is -du_x/dy, and a turn from +x to +y has du_x/dy < 0
    assert turn == pytest.approx(np.rad2deg(2.5e-5))


def test_variances_are_those_of_many_repeats():
    rng, spread = np.random.default_rng(0), 1e-4
    covariance = np.array([[1.0, 0.3, 0.5], [0.6, -0.2, 1.2], [1.5, 0.0, 0.4]]) * spread**2
    change = np.empty((3, 2, 200, 200))
    for k, (yy, yx, xx) in enumerate(covariance):
        change[k] = np.moveaxis(
            rng.multivariate_normal([0, 0], [[yy, yx], [yx, xx]], (200, 200)), -1, 0
        )
    weight = np.ones((3, 200, 200)) * np.array([2.0, 1.0, 0.7])[:, None, None]
    found = lg.fit_gradient(change, G, weight)
    known = covariance[:, :, None, None] * np.ones((1, 1, 200, 200))
    values = lg.finite_strain(found.matrix)
    values = np.concatenate([values, values[:1] + values[1:2]])
    wanted = lg.strain_variance(found, known).mean(axis=(1, 2))
    np.testing.assert_allclose(values.var(axis=(1, 2)), wanted, rtol=0.04)
    vectors, shared = lg.joint_vectors(found, G, known)
    for axis, entry in ((0, 0), (1, 2)):
        np.testing.assert_allclose(
            vectors[:, axis].var(axis=(1, 2)), shared[:, entry].mean(axis=(1, 2)), rtol=0.04
        )


def test_one_direction_tells_no_gradient():
    change, weight = np.zeros((2, 2, 1, 1)), np.ones((2, 1, 1))
    assert not lg.fit_gradient(change, np.array([[0.0, 0.1], [0.0, 0.2]]), weight).known.any()
    weight[1] = 0
    assert not lg.fit_gradient(change, G[:2], weight).known.any()
    assert fit_of(np.zeros((2, 2))).known.all()


def test_another_reference_changes_strain_by_composition():
    first = np.array([[0.01, -0.02], [0.005, 0.02]])
    base = np.array([[0.004, 0.01], [-0.01, 0.003]])
    reference = G @ (np.eye(2) + base).T
    found = lg.rebased(fit_of(first), G, reference)
    wanted = (np.eye(2) + first) @ np.linalg.inv(np.eye(2) + base) - np.eye(2)
    np.testing.assert_allclose(found.matrix[..., 0, 0], wanted, atol=1e-6)
    reference[0] = np.nan
    np.testing.assert_allclose(
        lg.rebased(fit_of(first), G, reference).matrix[..., 0, 0], wanted, atol=1e-6
    )
    reference[1] = np.nan
    assert not lg.rebased(fit_of(first), G, reference).known.any()


def test_turned_axes():
    angle = 35.0
    cos, sin = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
    stretch = np.diag([0.0, 0.02])  # along x of the turned axes
    turn = np.array([[cos, sin], [-sin, cos]])
    deformation = turn @ (np.eye(2) + stretch) @ turn.T
    found = fit_of(np.linalg.inv(deformation).T - np.eye(2))
    e_xx, e_yy, e_xy, rotation = lg.finite_strain(lg.turned(found, angle).matrix)[:, 0, 0]
    np.testing.assert_allclose([e_xx, e_yy, e_xy, rotation], [0.02, 0, 0, 0], atol=1e-6)
    covariance = np.array([[2.0, 0.5, 1.0]])[:, :, None, None]
    ((yy, yx, xx),) = lg.turned_covariance(covariance, angle)[..., 0, 0]
    full = turn.T @ np.array([[2.0, 0.5], [0.5, 1.0]]) @ turn
    np.testing.assert_allclose([yy, yx, xx], [full[0, 0], full[0, 1], full[1, 1]], rtol=1e-5)
