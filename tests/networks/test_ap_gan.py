import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from temwidgets.networks import store
from temwidgets.networks.ap_gan import APGan, BatchNorm, Discriminator


def test_maps_have_the_size_of_the_image_and_are_probabilities():
    model = APGan(jax.random.key(0), channels=4, blocks=2, species=3)
    maps = np.asarray(model(jnp.ones((2, 13, 22, 2))))
    assert maps.shape == (2, 13, 22, 3)
    assert (maps > 0).all()
    assert (maps < 1).all()


def test_the_published_generator_has_fifteen_blocks_and_little_weight():
    model = store.build("ap_gan", species=3)
    assert len(model.blocks) == 15
    count = sum(leaf.size for leaf in jax.tree.leaves(eqx.filter(model, eqx.is_array)))
    assert 4 * count < 1e6


def test_the_discriminator_scores_patches():
    scores = Discriminator(jax.random.key(0), 3)(jnp.ones((2, 48, 32, 3)))
    assert scores.shape == (2, 6, 4)


def test_batch_norm_normalises_by_the_batch_while_it_learns():
    x = 3 + 2 * np.random.default_rng(0).standard_normal((4, 20, 30, 5)).astype(np.float32)
    layer = BatchNorm(5)
    out, batch = layer.learn(x)
    np.testing.assert_allclose(out.mean((0, 1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(out.var((0, 1, 2)), 1, atol=1e-4)
    np.testing.assert_allclose(batch.mean, x.mean((0, 1, 2)), rtol=1e-5)
    np.testing.assert_allclose(batch.variance, x.var((0, 1, 2)), rtol=1e-4)


def test_batch_norm_comes_to_the_statistics_of_its_batches():
    x = 3 + 2 * np.random.default_rng(0).standard_normal((4, 20, 30, 5)).astype(np.float32)
    layer = BatchNorm(5)
    out, batch = layer.learn(x)
    once = layer.remember(batch)
    np.testing.assert_allclose(once.mean, 0.1 * batch.mean, rtol=1e-5)
    np.testing.assert_allclose(once.variance, 0.9 + 0.1 * batch.variance, rtol=1e-5)
    for _ in range(150):
        layer = layer.remember(batch)
    np.testing.assert_allclose(layer(x), out, atol=1e-4)


def test_running_statistics_get_no_gradient():
    model = APGan(jax.random.key(0), channels=4, blocks=1)
    x = jax.random.normal(jax.random.key(1), (1, 12, 12, 2))
    slope = eqx.filter_grad(lambda m: m.learn(x)[0].sum())(model)
    norm = slope.blocks[0].first_norm
    assert not np.any(norm.mean)
    assert not np.any(norm.variance)
    assert np.any(norm.gain)


def test_statistics_are_stored_with_the_weights(tmp_path):
    model = store.build("ap_gan", channels=4, blocks=2, species=2)
    x = jax.random.normal(jax.random.key(1), (1, 16, 16, 2))
    model = model.remember(model.learn(x)[1])
    options = {"channels": 4, "blocks": 2, "species": 2}
    card = {"architecture": "ap_gan", "options": options, "spacing": 12.0}
    path = store.save(store.Network(model, card), tmp_path / "net")
    loaded = store.load(path).model
    np.testing.assert_array_equal(loaded(x), model(x))
    assert loaded.blocks[1].first_norm.mean == pytest.approx(model.blocks[1].first_norm.mean)
    assert np.any(loaded.blocks[1].first_norm.mean)
