import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from temwidgets.kernels import conjugate_gradients, joint_fit, preconditioner


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31))
def test_sweeps_invert_positive_matrices(seed):
    half = np.random.default_rng(seed).standard_normal((5, 4, 4))
    blocks = (half @ np.swapaxes(half, 1, 2) + 0.5 * np.eye(4)).astype(np.float32)
    inverse = np.asarray(preconditioner.invert_symmetric(jnp.asarray(blocks)))
    np.testing.assert_allclose(inverse @ blocks, np.broadcast_to(np.eye(4), (5, 4, 4)), atol=2e-3)


def test_a_fixed_parameter_keeps_a_zero_row():
    block = np.array([[[2, 0, 1], [0, 0, 0], [1, 0, 2.0]]], np.float32)
    inverse = np.asarray(preconditioner.damped_inverse(jnp.asarray(block), 0.0))[0]
    assert (inverse[1] == 0).all()
    np.testing.assert_allclose(inverse[::2, ::2], np.linalg.inv(block[0][::2, ::2]), rtol=1e-4)


def prepared(case):
    linear = joint_fit.linear_at(case.problem, case.spec, case.state)
    return preconditioner.build(
        case.problem, case.spec, linear, case.state.place[:, 0], jnp.float32(1e-5)
    )


def test_it_is_symmetric_and_positive(case, flatten, random_unknowns):
    levels = prepared(case)
    one, two = random_unknowns(case, 1), random_unknowns(case, 2)

    def applied(v):
        return flatten(case, preconditioner.apply(case.problem, case.spec, levels, v))

    assert flatten(case, two) @ applied(one) == pytest.approx(
        flatten(case, one) @ applied(two), rel=0.01, abs=1e-6
    )
    assert flatten(case, one) @ applied(one) > 0


def test_the_solve_answers_the_dense_system(case, dense_of, turn_of, flatten, random_unknowns):
    problem, spec = case.problem, case.spec
    linear = joint_fit.linear_at(problem, spec, case.state)
    turn = turn_of(case)
    fisher = turn.T @ dense_of(case)[0] @ turn
    wanted = random_unknowns(case, 4)
    right_flat = fisher @ flatten(case, wanted)
    right = [np.zeros_like(v) for v in wanted]
    sizes = np.cumsum([48, 3 * case.shapes])
    right[0][:16] = right_flat[: sizes[0]].reshape(16, 3)
    right[1][: case.shapes] = right_flat[sizes[0] : sizes[1]].reshape(-1, 3)
    right[2][:] = right_flat[sizes[1] :].reshape(right[2].shape)
    undamped = jnp.float32(0)
    levels = preconditioner.build(problem, spec, linear, case.state.place[:, 0], undamped)
    answer, iterations = conjugate_gradients.solve(
        problem, spec, linear, levels, tuple(right), undamped, 1e-5
    )
    # conjugate gradients in single precision
    np.testing.assert_allclose(flatten(case, answer), flatten(case, wanted), atol=0.03)
    assert int(iterations) < conjugate_gradients.SOLVER_ITERATIONS
