"""Images as figures for print: axes with units, colour bars, names of kinds, the wheel."""

from __future__ import annotations

import io
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

import temwidgets as tw
from temwidgets.analysis.colour_wheel import direction_colours
from temwidgets.widgets import DisplacementMap, ImageView, StrainMap
from temwidgets.widgets.views import export
from temwidgets.widgets.views._keys import Bar, Names, Wheel, wheel_key
from temwidgets.widgets.views._plate import lay_out
from temwidgets.widgets.views._type import runs, svg_words
from temwidgets.widgets.views.colormaps import colour_table
from temwidgets.widgets.views.scene import make_scene

SVG = "{http://www.w3.org/2000/svg}"


def words(view, **options):
    text = export.svg(make_scene(view), width=1600, dpi=300, **options)
    return ["".join(node.itertext()) for node in ElementTree.fromstring(text).iter(f"{SVG}text")]


def png(view, **options):
    data = export.png(make_scene(view), width=800, dpi=150, **options)
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)


def plate(view, width=800, dpi=150.0, **options):
    return lay_out(
        make_scene(view), width=width, dpi=dpi, **{"axes": True, "legend": True} | options
    )


@pytest.fixture
def strained(image, columns):
    rng = np.random.default_rng(4)
    for name in ("e_xx", "rotation"):
        unit = "1" if name == "e_xx" else "deg"
        values = rng.normal(0, 0.01, 30)
        columns[name] = ("column", values, {"units": unit, "long_name": name})
    return StrainMap(image, columns)


def test_axes_have_units_and_ticks_where_the_image_says(image):
    view = ImageView(image)
    written = words(view)
    assert {"x (nm)", "y (nm)"} <= set(written)
    assert {"5", "5.2", "5.4", chr(0x2212) + "2", chr(0x2212) + "1"} <= set(written)
    assert words(view, axes=False) == ["0.2 nm"]
    view = ImageView(tw.make_image(np.eye(9)))
    assert {"x (px)", "y (px)", "0", "2", "8"} <= set(words(view))


def test_a_map_has_a_bar_with_ticks_unit_and_title(strained):
    strained.limit = 2.0
    written = words(strained.image_view)
    minus = chr(0x2212)
    assert written[-6:] == [minus + "2", minus + "1", "0", "1", "2", "ε" + "xx (%)"]
    strained.component = "rotation"
    assert words(strained.image_view)[-1] == "rotation (deg)"
    strained.close()
    assert words(ImageView(strained.image_view.workspace), legend=False)[-1] == "y (nm)"


def test_the_bar_has_the_colours_of_the_map_from_low_to_high(image):
    view = ImageView(image, scale_bar=False)
    view.set_map("m", image, "viridis", (0.0, 1.0), 1.0)
    made, pixels = plate(view), png(view)
    across = round((made.left + made.width) + (1.2 + 0.5) * made.style.type / made.pixel)
    bar = pixels[made.top + 12 : made.top + made.height - 12, across]
    distance = np.abs(bar[::-1, None] - colour_table("viridis")[None].astype(int)).sum(axis=2)
    entry = distance.argmin(axis=1)
    assert distance.min(axis=1).max() <= 6
    assert np.abs(entry - np.linspace(entry[0], entry[-1], entry.size)).max() < 4
    assert entry[0] < 16
    assert entry[-1] > 239


def test_values_beyond_the_limits_are_told_by_the_ends_of_the_bar(image):
    view = ImageView(image)
    view.set_map("m", image, "viridis", (-1.0, 0.5))
    (bar,) = make_scene(view).keys
    assert isinstance(bar, Bar)
    assert (bar.below, bar.above) == (False, True)
    above = export.svg(make_scene(view), width=600, dpi=300).count(b"<polygon")
    view.set_map("m", image, "viridis", (0.2, 0.5))
    assert export.svg(make_scene(view), width=600, dpi=300).count(b"<polygon") == above + 1
    view.set_map("m", image, "viridis", (0.0, 1.0), title="")
    assert make_scene(view).keys == ()


def test_arrows_have_the_wheel_and_an_arrow_of_a_round_length(image, displaced):
    view = DisplacementMap(image, displaced, scale=5.0)
    (wheel,) = make_scene(view.image_view).keys
    assert isinstance(wheel, Wheel)
    length, label = wheel.reference(0.0)
    size, unit = label.split()
    assert unit == "pm"
    assert length == pytest.approx(5.0 * float(size) / 1000)
    written = words(view.image_view)
    assert written[-1] == "5× enlarged"
    assert written[-2].endswith(" pm")
    view.legend = False
    assert make_scene(view.image_view).keys == ()
    view.legend = True
    view.close()
    assert make_scene(view.image_view).keys == ()


