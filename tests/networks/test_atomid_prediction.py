"""AtomID-Net on images of any size, and the recipe of its weights."""

import sys

import jax
import numpy as np
import pytest

from temwidgets.networks import store, tiles
from temwidgets.networks.atomid_batches import normalised
from temwidgets.networks.atomid_net import AtomIDNet, PlainUNet
from temwidgets.networks.atomid_prediction import predict_heat
from temwidgets.networks.recipes import atomid_net as recipe

SMALL = (4, 6, 8, 8)


def noise(shape):
    return np.random.default_rng(0).normal(5, 2, shape).astype(np.float32)


def test_the_heat_is_that_of_the_network():
    model, image = AtomIDNet(jax.random.key(0), SMALL), noise((64, 128))
    answer = predict_heat(model, image)
    expected = model(normalised(image)[None])
    heat = np.clip(np.asarray(expected.heat[0]), 0, 2)
    np.testing.assert_allclose(answer.heat, heat, atol=1e-4)
    assert answer.spacing == pytest.approx(float(expected.spacing[0]), rel=1e-4)


def test_images_of_any_size():
    model = AtomIDNet(jax.random.key(0), SMALL)
    answer = predict_heat(model, noise((37, 50)))
    assert answer.heat.shape == (37, 50)
    assert np.isfinite(answer.spacing)


def test_large_images_are_done_in_tiles(monkeypatch):
    model, image = PlainUNet(jax.random.key(1), SMALL), noise((192, 320))
    whole = predict_heat(model, image)
    monkeypatch.setattr(tiles, "_TILE", 256)
    told = []
    parts = predict_heat(model, image, report=told.append)
    np.testing.assert_allclose(parts.heat, whole.heat, atol=1e-3)
    assert told[-1] == 1
    assert len(told) > 1
    assert np.isnan(parts.spacing)


def test_the_recipe_makes_weights_and_goes_on(tmp_path, monkeypatch):
    out = tmp_path / "net.safetensors"
    monkeypatch.setattr(recipe, "SIZE", 32)
    monkeypatch.setattr(recipe, "BATCH", 1)
    monkeypatch.setattr(recipe, "_EVERY", 1)
    monkeypatch.setattr(sys, "argv", ["recipe", str(out), "--steps", "2", "--plain"])
    recipe.main()
    made = store.load(out)
    assert made.card["architecture"] == "plain_unet"
    assert made.card["steps_done"] == 2
    recipe.main()  # nothing is left to do
    np.testing.assert_array_equal(
        store.load(out).model.body.tail.weight, made.model.body.tail.weight
    )
