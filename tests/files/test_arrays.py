"""Arrays and pictures, and paths that lead to none."""

import numpy as np
import pytest
from skimage.io import imsave

import temwidgets as tw
from temwidgets.conventions import make_image


def test_npy_is_read_with_a_sentence_about_its_calibration(tmp_path, pixels):
    np.save(tmp_path / "a.npy", pixels)
    with pytest.warns(UserWarning, match=r"a\.npy is not calibrated.*read\(path, sampling=0\.02"):
        image = tw.read(tmp_path / "a.npy")
    np.testing.assert_array_equal(image, pixels)
    assert image.dtype == np.uint16
    assert image["x"].attrs["units"] == "px"
    assert image.attrs["source"] == "a.npy"


def test_warnings_point_at_the_callers_line(tmp_path, pixels):
    np.save(tmp_path / "a.npy", pixels)
    with pytest.warns(UserWarning, match="not calibrated") as caught:
        tw.read(tmp_path / "a.npy")
    assert caught[0].filename == __file__


def test_sampling_calibrates_and_replaces_a_calibration(tmp_path, pixels, assert_calibrated):
    np.save(tmp_path / "a.npy", pixels)
    image = tw.read(tmp_path / "a.npy", sampling=(0.02, 0.03))
    assert_calibrated(image, (0.02, 0.03))
    tw.save(tmp_path / "a.nc", make_image(pixels, sampling=0.1, origin=(1.0, 2.0)))
    again = tw.read(tmp_path / "a.nc", sampling=0.2)
    # what lay 10 and 20 pixels from zero still does
    assert_calibrated(again, (0.2, 0.2), (2.0, 4.0))
    np.testing.assert_array_equal(again.attrs["pixel_size"], [0.2, 0.2])


def test_sampling_must_be_a_length(tmp_path, pixels):
    np.save(tmp_path / "a.npy", pixels)
    with pytest.raises(ValueError, match="sampling is the length of a pixel"):
        tw.read(tmp_path / "a.npy", sampling=-1)


def test_stacks_and_byte_orders(tmp_path, pixels):
    stack = np.stack([pixels, pixels + 1]).astype(">f4")
    np.save(tmp_path / "a.npy", stack)
    image = tw.read(tmp_path / "a.npy", sampling=0.1)
    assert image.dims == ("frame", "y", "x")
    assert image.dtype == np.float32
    assert image.dtype.isnative
    np.testing.assert_array_equal(image, stack)


def test_a_series_of_one_frame_is_an_image(tmp_path, pixels):
    np.save(tmp_path / "a.npy", pixels[None])
    assert tw.read(tmp_path / "a.npy", sampling=1.0).dims == ("y", "x")


def test_nan_pixels_are_counted(tmp_path, pixels):
    values = pixels.astype(float)
    values[1, 2] = np.nan
    values[3, 4] = np.inf
    np.save(tmp_path / "a.npy", values)
    with pytest.warns(UserWarning, match="2 of 40 pixels of a.npy are NaN or infinite"):
        image = tw.read(tmp_path / "a.npy", sampling=1.0)
    assert np.isnan(image.values[1, 2])


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_grey_pictures(tmp_path, suffix):
    grey = np.tile(np.linspace(10, 240, 24).astype(np.uint8), (16, 1))
    imsave(tmp_path / f"a.{suffix}", grey)
    imsave(tmp_path / f"rgb.{suffix}", np.stack([grey] * 3, -1))
    for name in ("a", "rgb"):
        image = tw.read(tmp_path / f"{name}.{suffix}", sampling=1.0)
        assert image.shape == (16, 24)
        assert image.dtype == np.uint8
        assert abs(image.values.astype(int) - grey).max() <= 3


def test_16_bit_and_transparent_png(tmp_path, pixels):
    imsave(tmp_path / "a.png", pixels * 100, check_contrast=False)
    np.testing.assert_array_equal(tw.read(tmp_path / "a.png", sampling=1.0), pixels * 100)
    grey = (pixels % 250).astype(np.uint8)
    opaque = np.full_like(grey, 255)
    imsave(tmp_path / "rgba.png", np.stack([grey, grey, grey, opaque], -1), check_contrast=False)
    np.testing.assert_array_equal(tw.read(tmp_path / "rgba.png", sampling=1.0), grey)
    imsave(tmp_path / "la.png", np.stack([grey, opaque], -1), check_contrast=False)
    np.testing.assert_array_equal(tw.read(tmp_path / "la.png", sampling=1.0), grey)


def test_a_coloured_scale_bar_is_told_and_true_colour_refused(tmp_path):
    rgb = np.repeat(np.arange(200 * 100, dtype=np.uint32).reshape(200, 100, 1) % 255, 3, axis=2)
    rgb = rgb.astype(np.uint8)
    rgb[190:192, 10:20] = (255, 0, 0)
    imsave(tmp_path / "bar.png", rgb, check_contrast=False)
    with pytest.warns(UserWarning, match="bar.png: 20 of 20000 pixels are coloured"):
        assert tw.read(tmp_path / "bar.png", sampling=1.0).shape == (200, 100)
    rgb[..., 0] = 255 - rgb[..., 0]
    imsave(tmp_path / "colour.png", rgb, check_contrast=False)
    with pytest.raises(ValueError, match=r"'colour'.*it is in colour\. Make one grey"):
        tw.read(tmp_path / "colour.png")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.arange(9.0), "it is a spectrum"),
        (np.zeros((40, 2)), "fewer than 4 rows or columns"),
        (np.zeros((6, 6, 6, 6)), r"an image has dims \(y, x\), a series \(frame, y, x\)"),
        (np.ones((6, 6), complex), "complex numbers"),
        (np.full((6, 6), "a"), "does not hold numbers"),
        (np.zeros((0, 6)), "fewer than 4"),
        (np.float64(3), "spectrum"),
    ],
)
def test_arrays_that_are_no_image(tmp_path, values, message):
    np.save(tmp_path / "a.npy", values)
    assert not any(d.default for d in tw.datasets(tmp_path / "a.npy"))
    with pytest.raises(ValueError, match=message):
        tw.read(tmp_path / "a.npy")


def test_pickles_are_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{"a": 1}], object), allow_pickle=True)
    with pytest.raises(ValueError, match=r"cannot be read as a \.npy file.*[Oo]bject arrays"):
        tw.read(tmp_path / "a.npy")


def test_paths_that_are_no_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"There is no file .*missing\.tif"):
        tw.read(tmp_path / "missing.tif")
    with pytest.raises(IsADirectoryError, match="is a folder"):
        tw.read(tmp_path)
    with pytest.raises(TypeError, match="path is the name of a file, but a int came"):
        tw.read(3)
    (tmp_path / "empty.dm4").touch()
    with pytest.raises(ValueError, match=r"empty\.dm4 is empty \(0 bytes\)"):
        tw.read(tmp_path / "empty.dm4")
    (tmp_path / "table.csv").write_text("a")
    with pytest.raises(ValueError, match=r"ends in '\.csv', which cannot be read.*dm3, dm4, emd"):
        tw.read(tmp_path / "table.csv")
    (tmp_path / "bare").write_text("a")
    with pytest.raises(ValueError, match="ends in 'no suffix'"):
        tw.datasets(tmp_path / "bare")


def test_strings_and_home_are_paths(tmp_path, monkeypatch, pixels):
    monkeypatch.setenv("HOME", str(tmp_path))
    np.save(tmp_path / "a.npy", pixels)
    assert tw.read("~/a.npy", sampling=1.0).shape == pixels.shape
