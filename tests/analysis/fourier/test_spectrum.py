import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import temwidgets as tw

TRIANGLE = [(2.2, 1.1), (2.2, 4.3), (4.3, 2.0)]


def noise(shape=(91, 128), seed=0, level=0.0, **options):
    values = level + np.random.default_rng(seed).normal(size=shape)
    return tw.make_image(values, **{"sampling": (0.03, 0.02), "origin": (2.0, 1.0), **options})


def fringes(shape, g, sampling=(0.03, 0.02), level=50.0):
    y, x = (step * np.arange(n) for step, n in zip(sampling, shape, strict=True))
    return tw.make_image(
        level + np.cos(2 * np.pi * (g[0] * y[:, None] + g[1] * x)), sampling=sampling
    )


@pytest.mark.parametrize("region", [None, (2.5, 4.0, 1.5, 3.0), TRIANGLE])
@pytest.mark.parametrize("window", ["hann", "tukey", "gaussian", "none"])
def test_white_noise_has_its_variance_as_power(window, region):
    levels = []
    for seed in range(12):
        found = tw.power_spectrum(noise(seed=seed), window=window, region=region, pad=1.5)
        k = np.hypot(found.ky, found.kx)
        levels.append(10 ** found.values[k > 8])
    assert np.mean(np.concatenate(levels)) == pytest.approx(1, abs=0.08)


@pytest.mark.parametrize("shape", [(64, 63), (63, 64), (65, 71)])
def test_spectrum_is_even_with_zero_inside(shape):
    found = tw.power_spectrum(noise(shape))
    for name, step in (("ky", 0.03), ("kx", 0.02)):
        k = found[name].values
        assert 0 in k
        assert np.ptp(np.diff(k)) < 1e-9
        assert k[1] - k[0] == pytest.approx(1 / (step * k.size))
        assert found[name].attrs["units"] == "1/nm"
    odd = found.isel(ky=slice(1 - shape[0] % 2, None), kx=slice(1 - shape[1] % 2, None)).values
    np.testing.assert_allclose(odd, odd[::-1, ::-1], atol=1e-3)


def test_a_wave_stands_where_its_vector_is():
    g = (4.0, -6.5)
    found = tw.power_spectrum(fringes((150, 201), g), pad=4)
    place = found.where(found.kx > 0).argmax(("ky", "kx"))
    top = found.isel(place)
    assert float(top.ky) == pytest.approx(-g[0], abs=0.06)
    assert float(top.kx) == pytest.approx(-g[1], abs=0.06)


def test_the_shape_of_a_region_leaves_no_cross():
    flat = noise(level=0.0)
    high = flat + 1e4
    y, x = flat.y - 3.3, flat.x - 2.2
    for region in (TRIANGLE, (2.5, 4.0, 1.5, 3.0), (y**2 + x**2 < 1)):
        same = tw.power_spectrum(flat, region=region), tw.power_spectrum(high, region=region)
        shown = same[0].where(np.hypot(same[0].ky, same[0].kx) > 1e-6)
        np.testing.assert_allclose(same[1].where(shown.notnull()), shown, atol=0.01)


def test_a_mask_equals_the_polygon_it_comes_from():
    image = noise()
    bounds = (2.495, 4.0, 1.495, 3.005)
    y0, y1, x0, x1 = bounds
    inside = (image.y >= y0) & (image.y <= y1) & (image.x >= x0) & (image.x <= x1)
    corners = [(y0, x0), (y0, x1), (y1, x1), (y1, x0)]
    polygon = tw.power_spectrum(image, region=corners)
    assert polygon.attrs["region_kind"] == "polygon"
    np.testing.assert_allclose(tw.power_spectrum(image, region=inside), polygon)
    np.testing.assert_allclose(polygon.attrs["region"], bounds, atol=0.02)
    rectangle = tw.power_spectrum(image, region=bounds)
    assert rectangle.shape == polygon.shape
    assert rectangle.attrs["region_kind"] == "rectangle"


def test_pixels_outside_a_region_do_not_matter():
    image = noise()
    bad = image.where(image.x > 1.4)
    region = (2.5, 4.0, 1.5, 3.0)
    np.testing.assert_array_equal(
        tw.power_spectrum(bad, region=region), tw.power_spectrum(image, region=region)
    )
    with pytest.raises(ValueError, match="pixels are NaN or infinite"):
        tw.power_spectrum(bad)


