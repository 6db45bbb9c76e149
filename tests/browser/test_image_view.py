"""The image view in JupyterLab: drawn, linked, edited by mouse, in both themes."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.browser

SETUP = """
import numpy as np, temwidgets as tw
from temwidgets.widgets import ImageView, Selection, Workspace
image = tw.make_image(np.zeros((80, 120), np.uint8), sampling=(0.02, 0.03), origin=(1.0, -2.0))
image[20, 30] = 255
row, col = (v.ravel() for v in np.mgrid[10:80:15, 15:120:15])
columns = tw.make_columns(image.y.values[row], image.x.values[col])
"""


def show(lab, code):
    lab.execute(SETUP)
    cell = lab.run(code)
    cell.wait_drawn()
    lab.page.wait_for_timeout(300)
    return cell


def place(lab, cell, x, y, name="v", index=0):
    box = cell.canvas.nth(index).bounding_box()
    (left, right), (top, bottom) = lab.value(f"[{name}.x_range, {name}.y_range]")
    across = (x - left) / (right - left) * box["width"]
    return box["x"] + across, box["y"] + (y - top) / (bottom - top) * box["height"]


def column(lab, index):
    return lab.value(f"[float(columns.x[{index}]), float(columns.y[{index}])]")


def image_part(lab, cell, shown):
    """Pixels of the canvas that lie in the image of SETUP."""
    (left, right), (top, bottom) = lab.value("[v.x_range, v.y_range]")
    x = np.clip((np.array([-2.0, 1.55]) - left) / (right - left), 0, 1) * shown.shape[1]
    y = np.clip((np.array([1.0, 2.58]) - top) / (bottom - top), 0, 1) * shown.shape[0]
    return shown[int(y[0]) + 2 : int(y[1]) - 2, int(x[0]) + 2 : int(x[1]) - 2]


@pytest.mark.parametrize("half", [0.35, 0.08])
def test_axes_and_pixels_agree_within_a_pixel(lab, half):
    cell = show(lab, "v = ImageView(image, height=400, scale_bar=False); v")
    lab.execute(f"""
import bqplot
x, y = float(image.x[30]), float(image.y[20])
v.zoom_to((x - {half}, x + 0.7 * {half}), (y - {half}, y + 0.5 * {half}))
scales = {{"x": v.stage.x_scale, "y": v.stage.y_scale}}
v.figure.marks = [
    bqplot.Lines(x=[x, x], y=[y - 9, y + 9], scales=scales, colors=["red"], stroke_width=1),
    bqplot.Lines(x=[x - 9, x + 9], y=[y, y], scales=scales, colors=["red"], stroke_width=1),
]
""")
    lab.page.wait_for_timeout(500)
    shown = cell.pixels(cell.canvas).astype(int)
    red = (shown[..., 0] > 120) & (shown[..., 1] < 90) & (shown[..., 2] < 90)
    line = np.array([red.sum(axis=1).argmax(), red.sum(axis=0).argmax()])
    lab.execute("v.figure.marks = []")
    lab.page.wait_for_timeout(300)
    bare = cell.pixels(cell.canvas).astype(int)[..., 0]
    rows, cols = np.indices(bare.shape)
    near = np.maximum(abs(rows - line[0]), abs(cols - line[1])) < 60
    centre = np.argwhere((bare > 128) & near).mean(axis=0)
    assert centre == pytest.approx(line, abs=1.0)


def test_brush_in_one_view_lights_up_the_other(lab):
    cell = show(lab, """
