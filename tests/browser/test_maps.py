"""Maps in JupyterLab: the histogram is brushed by mouse, a line and a region are dragged."""

from __future__ import annotations

import re

import numpy as np
import pytest

pytestmark = pytest.mark.browser

SETUP = """
import numpy as np, temwidgets as tw
from temwidgets.widgets import ImageView, MapView, Workspace
image, truth = tw.synthetic.strained_crystal((160, 224), sampling=(0.02, 0.025), origin=(1.0, -2.0))
work = Workspace(image)
work.local_spacing = truth
"""


@pytest.fixture
def shown(lab):
    lab.execute(SETUP)
    cell = lab.run("view = MapView(work); view.image_view.height = 420; view")
    cell.wait_drawn()
    cell.output.locator(".bqplot .brushintsel, .bqplot .brush").first.wait_for(state="attached")
    lab.page.wait_for_timeout(400)
    return cell


def plot_area(cell):
    """Box of the plot area of the histogram, the last figure of the view."""
    return cell.output.locator(".bqplot .plotarea_events").last.bounding_box()


def across(lab, box, value):
    low, high = lab.value("[view.histogram._x.min, view.histogram._x.max]")
    return box["x"] + (value - low) / (high - low) * box["width"]


def coloured(pixels):
    """Share of the pixels that are not grey."""
    spread = pixels.astype(int).max(axis=2) - pixels.min(axis=2)
    return float((spread > 40).mean())


def test_a_brushed_range_lights_up_on_the_image(lab, shown):
    before = coloured(shown.pixels(shown.canvas.first))
    box = plot_area(shown)
    low, high = lab.value("np.nanpercentile(view.data.values, (20, 50)).tolist()")
    y = box["y"] + box["height"] / 2
    drawn = shown.drawn()
    lab.drag((across(lab, box, low), y), (across(lab, box, high), y), steps=12)
    pixel = lab.value("(view.histogram._x.max - view.histogram._x.min)") / box["width"]
    wanted = pytest.approx([low, high], abs=3 * pixel)
    brush = lab.wait_value("view.brush", lambda b: b == wanted)
    shown.wait_drawn(drawn)
    lab.wait_value("list(view.image_view.maps['map'].lit)", brush)
    lab.page.wait_for_timeout(300)
    after = coloured(shown.pixels(shown.canvas.first))
    assert 0.15 * before < after < 0.45 * before  # 30 % of the crystal is lit
    expected = lab.value(
        "int(((view.data.values >= view.brush[0]) & (view.data.values < view.brush[1])).sum())"
    )
    assert shown.output.get_by_text(f"{expected:,} px").count() == 1
    shown.output.get_by_role("button", name="Options").first.click()
    shown.output.get_by_role("button", name="Clear").click()
    lab.wait_value("view.brush", None)
    lab.page.wait_for_timeout(300)
    assert coloured(shown.pixels(shown.canvas.first)) == pytest.approx(before, rel=0.05)
    assert not lab.errors


def test_the_map_under_the_cursor_is_read(lab, shown):
    box = shown.canvas.first.bounding_box()
    lab.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    text = shown.output.locator(".tem-readout")
    lab.page.wait_for_function(
        "(node) => node.textContent.includes('d-spacing (nm) 0.')", arg=text.element_handle()
    )
    (left, right), (top, bottom) = lab.value("[view.image_view.x_range, view.image_view.y_range]")
    middle = {"y": (top + bottom) / 2, "x": (left + right) / 2}
    expected = lab.value(f"float(view.data.values.sel(**{middle}, method='nearest'))")
    read = float(text.text_content().split("(nm) ")[1].split()[0])
    assert read == pytest.approx(expected, abs=2e-4)
    assert not lab.errors


def test_reflection_quantity_and_opacity_by_the_controls(lab, shown):
    quantity = shown.output.get_by_role("combobox").nth(0)
    quantity.select_option(label="Rotation")
    lab.wait_value("view.quantity", "rotation")
    shown.output.locator(".tem-legend", has_text="rotation (°)").wait_for()
    labels = shown.output.locator(".bqplot .axislabel")
    assert "rotation (°)" in labels.all_text_contents()
    quantity.select_option(label="d-spacing")
    lab.wait_value("view.quantity", "d_spacing")
    shown.output.get_by_role("combobox").nth(1).select_option(index=2)
    lab.wait_value("view.reflection", 2)
    slider = shown.output.get_by_role("slider").first
    slider.focus()
    before = shown.pixels(shown.canvas.first)
    for _ in range(5):
        lab.page.keyboard.press("ArrowLeft")
    lab.wait_value("view.alpha", lambda a: a < 0.6)
    lab.page.wait_for_timeout(300)
    assert coloured(shown.pixels(shown.canvas.first)) < coloured(before)
    assert not lab.errors


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_labels_are_read_in_both_themes(lab, shown, theme):
    lab.theme(theme)
    lab.page.wait_for_timeout(300)
    for label in ("Pixels", "d-spacing (nm)"):
        node = shown.output.locator(".bqplot .axislabel", has_text=label).first
        fill = node.evaluate("(n) => getComputedStyle(n).fill")
        shade = np.mean([int(v) for v in re.findall(r"\d+", fill)[:3]])
        assert (shade < 100) == (theme == "light")
    boxes = [
        box for box in (
            item.bounding_box() for item in shown.output.locator(".tem-row > *").all()
        ) if box
    ]  # fmt: skip
    right = shown.output.bounding_box()
    assert all(b["x"] + b["width"] <= right["x"] + right["width"] + 1 for b in boxes)
    assert not lab.errors
