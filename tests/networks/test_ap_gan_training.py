from itertools import islice, repeat

import jax
import numpy as np
import pytest

from temwidgets.networks import store
from temwidgets.networks.ap_gan_loop import accept, predict_pairs, retrain
from temwidgets.networks.ap_gan_losses import ssim
from temwidgets.networks.ap_gan_pairs import map_batches, pair_maps, probability_maps
from temwidgets.networks.ap_gan_training import GanTrainer
from temwidgets.networks.batches import Pair

SMALL = {"channels": 12, "blocks": 4, "species": 2}


def _pair(seed=0, shape=(60, 52)):
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[6 : shape[0] : 12, 6 : shape[1] : 12].reshape(2, -1)
    columns = np.stack([y, x], axis=1) + rng.uniform(-1, 1, (len(y), 2))
    species = (y // 12 + x // 12) % 2
    maps = probability_maps(columns, species, shape, count=2, sigma=2.0)
    image = maps @ np.array([1.0, 0.4]) + 0.1 * rng.standard_normal(shape)
    return Pair(image.astype(np.float32), columns, species)


@pytest.fixture(name="pair", scope="module")
def _fixed_pair():
    return _pair()


def _trainer(steps):
    return GanTrainer(store.build("ap_gan", **SMALL), steps=steps, learning_rate=5e-3)


def _batches(pair, **options):
    return map_batches([pair], species=2, size=2, side=32, **options)


def _same(a, b):
    leaves = zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
    return all(np.array_equal(x, y) for x, y in leaves)


def test_maps_are_gaussians_of_a_width_that_goes_with_the_spacing():
    columns = np.array([[10.0, 10.0], [10.0, 30.0]])
    maps = pair_maps(Pair(np.zeros((20, 44)), columns, np.array([0, 1])), 2)
    assert maps[10, 10].tolist() == pytest.approx([1, 0])
    assert maps[10, 30].tolist() == pytest.approx([0, 1])
    assert maps[13, 10, 0] == pytest.approx(np.exp(-0.5))


def test_batches_repeat_and_go_on_where_they_stopped(pair):
    third = next(islice(_batches(pair, seed=5), 2, None))
    again = next(_batches(pair, seed=5, start=2))
    np.testing.assert_array_equal(third.channels, again.channels)
    np.testing.assert_array_equal(third.maps, again.maps)
    assert third.channels.shape == (2, 32, 32, 2)
    assert third.maps.shape == (2, 32, 32, 2)


def test_image_and_maps_are_turned_alike(pair):
    batch = next(_batches(pair, lost=0.0))
    image = batch.channels[..., 0].ravel()
    assert np.corrcoef(image, batch.maps[..., 0].ravel())[0, 1] > 0.7


def test_as_many_pixels_are_lost_as_asked(pair):
    shares = [1 - b.channels[..., 1].mean((1, 2)) for b in islice(_batches(pair), 20)]
    assert 0.65 < np.max(shares) < 0.75
    assert np.mean(np.ravel(shares) > 0.65) == pytest.approx(0.35, abs=0.2)


def test_wrong_pairs_and_options_are_told(pair):
    with pytest.raises(ValueError, match="no pairs"):
        next(map_batches([]))
    with pytest.raises(ValueError, match="share of pixels"):
        next(_batches(pair, lost="most"))
    with pytest.raises(ValueError, match="whole numbers from 0 to 0"):
        next(map_batches([pair], species=1))
    with pytest.raises(ValueError, match="two columns or more"):
        next(map_batches([pair._replace(columns=pair.columns[:1], species=None)]))


def test_training_makes_maps_like_the_right_ones(pair):
    batch = next(_batches(pair, lost=0.0))
    trainer = _trainer(60)
    losses = list(trainer.run(repeat(batch)))
    assert losses[-1].ssim < 0.2 * losses[0].ssim
    assert losses[-1].psnr > losses[0].psnr + 5
    assert all(np.isfinite(losses).ravel())
    # by running statistics the generator does as well
    assert float(ssim(trainer.model(batch.channels), batch.maps).mean()) > 1 - losses[0].ssim


def test_resumed_training_ends_in_the_same_weights(pair, tmp_path):
    whole = _trainer(6)
    list(whole.run(_batches(pair)))
    first = _trainer(6)
    for _ in first.run(_batches(pair)):
        if first.step == 3:
            break
    first.save(tmp_path / "state")
    second = _trainer(6)
    second.resume(tmp_path / "state")
    assert second.step == 3
    list(second.run(_batches(pair, start=3)))
    assert _same(second.state, whole.state)


def test_the_loop_of_prediction_correction_and_retraining(pair):
    card = {"architecture": "ap_gan", "options": SMALL, "spacing": 12.0}
    network = store.Network(store.build("ap_gan", **SMALL), card)
    predicted = predict_pairs(network, [pair.image])[0]
    assert predicted.columns.shape[1] == 2
    corrected = accept(predicted, pair.columns, pair.species)
    seen = []
    options = {"steps": 3, "size": 1, "side": 32, "watch": lambda step, _: seen.append(step)}
    new = retrain(network, [corrected], **options)
    assert seen == [1, 2, 3]
    assert new.card["retrained"]["pairs"] == 1
    assert not _same(new.model, network.model)
    assert _same(retrain(network, [corrected], **options).model, new.model)


def test_corrected_columns_get_the_species_of_the_nearest(pair):
    moved = accept(pair, pair.columns[3:] + 0.5)
    np.testing.assert_array_equal(moved.species, pair.species[3:])
    assert accept(pair).columns is pair.columns
    with pytest.raises(ValueError, match="one species"):
        accept(pair, pair.columns, pair.species[1:])
    with pytest.raises(ValueError, match=r"array \(n, 2\)"):
        accept(pair, pair.columns[:, :1])
