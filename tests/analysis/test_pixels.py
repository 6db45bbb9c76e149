import numpy as np
import pytest

import temwidgets as tw
from temwidgets.analysis.pixels import bin_pixels, calibrate, rescale
from temwidgets.conventions import check_image, pixel_grid


def test_bins_sit_at_block_centres(image):
    binned = bin_pixels(image, (2, 7))
    check_image(binned)
    assert binned.shape == (20, 8)
    assert pixel_grid(binned).sampling == pytest.approx((0.04, 0.21))
    assert pixel_grid(binned).origin == pytest.approx((5.01, -0.91))
    assert int(binned[0, 0]) == int(image[:2, :7].sum())
    mean = bin_pixels(image, 2, method="mean")
    assert float(mean[0, 0]) == pytest.approx(float(image[:2, :2].mean()))
    assert binned.attrs == image.attrs
    assert binned.y.attrs == image.y.attrs


def test_a_block_with_a_nan_pixel_is_nan(image):
    holed = image.where(image.x > -0.99)
    for method in ("sum", "mean"):
        binned = bin_pixels(holed, 2, method=method)
        assert np.isnan(binned[:, 0]).all()
        assert np.isfinite(binned[:, 1:]).all()


@pytest.mark.parametrize("factor", [0, -1, 1.5, 30, (2, 31)])
def test_bin_sentences(image, factor):
    with pytest.raises(ValueError, match="whole numbers that leave at least 2 x 2"):
        bin_pixels(image, factor)
    with pytest.raises(ValueError, match='"sum" or "mean"'):
        bin_pixels(image, 2, method="max")


@pytest.mark.parametrize("sampling", [0.01, (0.04, 0.03), 0.06])
def test_rescale_keeps_positions(sampling):
    y, x = np.mgrid[:80, :60]
    bump = np.exp(-0.5 * (((y - 37) * 0.02 / 0.2) ** 2 + ((x - 22) * 0.03 / 0.2) ** 2))
    image = tw.make_image(bump, sampling=(0.02, 0.03), origin=(5.0, -1.0))
    other = rescale(image, sampling)
    check_image(other)
    np.testing.assert_allclose(pixel_grid(other).sampling, np.broadcast_to(sampling, 2), rtol=0.05)
    centre = [float((other * other[name]).sum() / other.sum()) for name in "yx"]
    np.testing.assert_allclose(centre, (5.74, -0.34), atol=1e-3)


def test_rescale_of_a_stack_and_sentences(stack, image):
    assert rescale(stack, 0.2).shape == (3, 6, 5)
    for bad in (0.0, -1.0, np.nan, 100.0):
        with pytest.raises(ValueError, match="length of the new pixels"):
            rescale(image, bad)
    with pytest.raises(ValueError, match="NaN or infinite"):
        rescale(image.where(image.x < 0), 0.05)


def test_calibrate_by_pixel_length():
    raw = tw.make_image(np.zeros((6, 5)), origin=(2.0, 0.0))
    image = calibrate(raw, sampling=(0.02, 0.03))
    assert pixel_grid(image).sampling == pytest.approx((0.02, 0.03))
    assert pixel_grid(image).origin == pytest.approx((0.04, 0.0))
    assert image.y.attrs["units"] == "nm"
    assert raw.y.attrs["units"] == "px"


def test_calibrate_by_a_known_spacing(image):
    corrected = calibrate(image, measured=0.40, true=0.3905)
    assert pixel_grid(corrected).sampling == pytest.approx((0.02 * 0.97625, 0.03 * 0.97625))
    both = calibrate(image, measured=(0.40, 0.41), true=0.3905)
    assert pixel_grid(both).sampling.x == pytest.approx(0.03 * 0.3905 / 0.41)


@pytest.mark.parametrize(
    "options",
    [{}, {"measured": 0.4}, {"true": 0.4}, {"sampling": 0.1, "measured": 0.4, "true": 0.4}],
)
def test_calibrate_wants_one_way(image, options):
    with pytest.raises(ValueError, match="either sampling"):
        calibrate(image, **options)


@pytest.mark.parametrize("options", [{"sampling": 0.0}, {"measured": 0.0, "true": 0.4}])
def test_calibrate_wants_positive_lengths(image, options):
    with pytest.raises(ValueError, match="must be positive"):
        calibrate(image, **options)
