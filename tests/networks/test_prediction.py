"""The scale on which a network looks at an image, and looking twice."""

import numpy as np
import pytest

import temwidgets as tw
from temwidgets.networks import prediction, residual_prediction, store
from temwidgets.networks.answers import Answer, Prediction
from temwidgets.networks.detection import Found


@pytest.fixture(scope="module")
def network():
    return store.load("default")


def hexagonal(dose):
    image, truth = tw.synthetic.hexagonal((150, 170), separation=9.0, dose=dose, seed=3)
    return image.values.astype(np.float32), truth


def f1(told, truth, threshold=0.4):
    found = tw.make_columns(*told.columns(threshold).place.T, units="px")
    return float(tw.score_columns(found, truth, radius=3.0)["f1"])


@pytest.mark.parametrize("guess", [4.5, 6.5, 9.0, 13.0, 18.0])
def test_a_wrong_guess_of_the_spacing_does_no_harm(network, guess):
    image, truth = hexagonal(dose=20)
    told = prediction.predict(network, image, spacings=(guess,))
    assert f1(told, truth) > 0.98
    assert told.spacing == pytest.approx(9.0, rel=0.08)


def test_in_noise_the_scale_is_found_without_a_guess(network):
    image, truth = hexagonal(dose=2)
    assert f1(prediction.predict(network, image), truth) > 0.95


def answered(probability, told, shape=(100, 120), cell=2):
    place = np.random.default_rng(0).uniform(5, 95, (len(probability), 2))

    def detect(threshold, separation):
        kept = np.asarray(probability) >= threshold
        return Found(place[kept], np.asarray(probability)[kept])

    return Prediction(Answer(np.zeros((4, 4)), cell, told, detect), 1.0, shape, told, 12.0)


def test_evidence_is_of_sure_and_many_columns_on_the_scale_assumed():
    many, few = answered([0.6] * 200, 12.0), answered([0.7], 12.0)
    assert few.certainty() > many.certainty()
    assert many.evidence() > few.evidence()
    unsure = answered([0.9] * 20 + [0.3] * 400, 12.0)
    assert answered([0.9] * 20, 12.0).evidence() > unsure.evidence()
    assert answered([0.6] * 200, 13.0).evidence() == pytest.approx(many.evidence())
    assert answered([0.6] * 200, 20.0).evidence() < 0.8 * many.evidence()
    assert answered([0.6] * 200, np.nan).evidence() == pytest.approx(many.evidence())
    assert answered([], 12.0).evidence() == 0


@pytest.mark.parametrize("shape", [(64, 96), (61, 97)])
def test_looking_twice_is_the_mean_of_both_ways_up(network, shape):
    image = hexagonal(dose=3)[0][: shape[0], : shape[1]]
    model = network.model
    both = residual_prediction.look_twice(model, image)
    once = residual_prediction.see(model, image)
    assert both.probability.shape == once.probability.shape
    even = image[: shape[0] // 2 * 2, : shape[1] // 2 * 2]
    turned = residual_prediction.look_twice(model, np.ascontiguousarray(even[::-1, ::-1]))
    whole = residual_prediction.look_twice(model, even)
    np.testing.assert_allclose(turned.probability[::-1, ::-1], whole.probability, atol=2e-3)
    first, second = whole.detect(0.4, None), turned.detect(0.4, None)
    mirrored = np.array(even.shape) - 1 - second.place
    near = np.hypot(*(first.place[:, None] - mirrored[None]).transpose(2, 0, 1)).min(axis=1)
    assert np.median(near) < 0.02


def test_only_a_network_that_is_not_sure_looks_twice(network, monkeypatch):
    looks = []
    twice = residual_prediction.look_twice

    def look_twice(*given):
        looks.append(1)
        return twice(*given)

    monkeypatch.setattr(residual_prediction, "look_twice", look_twice)
    clear = prediction.predict(network, hexagonal(dose=100)[0], spacings=(9.0,))
    assert clear.certainty() > 0.85
    assert looks == []
    prediction.predict(network, hexagonal(dose=0.7)[0], spacings=(9.0,))
    assert looks == [1]
