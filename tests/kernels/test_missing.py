import numpy as np

from temwidgets.kernels.missing import fill_missing


def test_missing_pixels_take_the_mean_of_those_nearby():
    y, x = np.mgrid[:30, :40]
    image = (2 * y + x).astype(np.float32)
    known = np.random.default_rng(0).random(image.shape) > 0.2
    filled = fill_missing(np.where(known, image, np.nan))
    assert filled.dtype == np.float32
    np.testing.assert_array_equal(filled[known], image[known])
    assert np.abs(filled - image)[4:-4, 4:-4].max() < 4
    np.testing.assert_array_equal(fill_missing(image), image)
