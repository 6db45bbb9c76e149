"""Microscope files, made here, with the traps seen in real ones."""

import sys
import warnings

import numpy as np
import pytest
import tifffile
from skimage.io import imsave

import temwidgets as tw
from temwidgets.conventions import make_image, pixel_grid

# not square, no symmetry: a transposed or flipped reading shows
PIXELS = np.arange(5 * 8, dtype=np.uint16).reshape(5, 8) * 7 + 3


def read_quietly(path, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return tw.read(path, **options)


def assert_calibrated(image, sampling, origin=(0.0, 0.0)):
    grid = pixel_grid(image)
    assert grid.units == "nm"
    assert grid.sampling == pytest.approx(sampling)
    assert grid.origin == pytest.approx(origin, abs=1e-7)


def test_dm3_origin_thumbnail_and_fields(tmp_path, make):
    pytest.importorskip("rsciio")
    make.dm3(tmp_path / "a.dm3", PIXELS, origin=(-10.0, 5.0), thumbnail=True)
    image = tw.read(tmp_path / "a.dm3")
    np.testing.assert_array_equal(image, PIXELS)
    assert_calibrated(image, (0.02, 0.02), (-0.1, 0.2))
    assert image.attrs["beam_energy"] == 200.0
    assert "Voltage" in image.attrs["metadata"]


def test_dm3_scale_without_a_unit(tmp_path, make):
    pytest.importorskip("rsciio")
    make.dm3(tmp_path / "a.dm3", PIXELS, scale=0.03125, units="")
    with pytest.warns(UserWarning, match=r"holds the scale 0\.03125, but no unit of length"):
        image = tw.read(tmp_path / "a.dm3")
    assert pixel_grid(image) == ((5, 8), (0.0, 0.0), (1.0, 1.0), "px")


def test_mrc_with_and_without_a_cell(tmp_path, make):
    pytest.importorskip("rsciio")
    make.mrc(tmp_path / "a.mrc", PIXELS, (8 * 0.3, 5 * 0.2, 1))
    image = tw.read(tmp_path / "a.mrc")
    np.testing.assert_array_equal(image, PIXELS)
    assert_calibrated(image, (0.02, 0.03))
    make.mrc(tmp_path / "b.mrc", PIXELS, (0, 0, 0))
    with pytest.warns(UserWarning, match="not calibrated"):
        assert pixel_grid(tw.read(tmp_path / "b.mrc")).sampling == (1.0, 1.0)
    make.mrc(tmp_path / "stack.mrc", np.stack([PIXELS, PIXELS + 1, PIXELS]), (2.4, 1.0, 0))
    assert tw.read(tmp_path / "stack.mrc").dims == ("frame", "y", "x")


def test_ser_origins_are_in_nm(tmp_path, make):
    pytest.importorskip("rsciio")
    make.ser(tmp_path / "a.ser", PIXELS)
    image = tw.read(tmp_path / "a.ser")
    np.testing.assert_array_equal(image, PIXELS)
    assert_calibrated(image, (0.02, 0.02), (1.0, 1.0))


def test_a_diffraction_pattern_that_its_ser_calls_metres(tmp_path, make):
    pytest.importorskip("rsciio")
    make.ser(tmp_path / "a.ser", PIXELS, delta=1e7)
    assert tw.datasets(tmp_path / "a.ser")[0].kind == "diffraction"
    with pytest.raises(ValueError, match="reciprocal lengths or angles"):
        tw.read(tmp_path / "a.ser")


def test_emi_without_its_ser(tmp_path):
    pytest.importorskip("rsciio")
    (tmp_path / "a.emi").write_bytes(b"<ObjectInfo></ObjectInfo>" * 4)
    with pytest.raises(ValueError, match=r"a\.emi holds no pixels.*a_1\.ser"):
        tw.read(tmp_path / "a.emi")


@pytest.mark.parametrize(
    ("units", "nm"),
    [("[n_m]", 0.02), ("nm", 0.02), ("Å", 0.002), ("µm", 20.0), ("m", 2e7), ("", None)],
)
def test_berkeley_emd(tmp_path, make, units, nm):
    pytest.importorskip("rsciio")
    make.berkeley(tmp_path / "a.emd", PIXELS, units)
    if units == "m":
        with pytest.raises(ValueError, match="reciprocal"):
            tw.read(tmp_path / "a.emd")
        return
    image = read_quietly(tmp_path / "a.emd")
    np.testing.assert_array_equal(image, PIXELS)
    if nm is None:
        assert image["x"].attrs["units"] == "px"
    else:
        assert_calibrated(image, (nm, nm), (25 * nm, 25 * nm))


@pytest.mark.parametrize("units", ["1/nm", "nm^-1", "[n_m^-1]", "mrad"])
def test_reciprocal_axes_are_no_image_in_nm(tmp_path, make, units):
    pytest.importorskip("rsciio")
    make.berkeley(tmp_path / "a.emd", PIXELS, units)
    with pytest.raises(ValueError, match="diffraction pattern or a Fourier"):
        tw.read(tmp_path / "a.emd")


def test_hspy_image_series_and_colour(tmp_path, make):
    make.hspy(tmp_path / "a.hspy", PIXELS, ("nm", "nm"))
    assert_calibrated(tw.read(tmp_path / "a.hspy"), (0.02, 0.02), (0.3, 0.3))
    stack = np.stack([PIXELS, PIXELS + 1])
    make.hspy(tmp_path / "b.hspy", stack, ("s", "nm", "nm"), navigate=(0,))
    image = tw.read(tmp_path / "b.hspy")
    np.testing.assert_array_equal(image, stack)
    # frames last, as some programs write them
    last = np.moveaxis(stack, 0, -1).copy()
    make.hspy(tmp_path / "c.hspy", last, ("nm", "nm", "s"), navigate=(2,), names=("y", "x", "t"))
    np.testing.assert_array_equal(tw.read(tmp_path / "c.hspy"), stack)
    rgb = np.zeros(PIXELS.shape, [("R", "u1"), ("G", "u1"), ("B", "u1")])
    for channel in "RGB":
        rgb[channel] = PIXELS % 250
    make.hspy(tmp_path / "d.hspy", rgb, ("nm", "nm"))
    np.testing.assert_array_equal(tw.read(tmp_path / "d.hspy"), PIXELS % 250)


def test_spectra_are_listed_and_refused(tmp_path, make):
    cube = np.zeros((5, 8, 30), np.float32)
    make.hspy(
        tmp_path / "a.hspy",
        cube,
        ("nm", "nm", "eV"),
        navigate=(0, 1),
        names=("y", "x", "Energy"),
    )
    assert tw.datasets(tmp_path / "a.hspy")[0].kind == "spectrum"
    with pytest.raises(ValueError, match="it is a spectrum or a map of spectra"):
        tw.read(tmp_path / "a.hspy")


def test_microscope_fields(tmp_path, make):
    instrument = {"beam_energy": 80.0, "magnification": 1e6, "microscope": "Unknown"}
    metadata = {"General": {"title": "t"}, "Acquisition_instrument": {"TEM": instrument}}
    make.hspy(tmp_path / "a.hspy", PIXELS, ("nm", "nm"), metadata=metadata)
    attrs = tw.read(tmp_path / "a.hspy").attrs
    assert (attrs["title"], attrs["beam_energy"], attrs["magnification"]) == ("t", 80.0, 1e6)
    assert "microscope" not in attrs


@pytest.mark.parametrize("suffix", ["dm3", "dm4", "ser", "mrc", "hspy", "prz", "emi"])
def test_without_the_extra_a_sentence_names_it(tmp_path, monkeypatch, suffix):
    for name in [m for m in sys.modules if m.split(".")[0] == "rsciio"]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, "rsciio", None)
    (tmp_path / f"a.{suffix}").write_bytes(b"something")
    with pytest.raises(ImportError, match=r'pip install "temwidgets\[files\]"'):
        tw.read(tmp_path / f"a.{suffix}")


