import numpy as np
import pytest

from temwidgets.kernels.fourier import rings


@pytest.mark.parametrize("freedom", [2.0, 8.0])
def test_noise_has_one_level_three_ways(freedom):
    rng = np.random.default_rng(0)
    power = rng.gamma(freedom / 2, 2 / freedom, 40_000)
    found = rings.statistics(rng.uniform(0, 4, power.size), np.log10(power), freedom)
    assert found.ring.tolist() == [0, 1, 2, 3, 4]
    assert found.bins.sum() == power.size
    for level in (found.power, found.background, found.geometric):
        np.testing.assert_allclose(level, 0, atol=0.03)


def test_empty_rings_are_left_out_and_medians_are_exact():
    found = rings.statistics(np.array([0, 5, 5, 5, 5.2]), np.array([1.0, 4.0, 2.0, 3.0, 9.0]))
    assert found.ring.tolist() == [0, 5]
    assert found.background[1] == pytest.approx(3.5 - rings.log_median_over_mean(2))
