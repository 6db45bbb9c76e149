import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

import temwidgets as tw
from temwidgets.analysis.scores import match_columns, pool_scores, score_columns


def test_scores_of_a_known_case():
    true = tw.make_columns([0, 0, 10], [0, 10, 0], labels=[5, 6, 7])
    found = tw.make_columns([0.3, 10, 50, 60], [0.4, 0, 50, 60])
    scores = score_columns(found, true, radius=1)
    assert (scores.n_found, scores.n_true, scores.n_matched) == (4, 3, 2)
    assert scores.precision == 0.5
    assert scores.recall == pytest.approx(2 / 3)
    assert scores.f1 == pytest.approx(4 / 7)
    assert scores.jaccard == pytest.approx(2 / 5)
    assert scores.rmse == pytest.approx(np.sqrt(0.5**2 / 2))
    assert scores.rmse.attrs["units"] == "nm"
    pairs = match_columns(found, true, radius=1)
    assert dict(zip(pairs.found.values, pairs.true.values, strict=True)) == {0: 5, 1: 7}
    assert pairs.dy.values == pytest.approx([0.3, 0])


def test_both_ways_of_the_chamfer_distance():
    true = tw.make_columns([0.0, 0, 10, 10], [0.0, 10, 0, 10])
    found = tw.make_columns([0.3, 0, 30], [0.4, 10, 30])
    there = (0.5 + 0 + np.hypot(20, 20)) / 3
    back = (0.5 + 0 + np.hypot(9.7, 0.4) + 10) / 4
    assert score_columns(found, true, radius=2).chamfer == pytest.approx(there + back)


def test_two_found_at_one_column_are_one_right():
    found, true = tw.make_columns([0, 0], [0.5, -0.2]), tw.make_columns([0], [0])
    scores = score_columns(found, true, radius=1)
    assert (scores.n_matched, scores.n_found) == (1, 2)
    assert scores.rmse == pytest.approx(0.2)


def test_scores_of_several_images_add_up():
    true = tw.make_columns([0, 0, 10], [0, 10, 0])
    one = score_columns(tw.make_columns([0.3, 50], [0.4, 50]), true, radius=1)
    other = score_columns(tw.make_columns([0, 0, 10], [0, 10, 0.2]), true, radius=1)
    nothing = score_columns(tw.make_columns([], []), tw.make_columns([], []), radius=1)
    both = pool_scores([one, other, nothing])
    assert (both.n_found, both.n_true, both.n_matched) == (5, 6, 4)
    assert both.f1 == pytest.approx(8 / 11)
    assert both.rmse == pytest.approx(np.sqrt((0.25 + 0.04) / 4))
    assert both.chamfer == pytest.approx((one.chamfer + other.chamfer) / 2)
    assert both.rmse.attrs["units"] == "nm"
    pixels = score_columns(*[tw.make_columns([1.0], [1.0], units="px")] * 2, radius=1)
    with pytest.raises(ValueError, match="2 came, in nm, px"):
        pool_scores([one, pixels])
    with pytest.raises(ValueError, match="0 came, in no unit"):
        pool_scores([])


def test_most_pairs_rather_than_nearest_first():
    found, true = tw.make_columns([0, 0], [1.0, 2.4]), tw.make_columns([0, 0], [0.0, 1.4])
    pairs = match_columns(found, true, radius=1.1)
    assert pairs.true.values.tolist() == [0, 1]


def test_perfect_and_empty():
    empty, one = tw.make_columns([], []), tw.make_columns([1.0], [2.0])
    assert score_columns(empty, empty, radius=1).f1 == 1
    assert score_columns(one, one, radius=1).chamfer == 0
    missed = score_columns(empty, one, radius=1)
    assert (missed.precision, missed.recall, missed.f1) == (1, 0, 0)
    assert np.isnan(missed.rmse)


def test_failed_columns_stay_unmatched():
    found = tw.make_columns([np.nan, 1.0], [np.nan, 2.0])
    scores = score_columns(found, tw.make_columns([1.0], [2.0]), radius=1)
    assert (scores.n_found, scores.n_matched, scores.chamfer) == (2, 1, 0)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 12), st.integers(1, 12))
def test_matching_is_optimal(seed, n, m):
    rng = np.random.default_rng(seed)
    here, there = rng.uniform(0, 5, (n, 2)), rng.uniform(0, 5, (m, 2))
    pairs = match_columns(tw.make_columns(*here.T), tw.make_columns(*there.T), radius=1)
    distance = np.linalg.norm(here[:, None] - there[None], axis=2)
    cost = np.where(distance <= 1, distance, 1000)
    i, j = linear_sum_assignment(cost)
    best = distance[i, j][cost[i, j] < 1000]
    assert pairs.sizes["pair"] == best.size
    assert pairs.distance.sum() == pytest.approx(best.sum())


def test_mistakes_get_a_sentence():
    one = tw.make_columns([1.0], [2.0])
    with pytest.raises(ValueError, match="must be positive, but 0 came"):
        score_columns(one, one, radius=0)
    with pytest.raises(ValueError, match="are in nm and true ones in px"):
        score_columns(one, tw.make_columns([1.0], [2.0], units="px"), radius=1)
