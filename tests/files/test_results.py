"""Results come back from a file as they went in."""

import os

import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import temwidgets as tw
from temwidgets.conventions import Flag, check_columns, flag_variable, make_columns, make_image

QUICK = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
NAMES = st.text("abcxyz_", min_size=1, max_size=6).map("n".__add__)
SCALARS = (
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.booleans()
    | st.none()
    | st.binary(max_size=5)
    | st.complex_numbers()
)
ARRAYS = hnp.arrays(
    st.sampled_from([bool, np.uint8, np.int32, np.int64, np.float32, np.float64]),
    hnp.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=3),
)
VALUES = st.recursive(
    SCALARS | ARRAYS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(NAMES, inner, max_size=2)
    ),
    max_leaves=4,
)
ATTRS = st.dictionaries(NAMES, VALUES, max_size=4)


def same(one, other):
    """Compare values and types; NaN equals NaN."""
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(
            one, other, equal_nan=one.dtype.kind in "fc"
        )
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other)) and type(one) is type(other)
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(v, other[k]) for k, v in one.items())
    if isinstance(one, complex):
        return isinstance(other, complex) and same([one.real, one.imag], [other.real, other.imag])
    return type(one) is type(other) and (one == other or (one != one and other != other))


def assert_same(one, other):
    xr.testing.assert_equal(one, other)
    assert one.name == other.name if isinstance(one, xr.DataArray) else list(one) == list(other)
    assert same(dict(one.attrs), dict(other.attrs))
    parts = one.coords if isinstance(one, xr.DataArray) else one.variables
    for name in parts:
        # the length of the longest string is no part of a result
        assert one[name].dtype == other[name].dtype or one[name].dtype.kind == "U", name
        assert same(dict(one[name].attrs), dict(other[name].attrs)), name


@QUICK
@given(
    st.sampled_from(["u1", "u2", "u4", "i2", "f2", "f4", "f8", "?"]),
    hnp.array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=9),
    st.none() | st.tuples(st.floats(1e-3, 10), st.floats(1e-3, 10)),
    st.tuples(st.floats(-50, 50), st.floats(-50, 50)),
    ATTRS,
    st.data(),
)
def test_images(tmp_path, dtype, shape, sampling, origin, attrs, data):
    values = data.draw(hnp.arrays(dtype, shape))
    image = make_image(values, sampling=sampling, origin=origin, attrs=attrs)
    image.attrs["note"] = float("nan")
    back = tw.open_result(tw.save(tmp_path / "a.nc", image))
    assert isinstance(back, xr.DataArray)
    assert back.dtype == image.dtype
    assert back.dims == image.dims
    assert_same(back, image)


@QUICK
@given(st.integers(0, 6), ATTRS, st.data())
def test_columns(tmp_path, size, attrs, data):
    floats = hnp.arrays(np.float64, size)
    columns = make_columns(
        data.draw(floats), data.draw(floats), labels=np.arange(size) * 3 + 2, attrs=attrs
    )
    columns["flags"] = flag_variable(
        data.draw(hnp.arrays(np.int32, size, elements=st.integers(0, 511)))
    )
    columns["edited"] = "column", data.draw(hnp.arrays(bool, size)), {"units": "1"}
    columns["element"] = "column", np.array(["Sr", "Ti", "µ"] * 2)[:size]
    columns["amplitude"] = "column", data.draw(hnp.arrays(np.float32, size)), attrs
    columns["lag"] = "column", np.arange(size, dtype=float), {"units": "seconds"}
    back = tw.open_result(tw.save(tmp_path / "a.nc", columns))
    assert isinstance(back, xr.Dataset)
    assert_same(back, columns)
    check_columns(back)


def test_trees_keep_groups_attributes_and_inherited_coordinates(tmp_path):
    image = make_image(np.arange(30.0).reshape(5, 6), sampling=0.1, origin=(3, 4))
    tree = xr.DataTree.from_dict(
        {
            "/": xr.Dataset(coords=image.coords, attrs={"done": True, "steps": ["find", "fit"]}),
            "/image": image.to_dataset(),
            "/columns/fitted": make_columns([1.0], [2.0], labels=[7]),
            "/empty": xr.Dataset(attrs={"why": None}),
        },
        name="workspace",
    )
    back = tw.open_result(tw.save(tmp_path / "a.nc", tree))
    assert isinstance(back, xr.DataTree)
    xr.testing.assert_identical(back, tree)
    assert back.name == "workspace"
    assert back.attrs == {"done": True, "steps": ["find", "fit"]}
    assert back["columns/fitted"].attrs["next_label"] == 8
    assert back["empty"].attrs == {"why": None}


