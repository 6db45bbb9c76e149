import jax
import numpy as np
import pytest

from temwidgets.kernels import joint_fit, priors


@pytest.fixture
def drawn(free_case):
    """A prior with every part at work, and unknowns away from it."""
    rng = np.random.default_rng(0)
    state = free_case.state
    at = tuple(np.asarray(v) for v in (state.place, state.shape, state.background))
    prior = free_case.problem.prior._replace(
        height_weight=rng.uniform(0, 2, len(at[0])).astype(np.float32), noise=np.float32(0.3)
    )
    away = tuple((v + rng.normal(0, 0.2, v.shape)).astype(np.float32) for v in at)
    return prior, away


def test_pull_is_minus_the_slope_of_the_value(drawn):
    prior, at = drawn
    slope = jax.grad(lambda *v: priors.value(prior, *v), argnums=(0, 1, 2))(*at)
    for pull, wanted in zip(priors.pull(prior, *at), slope, strict=True):
        np.testing.assert_allclose(pull, -wanted, atol=1e-4)


def test_stiffness_is_the_second_derivative(drawn):
    prior, at = drawn
    step = tuple(np.random.default_rng(1).normal(size=v.shape).astype(np.float32) for v in at)
    slope = jax.grad(lambda *v: priors.value(prior, *v), argnums=(0, 1, 2))
    _, change = jax.jvp(slope, at, step)
    for stiff, wanted in zip(priors.stiffness(prior, *step), change, strict=True):
        np.testing.assert_allclose(stiff, wanted, atol=1e-4)
    matrix = priors.background_matrix(prior)
    np.testing.assert_allclose(matrix @ step[2].ravel(), change[2].ravel(), atol=1e-4)
    own = priors.own_diagonal(prior, len(at[0]))
    np.testing.assert_allclose(own[:, 0] * step[0][:, 0], change[0][:, 0], atol=1e-4)


def test_counting_noise_alone_is_no_misfit():
    assert priors.noise_of(1.1, 1.0, 100) == 1
    assert priors.noise_of(3.2, 1.0, 100) == pytest.approx(1 + 2 * 100)


@pytest.mark.parametrize(("bend", "start"), [(1.9, 0.0), (1.5, 0.4), (1.0, 0.0)])
def test_columns_that_swing_are_damped_to_their_true_curvature(free_case, bend, start):
    """A cost that bends `bend` times as much as it is taken to: the next step goes to its least."""
    count = free_case.state.place.shape[0]
    before = np.ones((count, 3), np.float32)
    ratio = 1 - bend / (1 + start)
    hold = np.full(count, start, np.float32)
    state = free_case.state._replace(moved=before, hold=hold)
    found = joint_fit.hold_of(state, ratio * before)
    np.testing.assert_allclose(found, bend - 1, atol=1e-5)


def test_nothing_is_damped_at_first(free_case):
    state = free_case.state
    state = state._replace(moved=np.zeros_like(state.moved))
    assert not joint_fit.hold_of(state, np.ones_like(state.moved)).any()
