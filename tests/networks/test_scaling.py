import numpy as np
import pytest

from temwidgets.networks.scaling import resample


@pytest.mark.parametrize("zoom", [0.37, 0.8, 1.7, 3.0])
def test_places_follow_the_rule(zoom):
    y, x = np.indices((90, 70), float)
    at = np.array([41.3, 30.8])
    image = np.exp(-((y - at[0]) ** 2 + (x - at[1]) ** 2) / (2 * 6**2))
    out = resample(image, zoom)
    assert out.shape == (round(90 * zoom), round(70 * zoom))
    rows, cols = np.indices(out.shape)
    centre = np.array([(out * rows).sum(), (out * cols).sum()]) / out.sum()
    np.testing.assert_allclose((centre + 0.5) / zoom - 0.5, at, atol=0.05)


def test_noise_falls_when_pixels_are_joined():
    noise = np.random.default_rng(0).standard_normal((200, 160))
    assert 0.2 < resample(noise, 0.25).std() < 0.35  # four by four pixels: a quarter


def test_missing_pixels_stay_missing():
    image = np.ones((60, 40), np.float32)
    image[:20] = np.nan
    for zoom in (0.5, 2.0):
        out = resample(image, zoom)
        assert np.isnan(out[: int(18 * zoom)]).all()
        np.testing.assert_allclose(out[int(22 * zoom) :], 1, rtol=1e-5)


def test_one_is_as_it_was():
    image = np.random.default_rng(1).random((7, 9), np.float32)
    np.testing.assert_array_equal(resample(image, 1), image)
