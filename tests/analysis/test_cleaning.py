import numpy as np
import pytest

import temwidgets as tw
from temwidgets import synthetic
from temwidgets.analysis.cleaning import denoise, subtract_background
from temwidgets.conventions import CancelledError

OPTIONS = {"sampling": (0.02, 0.025), "origin": (3.0, -2.0), "dose": 100.0}


@pytest.fixture(scope="module")
def sloped():
    field = synthetic.waves(0.8, 0.5, 6.0)
    image, _ = synthetic.hexagonal((160, 200), background=field, **OPTIONS)
    bare, _ = synthetic.hexagonal((160, 200), background=0.0, **{**OPTIONS, "dose": None})
    return image, 100.0 * bare


def slow_part(difference):
    blocks = difference.isel(y=slice(20, 140), x=slice(20, 180)).coarsen(y=20, x=20).mean()
    return float(blocks.std())


@pytest.mark.parametrize("method", ["rolling", "gaussian"])
def test_a_slow_background_goes(sloped, method):
    image, bare = sloped
    flat = subtract_background(image, method=method)
    assert slow_part(flat - bare) < 0.25 * slow_part(image - bare)
    assert flat.attrs["background_scale"] > 0.3
    assert flat.attrs["background_method"] == method
    assert flat.y.identical(image.y)


def test_a_plane_goes():
    tilted, _ = synthetic.hexagonal(
        (160, 200), background=synthetic.plane(2, (0.2, 0.1)), **OPTIONS
    )
    level, _ = synthetic.hexagonal((160, 200), background=0.0, **OPTIONS)
    flat = subtract_background(tilted, method="plane")
    assert slow_part(flat - level) < 1.5 < slow_part(tilted - level)
    assert float(flat.mean()) == pytest.approx(0.0, abs=1e-2)


def test_keep_mean_flattens(sloped):
    image, _ = sloped
    flat = subtract_background(image, method="gaussian", keep_mean=True)
    assert float(flat.mean()) == pytest.approx(float(image.mean()), rel=0.01)


def test_nan_pixels_stay(sloped):
    image = sloped[0].where(sloped[0].x > -1.5)
    for method in ("gaussian", "plane"):
        flat = subtract_background(image, method=method)
        np.testing.assert_array_equal(np.isnan(flat), np.isnan(image))
    with pytest.raises(ValueError, match="NaN or infinite"):
        subtract_background(image, method="rolling")


@pytest.mark.parametrize("method", ["gaussian", "wiener", "nonlocal", "tv"])
def test_noise_falls_and_columns_stay(method):
    noisy, _ = synthetic.hexagonal((128, 128), dose=60.0, sampling=0.02)
    true, _ = synthetic.hexagonal((128, 128), dose=None, sampling=0.02)
    clean = denoise(noisy, method=method)
    assert float((clean - 60 * true).std()) < 0.75 * float((noisy - 60 * true).std())
    assert clean.attrs["denoised"] == method
    assert clean.y.identical(noisy.y)


@pytest.mark.parametrize("method", ["gaussian", "wiener", "nonlocal", "tv"])
def test_constant_images_stay_constant(method):
    flat = tw.make_image(np.full((24, 30), 7, np.uint8))
    np.testing.assert_allclose(denoise(flat, method=method), 7.0, rtol=1e-5)


@pytest.mark.parametrize("method", ["rolling", "gaussian", "plane"])
def test_constant_images_have_nothing_but_background(method):
    flat = tw.make_image(np.full((24, 30), 7, np.uint8))
    np.testing.assert_allclose(subtract_background(flat, method=method), 0.0, atol=1e-4)


def test_scales_are_lengths_and_pixels_may_be_non_square():
    point = np.zeros((41, 61))
    point[20, 30] = 1.0
    image = denoise(tw.make_image(point, sampling=(0.02, 0.01)), scale=0.06)
    spread = [
        float(np.sqrt((image * (image[n] - image[n][c]) ** 2).sum()))
        for n, c in zip("yx", (20, 30), strict=True)
    ]
    np.testing.assert_allclose(spread, 0.06, rtol=0.02)


def test_stacks_go_frame_by_frame_and_report():
    stack = tw.examples.load("drift_series").isel(frame=slice(3), y=slice(64), x=slice(60))
    seen = []
    clean = denoise(stack, report=seen.append)
    np.testing.assert_allclose(seen, [1 / 3, 2 / 3, 1])
    assert clean.dims == stack.dims
    flat = subtract_background(stack, scale=0.5)
    one = subtract_background(stack.isel(frame=1, drop=True), scale=0.5)
    np.testing.assert_array_equal(flat.isel(frame=1).values, one.values)


def test_report_can_cancel():
    def stop(_):
        raise CancelledError

    with pytest.raises(CancelledError):
        denoise(tw.make_image(np.ones((8, 8))), report=stop)


@pytest.mark.parametrize(
    ("function", "options", "message"),
    [
        (subtract_background, {"method": "ball"}, 'method is "rolling"'),
        (subtract_background, {"scale": -1.0}, "scale must be positive"),
        (subtract_background, {"method": "plane", "scale": 1.0}, "a plane has none"),
        (denoise, {"method": "median"}, "method is one of gaussian"),
        (denoise, {"scale": 0.0}, "scale must be positive"),
        (denoise, {"strength": 2.0}, "strength does not belong"),
        (denoise, {"method": "tv", "scale": 2.0}, "scale does not belong"),
        (denoise, {"method": "tv", "strength": np.nan}, "strength must be positive"),
    ],
)
def test_bad_arguments_get_a_sentence(function, options, message):
    with pytest.raises(ValueError, match=message):
        function(tw.make_image(np.ones((8, 8))), **options)
