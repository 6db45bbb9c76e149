"""Images in netCDF files, of this package and of others."""

import numpy as np
import pytest
import xarray as xr

import temwidgets as tw
from temwidgets.conventions import make_image


def test_examples_are_read_as_they_are_loaded():
    for name in tw.examples.names():
        xr.testing.assert_identical(tw.read(tw.examples.path(name)), tw.examples.load(name))


def test_foreign_netcdf(tmp_path, pixels, assert_calibrated):
    descending = xr.DataArray(
        pixels.astype(float),
        dims=("y", "x"),
        coords={
            "y": ("y", 40.0 - 10 * np.arange(5), {"units": "Å"}),
            "x": ("x", np.arange(8.0), {"units": "Å"}),
        },
    )
    xr.Dataset({"counts": descending, "table": ("n", np.arange(3))}).to_netcdf(
        tmp_path / "a.nc", engine="h5netcdf"
    )
    assert [d.name for d in tw.datasets(tmp_path / "a.nc")] == ["counts"]
    image = tw.read(tmp_path / "a.nc")
    np.testing.assert_array_equal(image, pixels[::-1])
    assert_calibrated(image, (1.0, 0.1))
    unnamed = xr.DataArray(pixels, dims=("row", "col"), name="counts")
    unnamed.to_netcdf(tmp_path / "b.nc", engine="h5netcdf")
    np.testing.assert_array_equal(tw.read(tmp_path / "b.nc", sampling=0.1), pixels)


def test_images_inside_a_tree(tmp_path, pixels):
    image = make_image(pixels, sampling=0.1)
    tree = xr.DataTree.from_dict({"/": xr.Dataset(), "/deep": image.to_dataset()})
    tw.save(tmp_path / "a.nc", tree)
    assert tw.datasets(tmp_path / "a.nc")[0].name == "deep/intensity"
    np.testing.assert_array_equal(tw.read(tmp_path / "a.nc"), pixels)
    tw.save(tmp_path / "b.nc", xr.Dataset())
    with pytest.raises(ValueError, match=r"holds no image\. It holds: nothing"):
        tw.read(tmp_path / "b.nc")


def test_an_uncalibrated_crop_keeps_its_place_when_calibrated(tmp_path, pixels, assert_calibrated):
    crop = make_image(pixels).isel(y=slice(1, None), x=slice(2, None))
    tw.save(tmp_path / "a.nc", crop)
    with pytest.warns(UserWarning, match="a.nc is not calibrated, so"):
        xr.testing.assert_equal(tw.read(tmp_path / "a.nc"), crop)
    assert_calibrated(tw.read(tmp_path / "a.nc", sampling=0.5), (0.5, 0.5), (0.5, 1.0))
