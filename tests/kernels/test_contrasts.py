import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from temwidgets.kernels import contrasts


def board(rng, size=16):
    places = np.mgrid[:size, :size].reshape(2, -1).T.astype(float)
    return places + rng.normal(0, 0.05, places.shape), places.sum(axis=1) % 2 == 0


def backgrounds(places):
    return {
        "none": contrasts.smooth_background(places, 0),
        "smooth": contrasts.smooth_background(places, 4),
        "local": contrasts.local_background(places, 24),
    }


@given(seed=st.integers(0, 1000), n=st.integers(4, 40), m=st.integers(4, 40))
def test_without_background_it_is_welchs_test(seed, n, m):
    rng = np.random.default_rng(seed)
    values = np.r_[rng.normal(0, 1, n), rng.normal(1, 3, m)]
    first = np.arange(n + m) < n
    places = rng.normal(size=(n + m, 2))
    found = contrasts.contrast(values, first, contrasts.smooth_background(places, 0))
    expected = stats.ttest_ind(values[first], values[~first], equal_var=False)
    assert found.t == pytest.approx(expected.statistic)
    assert found.p_value == pytest.approx(expected.pvalue)
    assert found.freedom == pytest.approx(expected.df)
    assert found.difference == pytest.approx(values[first].mean() - values[~first].mean())


@settings(deadline=None, max_examples=15)
@given(step=st.floats(-5, 5), slope=st.floats(-1e3, 1e3), kind=st.sampled_from(["smooth", "local"]))
def test_a_slope_is_no_difference(step, slope, kind):
    rng = np.random.default_rng(0)
    places, first = board(rng)
    values = step * first + slope * (places[:, 0] - 0.3 * places[:, 1])
    values += rng.normal(size=values.size)
    flat = values - slope * (places[:, 0] - 0.3 * places[:, 1])
    off = backgrounds(places)[kind]
    found, expected = (contrasts.contrast(v, first, off) for v in (values, flat))
    assert found.difference == pytest.approx(expected.difference, abs=1e-6 * (1 + abs(slope)))
    assert found.difference == pytest.approx(step, abs=5 * found.error)


@pytest.mark.parametrize("kind", ["none", "smooth", "local"])
def test_errors_and_p_values_are_calibrated(kind):
    rng = np.random.default_rng(1)
    places, first = board(rng)
    off = backgrounds(places)[kind]
    found = [
        contrasts.contrast(rng.normal(0, np.where(first, 1, 2.5)), first, off) for _ in range(400)
    ]
    assert np.std([f.difference / f.error for f in found]) == pytest.approx(1, abs=0.12)
    assert stats.kstest([f.p_value for f in found], "uniform").pvalue > 0.005
    assert np.mean([f.spread for f in found]) == pytest.approx(np.sqrt((1 + 2.5**2) / 2), rel=0.05)


def test_permutations_agree_with_welch():
    rng = np.random.default_rng(2)
    places, first = board(rng, 10)
    off = contrasts.local_background(places, 24)
    for step in (0.0, 0.4):
        values = step * first + rng.normal(size=first.size)
        p = contrasts.permuted_p(values, first, off, 1999, 0)
        assert p == pytest.approx(contrasts.contrast(values, first, off).p_value, abs=0.05)
        assert p == contrasts.permuted_p(values, first, off, 1999, 0)
    far = contrasts.permuted_p(5.0 * first + rng.normal(size=first.size), first, off, 99, 0)
    assert far == pytest.approx(0.01)


def test_what_the_background_holds_is_not_told():
    rng = np.random.default_rng(0)
    places, _ = board(rng)
    values = rng.normal(size=len(places))
    far = places.copy()
    first = places[:, 0] > 7.5
    far[first] += 1000
    off = contrasts.local_background(far, 24)
    assert np.isnan(contrasts.contrast(values, first, off).difference)
    assert np.isnan(contrasts.permuted_p(values, first, off, 99, 0))


def test_values_that_do_not_scatter():
    places, first = board(np.random.default_rng(0))
    off = contrasts.smooth_background(places, 0)
    found = contrasts.contrast(np.zeros(first.size), first, off)
    assert (found.difference, found.error) == (0, 0)
    assert np.isnan(found.p_value)
    assert np.isnan(contrasts.permuted_p(np.zeros(first.size), first, off, 99, 0))