from ipywidgets import VBox
shared = Selection()
v = ImageView(image, columns, selection=shared, height=240)
w = ImageView(image, columns, selection=shared, height=240)
v.tool = "rectangle"
VBox([v, w])""")  # fmt: skip
    before = cell.pixels(cell.canvas.nth(1)).astype(int)
    (x0, y0), (x1, y1) = column(lab, 0), column(lab, 9)
    lab.drag(place(lab, cell, x0 - 0.1, y0 - 0.1), place(lab, cell, x1 + 0.1, y1 + 0.1))
    lab.wait_value("shared.labels.tolist()", [0, 1, 2, 7, 8, 9])
    assert "<= x <" in lab.value("shared.rule")
    lab.page.wait_for_timeout(300)
    after = cell.pixels(cell.canvas.nth(1)).astype(int)
    pink = (after[..., 0] > 150) & (after[..., 1] < 120)
    assert pink.sum() > 4 * 10
    assert not ((before[..., 0] > 150) & (before[..., 1] < 120)).any()
    ranges = lab.value("w.x_range")
    cell.canvas.first.focus()
    lab.page.keyboard.press("+")
    lab.wait_value("v.x_range[1] - v.x_range[0]", lambda span: span < ranges[1] - ranges[0])
    assert lab.value("w.x_range") == ranges
    assert not lab.errors


def test_columns_are_added_moved_and_deleted_by_mouse(lab):
    cell = show(lab, "v = ImageView(Workspace(image, columns), height=360); v")
    total = lab.value("v.columns.sizes['column']")
    cell.output.locator("button[title^='Add a column']").click()
    lab.wait_value("v.tool", "add")
    x, y = column(lab, 0)
    lab.page.mouse.click(*place(lab, cell, x + 0.2, y + 0.15))
    lab.wait_value("v.columns.sizes['column']", total + 1)
    added = lab.value("[float(v.columns.x[-1]), float(v.columns.y[-1])]")
    assert added == pytest.approx([x + 0.2, y + 0.15], abs=0.02)
    lab.execute("v.tool = 'move'")
    lab.page.wait_for_timeout(200)
    lab.drag(place(lab, cell, *added), place(lab, cell, added[0] + 0.1, added[1]), steps=6)
    lab.wait_value("float(v.columns.x[-1])", lambda now: abs(now - added[0] - 0.1) < 0.02)
    cell.canvas.first.focus()
    lab.page.keyboard.press("Control+z")
    lab.wait_value("float(v.columns.x[-1])", lambda now: abs(now - added[0]) < 1e-6)
    lab.execute("v.tool = 'pan'; v.selection.select([2, 3])")
    cell.canvas.first.focus()
    lab.page.keyboard.press("Delete")
    lab.wait_value("v.columns.sizes['column']", total - 1)
    cell.output.locator("button[title^='Undo']").click()
    lab.wait_value("v.columns.sizes['column']", total + 1)
    assert not lab.errors


def test_errors_are_told_under_the_image(lab):
    cell = show(lab, "v = ImageView(image, height=200); v")
    cell.output.locator("button[title^='Delete the selected']").click()
    cell.output.get_by_text("No column is selected").wait_for()


def test_contrast_slider_acts_in_the_browser_and_reaches_python(lab):
    cell = show(lab, "v = ImageView(image, height=200); v")
    cell.output.locator("button[title='Display settings']").click()
    handle = cell.output.locator(".widget-hslider .noUi-handle-lower").first
    handle.wait_for()
    handle.focus()
    drawn = cell.drawn()
    for _ in range(5):
        lab.page.keyboard.press("ArrowRight")
    lab.wait_value("v.percentiles[0]", lambda low: low > 0.6)
    cell.wait_drawn(drawn)
    lab.execute("v.percentiles = (10, 90)")
    cell.output.get_by_text("10.0 – 90.0").wait_for()


def test_frames_of_a_stack(lab):
    cell = show(lab, """
stack = tw.make_image(np.stack([np.zeros((40, 60)), np.full((40, 60), 9.0)]), sampling=0.1)
v = ImageView(stack, height=240, limits=(0, 9)); v""")  # fmt: skip
    dark = cell.pixels(cell.canvas)[120, 400:420].mean()
    lab.execute("v.frame = 1")
    lab.page.wait_for_timeout(400)
    assert cell.pixels(cell.canvas)[120, 400:420].mean() > dark + 200


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_labels_are_legible_and_nothing_is_cut_off(lab, theme):
    lab.theme(theme)
    show(lab, "v = ImageView(image, columns, height=300); v")
    lab.page.wait_for_timeout(200)
    text = lab.page.evaluate("""() => {
      const label = document.querySelector('.tem-image-view .axislabel');
      const tick = document.querySelector('.tem-image-view .axis text');
      return [label, tick].map((node) => getComputedStyle(node).fill);
    }""")
    lightness = [np.mean([int(v) for v in t[t.index("(") + 1 : -1].split(",")[:3]]) for t in text]
    assert all(value < 110 for value in lightness) if theme == "light" else min(lightness) > 150
    assert lab.page.evaluate("""() => {
      const view = document.querySelector('.tem-image-view').getBoundingClientRect();
      return [...document.querySelectorAll('.tem-image-view .bqplot text')].every((text) => {
        const box = text.getBoundingClientRect();
        return !box.width || (box.left >= view.left && box.right <= view.right + 1);
      });
    }""")
    assert lab.page.evaluate("""() => [...document.querySelectorAll('.tem-image-view, ' +
      '.tem-image-view *')].every((node) => !['auto', 'scroll'].includes(
      getComputedStyle(node).overflowY) || node.scrollHeight <= node.clientHeight)""")
    assert not lab.errors


def test_every_button_has_a_name_and_takes_the_focus(lab):
    cell = show(lab, "v = ImageView(image, height=200); v")
    for button in cell.output.locator("button:visible").all():
        assert button.get_attribute("title")
        assert button.get_attribute("tabindex") != "-1"


def test_one_view_shown_twice_comes_to_rest(lab):
    cell = show(lab, """
