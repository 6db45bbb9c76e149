"""The shared vocabulary, and every sentence of its checks."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from temwidgets import conventions as c

GRID = c.PixelGrid((3, 4), c.Sampling(10.0, -2.0), c.Sampling(0.02, 0.03), "nm")


def image(**options):
    return c.make_image(np.arange(12.0).reshape(3, 4), **options)


# --- images --------------------------------------------------------------------------------


def test_a_calibrated_image():
    made = image(sampling=(0.02, 0.03), origin=(10.0, -2.0), attrs={"source": "a.dm4"})
    assert made.dims == ("y", "x")
    assert made.name == "intensity"
    assert made.attrs == {"units": "counts", "long_name": "intensity", "source": "a.dm4"}
    assert made["y"].attrs == {"units": "nm", "long_name": "y position"}
    np.testing.assert_allclose(made["x"], -2.0 + 0.03 * np.arange(4))
    assert c.pixel_grid(made) == GRID._replace(
        sampling=pytest.approx(GRID.sampling), origin=pytest.approx(GRID.origin)
    )
    assert c.length_unit(made) == "nm"
    assert c.check_image(made) is made


def test_an_uncalibrated_image_is_in_px():
    made = image()
    assert c.length_unit(made) == "px"
    assert c.pixel_grid(made) == ((3, 4), (0.0, 0.0), (1.0, 1.0), "px")


def test_units_may_be_said():
    assert c.length_unit(image(sampling=2.0, units="px")) == "px"


def test_a_series_has_frames_and_keeps_its_dtype():
    made = c.make_image(np.zeros((2, 3, 4), np.uint16), sampling=0.1)
    assert made.dims == ("frame", "y", "x")
    assert made.dtype == np.uint16
    np.testing.assert_array_equal(made["frame"], [0, 1])
    assert c.check_image(made, ndim=3) is made
    assert c.check_image(made, ndim=None) is made


@pytest.mark.parametrize("shape", [(), (3,), (2, 2, 2, 2)])
def test_arrays_of_other_dims_are_refused(shape):
    with pytest.raises(ValueError, match=rf"the array has {len(shape)} dims .*array\[0\]"):
        c.make_image(np.zeros(shape))


@pytest.mark.parametrize("sampling", [0, -1.0, np.nan, np.inf, (0.1, 0), (0.1, -0.1)])
def test_sampling_must_be_positive(sampling):
    with pytest.raises(ValueError, match=r"must be positive, but .* came\. Give one number, or"):
        image(sampling=sampling)


@pytest.mark.parametrize("sampling", ["wide", (1.0, 2.0, 3.0), [[1.0], [2.0]], {"y": 1}])
def test_sampling_must_be_one_number_or_two(sampling):
    with pytest.raises(ValueError, match=r"sampling is the length of a pixel.*Give one number, or"):
        image(sampling=sampling)


@pytest.mark.parametrize("origin", [3.0, (1.0,), (1.0, 2.0, 3.0), (np.nan, 0.0), "ab"])
def test_origin_must_be_a_point(origin):
    with pytest.raises(ValueError, match=r"origin is the position \(y, x\) of the first pixel"):
        image(sampling=1.0, origin=origin)


@given(*[st.floats(-1e4, 1e4)] * 2, *[st.floats(1e-3, 10)] * 2, st.floats(-1e4, 1e4))
def test_pixels_and_lengths_turn_into_each_other(y, x, step_y, step_x, pixel):
    grid = c.PixelGrid((5, 6), c.Sampling(y, x), c.Sampling(step_y, step_x), "nm")
    there = grid.to_lengths([pixel, 0.0], [2.5, pixel])
    back = grid.to_pixels(*there)
    np.testing.assert_allclose(back, [[pixel, 0.0], [2.5, pixel]], rtol=1e-6, atol=1e-4)


@given(st.floats(-1e3, 1e3), st.floats(1e-3, 1e2), st.integers(2, 50))
def test_the_grid_is_read_back_from_the_coordinates(origin, step, size):
    made = c.make_image(np.zeros((size, 3)), sampling=(step, 1.0), origin=(origin, 0.0))
    grid = c.pixel_grid(made)
    assert grid.shape == (size, 3)
    assert grid.origin.y == pytest.approx(origin)
    assert grid.sampling.y == pytest.approx(step, rel=1e-6)
    c.check_image(made)


def test_the_grid_of_a_single_row():
    assert c.pixel_grid(image(sampling=0.5).isel(y=[1])).sampling == (1.0, 0.5)


# --- check_image ---------------------------------------------------------------------------


@pytest.mark.parametrize("thing", [np.zeros((3, 4)), None, "a.tif", xr.Dataset()])
def test_only_data_arrays_are_images(thing):
    kind = type(thing).__name__
    with pytest.raises(TypeError, match=rf"a {kind} came\. Read it with temwidgets\.read"):
        c.check_image(thing)


def test_dims_must_fit():
    with pytest.raises(ValueError, match=r"dims \(y, x\) was expected, but dims \('a', 'x'\) came"):
        c.check_image(image().rename(y="a"))
    with pytest.raises(ValueError, match=r"\('x', 'y'\) came"):
        c.check_image(image().transpose())
    series = c.make_image(np.zeros((2, 3, 4)))
    with pytest.raises(ValueError, match=r"Choose a frame with image\.isel\(frame=0\)"):
        c.check_image(series)
    with pytest.raises(ValueError, match=r"dims \(frame, y, x\) was expected"):
        c.check_image(image(), ndim=3)
    with pytest.raises(ValueError, match=r"dims \(y, x\) or \(frame, y, x\) was expected"):
        c.check_image(image().isel(x=0), ndim=None)


@pytest.mark.parametrize("rows", [0, 1])
def test_an_image_has_at_least_two_rows(rows):
    with pytest.raises(ValueError, match=rf"too small: \({rows}, 4\); at least 2 x 2"):
        c.check_image(image().isel(y=slice(rows)))


@pytest.mark.parametrize("dtype", [complex, object, "U1", "M8[s]"])
def test_an_image_holds_real_numbers(dtype):
    with pytest.raises(ValueError, match="holds real numbers, but its dtype is"):
        c.check_image(c.make_image(np.zeros((3, 4), int).astype(dtype)))


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int16, np.float16, np.float64])
def test_real_dtypes_pass(dtype):
    c.check_image(c.make_image(np.ones((3, 4), dtype)))


def test_an_image_needs_coordinates():
    with pytest.raises(ValueError, match=r"no coordinate 'x'\. Wrap it with"):
        c.check_image(image().drop_vars("x"))


@pytest.mark.parametrize(
    "values", [[0, 1, 3, 4], [3, 2, 1, 0], [0, 0, 0, 0], [0, 1, np.nan, 3], ["a", "b", "c", "d"]]
)
def test_coordinates_go_up_in_equal_steps(values):
    with pytest.raises(ValueError, match="Coordinate 'x' must increase in equal steps"):
        c.check_image(image().assign_coords(x=values))


def test_nan_pixels_are_refused_where_asked():
    made = image().where(lambda v: v != 5)
    assert c.check_image(made) is made
    with pytest.raises(ValueError, match=r"1 of 12 pixels are NaN or infinite.*fillna"):
        c.check_image(made, finite=True)
    c.check_image(c.make_image(np.ones((3, 4), int)), finite=True)


# --- columns -------------------------------------------------------------------------------


def test_columns_are_labelled_and_count_on():
    made = c.make_columns([1.0, 2.0], [3.0, 4.0], units="px", labels=[7, 3], attrs={"a": 1})
    assert made["y"].attrs == {"units": "px", "long_name": "y position"}
    np.testing.assert_array_equal(made["column"], [7, 3])
    assert made.attrs == {"next_label": 8, "a": 1}
    assert c.length_unit(made) == "px"
    assert c.check_columns(made) is made
    np.testing.assert_array_equal(c.make_columns([1, 2], [3, 4])["column"], [0, 1])


def test_no_columns_at_all():
    none = c.make_columns([], [])
    assert none.sizes["column"] == 0
    assert none.attrs["next_label"] == 0
    c.check_columns(none)


@pytest.mark.parametrize(("y", "x"), [([1.0], [1.0, 2.0]), (1.0, 1.0), ([[1.0]], [[1.0]])])
def test_positions_are_equally_long_lists(y, x):
    with pytest.raises(ValueError, match="y and x must be equally long lists, but shapes"):
        c.make_columns(y, x)


@pytest.mark.parametrize("labels", [[1], [[1, 2]], [1, 1], [0.5, 1.0], [-1, 2]])
def test_labels_are_whole_and_of_their_own(labels):
    with pytest.raises(ValueError, match="labels must be 2 different whole numbers"):
        c.make_columns([1.0, 2.0], [1.0, 2.0], labels=labels)


def test_only_datasets_are_columns():
    with pytest.raises(TypeError, match=r"a DataArray came\. Make one with"):
        c.check_columns(image())


def test_columns_need_their_dim_their_variables_and_unique_labels():
    made = c.make_columns([1.0, 2.0], [1.0, 2.0])
    with pytest.raises(ValueError, match=r"dim 'column', but the Dataset has dims \('n',\)"):
        c.check_columns(made.rename(column="n"))
    with pytest.raises(ValueError, match="labelled dim 'column'"):
        c.check_columns(made.drop_vars("column"))
    with pytest.raises(ValueError, match=r"have no amplitude; they hold y, x\. Fit them first"):
        c.check_columns(made, needs=("y", "amplitude"))
    with pytest.raises(ValueError, match=r"have no y; they hold x\.$"):
        c.check_columns(made.drop_vars("y"))
    with pytest.raises(ValueError, match="Column labels repeat"):
        c.check_columns(made.assign_coords(column=[1, 1]))


# --- flags ---------------------------------------------------------------------------------


def test_flags_follow_the_conventions():
    variable = c.flag_variable([0, 5])
    assert variable.dtype == np.int32
    assert variable.dims == ("column",)
    names = variable.attrs["flag_meanings"].split()
    assert dict(zip(names, variable.attrs["flag_masks"], strict=True)) == {
        flag.name: int(flag) for flag in c.Flag
    }
    assert sum(c.Flag) == 2 ** len(c.Flag) - 1


def test_flagged_finds_any_of_the_bits():
    made = c.make_columns([1.0] * 3, [1.0] * 3)
    made["flags"] = c.flag_variable([0, 4, 36])
    np.testing.assert_array_equal(c.flagged(made, c.Flag.cut_by_edge), [False, True, True])
    np.testing.assert_array_equal(
        c.flagged(made, c.Flag.failed | c.Flag.at_bound), [False, False, True]
    )


def test_every_flag_has_a_sentence():
    assert set(c.FLAG_SENTENCES) == set(c.Flag)
    assert c.describe_flags(0) == ""
    text = c.describe_flags(int(c.Flag.overlap | c.Flag.at_bound))
    assert text == "a parameter stopped at its bound; " + c.FLAG_SENTENCES[c.Flag.overlap]


def test_quantities_carry_units():
    made = c.quantity("column", [1.0], "nm", "spacing", ancillary_variables="d_std flags")
    assert made.attrs == {
        "units": "nm",
        "long_name": "spacing",
        "ancillary_variables": "d_std flags",
    }
