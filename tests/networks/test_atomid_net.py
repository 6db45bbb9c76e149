"""AtomID-Net as published: shapes, target, loss, batches, and that it learns."""

import equinox as eqx
import jax
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from temwidgets.networks import store
from temwidgets.networks.atomid_batches import (
    SIGMA,
    HeatBatch,
    heat_example,
    heat_map,
    normalised,
    pair_heat,
    synthetic_heat,
)
from temwidgets.networks.atomid_loss import atomid_loss, heat_spacing_loss, mean_square_loss
from temwidgets.networks.atomid_net import AtomIDNet, PlainUNet
from temwidgets.networks.batches import Pair, batches, stack
from temwidgets.networks.training import Trainer

SMALL = (4, 6, 8, 8)


def square_lattice(shape, spacing):
    axes = (np.arange(spacing / 2, n, spacing) for n in shape)
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)


# --- the network ---------------------------------------------------------------------------


def test_maps_have_the_resolution_of_the_image():
    seen = np.random.default_rng(0).standard_normal((2, 24, 40, 1), np.float32)
    answer = AtomIDNet(jax.random.key(0), SMALL)(seen)
    assert answer.heat.shape == (2, 24, 40)
    assert answer.spacing.shape == (2,)
    assert PlainUNet(jax.random.key(0), SMALL)(seen).shape == (2, 24, 40)


@pytest.mark.parametrize("name", ["atomid_net", "plain_unet"])
def test_networks_are_stored_in_four_megabytes(name, tmp_path):
    model = store.build(name)
    path = store.save(store.Network(model, {"architecture": name}), tmp_path / "net")
    assert path.stat().st_size < 4e6
    again = store.load(path).model
    assert eqx.tree_equal(again, model)


def test_other_numbers_of_levels_are_refused():
    with pytest.raises(ValueError, match=r"four numbers, .* but \(4, 8\) came"):
        AtomIDNet(jax.random.key(0), (4, 8))


# --- what it is to answer ------------------------------------------------------------------


def test_the_target_is_impulses_convolved_with_an_unnormalised_gaussian():
    shape, spacing = (60, 84), 12.0
    columns = square_lattice(shape, spacing)
    impulses = np.zeros(shape)
    impulses[tuple(columns.astype(int).T)] = 1
    sigma = SIGMA * spacing
    expected = gaussian_filter(impulses, sigma, truncate=8, mode="constant") * 2 * np.pi * sigma**2
    np.testing.assert_allclose(heat_map(columns, spacing, shape), expected, atol=1e-3)


def test_the_target_of_one_column_between_pixels():
    y, x = np.mgrid[:20, :30]
    expected = np.exp(-((y - 7.3) ** 2 + (x - 11.8) ** 2) / (2 * (0.15 * 10) ** 2))
    np.testing.assert_allclose(heat_map([[7.3, 11.8]], 10.0, (20, 30)), expected, atol=1e-6)


def test_an_empty_image_has_no_heat_and_no_spacing():
    made = heat_example(np.ones((16, 24)), np.zeros((0, 2)), float("nan"))
    assert not made.heat.any()
    assert np.isnan(made.spacing)
    assert np.isfinite(made.channels).all()


def test_what_it_sees_is_normalised_and_missing_pixels_are_filled():
    image = 7 + 3 * np.random.default_rng(1).standard_normal((40, 56)).astype(np.float32)
    image[5:8, 10:20] = np.nan
    seen = normalised(image)
    assert seen.shape == (40, 56, 1)
    assert seen.mean() == pytest.approx(0, abs=0.01)
    assert seen.std() == pytest.approx(1, abs=0.01)


# --- the loss ------------------------------------------------------------------------------


def test_the_loss_is_the_published_one():
    rng = np.random.default_rng(2)
    heat, true = rng.random((2, 3, 8, 12))
    spacing, known = np.array([10.0, 12.0, 20.0]), np.array([11.0, 9.0, 20.5])
    expected = 0.0
    for n in range(3):
        expected += 0.1 * np.sum((heat[n] - true[n]) ** 2) + (spacing[n] - known[n]) ** 2
    expected /= 2 * 3
    assert heat_spacing_loss(heat, spacing, true, known) == pytest.approx(expected, rel=1e-5)


def test_images_without_columns_say_nothing_of_the_spacing():
    heat = np.zeros((2, 4, 4))
    known = np.array([11.0, np.nan], np.float32)

    def loss(spacing):
        return heat_spacing_loss(heat, spacing, heat, known)

    value, gradient = jax.value_and_grad(loss)(np.array([10.0, 30.0], np.float32))
    assert value == pytest.approx(1 / 4)
    np.testing.assert_allclose(gradient, [-0.5, 0.0])


# --- batches and training ------------------------------------------------------------------


def test_batches_repeat_themselves_from_their_seed():
    made = [
        next(batches(synthetic_heat(32, snr=(5, 5)), size=2, seed=3, start=k)) for k in (0, 0, 1)
    ]
    assert made[0].channels.shape == (2, 32, 32, 1)
    assert made[0].heat.shape == (2, 32, 32)
    np.testing.assert_array_equal(made[0].channels, made[1].channels)
    assert not np.array_equal(made[0].channels, made[2].channels)


def test_pairs_are_turned_together_with_their_columns():
    columns = square_lattice((70, 90), 14.0) + np.array([1.3, -0.6])
    pair = Pair(heat_map(columns, 14.0, (70, 90)), columns)
    for seed in range(6):
        made = pair_heat([pair], 48)(np.random.SeedSequence(seed))
        # columns beyond the border still shine in
        inner = np.s_[10:-10, 10:-10]
        seen, true = made.channels[..., 0][inner], made.heat[inner]
        assert np.corrcoef(seen.ravel(), true.ravel())[0, 1] > 0.99
        assert 0.79 * 14 < made.spacing < 1.26 * 14
    with pytest.raises(ValueError, match="needs two columns or more"):
        pair_heat([Pair(pair.image, columns[:1])], 32)


def one_batch():
    rng = np.random.default_rng(5)
    examples = []
    for spacing in (8.0, 11.0):
        columns = square_lattice((32, 48), spacing)
        clean = heat_map(columns, spacing, (32, 48))
        image = clean + 0.3 * rng.standard_normal((32, 48))
        examples.append(heat_example(image, columns, spacing))
    return stack(examples)


@pytest.mark.parametrize(
    ("architecture", "loss"), [(AtomIDNet, atomid_loss), (PlainUNet, mean_square_loss)]
)
def test_training_reduces_the_loss(architecture, loss):
    batch = one_batch()
    assert isinstance(batch, HeatBatch)
    trainer = Trainer(architecture(jax.random.key(0), SMALL), loss, steps=30, learning_rate=1e-2)
    losses = list(trainer.run(iter([batch] * 30)))
    assert losses[-1] < 0.7 * losses[0]