def test_the_wheel_shows_right_as_right_and_down_as_down(image, displaced):
    view = DisplacementMap(image, displaced).image_view
    made, pixels = plate(view), png(view)
    block = pixels[made.top :, made.left + made.width + 1 :]
    coloured = np.argwhere(np.ptp(block, axis=2) > 60)
    centre = (coloured.min(axis=0) + coloured.max(axis=0)) / 2
    radius = 0.7 * np.ptp(coloured[:, 0]) / 2
    for angle in (0, 45, 90, 180, 270):
        turn = np.deg2rad(angle)
        y, x = (centre + radius * np.array([np.sin(turn), np.cos(turn)])).round().astype(int)
        assert np.abs(block[y, x] - direction_colours(angle).astype(int)).max() < 16


def test_a_short_reference_arrow_is_replaced_by_a_longer_one():
    wheel = wheel_key({"scale": 10.0, "long": 0.012}, "nm")
    assert wheel.reference(0.0) == (pytest.approx(0.1), "10 pm")
    assert wheel.reference(0.3) == (pytest.approx(0.5), "50 pm")
    assert wheel_key({"scale": 2.0, "long": 0.0}, "px").reference(0.0)[1] == "1 px"


def test_colours_of_markers_are_explained(image, columns):
    view = ImageView(image, columns, color_by="sublattice")
    (names,) = make_scene(view).keys
    assert isinstance(names, Names)
    assert words(view)[-3:] == ["Sublattice", "0 (15)", "1 (15)"]
    view.color_by = "intensity"
    assert words(view)[-1] == "Integrated intensity (counts nm²)"
    view.legend = False
    assert words(view)[-1] == "y (nm)"


@pytest.mark.parametrize("width", [300, 800, 1603])
@pytest.mark.parametrize("legend", [True, False])
def test_the_figure_is_as_wide_as_asked_and_the_picture_unchanged(strained, width, legend):
    view = strained.image_view
    data = export.png(make_scene(view), width=width, dpi=300, legend=legend)
    pixels = np.asarray(Image.open(io.BytesIO(data)))
    made = plate(view, width, 300, legend=legend)
    assert pixels.shape[1] == width
    assert pixels.shape[0] == made.size[1]
    inside = pixels[made.top : made.top + made.height, made.left : made.left + made.width]
    assert (inside[4:-4, 4:-4] == view.render_view(made.width)[4:-4, 4:-4]).all()
    assert (pixels[-1] == 255).all()


def test_more_keys_than_fit_under_each_other_stand_side_by_side(image, columns):
    view = ImageView(image, columns, color_by="intensity")
    view.zoom_to((-2.0, -1.0), (5.0, 5.2))
    for name in ("a", "b"):
        view.set_map(name, image, title=name)
    assert len(plate(view).columns) == 3
    view.zoom_to((-2.0, -1.8), (5.0, 5.3))
    assert len(plate(view).columns) == 1


def test_svg_holds_the_same_picture_where_the_axes_are(strained, tmp_path):
    strained.save_svg(tmp_path / "s.svg", width=800, dpi=150)
    root = ElementTree.parse(tmp_path / "s.svg").getroot()
    nested, made = root.find(f"{SVG}svg"), plate(strained.image_view)
    assert float(nested.get("x")) == pytest.approx(made.left * made.pixel, abs=0.01)
    assert nested.get("viewBox") == f"0 0 {made.width} {made.height}"
    assert float(root.get("width")[:-2]) == pytest.approx(384)
    strained.save_png(tmp_path / "s.png", width=800, dpi=150)
    with Image.open(tmp_path / "s.png") as picture:
        assert picture.size == made.size


def test_words_are_as_high_in_print_whatever_the_resolution(image):
    view = ImageView(image)
    heights = [plate(view, width, dpi).style.type for width, dpi in ((1600, 300), (3200, 600))]
    assert heights == [8.0, 8.0]
    assert plate(view, 200, 300).style.type == pytest.approx(22 / 600 * 200 * 72 / 300)


def test_subscripts_are_lowered_and_long_names_left_alone():
    assert [(run.text, run.lift < 0) for run in runs("e_xx (%)", 20)] == [
        ("e", False), ("xx", True), (" (%)", False),
    ]  # fmt: skip
    assert [run.text for run in runs("displacement_y", 20)] == ["displacement_y"]
    assert runs("nm²", 20)[1].lift > 0
    assert svg_words("n_a < 2", 10) == (
        'n<tspan dy="1.8" font-size="6.5">a</tspan><tspan dy="-1.8"> &lt; 2</tspan>'
    )
    assert re.fullmatch("[^_]*", svg_words("q_b", 10))
