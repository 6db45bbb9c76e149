import numpy as np

from temwidgets.kernels import joint_fit


def test_the_fit_has_settled_near_the_truth(case):
    state = case.state
    assert bool(state.accepted)
    assert float(state.decrement) < 1e-3
    heights = np.asarray(state.place)[:16, 0]
    assert np.abs(heights[::2].mean() / heights[1::2].mean() * 90 / 200 - 1) < 0.1


def test_pearson_estimates_the_noise(case):
    estimate = joint_fit.pearson(case.problem, case.state, True, np.float32(112))
    unit = 1 / float(estimate)
    # counts over the unit of the image: its 99th percentile, some 250
    assert 200 < unit < 300


def test_tails_join_the_fixed_part(free_case):
    case = free_case
    fixed = np.zeros_like(case.state.model)
    problem, state = joint_fit.with_tails(case.problem, case.spec, case.state, fixed)
    added = np.asarray(state.model - case.state.model)
    np.testing.assert_allclose(added, np.asarray(problem.offset), atol=1e-6)
    again, _ = joint_fit.with_tails(problem, case.spec, state, fixed)
    np.testing.assert_allclose(again.offset, problem.offset, atol=1e-6)
