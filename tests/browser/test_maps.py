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
    quantity = shown.output.locator("select[title='Quantity that is shown']")
    quantity.select_option(label="Rotation")
    lab.wait_value("view.quantity", "rotation")
    shown.output.locator(".tem-legend", has_text="rotation (°)").wait_for()
    labels = shown.output.locator(".bqplot .axislabel")
    assert "rotation (°)" in labels.all_text_contents()
    quantity.select_option(label="d-spacing")
    lab.wait_value("view.quantity", "d_spacing")
    shown.output.get_by_label("of", exact=True).select_option(index=2)
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
    named = shown.output.locator(".bqplot[role=img]")
    names = [node.get_attribute("aria-label") for node in named.all()]
    assert "Histogram of d-spacing (nm). Options has fields to select by number." in names
    right = shown.output.bounding_box()
    assert all(b["x"] + b["width"] <= right["x"] + right["width"] + 1 for b in boxes)
    assert not lab.errors


def middle(locator):
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def place(lab, cell, view, y, x):
    """Page pixels of a place on an image view."""
    box = cell.canvas.first.bounding_box()
    (left, right), (top, bottom) = lab.value(f"[{view}.x_range, {view}.y_range]")
    across = (x - left) / (right - left) * box["width"]
    return box["x"] + across, box["y"] + (y - top) / (bottom - top) * box["height"]


def test_a_profile_follows_the_line_that_is_dragged(lab, shown):
    shown.output.get_by_role("button", name="Profile", exact=True).click()
    end = shown.output.locator(".tem-handle[data-name='profile end']")
    end.wait_for()
    shown.output.locator(".bqplot .axislabel", has_text="Distance from A (nm)").wait_for()
    lab.page.wait_for_timeout(400)
    start = lab.value("view.profile.start")
    goal = (start[0] + 0.8, start[1] + 1.2)
    lab.drag(middle(end), place(lab, shown, "view.image_view", *goal), steps=10)
    lab.wait_value("view.profile.end", lambda e: e == pytest.approx(goal, abs=0.03))
    lab.wait_value("view.image_view.dragged", "")
    length = np.hypot(*np.subtract(lab.value("view.profile.end"), start))
    assert lab.value("view.profile._x.max") == pytest.approx(length)
    drawn = shown.output.locator(".bqplot").last.locator("path.line").first
    assert len(drawn.get_attribute("d")) > 200
    ranges = lab.value("view.image_view.x_range")
    end.focus()
    lab.page.keyboard.press("Shift+ArrowLeft")
    lab.wait_value("view.profile.end[1]", lambda x: x < goal[1] - 0.02)
    assert lab.value("view.image_view.x_range") == ranges
    shown.output.get_by_role("button", name="Profile", exact=True).click()
    end.wait_for(state="detached")
    assert not lab.errors


@pytest.fixture
def phases(lab):
    lab.execute(SETUP)
    lab.execute("""
import ipywidgets
from temwidgets.widgets import PhasePanel
work.local_spacing = None
work.reflections = tw.make_reflections(truth["g"].values)
image_view = ImageView(work, height=420)
panel = PhasePanel(work, view=image_view)
shown = MapView(work, view=image_view)
work.run(tw.geometric_phase, into="strain", amend=True, wait=True)
seen = []
work.preview.observe(lambda change: seen.append(change["new"] is not None), "maps")
""")
    cell = lab.run("ipywidgets.VBox([panel, ipywidgets.HBox([image_view, shown])])")
    cell.wait_drawn()
    lab.page.wait_for_timeout(400)
    return cell


