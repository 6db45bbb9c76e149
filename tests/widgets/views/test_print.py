"""Figures for print: axes with ticks, labels and units, the same in PNG and SVG."""

import io
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from temwidgets.widgets import Histogram, ScatterPlot
from temwidgets.widgets.views._paper import PngPaper, SvgPaper, width_of
from temwidgets.widgets.views._print import PlotAxis

VIEWS = [Histogram, ScatterPlot]


def words(view):
    root = ElementTree.fromstring(view.svg())
    return [node.text for node in root.iter("{http://www.w3.org/2000/svg}text")]


@pytest.mark.parametrize("view", VIEWS)
def test_axes_have_ticks_labels_and_units(columns, view):
    made = view(columns)
    written = words(made)
    assert "Integrated intensity (counts nm²)" in written
    assert ("Columns" if view is Histogram else "x position (nm)") in written
    ticks = [
        float(word)
        for word in (w.replace(chr(0x2212), "-") for w in written)
        if re.fullmatch(r"-?[\d.]+", word)
    ]
    assert len(ticks) >= 8


@pytest.mark.parametrize("view", VIEWS)
def test_width_and_resolution_are_those_asked_for(columns, view, tmp_path):
    made = view(columns)
    made.save_png(tmp_path / "a.png", width=50.8, dpi=150)
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.width == 300
        assert picture.info["dpi"] == pytest.approx((150, 150), abs=0.1)
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    assert (pixels[0] == 255).all()
    assert (pixels[:, 0] == 255).all()
    assert (pixels.sum(axis=2) < 120).sum() > 300
    made.save_svg(tmp_path / "a.svg", width=50.8)
    root = ElementTree.parse(tmp_path / "a.svg").getroot()
    assert root.get("width") == "144.00pt"


def test_groups_selection_and_mixture_are_printed(columns):
    made = Histogram(columns, by="sublattice")
    made.brush = (4.0, 6.0)
    written = words(made)
    assert [w for w in written if "sublattice" in w or w == "selected"] == [
        "sublattice 0", "sublattice 1", "selected",
    ]  # fmt: skip
    made.log_counts = True
    assert "10" in words(made) or "1" in words(made)


def test_points_keep_their_colours_and_the_others_fade(columns):
    made = ScatterPlot(columns, color_by="intensity")
    title, low, high = words(made)[-3:]
    assert title.startswith("Integrated intensity")
    assert float(low) < float(high)
    plain = ScatterPlot(columns)
    plain.selection.select([10, 11])
    dots = re.findall(r'<circle .*?fill="(#\w+)" fill-opacity="([\d.]+)"', plain.svg().decode())
    assert len(dots) == 30
    assert dots[-2:] == [("#e8467c", "0.8")] * 2
    assert dots[0] == ("#5b8db8", "0.3")


@pytest.mark.parametrize("view", VIEWS)
def test_nothing_to_print_is_a_sentence(view):
    made = view(None)
    with pytest.raises(ValueError, match="no columns to print yet: find columns first"):
        made.png()


def test_a_logarithmic_axis():
    axis = PlotAxis("Columns", 1.0, 100.0, (1.0, 10.0, 100.0), logarithmic=True)
    np.testing.assert_allclose(axis.share([1, 10, 100]), [0, 0.5, 1])


@pytest.mark.parametrize("upwards", [False, True])
@pytest.mark.parametrize(("anchor", "lies"), [("start", 1), ("middle", 0), ("end", -1)])
def test_words_lie_at_their_anchor(upwards, anchor, lies):
    paper = PngPaper(200, 200, dpi=72)
    paper.words(100, 100, "nm²−1", 16, anchor, upwards=upwards)
    dark = np.argwhere(np.asarray(Image.open(io.BytesIO(paper.file())).convert("L")) < 128)
    middle = (dark.min(axis=0) + dark.max(axis=0)) / 2
    along = 100 - middle[0] if upwards else middle[1] - 100
    across = middle[1] if upwards else middle[0]
    assert along == pytest.approx(lies * width_of("nm²−1", 16) / 2, abs=3)
    assert 88 < across < 100


def test_words_are_escaped():
    paper = SvgPaper(10, 10)
    paper.words(1, 1, "a < b & c", 5, "start")
    assert b"a &lt; b &amp; c" in paper.file()
