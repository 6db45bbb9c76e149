import numpy as np
import pytest
import scipy.ndimage as ndi

from temwidgets.kernels.fourier.box_blur import blur


@pytest.mark.parametrize("sigma", [(2.0, 5.0), (9.0, 3.3), (0.0, 4.0)])
def test_it_is_nearly_a_gaussian(sigma):
    image = np.zeros((81, 99))
    image[40, 49] = 1
    found = blur(image, sigma)
    assert found.sum() == pytest.approx(1)
    y, x = np.mgrid[-40:41, -49:50]
    for axis, wanted in zip((y, x), sigma, strict=True):
        assert np.sqrt((found * axis**2).sum()) == pytest.approx(wanted, abs=0.2)
    gauss = ndi.gaussian_filter(image, sigma)
    assert np.abs(found - gauss).max() < 0.25 * gauss.max()


def test_beyond_the_edges_is_nothing_or_the_same_again():
    ones = np.ones((20, 30))
    assert blur(ones, (3, 3))[0, 0] < 0.4
    np.testing.assert_allclose(blur(ones, (3, 3), mode="nearest"), 1)
