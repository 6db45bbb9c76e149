"""The shipped images: calibrated, attributed, small."""

from pathlib import Path

import numpy as np
import pytest

import temwidgets as tw
from temwidgets.conventions import check_image, pixel_grid

NAMES = tw.examples.names()


def test_the_names():
    assert {
        "fe_grain_boundary",
        "perovskite_trilayer",
        "pt_atoms",
        "soot_fringes",
        "ti_wse2",
    } < set(NAMES)
    assert list(NAMES) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_a_calibrated_image_with_its_rights(name):
    image = check_image(tw.examples.load(name), ndim=None, finite=True)
    grid = pixel_grid(image)
    assert grid.units == "nm"
    np.testing.assert_allclose(grid.sampling, image.attrs["pixel_size"])
    assert 0.005 < grid.sampling.x < 0.1
    assert image.dtype == np.uint16
    assert image.encoding == {}
    for attr in ("title", "source", "obtained_from", "citation", "calibration", "processing"):
        assert image.attrs[attr]
    assert image.attrs["licence"] in ("MIT", "Apache-2.0", "CC0-1.0")
    folder = tw.examples.path(name).parent
    assert len((folder / image.attrs["licence_file"]).read_text()) > 300
    assert f"| `{name}` |" in (folder / "README.md").read_text()
    assert f"| `{name}` |" in (folder / "LICENCES" / "README.md").read_text()


def test_the_trilayer_has_oblong_pixels_and_keeps_its_place():
    grid = pixel_grid(tw.examples.load("perovskite_trilayer"))
    assert grid.sampling == pytest.approx((0.0271, 0.02724))
    assert grid.origin == pytest.approx((280 * 0.0271, 300 * 0.02724))


def test_the_series_has_frames():
    assert tw.examples.load("drift_series").dims == ("frame", "y", "x")


def test_they_fit_in_a_wheel():
    sizes = [tw.examples.path(name).stat().st_size for name in NAMES]
    assert sum(sizes) < 4e6
    assert all(isinstance(tw.examples.path(name), Path) for name in NAMES)


def test_an_unknown_name():
    with pytest.raises(ValueError, match=r"no example 'lena'\. The examples are: drift_series, fe"):
        tw.examples.load("lena")
    with pytest.raises(ValueError, match="no example"):
        tw.examples.path("../README")
