"""The explorer in JupyterLab: the main job by mouse, brush and lasso linked, no console errors."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.browser

# Columns of two brightnesses: the brush over the right half of the histogram takes the bright ones.
SETUP = """
import numpy as np, temwidgets as tw
image = tw.make_image(np.zeros((80, 120), np.uint8), sampling=(0.02, 0.03), origin=(1.0, -2.0))
row, col = (v.ravel() for v in np.mgrid[10:80:15, 15:120:15])
columns = tw.make_columns(image.y.values[row], image.x.values[col])
value = np.where(np.arange(row.size) % 3 == 0, 9.0, 3.0) + 0.01 * np.arange(row.size)
columns["intensity"] = ("column", value, {"units": "counts nm²", "long_name": "intensity"})
bright = columns["column"].values[value > 6].tolist()
"""


@pytest.fixture
def shown(lab):
    lab.execute(SETUP)
    cell = lab.run("e = tw.explore(image, columns); e.image_view.scale_bar = False; e")
    cell.wait_drawn()
    cell.output.locator(".tem-plots .bqplot").wait_for()
    lab.page.wait_for_timeout(500)
    return cell


def place(lab, cell, x, y):
    """Page pixels of a point of the image."""
    box = cell.canvas.first.bounding_box()
    (left, right), (top, bottom) = lab.value("[e.image_view.x_range, e.image_view.y_range]")
    across = (x - left) / (right - left) * box["width"]
    return box["x"] + across, box["y"] + (y - top) / (bottom - top) * box["height"]


def brush(lab, cell, low, high):
    """Drag over the histogram from one value to another."""
    area = cell.output.locator(".tem-plots .bqplot .plotarea_events").first.bounding_box()
    ends = lab.value("[e.histogram._x.min, e.histogram._x.max]")
    height = area["y"] + 0.4 * area["height"]
    at = [area["x"] + (v - ends[0]) / (ends[1] - ends[0]) * area["width"] for v in (low, high)]
    lab.drag((at[0], height), (at[1], height), steps=10)


def is_lit(lab, cell, label):
    """Whether the marker of a column has the colour of the selection."""
    lab.page.wait_for_timeout(150)
    x, y = lab.value(f"[float(columns.x[{label}]), float(columns.y[{label}])]")
    box = cell.canvas.first.bounding_box()
    across, down = (
        a - b for a, b in zip(place(lab, cell, x, y), (box["x"], box["y"]), strict=True)
    )
    near = cell.pixels(cell.canvas.first).astype(int)
    near = near[int(down) - 7 : int(down) + 8, int(across) - 7 : int(across) + 8]
    return bool(((near[..., 0] > 150) & (near[..., 1] < 120)).any())


def test_a_brush_over_the_histogram_lights_up_the_right_columns(lab, shown):
    brush(lab, shown, 6.0, 9.6)
    bright = lab.value("bright")
    lab.wait_value("e.workspace.selection.labels.tolist()", bright)
    assert "<= intensity <" in lab.value("e.workspace.selection.rule")
    for label in (bright[0], bright[3], bright[-1]):
        assert is_lit(lab, shown, label)
        assert not is_lit(lab, shown, label - 1 if label else 1)
    assert not lab.errors


def test_a_lasso_in_the_image_shows_in_the_histogram(lab, shown):
    brush(lab, shown, 6.0, 9.6)
    lab.wait_value("len(e.workspace.selection)", lambda count: count > 3)
    shown.output.locator(".tem-lasso").click()
    lab.wait_value("e.image_view.tool", "lasso")
    x, y = lab.value("[columns.x.values.tolist(), columns.y.values.tolist()]")
    left, right, top, bottom = x[0] - 0.2, x[2] + 0.2, y[0] - 0.1, y[7] + 0.1
    corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
    lab.drag(*(place(lab, shown, *corner) for corner in corners), steps=5)
    wanted = [0, 1, 2, 7, 8, 9]
    lab.wait_value("e.workspace.selection.labels.tolist()", wanted)
    assert lab.value("e.histogram.brush") is None
    assert lab.value("int(e.histogram._part.y[1:-1:2].sum())") == len(wanted)
    shown.output.get_by_text("n = 6").first.wait_for()
    # The brush was let go, so the same range can be brushed again.
    brush(lab, shown, 6.0, 9.6)
    lab.wait_value("e.workspace.selection.labels.tolist()", lab.value("bright"))
    assert not lab.errors


def test_figures_say_what_they_show(lab, shown):
    plots = shown.output.locator(".tem-plots")
    plots.get_by_role("img", name="Histogram of Intensity (counts nm²)").wait_for()
    shown.output.get_by_role("img", name="Axes in nm").wait_for()
    plots.get_by_role("button", name="Scatter").click()
    plots.get_by_role("img", name="Scatter plot of Intensity (counts nm²) against").wait_for()
    assert not lab.errors


@pytest.mark.parametrize(("kind", "start"), [("PNG", b"\x89PNG"), ("SVG", b"<svg"), ("CSV", b"#")])
def test_files_of_a_plot_are_saved_by_the_browser(lab, shown, kind, start):
    with lab.page.expect_download() as saved:
        shown.output.locator(f".tem-plots button:has-text('{kind}')").click()
    assert saved.value.suggested_filename == f"histogram_intensity.{kind.lower()}"
    assert saved.value.path().read_bytes().startswith(start)
    assert not lab.errors


def test_buttons_of_a_plot_stay_together(lab, shown):
    size = lab.page.viewport_size
    try:
        for width in (1000, 1400, 1900):
            lab.page.set_viewport_size({**size, "width": width})
            lab.page.wait_for_timeout(300)
            words = ("Options", "CSV", "PNG", "SVG")
            buttons = [shown.output.locator(f".tem-plots button:has-text('{w}')") for w in words]
            tops = [button.first.bounding_box()["y"] for button in buttons]
            assert max(tops) - min(tops) < 6
    finally:
        lab.page.set_viewport_size(size)


def test_a_click_beside_the_brush_clears_it(lab, shown):
    brush(lab, shown, 6.0, 9.6)
    lab.wait_value("len(e.workspace.selection)", lambda count: count > 3)
    area = shown.output.locator(".tem-plots .bqplot .plotarea_events").first.bounding_box()
    lab.page.mouse.click(area["x"] + 0.1 * area["width"], area["y"] + 0.4 * area["height"])
    lab.wait_value("len(e.workspace.selection)", 0)


def test_scatter_and_table_by_mouse(lab, shown):
    plots = shown.output.locator(".tem-plots")
    plots.get_by_role("button", name="Scatter").click()
    plots.locator(".bqplot image").first.wait_for()  # of the points: the histogram has none
    area = plots.locator(".bqplot .plotarea_events").first
    lab.page.wait_for_timeout(500)
    box = area.bounding_box()
    lab.drag(
        (box["x"] + 2, box["y"] + 2),
        (box["x"] + 0.98 * box["width"], box["y"] + 0.5 * box["height"]),
        steps=8,
    )
    lab.wait_value("e.workspace.selection.labels.tolist()", lab.value("bright"))
    pixels = shown.pixels(plots.locator(".bqplot").first).astype(int)
    assert ((pixels[..., 0] > 180) & (pixels[..., 1] < 120)).sum() > 50
    plots.get_by_role("button", name="Table").click()
    cells = plots.locator("tbody tr")
    cells.nth(1).wait_for()
    cells.nth(1).click()
    lab.wait_value("e.workspace.selection.labels.tolist()", [1])
    plots.locator("thead th").nth(3).click()
    lab.wait_value("e.table.sort_by", "intensity")
    assert lab.value("e.scatter.brush") is None
    assert not lab.errors


def test_the_main_job_by_mouse(lab):
    lab.execute("import temwidgets as tw\nsmall = tw.examples.load('perovskite_trilayer')")
    cell = lab.run("e = tw.explore(small[40:200, 60:240]); e")
    cell.wait_drawn()
    cell.output.get_by_role("button", name="Find columns").click()
    idle = "e.workspace.job.running"
    lab.wait_value("e.workspace.columns is not None", True, timeout=30)
    lab.wait_value(idle, False)
    before = lab.value("e.workspace.columns.sizes['column']")
    handle = cell.output.locator(".noUi-handle:visible").first
    handle.focus()
    for _ in range(40):
        lab.page.keyboard.press("ArrowRight")
    lab.wait_value("e.workspace.columns.sizes['column']", lambda count: count < before)
    lab.wait_value(idle, False)
    assert len(lab.value("[step.name for step in e.workspace.history]")) == 1
    cell.output.get_by_role("tab", name="4 Fit").click()
    cell.output.get_by_role("button", name="Fit columns").click()
    lab.wait_value("e.workspace.model is not None", True, timeout=90)
    cell.output.get_by_text("reduced χ²").wait_for()
    assert lab.value("e.histogram.shown") == "intensity"
    cell.output.get_by_role("button", name="Script").click()
    cell.output.get_by_text("tw.fit_columns(image, columns)").wait_for()
    cell.output.locator("button[title='Take the last step back']").click()
    lab.wait_value("'amplitude' in e.workspace.columns", False)
    assert not lab.errors


def test_the_recipe_is_saved_beside_the_script(lab, shown):
    lab.execute("e.workspace.run(tw.crop, into='image', y=(1.2, 2.4), wait=True)")
    shown.output.get_by_role("button", name="Script").click()
    with lab.page.expect_download() as saved:
        shown.output.get_by_role("button", name="Save recipe").click()
    assert saved.value.suggested_filename == "recipe.yaml"
    assert not lab.errors


@pytest.mark.parametrize("width", [1000, 1900])
def test_nothing_overflows_and_both_themes_are_legible(lab, shown, width):
    size = lab.page.viewport_size
    lab.page.set_viewport_size({"width": width, "height": 1000})
    try:
        for theme in ("light", "dark"):
            lab.theme(theme)
            lab.page.wait_for_timeout(300)
            assert (
                lab.page.evaluate(
                    "() => { const e = document.querySelector('.tem-explorer');"
                    " return e.scrollWidth - e.clientWidth; }"
                )
                <= 1
            )
            label = shown.output.locator(".tem-plots .bqplot .axis text").first
            ink, ground = (
                lab.page.evaluate(
                    "([node, name]) => getComputedStyle(node)[name]", [node.element_handle(), name]
                )
                for node, name in ((label, "fill"), (lab.page.locator("body"), "backgroundColor"))
            )
            assert abs(_light(ink) - _light(ground)) > 100
    finally:
        lab.page.set_viewport_size(size)


def _light(colour):
    numbers = [float(v) for v in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    return np.dot(numbers, (0.3, 0.59, 0.11))
