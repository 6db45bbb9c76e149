import numpy as np
import pytest

import temwidgets as tw
from temwidgets.networks.recipes.ap_gan import multilayer_pair


def test_columns_in_a_calibrated_image_with_an_origin():
    image, truth = tw.synthetic.honeycomb(
        (180, 220), separation=0.15, sampling=(0.01, 0.0125), origin=(3.0, -2.0), dose=60.0
    )
    found = tw.find_columns(image, method="network")
    assert tw.score_columns(found, truth, radius=0.05)["f1"] > 0.97
    assert found["y"].attrs["units"] == "nm"
    assert found["probability"].values[0] == found["probability"].values.max()
    assert found.attrs["network"] == "default"
    assert found.attrs["certainty"] > 0.5
    assert found.attrs["advice"] == ""
    assert 0.12 < found.attrs["separation"] < 0.18


def test_the_result_can_be_fitted_and_cut():
    image, truth = tw.synthetic.hexagonal((120, 150), dose=50.0)
    found = tw.find_columns(image, method="network")
    fitted = tw.fit_columns(image, found)
    assert abs(fitted.sizes["column"] - truth.sizes["column"]) <= 3
    assert tw.apply_threshold(found, 0.99).sizes["column"] < found.sizes["column"]


@pytest.mark.parametrize("shape", [(8, 8), (10, 200)])
def test_a_small_image_is_answered(shape):
    image = tw.make_image(np.random.default_rng(0).random(shape))
    assert tw.find_columns(image, method="network").sizes["column"] < 40


def test_progress_goes_up_to_the_end():
    told = []
    image = tw.synthetic.hexagonal((64, 80), dose=20.0)[0]
    tw.find_columns(image, method="network", report=told.append)
    assert told == sorted(told)
    assert told[-1] == 1


def test_dark_columns_are_found_when_told_so():
    image, truth = tw.synthetic.hexagonal((120, 150), dose=200.0)
    found = tw.find_columns(image.max() - image, method="network", contrast="dark")
    assert abs(found.sizes["column"] - truth.sizes["column"]) <= 3


@pytest.mark.parametrize("lost", [0.3, 0.7])
def test_missing_pixels_are_no_obstacle(lost):
    image, truth = tw.synthetic.hexagonal((160, 130), dose=200.0)
    known = np.random.default_rng(0).random(image.shape) > lost
    found = tw.find_columns(image.where(known), method="network")
    assert tw.score_columns(found, truth, radius=5.0)["f1"] > 0.97


@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_found_in_noise(seed):
    noise = np.random.default_rng(seed).poisson(20, (150, 200))
    assert tw.find_columns(tw.make_image(noise), method="network").sizes["column"] <= 2


def test_vacancies_stay_empty():
    image, truth = tw.synthetic.hexagonal((256, 200), dose=30.0, vacancies=0.05, seed=3)
    found = tw.find_columns(image, method="network")
    gone = np.column_stack([truth.attrs["vacancy_y"], truth.attrs["vacancy_x"]])
    inside = ((gone > 4) & (gone < np.array(image.shape) - 5)).all(axis=1)
    assert inside.sum() >= 4
    place = np.column_stack([found["y"], found["x"]])
    filled = [np.hypot(*(place - at).T).min() < 5 for at in gone[inside]]
    assert np.mean(filled) <= 0.1


def test_mistakes_get_a_sentence():
    image = tw.synthetic.hexagonal((64, 64))[0]
    with pytest.raises(ValueError, match="separation is a length and must be positive"):
        tw.find_columns(image, method="network", separation=-1)
    with pytest.raises(ValueError, match='contrast is "bright" or "dark"'):
        tw.find_columns(image, method="network", contrast="grey")
    with pytest.raises(FileNotFoundError, match="no network 'none'"):
        tw.find_columns(image, method="network", network="none")
    with pytest.raises(ValueError, match="No pixel of this image is finite"):
        tw.find_columns(image * np.nan, method="network")


def test_a_low_certainty_is_told():
    image = tw.synthetic.hexagonal((96, 96))[0]
    found = tw.networks.find_candidates(image, network=_timid())
    assert found.attrs["certainty"] < 0.5
    assert "not sure of these columns" in found.attrs["advice"]


