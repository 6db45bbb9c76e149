import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.draw import polygon2mask

from temwidgets.kernels.fourier import windows

corner = st.tuples(st.floats(-5, 45), st.floats(-5, 45))


@settings(max_examples=60, deadline=None)
@given(st.lists(corner, min_size=3, max_size=8), st.integers(5, 40), st.integers(5, 40))
def test_a_polygon_is_that_of_scikit_image(corners, rows, cols):
    # off the pixel centres, where the two round alike
    points = np.array(corners) + np.array([0.0137, 0.0071])
    np.testing.assert_array_equal(
        windows.polygon((rows, cols), points), polygon2mask((rows, cols), points)
    )


@pytest.mark.parametrize("kind", windows.KINDS)
@pytest.mark.parametrize("size", [8, 9, 31])
def test_tapers_are_symmetric_and_lose_no_sample(kind, size):
    taper = windows.taper(size, kind)
    np.testing.assert_allclose(taper, taper[::-1], atol=1e-12)
    assert (taper > 0).all()
    assert taper.max() <= 1


def test_a_mask_tapers_from_its_edge():
    y, x = np.mgrid[:61, :81]
    disc = (y - 30) ** 2 + (x - 40) ** 2 < 28**2
    weight = windows.masked(disc, "hann", (1.0, 1.0))
    assert (weight[~disc] == 0).all()
    assert weight[30, 40] == pytest.approx(1)
    expected = np.sin(np.pi / 2 * np.clip(1 - np.hypot(y - 30, x - 40) / 28, 0, 1)) ** 2
    np.testing.assert_allclose(weight, expected, atol=0.06)
    np.testing.assert_array_equal(windows.masked(disc, "none", (1.0, 1.0)), disc)


def test_depth_is_a_length_on_pixels_that_are_not_square():
    mask = np.ones((40, 40), bool)
    weight = windows.masked(mask, "hann", (1.0, 3.0))
    # the image is 40 high and 120 wide: rows bound the depth
    assert weight[20, 10] == pytest.approx(weight[20, 20], abs=1e-3)
    assert weight[2, 20] < 0.1


def test_the_window_of_a_large_mask_is_that_of_a_small_one():
    mask = np.zeros((700, 600), bool)
    mask[50:650, 40:560] = True
    large = windows.masked(mask, "hann", (1.0, 1.0))
    small = windows.masked(mask[::4, ::4], "hann", (1.0, 1.0))
    np.testing.assert_allclose(large[::4, ::4], small, atol=0.03)


def test_the_transform_near_zero_is_that_of_the_fft():
    weight = np.outer(windows.taper(33, "hann"), windows.taper(40, "tukey"))
    full = np.fft.fft2(weight)
    lag = np.arange(-5, 6)
    np.testing.assert_allclose(
        windows.transform_near_zero(weight, 5), full[np.ix_(lag % 33, lag % 40)], atol=1e-9
    )