from ipywidgets import HBox, Layout
v = ImageView(image, columns, height=200, layout={"width": "100%"})
display(v, HBox([v], layout=Layout(width="400px")))""")  # fmt: skip
    lab.page.wait_for_timeout(600)
    counts = [c.get_attribute("data-drawn") for c in cell.canvas.all()]
    ranges = lab.value("v.x_range")
    lab.page.wait_for_timeout(500)
    assert [c.get_attribute("data-drawn") for c in cell.canvas.all()] == counts
    assert lab.value("v.x_range") == ranges
    assert ranges[1] - ranges[0] < 40
    assert not lab.errors


def test_readout_follows_the_mouse_without_python(lab):
    cell = show(lab, "v = ImageView(image, height=300); v")
    x, y = lab.value("[float(image.x[30]), float(image.y[20])]")
    lab.page.mouse.move(*place(lab, cell, x, y))
    text = cell.output.locator(".tem-readout").inner_text()
    assert "255 counts" in text
    assert "nm" in text


def test_markers_that_crowd_leave_the_image_to_be_seen(lab):
    cell = show(
        lab,
        """
row, col = (v.ravel() for v in np.mgrid[1:80:2, 1:120:2])
many = tw.make_columns(image.y.values[row], image.x.values[col])
v = ImageView(image, many, height=300, scale_bar=False); v""",
    )

    def covered():
        shown = cell.pixels(cell.canvas).astype(int)
        black = image_part(lab, cell, shown)
        return (black[..., 2] > 40).mean()

    whole = covered()
    assert 0.05 < whole < 0.4
    lab.execute("v.selection.select(many['column'].values[:1200])")
    lab.page.wait_for_timeout(300)
    assert covered() > 0.02
    lab.execute("v.x_range = (-1.2, 0.0)")
    lab.page.wait_for_timeout(300)
    assert covered() < 0.5
    assert not lab.errors


def test_products_of_a_background_job_are_drawn(lab):
    cell = show(lab, "w = Workspace(image, columns); v = ImageView(w, height=300); v")
    drawn = cell.drawn()
    before = cell.pixels(cell.canvas).astype(int)
    lab.execute("""
from temwidgets.analysis.editing import add_columns
w.run(add_columns, y=[1.35], x=[-0.35]); w.job.wait()""")
    cell.wait_drawn(drawn)
    lab.page.wait_for_timeout(300)
    after = cell.pixels(cell.canvas).astype(int)
    assert (np.abs(after - before).sum(axis=2) > 60).sum() > 20
    assert not lab.errors


def test_the_whole_image_stays_whole_while_the_window_changes(lab):
    show(lab, "v = ImageView(image, height=400); v")
    size = lab.page.viewport_size
    before = lab.value("[v.x_range, v.y_range]")
    widths = range(size["width"], 500, -40)
    try:
        for width in (*widths, *reversed(widths)):
            lab.page.set_viewport_size({**size, "width": width})
            lab.page.wait_for_timeout(30)
        lab.page.wait_for_timeout(600)
        np.testing.assert_allclose(lab.value("[v.x_range, v.y_range]"), before, atol=1e-6)
    finally:
        lab.page.set_viewport_size(size)


def test_the_view_follows_undo_and_redo_of_a_crop(lab):
    cell = show(lab, """
w = Workspace(image)
for step in range(3):
    w.run(tw.crop, wait=True, x=(-1.97 + 0.3 * step, 1.2 - 0.3 * step))
v = ImageView(w, height=240); v""")  # fmt: skip
    for act in ("Undo", "Undo", "Undo", "Redo", "Redo", "Undo", "Redo", "Redo"):
        cell.output.locator(f"button[title^='{act}']").click()
        lab.page.wait_for_timeout(250)
        extent = lab.value("v.stage._extent")
        for name, (low, high) in zip(("x_range", "y_range"), extent, strict=True):
            lab.wait_value(
                f"v.{name}", lambda now, a=low, b=high: now[0] <= a + 1e-6 and now[1] >= b - 1e-6
            )
        ranges = lab.value("[v.x_range, v.y_range]")
        slack = [np.ptp(r) - np.ptp(e) for r, e in zip(ranges, extent, strict=True)]
        assert min(slack) < 1e-6
    assert not lab.errors