def test_published_architectures_find_columns_too():
    import equinox as eqx

    image, _ = tw.synthetic.hexagonal((70, 90), sampling=0.02, dose=50.0)
    for architecture in ("atomid_net", "plain_unet"):
        model = tw.networks.build(architecture, channels=(4, 6, 8, 8))
        model = eqx.tree_at(lambda m: m.body.tail.bias, model, replace_fn=lambda b: b + 0.9)
        network = tw.networks.Network(model, {"architecture": architecture, "threshold": 0.01})
        found = tw.find_columns(image, method="network", network=network)
        assert found.sizes["column"] > 0
        assert found["y"].attrs["units"] == "nm"
        fewer = tw.find_columns(image, method="network", network=network, separation=0.4)
        assert fewer.sizes["column"] < found.sizes["column"]


@pytest.mark.parametrize("lost", [0.0, 0.3])
def test_the_shipped_generator_tells_lead_from_strontium_and_titanium(lost):
    pair = multilayer_pair(90_003, 160, lost=lost)
    found = tw.find_columns(
        tw.make_image(pair.image), method="network", network="ap_gan_pbtio3_srtio3"
    )
    assert found["sublattice"].attrs["names"] == ["Pb", "Sr", "Ti"]
    inside = ((pair.columns >= 0) & (pair.columns <= 159)).all(axis=1)
    true = tw.make_columns(*pair.columns[inside].T, units="px")
    pairs = tw.match_columns(found, true, radius=4)
    assert pairs.sizes["pair"] > 0.97 * inside.sum()
    told = found["sublattice"].sel(column=pairs["found"].values).values
    assert (told == pair.species[inside][pairs["true"].values]).mean() > 0.98


def test_species_become_named_sublattices():
    import equinox as eqx

    image, _ = tw.synthetic.hexagonal((70, 90), dose=50.0)
    model = tw.networks.build("ap_gan", channels=4, blocks=2, species=2)
    card = {"architecture": "ap_gan", "spacing": 16.0, "species": ["Pb", "Ti"], "threshold": 0.01}
    # the second kind is never the likelier
    bias = model.tail.bias.at[:].set(np.array([1.0, -9.0]))
    model = eqx.tree_at(lambda m: m.tail.bias, model, bias)
    found = tw.find_columns(image, method="network", network=tw.networks.Network(model, card))
    assert found.sizes["column"] > 0
    assert set(found["sublattice"].values.tolist()) == {0}
    assert found["sublattice"].attrs["names"] == ["Pb"]
    assert found["sublattice"].attrs["elements"] == ["Pb"]


def _timid():
    """The default network, less sure of itself."""
    import equinox as eqx

    network = tw.networks.load("default")
    bias = network.model.tail.bias.at[0].add(-5.0)
    return network._replace(model=eqx.tree_at(lambda m: m.tail.bias, network.model, bias))


def test_columns_just_beyond_the_edge_of_a_clear_image_are_left_out():
    image, truth = tw.synthetic.honeycomb(
        (256, 240), separation=0.14, sampling=(0.01, 0.0105), origin=(3, -7), dose=50.0, seed=51
    )
    score = tw.score_columns(tw.find_columns(image, method="network"), truth, radius=0.05)
    assert score["precision"] > 0.98
    assert score["recall"] > 0.97


@pytest.mark.parametrize("spacing", [10.0, 30.0])
def test_the_shipped_atomid_net_works_at_any_magnification(spacing):
    image, truth = tw.synthetic.hexagonal((200, 256), separation=spacing, dose=20.0, seed=5)
    found = tw.find_columns(image, method="network", network="atomid_net")
    assert tw.score_columns(found, truth, radius=0.35 * spacing)["f1"] > 0.93
    assert found.attrs["network"] == "atomid_net"
    assert found.attrs["separation"] == pytest.approx(spacing, rel=0.3)


def test_the_pairs_that_a_network_was_trained_on_tell_the_scale():
    image, _ = tw.synthetic.hexagonal((100, 130), separation=0.2, sampling=0.02, dose=50.0)
    default = tw.networks.load("default")
    zooms = []
    for told in (9.0, 100.0):  # likely, and not
        network = default._replace(card={**default.card, "pair_spacing": told})
        zooms.append(tw.networks.predict_image(network, image).zoom)
    assert zooms[0] == pytest.approx(12 / 9)
    assert zooms[1] == pytest.approx(12 / 10, rel=0.1)
