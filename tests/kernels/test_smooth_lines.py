import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from temwidgets.kernels.smooth_lines import smooth_line


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000), slope=st.floats(-50, 50), start=st.floats(-50, 50),
    shift=st.floats(-1e3, 1e3),
)  # fmt: skip
def test_a_straight_line_is_free(seed, slope, start, shift):
    rng = np.random.default_rng(seed)
    place = np.sort(rng.uniform(0, 10, 25)) + shift
    at = np.linspace(-1, 12, 30) + shift
    found = smooth_line(place, start + slope * (place - shift), np.ones(25), at, 20)
    size = abs(start) + 12 * abs(slope) + 1e-9
    np.testing.assert_allclose(found.values, start + slope * (at - shift), atol=1e-5 * size)


@pytest.mark.parametrize("bends", [0.0, 0.8, 2.5])
def test_the_error_holds_across_the_line(bends):
    place, at = np.linspace(0, 1, 40), np.linspace(0.02, 0.98, 33)
    pulls, scatter = [], []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        truth = [np.sin(2 * np.pi * bends * x + seed) for x in (place, at)]
        found = smooth_line(place, truth[0] + rng.normal(0, 0.2, 40), np.ones(40), at, 40)
        pulls.append((found.values - truth[1]) / found.error)
        scatter.append(found.scatter)
    assert 0.85 < np.std(pulls) < 1.15
    assert abs(np.mean(pulls)) < 0.15
    assert np.mean(scatter) == pytest.approx(0.2, rel=0.15)


def test_weights_count_and_the_fit_is_linear_in_the_values():
    rng = np.random.default_rng(3)
    place = np.linspace(0, 5, 30)
    values = np.sin(place) + rng.normal(0, 0.01, 30)
    weights = np.ones(30)
    spoilt = values.copy()
    spoilt[10] += 5.0
    weights[10] = 1e-9
    good = smooth_line(place, values, weights, place, 30)
    np.testing.assert_allclose(
        smooth_line(place, spoilt, weights, place, 30).values, good.values, atol=1e-3
    )
    more = smooth_line(place, 7 * values, weights, place, 30)
    np.testing.assert_allclose(more.values, 7 * good.values, atol=1e-9)
    np.testing.assert_allclose(more.error, 7 * good.error)


def test_beyond_the_values_it_goes_on_straight_and_is_less_sure():
    rng = np.random.default_rng(4)
    place = np.linspace(0, 1, 30)
    at = np.array([-0.4, -0.2, 0.0, 0.5])
    found = smooth_line(place, np.cos(5 * place) + rng.normal(0, 0.02, 30), np.ones(30), at, 30)
    assert found.values[0] - found.values[1] == pytest.approx(
        found.values[1] - found.values[2], rel=0.3
    )
    assert found.error[0] > 3 * found.error[2] > 3 * found.error[3]