def test_the_rest_opens_without_the_extra(tmp_path, make, monkeypatch):
    monkeypatch.setitem(sys.modules, "rsciio", None)
    monkeypatch.setitem(sys.modules, "imagecodecs", None)
    np.save(tmp_path / "a.npy", PIXELS)
    tifffile.imwrite(tmp_path / "a.tif", PIXELS)
    imsave(tmp_path / "a.png", PIXELS, check_contrast=False)
    tw.save(tmp_path / "a.nc", make_image(PIXELS))
    make.velox(tmp_path / "a.emd", {"HAADF": PIXELS[..., None]})
    for suffix in ("npy", "tif", "png", "nc", "emd"):
        image = read_quietly(tmp_path / f"a.{suffix}")
        np.testing.assert_array_equal(image, PIXELS)


def test_velox_image_beside_an_eds_cube(tmp_path, make):
    data = PIXELS[..., None]
    make.velox(tmp_path / "a.emd", {"HAADF": data, "BF": data + 1}, eds=True)
    listed = tw.datasets(tmp_path / "a.emd")
    assert [d.name for d in listed] == ["HAADF", "BF", "SpectrumImage", "SpectrumStream"]
    assert [d.kind for d in listed] == ["image", "image", "spectrum", "spectrum"]
    assert [d.default for d in listed] == [True, False, False, False]
    assert listed[0].sampling == pytest.approx((0.02, 0.03))
    image = tw.read(tmp_path / "a.emd")
    np.testing.assert_array_equal(image, PIXELS)
    assert_calibrated(image, (0.02, 0.03), (4.0, -1.0))
    expected = {
        "detector": "HAADF",
        "microscope": "Talos",
        "beam_energy": 200.0,
        "dataset": "HAADF",
    }
    assert expected.items() <= image.attrs.items()
    assert image.attrs["dwell_time"] == pytest.approx(20.0)
    np.testing.assert_array_equal(tw.read(tmp_path / "a.emd", dataset="BF"), PIXELS + 1)
    np.testing.assert_array_equal(tw.read(tmp_path / "a.emd", dataset=1), PIXELS + 1)
    with pytest.raises(ValueError, match="it is a spectrum"):
        tw.read(tmp_path / "a.emd", dataset="SpectrumImage")
    with pytest.raises(ValueError, match=r"has no dataset 'DF'\. It holds: 0: 'HAADF'"):
        tw.read(tmp_path / "a.emd", dataset="DF")
    with pytest.raises(ValueError, match="has no dataset 9"):
        tw.read(tmp_path / "a.emd", dataset=9)


