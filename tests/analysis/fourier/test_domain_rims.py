"""What is no crystal though it repeats: the rim of a specimen, the texture of a thicker place."""

import numpy as np
import pytest

import temwidgets as tw


def disc(period, decay, *, shape=(300, 330), radius=110):
    """Draw an amorphous disc on vacuum, and Fresnel fringes inside and outside of its edge."""
    film, _ = tw.synthetic.amorphous(shape, sampling=0.05, seed=0)
    texture = (film.values - film.values.mean()) / film.values.std()
    y, x = np.indices(shape)
    depth = radius - np.hypot(y - 0.5 * shape[0], x - 0.48 * shape[1])
    inside = 1 / (1 + np.exp(-depth / 1.5))
    rim = 60 * np.exp(-abs(depth) / decay) * np.cos(2 * np.pi * depth / period)
    noise = np.random.default_rng(0).normal(0, 10, shape)
    return film.copy(data=1000 + (20 * texture - 60) * inside + rim + noise)


@pytest.mark.parametrize(("period", "decay"), [(8, 10), (10, 12)])
def test_the_rim_of_an_amorphous_disc_is_no_domain(period, decay):
    assert tw.segment_domains(disc(period, decay)).sizes["domain"] == 0


def test_soot_has_domains_of_its_layers_alone():
    soot = tw.examples.load("soot_fringes")
    plain = tw.segment_domains(soot)
    spacings = plain["d_spacing"].values[:, 0]
    assert len(spacings) == 2
    assert ((spacings > 0.33) & (spacings < 0.38)).all()
    layers = tw.segment_domains(soot, d_range=(0.28, 0.45))
    np.testing.assert_array_equal(plain["label"], layers["label"])


def test_a_thin_lamella_in_a_film_is_a_domain():
    film, _ = tw.synthetic.amorphous((200, 240), sampling=0.05, seed=3)
    y, x = np.indices(film.shape)
    across, along = 0.8 * (x - 120) + 0.6 * (y - 100), 0.8 * (y - 100) - 0.6 * (x - 120)
    lamella = (abs(across) < 20) & (abs(along) < 70)
    texture = (film.values - film.values.mean()) / film.values.std()
    image = film.copy(data=1000 + 20 * texture + 60 * lamella * np.cos(2 * np.pi * across / 8))
    domains = tw.segment_domains(image)
    largest = domains["label"].values == 0
    assert (largest & lamella).sum() / lamella.sum() > 0.9  # seen through a window it is wider
    assert domains["d_spacing"].values[0, 0] == pytest.approx(0.4, rel=0.03)
