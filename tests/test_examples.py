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
        "perovskite_layers",
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
    assert grid.sampling == pytest.approx((0.02724, 0.0271))
    assert grid.origin == pytest.approx((280 * 0.02724, 300 * 0.0271))


def test_the_substrate_of_the_layers_is_cubic_and_the_layers_are_as_published():
    # medians published with the image, fifth by fifth from top to bottom: in plane, out of plane
    published = [
        (0.3938, 0.4036),
        (0.3932, 0.4033),
        (0.3923, 0.3971),
        (0.3914, 0.3964),
        (0.3908, 0.3908),
    ]
    image = tw.examples.load("perovskite_layers")
    edges = np.linspace(0, image.sizes["y"], 6).astype(int)
    for start, stop, wanted in zip(edges[:-1], edges[1:], published, strict=True):
        part = image.isel(y=slice(start, stop))
        found = tw.snap_reflections(part, [(0, 2 / 0.392), (2 / 0.395, 0)])
        found = 2 * found["d_spacing"].sortby(found["d_spacing"].copy(data=abs(found["angle"])))
        np.testing.assert_allclose(found, wanted, rtol=0.004)


def test_the_series_has_frames():
    assert tw.examples.load("drift_series").dims == ("frame", "y", "x")


def test_the_grains_of_the_polycrystal_are_where_and_as_told():
    image = tw.examples.load("au_polycrystal")
    truth = {name: image.attrs[f"truth_{name}"] for name in ("seed_y", "seed_x", "rotation")}
    y, x = image["y"].values[:, None, None], image["x"].values[None, :, None]
    grain = np.hypot(y - truth["seed_y"], x - truth["seed_x"]).argmin(-1)
    assert image.attrs["truth_zone_axis"] == "[110], [110], [001], [110], [001], amorphous"
    for number in (2, 4):
        assert _power_along(image, grain == number, truth["rotation"][number], 2 / 0.4078) > 100
    for number in (0, 1, 3):
        along_002 = truth["rotation"][number] + 90
        assert _power_along(image, grain == number, along_002, 2 / 0.4078) > 100
    assert _power_along(image, grain == 5, 20, 2 / 0.4078) < 10


def _power_along(image, where, angle, k):
    """Power at k in a direction, over its mean at 30 wrong directions."""
    values = np.where(where, image - image.values[where].mean(), 0.0)
    turn = np.deg2rad(angle + np.append(0.0, np.arange(5.5, 84.0, 2.6)))
    wave_y = np.exp(-2j * np.pi * k * np.sin(turn)[:, None] * image["y"].values)
    wave_x = np.exp(-2j * np.pi * k * np.cos(turn)[:, None] * image["x"].values)
    power = np.abs(np.einsum("ky,yx,kx->k", wave_y, values, wave_x, optimize=True)) ** 2
    return power[0] / power[1:].mean()


def test_they_fit_in_a_wheel():
    sizes = [tw.examples.path(name).stat().st_size for name in NAMES]
    assert sum(sizes) < 4e6
    assert all(isinstance(tw.examples.path(name), Path) for name in NAMES)


def test_an_unknown_name():
    with pytest.raises(
        ValueError, match=r"no example 'lena'\. The examples are: au_polycrystal, d"
    ):
        tw.examples.load("lena")
    with pytest.raises(ValueError, match="no example"):
        tw.examples.path("../README")