def test_the_strain_map_follows_the_reference_region(lab, phases):
    against = phases.output.get_by_label("Strain against")
    against.select_option(label="a region")
    lab.wait_value("panel.reference.region is not None", True)
    centre = phases.output.locator(".tem-handle[data-name='reference centre']")
    centre.wait_for()
    lab.wait_value("work.job.running", False)
    lab.page.wait_for_timeout(400)
    before = phases.pixels(phases.canvas.first)
    steps = lab.value("len(work.history)")
    y0, y1, x0, x1 = lab.value("panel.reference.region")
    goal = ((y0 + y1) / 2 + 0.5, (x0 + x1) / 2 - 1.2)
    target = place(lab, phases, "image_view", *goal)
    lab.page.mouse.move(*middle(centre))
    lab.page.mouse.down()
    lab.page.mouse.move(*target, steps=8)
    lab.wait_value("any(seen)", True)  # while the button is down
    assert lab.value("panel.reference.moving")
    assert lab.value("shown.data.maps is work.preview.maps")
    lab.page.wait_for_timeout(200)
    lab.page.mouse.up()
    lab.wait_value("panel.reference.moving", False)
    lab.wait_value("work.job.running or work.preview.maps is not None", False)
    y0, y1, x0, x1 = lab.value("panel.reference.region")
    assert ((y0 + y1) / 2, (x0 + x1) / 2) == pytest.approx(goal, abs=0.03)
    told = lab.value("list(work.strain.attrs['reference'])")
    assert told == pytest.approx([y0, y1, x0, x1], abs=0.03)
    assert lab.value("len(work.history)") == steps
    inside = "work.strain['e_xx'].sel(y=slice(*r[:2]), x=slice(*r[2:]))"
    mean = lab.value(f"float((lambda r: {inside}.mean())(work.strain.attrs['reference']))")
    assert abs(mean) < 2e-3
    lab.page.wait_for_timeout(300)
    assert (phases.pixels(phases.canvas.first) != before).mean() > 0.02
    assert not lab.errors


def test_the_map_follows_a_reflection_that_is_dragged_in_the_spectrum(lab):
    lab.execute(SETUP)
    lab.execute("""
import ipywidgets
from temwidgets.widgets import LocalSpacingPanel, SpectrumView
work.local_spacing = None
work.reflections = tw.make_reflections(truth["g"].values)
panel = LocalSpacingPanel(work)
spectrum = SpectrumView(work, height=340)
spectrum.snap = False
shown = MapView(work, view=spectrum.image_view)
work.run(tw.local_spacing, into="local_spacing", wait=True)
seen = []
work.preview.observe(lambda change: seen.append(change["new"] is not None), "maps")
""")
    cell = lab.run("spectrum")
    cell.wait_drawn()
    lab.page.wait_for_timeout(500)
    ky, kx = lab.value("work.reflections['g'].values[2].tolist()")
    lab.execute(f"spectrum.zoom_to({(kx - 0.8, kx + 0.8)}, {(ky - 0.5, ky + 0.5)})")
    lab.wait_value("spectrum.kx_range[0] > 3", True)
    lab.page.wait_for_timeout(600)
    box = cell.canvas.nth(1).bounding_box()
    (left, right), (top, bottom) = lab.value("[spectrum.kx_range, spectrum.ky_range]")

    def at(y, x):
        across = (x - left) / (right - left) * box["width"]
        return box["x"] + across, box["y"] + (y - top) / (bottom - top) * box["height"]

    lab.page.mouse.move(*at(ky, kx))
    lab.page.wait_for_timeout(100)
    lab.page.mouse.down()
    lab.page.mouse.move(*at(ky + 0.1, kx + 0.12), steps=8)
    lab.wait_value("spectrum.dragged", "reflection 2")
    lab.wait_value("(any(seen), work.preview.error)", [True, ""])  # while the button is down
    assert lab.value("shown.data.maps is work.preview.maps")
    assert lab.value("shown.image_view.maps['map'].title") == "d-spacing (nm)"
    lab.page.mouse.up()
    lab.wait_value(
        "[step.name for step in work.history[-2:]]", ["move_reflection", "local_spacing"]
    )
    lab.wait_value("work.job.running or work.preview.maps is not None", False)
    assert lab.value("shown.data.maps is work.local_spacing")
    lab.execute("work.undo()")
    assert lab.value("work.reflections['g'].values[2].tolist()") == pytest.approx([ky, kx])
    assert not lab.errors
