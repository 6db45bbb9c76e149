import jax
import jax.numpy as jnp
import numpy as np

from temwidgets.kernels import bias, gaussians

SCALE = 3.0


def test_curvature_is_that_of_the_gaussian():
    rng = np.random.default_rng(0)
    column = np.array([1.3, 0.2, -0.1, 0.7, 0.1, -0.2], np.float32)
    half = rng.standard_normal((6, 6)) * 0.1
    covariance = (half @ half.T).astype(np.float32)
    two = gaussians.monomials(5, gaussians.DEGREE_2, SCALE)
    four = gaussians.monomials(5, gaussians.DEGREE_4, SCALE)

    def drawn(p):
        return p[0] * jnp.exp(gaussians.exponent(p[1:], SCALE) @ two)

    unit = drawn(column) / column[0]
    quartic, quadratic = bias._column_curvature(
        jnp.asarray(column)[None], jnp.asarray(covariance)[None], SCALE
    )
    found = unit * (quartic[0] @ four + quadratic[0] @ two)
    second = jax.jacfwd(jax.jacfwd(drawn))(column)
    np.testing.assert_allclose(found, np.einsum("pij,ij->p", second, covariance), atol=2e-5)


def test_without_noise_nothing_is_corrected(free_case):
    case = free_case
    nothing = np.zeros((case.state.place.shape[0], 6, 6), np.float32)
    after = bias.corrected(case.problem, case.spec, case.state, nothing, np.float32(0.01))
    np.testing.assert_allclose(after.place, case.state.place, atol=1e-6)


def test_high_columns_are_lowered_less_than_an_error(free_case):
    case = free_case
    spread = np.zeros((case.state.place.shape[0], 6, 6), np.float32)
    spread[:16] = np.diag([4e-4, 2e-3, 2e-3, 1e-3, 1e-3, 1e-3]).astype(np.float32)
    after = bias.corrected(case.problem, case.spec, case.state, spread, np.float32(0.01))
    change = np.asarray(after.place - case.state.place)[:16]
    # a column that follows the noise comes out too high
    assert change[:, 0].mean() < 0
    assert np.abs(change).max() < 0.05


def test_poorly_determined_columns_are_left_alone(free_case):
    case = free_case
    spread = np.zeros((case.state.place.shape[0], 6, 6), np.float32)
    spread[:16] = 100 * np.eye(6, dtype=np.float32)
    after = bias.corrected(case.problem, case.spec, case.state, spread, np.float32(0.01))
    np.testing.assert_allclose(after.place, case.state.place, atol=1e-6)
