import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from temwidgets.widgets.views._axes import decade_ticks, round_ticks
from temwidgets.widgets.views._bins import bin_edges, counts, outline, robust_range

FLOATS = st.lists(st.floats(-1e6, 1e6) | st.just(np.nan), max_size=60).map(np.array)


@given(FLOATS)
def test_edges_rise_and_hold_every_value_in_range(values):
    values = values.astype(float)
    limits = robust_range(values)
    edges = bin_edges(values, "auto", limits)
    assert (np.diff(edges) > 0).all()
    inside = (values >= edges[0]) & (values <= edges[-1])
    assert counts(values, edges).sum() == inside.sum()


def test_outliers_do_not_squash_the_range():
    values = np.r_[np.random.default_rng(0).normal(5, 1, 1000), 1e6, -1e6]
    low, high = robust_range(values)
    assert -5 < low < 2
    assert 8 < high < 15


def test_constant_and_empty_values_have_a_range():
    assert robust_range(np.array([3.0, 3.0, np.nan])) == (1.5, 4.5)
    assert robust_range(np.array([0.0])) == (-0.5, 0.5)
    assert robust_range(np.array([np.nan])) == (0.0, 1.0)


def test_whole_numbers_get_whole_bins():
    edges = bin_edges(np.array([0, 1, 1, 2]), "auto", (0, 2))
    assert edges.tolist() == [-0.5, 0.5, 1.5, 2.5]


def test_outline_is_a_closed_stair():
    x, y = outline(np.array([0.0, 1, 2]), np.array([3, 5]))
    assert x.tolist() == [0, 0, 1, 1, 2, 2]
    assert y.tolist() == [0, 3, 3, 5, 5, 0]


@given(st.floats(-1e5, 1e5), st.floats(1e-3, 1e5))
def test_ticks_are_few_and_inside(low, width):
    ticks = round_ticks(low, low + width)
    assert 2 <= len(ticks) <= 8
    assert min(ticks) >= low - 1e-6 * width
    assert max(ticks) <= low + width * (1 + 1e-6)


@pytest.mark.parametrize(
    ("high", "expected"), [(50, [1, 10]), (1, [1]), (2000, [1, 10, 100, 1000])]
)
def test_decades(high, expected):
    assert decade_ticks(0.7, high) == expected


def test_counts_have_ticks_at_whole_numbers():
    assert round_ticks(0, 1.06, whole=True) == [0.0, 1.0]
    assert round_ticks(0, 3.2, whole=True) == [0.0, 1.0, 2.0, 3.0]
    assert round_ticks(0, 106, whole=True) == round_ticks(0, 106)