def test_flags_keep_their_meaning(tmp_path):
    columns = make_columns([1.0, 2.0], [1.0, 2.0])
    columns["flags"] = flag_variable([0, 5])
    back = tw.open_result(tw.save(tmp_path / "a.nc", columns))
    np.testing.assert_array_equal(back["flags"].attrs["flag_masks"], [int(f) for f in Flag])
    assert back["flags"].attrs["flag_meanings"].split() == [f.name for f in Flag]
    assert back["flags"].dtype == np.int32


@pytest.mark.parametrize("name", [None, "intensity", "y", ("a", 1)])
def test_names_of_arrays(tmp_path, name):
    image = make_image(np.zeros((4, 5)), sampling=0.1).rename(name)
    back = tw.open_result(tw.save(tmp_path / "a.nc", image))
    assert back.name == (list(name) if isinstance(name, tuple) else name)


def test_complex_values_and_saving_twice(tmp_path):
    spectrum = xr.DataArray(np.ones((3, 4), np.complex64) * 1j, dims=("ky", "kx"), name="s")
    tw.save(tmp_path / "a.nc", spectrum)
    back = tw.open_result(tmp_path / "a.nc")
    assert back.dtype == np.complex64
    tw.save(tmp_path / "a.nc", back * 2)
    xr.testing.assert_equal(tw.open_result(tmp_path / "a.nc"), spectrum * 2)


def test_saving_leaves_the_object_alone(tmp_path):
    image = tw.examples.load("pt_atoms")
    image.attrs["odd"] = {"a": None}
    before = image.copy(deep=True)
    tw.save(tmp_path / "a.nc", image)
    xr.testing.assert_identical(image, before)
    assert image.encoding == {}


def test_other_programs_see_plain_netcdf(tmp_path):
    tw.save(tmp_path / "a.nc", make_columns([1.0], [2.0], attrs={"separation": 0.2}))
    with xr.open_dataset(tmp_path / "a.nc", engine="h5netcdf") as plain:
        assert plain.attrs["separation"] == 0.2
        assert plain["y"].attrs["units"] == "nm"


def test_a_plain_netcdf_file_opens_as_what_it_is(tmp_path):
    xr.Dataset({"a": ("n", [1, 2])}).to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    assert isinstance(tw.open_result(tmp_path / "a.nc"), xr.Dataset)
    xr.DataTree.from_dict({"/g": xr.Dataset({"a": 1})}).to_netcdf(
        tmp_path / "b.nc", engine="h5netcdf"
    )
    assert isinstance(tw.open_result(tmp_path / "b.nc"), xr.DataTree)


def test_what_cannot_be_saved(tmp_path):
    image = make_image(np.zeros((4, 5)))
    with pytest.raises(TypeError, match=r"can be saved, but a list came"):
        tw.save(tmp_path / "a.nc", [1, 2])
    with pytest.raises(ValueError, match=r"Results are netCDF files, so name it a\.nc, not a\.tif"):
        tw.save(tmp_path / "a.tif", image)
    with pytest.raises(FileNotFoundError, match=r"There is no folder .*nowhere\. Make it first"):
        tw.save(tmp_path / "nowhere" / "a.nc", image)
    image.attrs["object"] = object()
    with pytest.raises(ValueError, match=r"cannot be saved in a\.nc: an attribute is a object"):
        tw.save(tmp_path / "a.nc", image)
    stacked = xr.Dataset({"v": (("a", "b"), np.zeros((2, 2)))}, {"a": [0, 1], "b": [0, 1]})
    with pytest.raises(ValueError, match=r"cannot be saved in a\.nc"):
        tw.save(tmp_path / "a.nc", stacked.stack(c=("a", "b")))
    assert list(tmp_path.iterdir()) == []


def test_a_failed_save_keeps_the_file_that_was_there(tmp_path):
    image = make_image(np.ones((4, 5)))
    tw.save(tmp_path / "a.nc", image)
    with pytest.raises(ValueError, match="cannot be saved"):
        tw.save(tmp_path / "a.nc", image.assign_attrs(a=object()))
    xr.testing.assert_identical(tw.open_result(tmp_path / "a.nc"), image)
    assert [p.name for p in tmp_path.iterdir()] == ["a.nc"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(OSError, match="cannot be written"):
        tw.save(tmp_path / "a.nc", make_image(np.ones((4, 5))))


def test_what_cannot_be_opened(tmp_path):
    with pytest.raises(FileNotFoundError, match="There is no file"):
        tw.open_result(tmp_path / "a.nc")
    (tmp_path / "a.nc").write_text("not netCDF")
    with pytest.raises(ValueError, match=r"cannot be read as a saved result \(netCDF-4\)"):
        tw.open_result(tmp_path / "a.nc")
