import numpy as np
import pytest

import temwidgets as tw
from temwidgets.networks import Pair, score_pairs


def test_a_network_is_scored_on_pairs():
    image, truth = tw.synthetic.hexagonal((96, 110), dose=200.0)
    columns = np.column_stack([truth["y"], truth["x"]])
    network = tw.networks.load("default")
    # a third of the columns are not in the second pair: what is found there is false
    half = columns[columns[:, 0] < 64]
    one = score_pairs(network, [Pair(image.values, columns)])
    both = score_pairs(network, [Pair(image.values, columns), Pair(image.values, half)])
    assert float(one["f1"]) > 0.96
    assert one["rmse"].attrs["units"] == "px"
    assert float(one["rmse"]) < 1
    assert both["n_true"] == len(columns) + len(half)
    assert both["n_found"] == 2 * one["n_found"]
    assert float(both["recall"]) > 0.96
    assert float(both["precision"]) == pytest.approx(
        (len(columns) + len(half)) / (2 * len(columns)), abs=0.04
    )


def test_the_threshold_may_be_given():
    image, truth = tw.synthetic.hexagonal((64, 70), dose=200.0)
    pair = Pair(image.values, np.column_stack([truth["y"], truth["x"]]))
    network = tw.networks.load("default")
    assert (
        score_pairs(network, [pair], threshold=0.999)["n_found"]
        < score_pairs(network, [pair])["n_found"]
    )


def test_an_image_of_nothing_is_a_pair_too():
    noise = np.random.default_rng(0).poisson(20, (90, 80)).astype(np.float32)
    score = score_pairs(tw.networks.load("default"), [Pair(noise, np.empty((0, 2)))], threshold=0.9)
    assert score["n_true"] == 0
    assert float(score["f1"]) == 1
