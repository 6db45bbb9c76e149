import numpy as np
import pytest

from temwidgets.kernels.change_points import likeliest_step, robust_scale


def test_a_step_is_found_with_its_size_and_error():
    rng = np.random.default_rng(0)
    values = rng.normal(0, 0.1, (20, 2))
    values[12:] += (0.5, -0.3)
    values[3] = np.nan
    step = likeliest_step(values, np.full((20, 2), 0.1), 2)
    assert step.at == 12
    assert step.after - step.before == pytest.approx((0.5, -0.3), abs=0.15)
    assert step.error == pytest.approx(0.1 * np.sqrt(1 / 11 + 1 / 8), rel=1e-6)
    assert step.p < 1e-9
    assert likeliest_step(values[:4], np.full((4, 2), 0.1), 2) is None


def test_chance_is_not_underrated():
    rng = np.random.default_rng(1)
    p = [likeliest_step(rng.normal(0, 1, (12, 1)), np.ones((12, 1)), 2).p for _ in range(600)]
    assert np.mean(np.array(p) < 0.05) < 0.06
    assert np.mean(np.array(p) < 0.05) > 0.005


def test_the_scale_of_errors_takes_no_heed_of_steps():
    rng = np.random.default_rng(2)
    values = rng.normal(0, 0.3, (30, 40))
    values[15:, :10] += 5
    assert robust_scale(values, np.full(values.shape, 0.1)) == pytest.approx(3, rel=0.1)
    assert robust_scale(values[:2, :3], np.ones((2, 3))) == 1.0
