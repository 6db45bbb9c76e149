import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from temwidgets.kernels.linking import Trails, link


def test_the_sum_of_squares_is_least_and_no_step_is_too_long():
    here = np.array([(0.0, 0.0), (0.0, 1.0), (5.0, 5.0)])
    there = np.array([(0.0, 0.9), (0.0, 1.6), (9.0, 9.0)])
    # the nearest pair, 1 to 0, would leave nothing in reach of the other
    row, col = link(here, there, 1.2)
    assert sorted(zip(row.tolist(), col.tolist(), strict=True)) == [(0, 0), (1, 1)]
    assert link(here, np.empty((0, 2)), 1.0)[0].size == 0


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 99))
def test_a_link_is_one_to_one_within_reach(n, m, seed):
    rng = np.random.default_rng(seed)
    here, there = rng.random((n, 2)), rng.random((m, 2))
    row, col = link(here, there, 0.2)
    assert len(set(row)) == len(row)
    assert len(set(col)) == len(col)
    assert np.all(np.hypot(*(here[row] - there[col]).T) <= 0.2)


def test_trails_bridge_gaps_and_end_after_them():
    trails = Trails(reach=0.5, gap=1)
    place = np.array([(1.0, 1.0), (3.0, 3.0)])
    assert trails.add(0, place).tolist() == [0, 1]
    assert trails.add(1, place[1:] + 0.1).tolist() == [1]
    assert trails.add(2, place[::-1] + 0.2).tolist() == [1, 0]
    assert trails.add(5, place + 0.2).tolist() == [2, 3]
    assert trails.add(6, np.array([(np.nan, 1.0), (3.2, 3.2)])).tolist() == [-1, 3]
