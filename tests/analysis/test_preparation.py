import numpy as np
import pytest

from temwidgets.analysis.preparation import crop, mean_frame, normalise, select_frame
from temwidgets.conventions import frame_of, pixel_grid


def test_crop_keeps_coordinates_and_attributes(image):
    cut = crop(image, y=(5.2, 5.4), x=(None, 0.2))
    assert pixel_grid(cut).origin == pytest.approx((5.2, -1.0))
    assert cut.shape == (11, 41)
    assert cut.attrs == image.attrs
    np.testing.assert_array_equal(cut, image.sel(y=cut.y, x=cut.x))
    assert crop(image, y=(-10, 5.1)).sizes["y"] == 6
    assert crop(image).identical(image)


def test_crop_works_on_a_copy(image):
    cut = crop(image, y=(5.2, 5.4))
    cut[:] = 0
    assert float(image.min()) > 0


def test_crop_of_a_stack(stack):
    assert crop(stack, y=(0.2, 0.5)).shape == (3, 4, 10)


@pytest.mark.parametrize("y", [(6.0, 7.0), (5.4, 5.2), (5.2, 5.205), (np.nan, 5.3)])
def test_crop_says_what_the_image_offers(image, y):
    with pytest.raises(ValueError, match=r"reaches from 5 to 5\.78 nm"):
        crop(image, y=y)


def test_frames(stack):
    one = select_frame(stack, 2)
    assert one.dims == ("y", "x")
    assert one.attrs == stack.attrs
    assert frame_of(one) == 2
    mean = mean_frame(stack, frames=[0, 2])
    np.testing.assert_allclose(mean, (stack[0].values + stack[2].values) / 2)
    assert mean.attrs["frames_averaged"] == 2
    assert mean_frame(stack).attrs["detector"] == "HAADF"
    with pytest.raises(ValueError, match="frames 0 to 2 exist"):
        select_frame(stack, 3)
    with pytest.raises(ValueError, match="frames 0 to 2"):
        mean_frame(stack, frames=[1, 7])
    with pytest.raises(ValueError, match="frame"):
        select_frame(stack[0], 0)


def test_normalise(image):
    scaled = normalise(image, low=1, high=99)
    np.testing.assert_allclose(np.percentile(scaled, (1, 99)), (0, 1), atol=1e-6)
    zero, one = scaled.attrs["normalisation"]
    np.testing.assert_allclose(scaled * one + zero, image, rtol=1e-5)
    assert scaled.attrs["units"] == "1"
    assert scaled.attrs["detector"] == "HAADF"
    assert float(normalise(image, method="mean").mean()) == pytest.approx(1.0)
    standard = normalise(image, method="standard")
    assert float(standard.mean()) == pytest.approx(0.0, abs=1e-5)
    assert float(standard.std()) == pytest.approx(1.0, rel=1e-5)


def test_normalise_leaves_nan_alone(image):
    holed = image.where(image.x < 0)
    assert float(normalise(holed, method="mean").mean()) == pytest.approx(1.0)
    np.testing.assert_array_equal(np.isnan(normalise(holed)), np.isnan(holed))


def test_normalise_sentences(image):
    for flat in (xr_like(image, 3.0), xr_like(image, np.nan)):
        with pytest.raises(ValueError, match="constant or empty"):
            normalise(flat)
    with pytest.raises(ValueError, match="method is"):
        normalise(image, method="max")
    with pytest.raises(ValueError, match="percentiles"):
        normalise(image, low=50, high=10)


def xr_like(image, value):
    return image.copy(data=np.full(image.shape, value))
