import numpy as np
import pytest

from temwidgets import synthetic


@pytest.mark.parametrize("shape", [(200, 300), (201, 299)])
def test_the_texture_is_a_ring_and_has_unit_deviation(shape):
    texture = synthetic.amorphous_texture(shape, ring=0.08, limit=0.3, seed=2)
    assert texture.shape == shape
    assert texture.mean() == pytest.approx(0, abs=1e-10)
    assert texture.std() == pytest.approx(1)
    power = np.abs(np.fft.fft2(texture)) ** 2
    k = np.hypot(np.fft.fftfreq(shape[0])[:, None], np.fft.fftfreq(shape[1])[None, :])
    mean = {c: power[abs(k - c) < 0.004].mean() for c in (0.01, 0.08, 0.08 * np.sqrt(2), 0.14)}
    dark, ring, zero, second = mean.values()
    assert ring > second > 10 * zero
    assert ring > 100 * dark


def test_seeds():
    one = synthetic.amorphous_texture((30, 40), seed=1)
    np.testing.assert_array_equal(one, synthetic.amorphous_texture((30, 40), seed=1))
    assert abs(np.corrcoef(one.ravel(), synthetic.amorphous_texture((30, 40)).ravel())[0, 1]) < 0.2


@pytest.mark.parametrize("options", [{"ring": 0.0}, {"limit": -1.0}])
def test_frequencies_are_positive(options):
    with pytest.raises(ValueError, match="ring and limit are spatial frequencies above 0"):
        synthetic.amorphous_texture((8, 8), **options)