def test_velox_series_and_diffraction(tmp_path, make):
    stack = np.stack([PIXELS, PIXELS + 1], -1)
    make.velox(tmp_path / "a.emd", {"HAADF": stack})
    np.testing.assert_array_equal(tw.read(tmp_path / "a.emd"), np.moveaxis(stack, -1, 0))
    make.velox(tmp_path / "b.emd", {"Ceta": stack}, unit="1/m")
    with pytest.raises(ValueError, match="reciprocal"):
        tw.read(tmp_path / "b.emd")
    make.velox(tmp_path / "c.emd", {}, eds=True)
    with pytest.raises(ValueError, match=r"holds no image\. It holds: 0: 'SpectrumImage'"):
        tw.read(tmp_path / "c.emd")


def test_a_fourier_transform_beside_its_image(tmp_path, make):
    halves = [("realFloatHalfEven", "f4"), ("imagFloatHalfEven", "f4")]
    transform = np.zeros((5, 8, 1), halves)
    make.velox(tmp_path / "a.emd", {"": transform, "HAADF": PIXELS[..., None]})
    assert [d.kind for d in tw.datasets(tmp_path / "a.emd")] == ["complex numbers", "image"]
    np.testing.assert_array_equal(tw.read(tmp_path / "a.emd"), PIXELS)
    with pytest.raises(ValueError, match="complex numbers, such as a Fourier transform"):
        tw.read(tmp_path / "a.emd", dataset=0)
