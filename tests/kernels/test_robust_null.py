import numpy as np
import pytest
from scipy import stats

from temwidgets.kernels.robust_null import tail_p


@pytest.mark.parametrize("side", [-1, 0, 1])
@pytest.mark.parametrize("draw", ["normal", "t"])
def test_p_values_are_uniform_without_exceptions(side, draw):
    rng = np.random.default_rng(4)
    values = rng.normal(3, 2, 8000) if draw == "normal" else 3 + 2 * rng.standard_t(5, 8000)
    p = tail_p(values, side)
    assert np.quantile(np.abs(np.sort(p) - (np.arange(8000) + 0.5) / 8000), 1.0) < 0.03
    for level in (0.01, 0.001):
        assert (p < level).mean() < 2.5 * level + 3 * np.sqrt(level / 8000)


@pytest.mark.parametrize("side", [-1, 0])
def test_exceptions_do_not_hide_each_other(side):
    rng = np.random.default_rng(0)
    values = rng.normal(size=4000)
    values[:200] -= 8
    p = tail_p(values, side)
    assert p[:200].max() < 1e-4
    assert stats.kstest(tail_p(values, 1)[200:], "uniform").statistic < 0.08


def test_sides_mirror_each_other_and_scale_does_not_count():
    values = np.random.default_rng(0).normal(size=500)
    np.testing.assert_allclose(tail_p(values, -1), tail_p(-7 * values + 2, 1), rtol=1e-3, atol=1e-9)
