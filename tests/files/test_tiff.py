"""The many calibrations and greys of TIFF."""

import json

import numpy as np
import pytest
import tifffile

import temwidgets as tw


@pytest.mark.parametrize(
    ("unit", "pixels_per_unit", "nm"),
    [("nm", 50, 0.02), ("micron", 20000, 0.05), ("\\u00B5m", 1000, 1.0), ("A", 5, 0.02)],
)
def test_imagej_tiff_keeps_its_unit(tmp_path, unit, pixels_per_unit, nm, pixels, assert_calibrated):
    tifffile.imwrite(
        tmp_path / "a.tif",
        pixels,
        imagej=True,
        resolution=(pixels_per_unit, 2 * pixels_per_unit),
        metadata={"unit": unit},
    )
    image = tw.read(tmp_path / "a.tif")
    assert_calibrated(image, (nm / 2, nm))
    np.testing.assert_array_equal(image, pixels)
    np.testing.assert_allclose(image.attrs["pixel_size"], (nm / 2, nm))


def test_imagej_stack(tmp_path, pixels, assert_calibrated):
    stack = np.stack([pixels, pixels + 1, pixels + 2])
    options = {"imagej": True, "resolution": (50, 50), "metadata": {"unit": "nm", "axes": "ZYX"}}
    tifffile.imwrite(tmp_path / "a.tif", stack, **options)
    image = tw.read(tmp_path / "a.tif")
    assert image.dims == ("frame", "y", "x")
    np.testing.assert_array_equal(image, stack)
    assert_calibrated(image, (0.02, 0.02))


@pytest.mark.parametrize("metadata", [{}, {"unit": "pixel"}, {"unit": "inch"}])
def test_tiff_without_a_length_is_not_calibrated(tmp_path, metadata, pixels):
    options = {"imagej": True, "resolution": (72, 72), "metadata": metadata}
    tifffile.imwrite(tmp_path / "a.tif", pixels, **options)
    with pytest.warns(UserWarning, match="not calibrated"):
        assert tw.read(tmp_path / "a.tif")["x"].attrs["units"] == "px"


def test_print_resolution_is_no_calibration(tmp_path, pixels):
    tifffile.imwrite(tmp_path / "a.tif", pixels, resolution=(300, 300), resolutionunit=2)
    with pytest.warns(UserWarning, match="not calibrated"):
        tw.read(tmp_path / "a.tif")


def test_digital_micrograph_tags(tmp_path, pixels, assert_calibrated):
    tags = [(65003, 2, 3, "nm", True), (65004, 2, 3, "nm", True)]
    tags += [(65009, 12, 1, 0.03, True), (65010, 12, 1, 0.02, True)]
    tags += [(65006, 12, 1, 10.0, True), (65007, 12, 1, -5.0, True)]
    tifffile.imwrite(tmp_path / "a.tif", pixels, extratags=tags, software="DM")
    assert_calibrated(tw.read(tmp_path / "a.tif"), (0.02, 0.03), (0.1, -0.3))
    tifffile.imwrite(tmp_path / "h.tif", pixels, extratags=tags, software="hyperspy")
    assert_calibrated(tw.read(tmp_path / "h.tif"), (0.02, 0.03), (-5.0, 10.0))


def test_fei_tiff(tmp_path, pixels, assert_calibrated):
    text = (
        "[User]\r\nDate=11/21/2026\r\n[Beam]\r\nHV=200000\r\n[Scan]\r\n"
        "PixelWidth=3e-11\r\nPixelHeight=2e-11\r\nDwell=1e-05\r\n[Detectors]\r\nName=HAADF\r\n"
    )
    tag = (34682, 2, len(text) + 1, text, True)
    tifffile.imwrite(tmp_path / "a.tif", pixels, extratags=[tag])
    image = tw.read(tmp_path / "a.tif")
    assert_calibrated(image, (0.02, 0.03))
    assert image.attrs["detector"] == "HAADF"
    assert image.attrs["beam_energy"] == 200.0
    assert image.attrs["beam_energy_units"] == "keV"
    assert image.attrs["dwell_time"] == pytest.approx(10.0)
    assert json.loads(image.attrs["metadata"])["Detectors"]["Name"] == "HAADF"


def test_compressed_tiff(tmp_path, pixels):
    pytest.importorskip("imagecodecs")
    tifffile.imwrite(tmp_path / "a.tif", pixels, compression="lzw")
    np.testing.assert_array_equal(tw.read(tmp_path / "a.tif", sampling=1.0), pixels)


def test_greys_as_they_look(tmp_path, pixels):
    grey = (pixels % 250).astype(np.uint8)
    tifffile.imwrite(tmp_path / "inverted.tif", 255 - grey, photometric="miniswhite")
    np.testing.assert_array_equal(tw.read(tmp_path / "inverted.tif", sampling=1.0), grey)
    ramp = np.tile(np.arange(256, dtype=np.uint16) * 257, (3, 1))
    tifffile.imwrite(tmp_path / "ramp.tif", grey, photometric="palette", colormap=ramp)
    np.testing.assert_array_equal(tw.read(tmp_path / "ramp.tif", sampling=1.0), grey)
    falling = ramp[:, ::-1]
    tifffile.imwrite(tmp_path / "falling.tif", grey, photometric="palette", colormap=falling)
    image = tw.read(tmp_path / "falling.tif", sampling=1.0)
    np.testing.assert_array_equal(image, (255 - grey) * np.uint16(257))
    for planar in ("contig", "separate"):
        rgb = np.stack([grey] * 3, -1 if planar == "contig" else 0)
        tifffile.imwrite(tmp_path / f"{planar}.tif", rgb, photometric="rgb", planarconfig=planar)
        np.testing.assert_array_equal(tw.read(tmp_path / f"{planar}.tif", sampling=1.0), grey)


def test_a_thumbnail_is_listed_and_not_chosen(tmp_path, pixels):
    with tifffile.TiffWriter(tmp_path / "a.tif") as tif:
        tif.write(pixels[::2, ::2].copy(), metadata=None)
        tif.write(pixels, metadata=None)
    listed = tw.datasets(tmp_path / "a.tif")
    assert [(d.name, d.shape, d.default) for d in listed] == [
        ("a", (3, 4), False),
        ("a (2)", (5, 8), True),
    ]
    image = tw.read(tmp_path / "a.tif", sampling=1.0)
    assert image.shape == (5, 8)
    assert image.attrs["dataset"] == "a (2)"
