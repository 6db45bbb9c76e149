import numpy as np
import pytest

from temwidgets.networks import score_places
from temwidgets.networks.validation import Score, total


def test_scores_of_a_worked_example():
    true = np.array([[0.0, 0.0], [0.0, 10.0], [10.0, 0.0], [10.0, 10.0]])
    found = np.array([[0.3, 0.4], [0.0, 10.0], [30.0, 30.0]])
    score = score_places(found, true, 2.0)
    assert (score.right, score.found, score.true) == (2, 3, 4)
    assert score.precision == pytest.approx(2 / 3)
    assert score.recall == pytest.approx(0.5)
    assert score.f1 == pytest.approx(4 / 7)
    assert score.jaccard == pytest.approx(2 / 5)
    assert score.rmse == pytest.approx(np.sqrt(0.25 / 4))
    there = (0.5 + 0 + np.hypot(20, 20)) / 3
    back = (0.5 + 0 + np.hypot(9.7, 0.4) + 10) / 4
    assert score.chamfer == pytest.approx((there + back) / 2)


def test_two_found_at_one_column_are_one_right():
    score = score_places(np.array([[0.0, 0.5], [0.0, -0.2]]), np.array([[0.0, 0.0]]), 1.0)
    assert (score.right, score.found) == (1, 2)
    assert score.rmse == pytest.approx(0.2 / np.sqrt(2))


def test_nothing_where_nothing_is_is_perfect():
    empty = np.empty((0, 2))
    assert score_places(empty, empty, 1.0).f1 == 1
    assert score_places(empty, empty, 1.0).jaccard == 1
    assert score_places(np.zeros((1, 2)), empty, 1.0).f1 == 0
    assert score_places(empty, np.zeros((1, 2)), 1.0).recall == 0


def test_scores_add_up():
    one, other = Score(1, 2, 3, 0.5, 1.0), Score(3, 3, 4, 1.5, 2.0)
    assert total([one, other]) == Score(4, 5, 7, 2.0, 1.5)
