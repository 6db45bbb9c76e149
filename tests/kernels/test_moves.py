import jax.numpy as jnp
import numpy as np
import pytest

from temwidgets.kernels import moves


def test_steps_are_cut_to_the_bounds(free_case):
    case = free_case
    zero = [np.zeros(v.shape, np.float32) for v in case.state[:3]]
    zero[0][3] = [-100, 50, 0]
    place, shape, _ = moves.move(case.problem, case.state[:3], tuple(map(jnp.asarray, zero)))
    assert place[3, 0] == 0
    assert float(jnp.hypot(*(place[3, 1:] - case.state.place[3, 1:]))) == pytest.approx(1, rel=1e-3)
    np.testing.assert_allclose(shape[:16], case.state.shape[:16], atol=1e-6)


def test_shapes_are_kept_in_their_range(free_case):
    problem = free_case.problem._replace(
        log_sigma_range=np.log(np.array([[1.0, 2.0], [1.0, 1.5]], np.float32))
    )
    shape = moves._clip_shape(problem, jnp.array([[2.0, 0.5, 0.5], [0.3, 0.0, 0.0]]))
    eta = np.hypot(*np.asarray(shape)[:, 1:].T)
    np.testing.assert_allclose(np.exp(np.asarray(shape)[:, 0] + eta)[0], 2.0, rtol=1e-5)
    np.testing.assert_allclose(np.exp(np.asarray(shape)[:, 0] - eta)[0], 1.5, rtol=1e-5)
    np.testing.assert_allclose(shape[1], [0.3, 0, 0], atol=1e-6)


def test_long_vectors_are_shortened():
    cut = moves._cut(jnp.array([[3.0, 4.0], [0.1, 0.0]]), 1.0)
    np.testing.assert_allclose(cut, [[0.6, 0.8], [0.1, 0]], rtol=1e-5)
