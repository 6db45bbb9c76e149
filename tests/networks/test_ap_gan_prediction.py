import jax
import numpy as np
import pytest

from temwidgets.networks import tiles
from temwidgets.networks.answers import Answer, Prediction
from temwidgets.networks.ap_gan import APGan
from temwidgets.networks.ap_gan_pairs import image_channels, probability_maps
from temwidgets.networks.ap_gan_prediction import detect_species, see
from temwidgets.networks.prediction import predict
from temwidgets.networks.recipes.ap_gan import multilayer_pair
from temwidgets.networks.store import Network


@pytest.fixture(name="model", scope="module")
def _model():
    return APGan(jax.random.key(0), channels=4, blocks=2, species=3)


def _columns(shape=(90, 70), apart=12):
    y, x = np.mgrid[8 : shape[0] - 4 : apart, 8 : shape[1] - 4 : apart].reshape(2, -1)
    rng = np.random.default_rng(0)
    columns = np.stack([y, x], axis=1) + rng.uniform(-0.5, 0.5, (len(y), 2))
    return columns, rng.integers(0, 3, len(y))


def test_columns_are_found_between_pixels_with_their_species():
    columns, species = _columns()
    found = detect_species(
        probability_maps(columns, species, (90, 70), count=3, sigma=1.8), separation=6
    )
    order = np.lexsort(np.rint(found.place).T)
    wanted = np.lexsort(np.rint(columns).T)
    np.testing.assert_allclose(found.place[order], columns[wanted], atol=0.02)
    np.testing.assert_array_equal(found.species[order], species[wanted])


def test_the_strongest_species_wins_where_two_are_near():
    maps = probability_maps(np.array([[20.0, 20], [22, 21]]), [0, 2], (40, 40), count=3, sigma=2)
    maps[..., 0] *= 0.7
    found = detect_species(maps, separation=6)
    assert found.species.tolist() == [2]
    assert found.probability == pytest.approx([1])
    assert len(detect_species(maps, separation=2).species) == 2
    assert len(detect_species(0.2 * maps, threshold=0.3).species) == 0


def test_nothing_is_found_in_nothing():
    assert detect_species(np.zeros((20, 30, 3), np.float32), threshold=0.0).place.shape == (0, 2)


@pytest.mark.parametrize("shape", [(150, 61), (97, 290)])
def test_tiles_give_what_the_whole_gives(model, shape, monkeypatch):
    channels = image_channels(np.random.default_rng(0).standard_normal(shape))
    padded = np.pad(channels, [(0, -shape[0] % 64), (0, -shape[1] % 64), (0, 0)])
    whole = np.asarray(model(padded[None])[0])[: shape[0], : shape[1]]
    seen = []
    monkeypatch.setattr(tiles, "_TILE", 192)
    tiled = tiles.apply(model, channels, report=seen.append)
    np.testing.assert_allclose(tiled, whole, atol=1e-4)
    assert seen[-1] == 1


def test_an_image_on_another_scale_is_brought_to_that_of_the_network(model, monkeypatch):
    monkeypatch.setattr("temwidgets.networks.prediction._DOUBT", -1.0)  # of random weights
    network = Network(model, {"architecture": "ap_gan", "spacing": 12.0})
    image = np.zeros((60, 81))
    image[5:9, 5:9] = np.nan
    same, half = (see(model, image), predict(network, image, spacings=(24.0,)))
    assert same.probability.shape == (60, 81)
    assert half.zoom == 0.5
    assert half.answer.probability.shape == (30, 40)
    assert 0 <= half.certainty() <= 1


def test_columns_are_told_in_pixels_of_the_image():
    columns, species = _columns()
    maps = probability_maps(columns, species, (90, 70), count=3, sigma=1.8)

    def detect(threshold, separation):
        return detect_species(maps, threshold=threshold, separation=separation or 6)

    answer = Answer(maps.max(axis=-1), 1, 12.0, detect)
    found = Prediction(answer, 0.5, (180, 140), 24.0, 12.0).columns()
    place = (columns + 0.5) / 0.5 - 0.5
    away = np.abs(found.place[:, None] - place[None]).max(-1).min(1)
    assert len(found.place) == len(columns)
    assert away.max() < 0.05


def test_the_recipe_makes_pairs_of_three_species_again_and_again():
    pair, again = (multilayer_pair(3, 96, lost=0.7) for _ in range(2))
    np.testing.assert_array_equal(pair.image, again.image)
    assert 0.65 < np.isnan(pair.image).mean() < 0.75
    image = multilayer_pair(3, 96).image
    places = np.rint(pair.columns).astype(int)
    kinds = [image[tuple(places[pair.species == kind].T)].mean() for kind in range(3)]
    assert kinds[0] > kinds[1] > kinds[2] > image.min()
