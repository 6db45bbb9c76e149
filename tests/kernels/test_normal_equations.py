import jax
import numpy as np
import pytest

from temwidgets.kernels import joint_fit
from temwidgets.kernels import normal_equations as normal

multiply = jax.jit(normal.multiply, static_argnums=1)


def test_the_model_is_a_sum_of_columns_and_background(case, dense_model, unknowns):
    model = np.asarray(case.state.model)
    np.testing.assert_allclose(model, dense_model(case, *unknowns(case)), atol=1e-5)


def test_multiply_is_the_fisher_matrix(case, dense_of, turn_of, flatten, random_unknowns):
    linear = joint_fit.linear_at(case.problem, case.spec, case.state)
    fisher, turn = dense_of(case)[0], turn_of(case)
    local = turn.T @ fisher @ turn
    step = random_unknowns(case, 1)
    product = flatten(case, multiply(case.problem, case.spec, linear, step))
    wanted = local @ flatten(case, step)
    np.testing.assert_allclose(product, wanted, atol=2e-4 * np.abs(wanted).max())


def test_multiply_is_symmetric(case, flatten, random_unknowns):
    linear = joint_fit.linear_at(case.problem, case.spec, case.state)
    one, two = random_unknowns(case, 1), random_unknowns(case, 2)
    first = flatten(case, two) @ flatten(case, multiply(case.problem, case.spec, linear, one))
    second = flatten(case, one) @ flatten(case, multiply(case.problem, case.spec, linear, two))
    assert first == pytest.approx(second, rel=1e-3)


def test_blocks_are_those_of_the_fisher_matrix(free_case, dense_of, turn_of):
    case = free_case
    linear = joint_fit.linear_at(case.problem, case.spec, case.state)
    local = turn_of(case).T @ dense_of(case)[0] @ turn_of(case)
    for k in (0, 5, 15):
        index = np.r_[3 * k : 3 * k + 3, 48 + 3 * k : 48 + 3 * k + 3]
        wanted = local[np.ix_(index, index)]
        np.testing.assert_allclose(linear.blocks[k], wanted, atol=2e-4 * np.abs(wanted).max())


def test_gradient_is_minus_the_slope_of_the_cost(case, dense_model):
    problem, spec = case.problem, case.spec
    # away from the maximum, where the gradient is not lost in rounding
    state = case.state._replace(place=case.state.place * np.float32(1.03))
    state = joint_fit.begin(problem, spec, state.place, state.shape, state.background)
    linear = joint_fit.linear_at(problem, spec, state)
    place, shape, background = (np.asarray(v, float) for v in linear.gradient)
    parts = (
        np.asarray(state.place, float)[:16],
        np.asarray(state.shape, float)[: case.shapes],
        np.asarray(state.background, float),
    )
    data, valid = np.asarray(problem.data, float), np.asarray(problem.valid, float)

    def cost(place, shape, background):
        model = np.maximum(dense_model(case, place, shape, background), float(problem.floor))
        value = np.sum(valid * (model - data * np.log(model)))
        prior = jax.tree.map(lambda v: np.asarray(v, float), problem.prior)
        drawn = prior.shape_weight * np.sum((shape - prior.shape[: case.shapes]) ** 2)
        drawn += prior.background_weight * np.sum((background - prior.background) ** 2)
        bend = prior.stiff_y @ background + background @ prior.stiff_x
        drawn += np.sum(background * bend)
        return value + prior.noise * drawn / 2

    def slope(part, index):
        ends = []
        for sign in (1, -1):
            moved = [p.copy() for p in parts]
            moved[part][index] += sign * 1e-5
            ends.append(cost(*moved))
        return (ends[0] - ends[1]) / 2e-5

    frame = np.asarray(normal.local_frames(problem, state.shape), float)
    for k in (0, 7):
        found = [slope(0, (k, i)) for i in range(3)]
        np.testing.assert_allclose(place[k], -np.array(found), atol=2e-3 * np.abs(place).max())
    wanted = -frame[1].T @ [slope(1, (1, i)) for i in range(3)]
    np.testing.assert_allclose(shape[1], wanted, atol=2e-3 * np.abs(shape).max())
    at = (1, 2)
    assert background[at] == pytest.approx(-slope(2, at), abs=2e-3 * np.abs(background).max())


def test_tails_are_what_the_windows_leave_out(free_case):
    case = free_case
    tails = np.asarray(
        normal.draw_tails(case.problem, case.spec, case.state.place, case.state.shape)
    )
    assert tails.min() >= 0
    assert 0 < tails.max() < 5e-3


def test_fixed_parameters_have_no_derivative(free_case):
    case = free_case
    free = np.array(case.problem.free)
    free[3, 1] = 0
    problem = case.problem._replace(free=free)
    linear = joint_fit.linear_at(problem, case.spec, case.state)
    assert (np.asarray(linear.tangents)[3, 1] == 0).all()
    assert linear.gradient[0][3, 1] == 0


def test_background_gram_is_that_of_the_basis(free_case):
    problem = free_case.problem
    gram = np.asarray(normal.background_gram(problem, problem.valid * 0 + 1))
    y, x = np.asarray(problem.basis_y), np.asarray(problem.basis_x)
    wanted = np.kron(y.T @ y, x.T @ x)
    # smooth products are averaged over blocks of pixels
    np.testing.assert_allclose(gram, wanted, atol=0.03 * wanted.max())


def test_below_the_floor_the_cost_is_a_smooth_parabola(free_case):
    case, floor = free_case, float(free_case.problem.floor)
    at = (case.state.place, case.state.shape, case.state.background)

    def cost(level):
        model = case.problem.data * 0 + np.float32(level)
        return float(normal.cost(case.problem, case.spec, at, model))

    around = [cost(floor * f) for f in (0.98, 0.99, 1.0, 1.01, 1.02)]
    left, right = np.diff(around)[:2].mean(), np.diff(around)[2:].mean()
    assert left == pytest.approx(right, rel=0.15)
    assert np.isfinite(cost(-1.0))