@pytest.mark.parametrize("region", [None, TRIANGLE])
def test_averaging_smooths_as_the_degrees_of_freedom_say(region):
    found = tw.power_spectrum(noise((200, 230)), average=5, region=region)
    power = 10 ** found.values[np.hypot(found.ky, found.kx) > 8]
    relative = power.var() / power.mean() ** 2
    assert found.attrs["freedom"] > 15
    assert relative == pytest.approx(2 / found.attrs["freedom"], rel=0.25)
    assert power.mean() == pytest.approx(1, abs=0.1)


def test_profile_of_noise_agrees_three_ways():
    for average in (1, 3):
        found = tw.radial_profile(tw.power_spectrum(noise((300, 257)), average=average))
        kept = found.sel(k=slice(3, 15))
        for name in ("power", "background", "geometric"):
            assert float(kept[name].mean()) == pytest.approx(0, abs=0.03), name
            assert kept[name].attrs["units"] == "log10(counts²)"
    assert found.k.attrs["units"] == "1/nm"


def test_reflections_move_the_mean_of_a_ring_and_not_its_background():
    image = noise((300, 257))
    y, x = image.y.values[:, None], image.x.values
    crystal = image + sum(np.cos(2 * np.pi * (a * y + b * x)) for a, b in ((5, 0), (0, 5), (4, 3)))
    plain, ringed = (tw.radial_profile(tw.power_spectrum(i)) for i in (image, crystal))
    at = {"k": 5.0, "method": "nearest"}
    assert float((ringed.power - plain.power).sel(**at)) > 1
    assert float((ringed.background - plain.background).sel(**at)) < 0.15


def test_wider_rings_hold_more_bins():
    spectrum = tw.power_spectrum(noise())
    wide = tw.radial_profile(spectrum, width=2.0)
    assert wide.attrs["width"] == 2.0
    assert int(wide["count"].sum()) == int((spectrum.kx >= 0).sum()) * spectrum.sizes["ky"]


@settings(max_examples=25, deadline=None)
@given(
    st.integers(8, 40), st.integers(8, 40), st.sampled_from(["hann", "tukey", "gaussian", "none"])
)
def test_energy_is_kept(rows, cols, window):
    image = noise((rows, cols), seed=rows * cols)
    power = 10 ** tw.power_spectrum(image, window=window).values.astype(float)
    from temwidgets.kernels.fourier import windows

    weight = windows.separable((rows, cols), window)
    mean = (weight * image.values).sum() / weight.sum()
    energy = (weight**2 * (image.values - mean) ** 2).sum() / (weight**2).sum()
    assert power.mean() == pytest.approx(energy, rel=1e-3)


def test_an_image_without_contrast_has_a_finite_spectrum():
    found = tw.power_spectrum(tw.make_image(np.full((20, 30), 7.0)))
    assert np.isfinite(found).all()
    assert found.ky.attrs["units"] == "1/px"


def test_what_makes_no_spectrum_is_refused():
    image = noise()
    with pytest.raises(ValueError, match="window is one of hann, tukey, gaussian, none"):
        tw.power_spectrum(image, window="blackman")
    with pytest.raises(ValueError, match="average is a number of pieces"):
        tw.power_spectrum(image, average=0)
    with pytest.raises(ValueError, match="pieces of fewer than 8 pixels"):
        tw.power_spectrum(image, average=40)
    with pytest.raises(ValueError, match="pad is a multiple of the size"):
        tw.power_spectrum(image, pad=0.5)
    with pytest.raises(ValueError, match=r"holds 0 x 128 pixels.*Draw a larger one"):
        tw.power_spectrum(image, region=(50.0, 60.0, 0.0, 9.0))
    with pytest.raises(ValueError, match="A region is a rectangle"):
        tw.power_spectrum(image, region=(1.0, 2.0))
    with pytest.raises(ValueError, match="A mask holds booleans in the image's shape"):
        tw.power_spectrum(image, region=np.ones((3, 3), bool))
    with pytest.raises(ValueError, match=r"The region \(mask\) holds 0 x 0"):
        tw.power_spectrum(image, region=image > 1e9)
    with pytest.raises(TypeError, match=r"A spectrum \(ky, kx\) from temwidgets.power_spectrum"):
        tw.radial_profile(image)
    with pytest.raises(ValueError, match="width is that of a bin or more"):
        tw.radial_profile(tw.power_spectrum(image), width=0.01)
