import numpy as np
import pytest
import xarray as xr

import temwidgets as tw


def a_map(values, *, name="e_xx", sampling=(0.02, 0.03), origin=(5.0, -1.0)):
    image = tw.make_image(values, sampling=sampling, origin=origin)
    return image.rename(name).assign_attrs(units="%", long_name=name)


def test_a_histogram_counts_the_known_pixels():
    rng = np.random.default_rng(0)
    values = rng.normal(3, 0.5, (60, 50))
    values[:10] = np.nan
    found = tw.map_histogram(a_map(values))
    assert int(found["count"].sum()) == found.attrs["n"] == 2500
    assert float((found.density * (found.right - found.left)).sum()) == pytest.approx(1)
    assert found.attrs["mean"] == pytest.approx(np.nanmean(values))
    assert found.attrs["median"] == pytest.approx(np.nanmedian(values))
    assert found.attrs["std"] == pytest.approx(np.nanstd(values, ddof=1))
    np.testing.assert_allclose(found.bin, (found.left + found.right) / 2)
    assert found.left.attrs["units"] == "%"
    assert 20 < found.sizes["bin"] < 80


def test_bins_limits_and_mask():
    values = np.arange(600.0).reshape(20, 30)
    mask = a_map(values < 300, name="mask")
    found = tw.map_histogram(a_map(values), bins=6, mask=mask)
    assert found["count"].values.tolist() == [50] * 6
    found = tw.map_histogram(a_map(values), bins=10, limits=(100, 199))
    assert found["count"].values.tolist() == [10] * 10
    assert found.left.values[0] == 100
    assert found.right.values[-1] == 199
    assert found.attrs["n"] == 100
    found = tw.map_histogram(a_map(values), bins=[0, 100, 600])
    assert found["count"].values.tolist() == [100, 500]


def test_directions_round_the_fold_make_one_heap():
    true = np.random.default_rng(0).normal(90, 3, (40, 40))
    folded = 90 - (90 - true) % 180
    found = tw.map_histogram(a_map(folded, name="angle"))
    assert found.right.values[-1] - found.left.values[0] < 30
    assert (found.attrs["mean"] - true.mean() + 90) % 180 - 90 == pytest.approx(0, abs=1e-9)
    assert found.attrs["std"] == pytest.approx(true.std(ddof=1))


def test_an_empty_map_has_an_empty_histogram():
    found = tw.map_histogram(a_map(np.full((20, 30), np.nan)))
    assert found.attrs["n"] == int(found["count"].sum()) == 0
    assert np.isnan(found.attrs["mean"])


def test_regions_are_summed_up():
    rng = np.random.default_rng(0)
    label = np.repeat([[-1, 4, 7]], 30, axis=0).repeat(20, axis=1)
    d = np.where(label == 4, 0.2, 0.3) + rng.normal(0, 0.002, label.shape)
    d[0, 25] = 5.0
    d[1, 25] = np.nan
    true = np.where(label == 4, 89.0, -20.0) + rng.normal(0, 3, label.shape)
    maps = xr.Dataset(
        {
            "d_spacing": a_map(d, name="d_spacing"),
            "d_spacing_std": a_map(d, name="d_spacing_std"),
            "angle": a_map(90 - (90 - true) % 180, name="angle"),
            "mask": a_map(label > 0, name="mask"),
        }
    )
    found = tw.region_statistics(maps, a_map(label, name="label"))
    assert found.region.values.tolist() == [4, 7]
    four, part = found.sel(region=4), d[label == 4]
    assert four.d_spacing_n == 599
    assert four.d_spacing_mean == pytest.approx(np.nanmean(part))
    assert four.d_spacing_median == pytest.approx(0.2, abs=3e-4)
    assert four.d_spacing_sd == pytest.approx(np.nanstd(part, ddof=1))
    assert four.d_spacing_robust_sd == pytest.approx(0.002, rel=0.1)
    assert (four.angle_mean - true[label == 4].mean() + 90) % 180 - 90 == pytest.approx(0, abs=1e-9)
    assert four.angle_sd == pytest.approx(true[label == 4].std(ddof=1))
    np.testing.assert_allclose(found.area, 600 * 0.02 * 0.03)
    assert found.area.attrs["units"] == "nm²"
    assert found.d_spacing_mean.attrs == {"units": "%", "long_name": "mean d_spacing"}
    assert "d_spacing_std_mean" not in found
    assert "mask_mean" not in found


def test_a_mask_is_one_region_and_reflections_stay_apart():
    values = np.stack([np.full((10, 12), v) for v in (1.0, 2.0)])
    image = a_map(values[0])
    maps = xr.DataArray(
        values,
        dims=("reflection", "y", "x"),
        coords={"reflection": [5, 9], "y": image.y, "x": image.x},
        name="d_spacing",
    )
    inside = np.zeros((10, 12), bool)
    inside[:5] = True
    found = tw.region_statistics(maps, a_map(inside, name="mask"))
    assert found.region.values.tolist() == [1]
    assert found.d_spacing_mean.dims == ("region", "reflection")
    assert found.d_spacing_mean.sel(region=1, reflection=9) == 2.0
    assert found.d_spacing_n.values.tolist() == [[60, 60]]
    nothing = tw.region_statistics(maps, a_map(np.full((10, 12), -1), name="label"))
    assert nothing.sizes["region"] == 0
    domains = xr.Dataset({"label": a_map(inside.astype(int), name="label")})
    assert tw.region_statistics(maps, domains).region.values.tolist() == [0, 1]


def test_bad_arguments_are_refused():
    found = a_map(np.zeros((20, 30)))
    with pytest.raises(TypeError, match="One map with dims"):
        tw.map_histogram(np.zeros((20, 30)))
    with pytest.raises(ValueError, match="limits are a lowest and a highest value"):
        tw.map_histogram(found, limits=(1, 1))
    with pytest.raises(ValueError, match="bins is a number of bins"):
        tw.map_histogram(found, bins="some")
    with pytest.raises(TypeError, match="Maps with dims y and x were expected"):
        tw.region_statistics(np.zeros((20, 30)), found)
    with pytest.raises(TypeError, match=r"regions is a DataArray.*DataArray of float64 came"):
        tw.region_statistics(found, found)
    with pytest.raises(ValueError, match="The map is too small"):
        tw.map_histogram(found[:1])
