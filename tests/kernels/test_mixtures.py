import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from temwidgets.kernels.mixtures import borders, densities, fit_mixture, probabilities


@given(st.integers(0, 2**31), st.floats(-1e4, 1e4), st.floats(1e-3, 1e4))
@settings(max_examples=15, deadline=None)
def test_two_populations_are_recovered_at_any_scale(seed, offset, scale):
    rng = np.random.default_rng(seed)
    values = np.r_[rng.normal(0, 1, 1400), rng.normal(8, 1.5, 600)]
    fit = fit_mixture(offset + scale * values, 2)
    np.testing.assert_allclose(fit.weight, (0.7, 0.3), atol=0.005)
    np.testing.assert_allclose((fit.mean - offset) / scale, (0, 8), atol=0.3)
    np.testing.assert_allclose(fit.sd / scale, (1, 1.5), rtol=0.2)


def test_criteria_prefer_the_true_number():
    rng = np.random.default_rng(1)
    values = np.concatenate([rng.normal(mean, 0.4, 800) for mean in (2, 4, 6)])
    fits = [fit_mixture(values, n) for n in range(1, 6)]
    assert np.argmin([fit.bic for fit in fits]) == 2
    assert np.argmin([fit.icl for fit in fits]) == 2


def test_bic_is_that_of_all_values():
    values = np.random.default_rng(0).normal(3.0, 2.0, 9000)
    log_likelihood = -0.5 * values.size * (np.log(2 * np.pi * values.var()) + 1)
    expected = 2 * np.log(values.size) - 2 * log_likelihood
    assert fit_mixture(values, 1).bic == pytest.approx(expected, rel=1e-5)


def test_densities_integrate_to_one_and_probabilities_sum_to_one():
    parameters = np.array([0.3, 0.7]), np.array([1.0, 5.0]), np.array([0.5, 1.2])
    line = np.linspace(-10, 20, 3001)
    assert densities(line, *parameters).sum() * 0.01 == pytest.approx(1.0)
    chance = probabilities(np.array([-1e3, 1.0, 1e3]), *parameters)
    np.testing.assert_allclose(chance.sum(1), 1.0)
    np.testing.assert_allclose(chance[1], (0.99, 0.01), atol=0.02)


def test_borders_lie_between_means_and_a_wide_component_does_not_reach_over_a_narrow_one():
    border = borders(np.array([0.9, 0.1]), np.array([1.0, 2.0]), np.array([0.1, 3.0]))
    assert border.shape == (1,)
    assert 1.0 < border[0] < 2.0
    assert borders(np.ones(1), np.ones(1), np.ones(1)).size == 0


@pytest.mark.parametrize("n", [1, 3])
def test_constant_values_make_no_noise(n):
    fit = fit_mixture(np.full(40, 7.0), n)
    assert np.isfinite([*fit.weight, *fit.mean, *fit.sd]).all()
