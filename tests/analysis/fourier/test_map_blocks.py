import numpy as np
import pytest
import scipy.ndimage as ndi
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import temwidgets as tw


def a_map(values, *, name="e_xx", sampling=(0.02, 0.03), origin=(5.0, -1.0), **attrs):
    image = tw.make_image(values, sampling=sampling, origin=origin)
    return image.rename(name).assign_attrs(units="1", long_name=name, **attrs)


@settings(deadline=None, max_examples=30)
@given(st.integers(2, 7), st.integers(14, 40), st.integers(14, 40), st.integers(0, 99))
def test_blocks_are_means_of_the_known_at_their_centres(size, height, width, seed):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(height, width))
    values[rng.random((height, width)) < 0.3] = np.nan
    found = tw.block_average(a_map(values), size, least=1e-9)
    assert found.shape == (height // size, width // size)
    for row, col in [(0, 0), (height // size - 1, width // size - 1)]:
        block = values[row * size : (row + 1) * size, col * size : (col + 1) * size]
        wanted = np.nanmean(block) if np.isfinite(block).any() else np.nan
        np.testing.assert_allclose(found.values[row, col], wanted)
    assert float(found.y[1]) == pytest.approx(5.0 + 0.02 * (size + (size - 1) / 2))
    assert float(found.x[0]) == pytest.approx(-1.0 + 0.03 * (size - 1) / 2)
    assert found.y.attrs["units"] == "nm"
    assert found.attrs["long_name"] == "e_xx"


def test_blocks_with_too_few_pixels_are_empty():
    values = np.ones((20, 30))
    values[:, :4] = np.nan
    values[:, 10:17] = np.nan
    found = tw.block_average(a_map(values), 10)
    np.testing.assert_array_equal(found.values, [[1, np.nan, 1]] * 2)
    assert np.isnan(tw.block_average(a_map(values), 10, least=0.7).values[:, 0]).all()


def test_pixels_outside_the_mask_do_not_count():
    values = np.arange(400.0).reshape(20, 20)
    inside = np.zeros((20, 20), bool)
    inside[:10, :8] = True
    mask = a_map(inside, name="mask")
    found = tw.block_average(a_map(values), 10, mask=mask)
    mean = values[:10, :8].mean()
    np.testing.assert_allclose(found.values, [[mean, np.nan], [np.nan, np.nan]])
    maps = xr.Dataset({"e_xx": a_map(values), "mask": mask})
    both = tw.block_average(maps, 10)
    np.testing.assert_allclose(both.e_xx, found)
    assert both["mask"].values.tolist() == [[True, False], [False, False]]


def test_directions_are_averaged_on_their_circle():
    rng = np.random.default_rng(0)
    true = 88 + rng.normal(0, 4, (20, 30))
    folded = 90 - (90 - true) % 180
    assert (folded < 0).any()
    found = tw.block_average(a_map(folded, name="angle"), 10)
    wanted = true.reshape(2, 10, 3, 10).mean(axis=(1, 3))
    assert np.abs((found.values - wanted + 90) % 180 - 90).max() < 1e-9
    # a map that runs on stays on its side
    found = tw.block_average(a_map(true + 20, name="angle"), 10)
    np.testing.assert_allclose(found.values, wanted + 20)


def test_errors_of_pixels_that_share_nothing_fall_with_the_root_of_their_number():
    values, errors = np.zeros((20, 30)), np.full((20, 30), 0.3)
    errors[:10, :5] = np.nan
    maps = xr.Dataset({"e_xx": a_map(values), "e_xx_std": a_map(errors, name="e_xx_std")})
    found = tw.block_average(maps, 10).e_xx_std.values
    np.testing.assert_allclose(found[1], 0.03)
    np.testing.assert_allclose(found[0], [0.3 / np.sqrt(50), 0.03, 0.03])


@pytest.mark.parametrize("size", [5, 10, 20])
def test_errors_of_smoothed_noise_are_those_of_its_means(size):
    sigma = (3.0, 2.0)
    noise = np.random.default_rng(0).normal(size=(400, 600))
    smooth = ndi.gaussian_filter(noise, sigma, mode="wrap")
    maps = xr.Dataset(
        {"e_xx": a_map(smooth), "e_xx_std": a_map(np.full_like(smooth, smooth.std()))}
    )
    found = tw.block_average(maps, size, correlation=(3.0 * 0.02, 2.0 * 0.03))
    told = float(found.e_xx_std.mean())
    assert told == pytest.approx(float(found.e_xx.std()), rel=0.1)
    told = tw.block_average(maps.assign_attrs(sigma=[0.06, 0.06]), size).e_xx_std
    np.testing.assert_allclose(told, found.e_xx_std)


def test_other_dims_and_variables_stay():
    values = np.random.default_rng(0).normal(size=(2, 21, 30)).astype(np.float32)
    image = a_map(values[0])
    maps = xr.Dataset(
        {
            "d_spacing": (("reflection", "y", "x"), values),
            "g": (("reflection", "component"), np.ones((2, 2))),
            "mask": (("y", "x"), np.ones((21, 30), bool)),
        },
        coords={"y": image.y, "x": image.x, "reflection": [3, 7]},
        attrs={"engine": "phase", "sigma": 0.1, "stride": 2},
    )
    found = tw.block_average(maps, 10)
    assert found.d_spacing.shape == (2, 2, 3)
    assert found.d_spacing.dtype == np.float32
    assert found.reflection.values.tolist() == [3, 7]
    assert found.g.equals(maps.g)
    assert found.attrs == {"engine": "phase", "sigma": 0.1, "stride": 20}
    assert found["mask"].dtype == bool
    whole = tw.block_average(maps, 1)
    np.testing.assert_array_equal(whole.d_spacing, maps.d_spacing)


def test_bad_arguments_are_refused():
    found = a_map(np.zeros((20, 30)))
    with pytest.raises(TypeError, match="Maps with dims y and x were expected, but a ndarray came"):
        tw.block_average(np.zeros((20, 30)), 5)
    with pytest.raises(ValueError, match=r"whole number of pixels from 1, but 2\.5 came"):
        tw.block_average(found, 2.5)
    with pytest.raises(ValueError, match=r"Blocks of 11 px leave fewer than two.*at most 10"):
        tw.block_average(found, 11)
    with pytest.raises(ValueError, match="least is a share"):
        tw.block_average(found, 5, least=0)
    with pytest.raises(ValueError, match="correlation is a length from 0"):
        tw.block_average(found, 5, correlation=-1)
    with pytest.raises(TypeError, match="mask is a DataArray of bool"):
        tw.block_average(found, 5, mask=np.ones((20, 30), bool))
    small = a_map(np.ones((10, 30), bool), name="mask")
    with pytest.raises(ValueError, match="mask does not cover the map: it has 10 x 30"):
        tw.block_average(found, 5, mask=small)
    with pytest.raises(ValueError, match="The map has no coordinate y"):
        tw.block_average(found.drop_vars("y"), 5)


def test_a_finer_mask_is_read_at_the_pixels_of_a_coarse_map():
    fine = a_map(np.arange(600).reshape(20, 30) % 2 == 0, name="mask")
    coarse = a_map(np.ones((20, 30)))[::2, ::2]
    found = tw.block_average(coarse, 5, mask=fine)
    np.testing.assert_array_equal(found.values, np.ones((2, 3)))
    odd = a_map(np.arange(600).reshape(20, 30) % 2 == 1, name="mask")
    assert np.isnan(tw.block_average(coarse, 5, mask=odd)).all()


def test_uncalibrated_maps_stay_in_px():
    found = tw.block_average(tw.make_image(np.ones((20, 30))).rename("e_xx"), 10)
    assert found.y.values.tolist() == [4.5, 14.5]
    assert found.y.attrs["units"] == "px"


def test_a_variable_keeps_its_units():
    image = a_map(np.ones((20, 30)))
    image["y"].attrs["long_name"] = "y position"
    found = tw.block_average(image.assign_attrs(units="%"), 10)
    assert found.attrs["units"] == "%"
