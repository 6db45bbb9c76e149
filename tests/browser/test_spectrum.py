"""The spectrum in JupyterLab: a region dragged on the image, spots clicked, rings dragged."""

from __future__ import annotations

import re

import numpy as np
import pytest

pytestmark = pytest.mark.browser

# Fringes along +x up to x = 0, and along +y from there on.
SETUP = """
import numpy as np, temwidgets as tw
from temwidgets.widgets import ImageView, ReflectionTable, SpectrumView, Workspace
rng = np.random.default_rng(1)
image = tw.make_image(rng.normal(100, 1, (220, 240)), sampling=(0.05, 0.04), origin=(3, -4.8))
left, right = (3 * np.cos(2 * np.pi * 4.0 * image[name]) for name in "xy")
image = image + left.where(image.x < 0, right)
image = image.transpose("y", "x").assign_attrs(units="counts")
work = Workspace(image)
v = SpectrumView(work, height=360)
"""


def show(lab, code="v"):
    lab.execute(SETUP)
    cell = lab.run(code)
    cell.wait_drawn()
    lab.page.wait_for_timeout(400)
    return cell


def place(lab, cell, ky, kx):
    box = cell.canvas.nth(1).bounding_box()
    (left, right), (top, bottom) = lab.value("[v.kx_range, v.ky_range]")
    across = (kx - left) / (right - left) * box["width"]
    return box["x"] + across, box["y"] + (ky - top) / (bottom - top) * box["height"]


def middle(locator):
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def brightest(lab, cell):
    """The place (ky, kx) of the brightest pixels away from the middle, as they are seen."""
    pixels = cell.pixels(cell.canvas.nth(1)).astype(int)
    (left, right), (top, bottom) = lab.value("[v.kx_range, v.ky_range]")
    high, wide = pixels.shape[:2]
    ky = top + (np.arange(high) + 0.5) / high * (bottom - top)
    kx = left + (np.arange(wide) + 0.5) / wide * (right - left)
    seen = pixels.min(axis=2) * (np.hypot(ky[:, None], kx) > 2)
    at = np.argwhere(seen > 0.9 * seen.max())
    return np.abs(np.stack([ky[at[:, 0]], kx[at[:, 1]]])).mean(axis=1)


def test_the_spectrum_follows_a_region_that_is_dragged(lab):
    cell = show(lab)
    lab.execute("v.toolbar.labels.value = v.scale_bar = False; v.region = (6, 10, -4.5, -1)")
    handle = cell.output.locator(".tem-handle[data-name='FFT region centre']")
    handle.wait_for()
    lab.page.wait_for_timeout(400)
    assert brightest(lab, cell) == pytest.approx([0, 4], abs=0.4)
    box, size = cell.canvas.first.bounding_box(), lab.value("np.ptp(v.image_view.x_range)")
    x, y = middle(handle)
    lab.page.mouse.move(x, y)
    lab.page.mouse.down()
    drawn = int(cell.canvas.nth(1).get_attribute("data-drawn"))
    lab.page.mouse.move(x + 5.5 / size * box["width"], y, steps=12)
    lab.page.wait_for_function(
        "(n) => +document.querySelectorAll('canvas[data-drawn]')[1].dataset.drawn > n", arg=drawn
    )
    lab.page.wait_for_timeout(400)
    assert lab.value("v.drawing.moving")
    assert brightest(lab, cell) == pytest.approx([4, 0], abs=0.4)  # while the mouse is down
    lab.page.mouse.up()
    lab.wait_value("v.drawing.moving", False)
    assert lab.value("v.region") == pytest.approx([6, 10, 1, 4.5], abs=0.1)
    corner = cell.output.locator(".tem-handle[data-name='FFT region corner 0']")
    corner.focus()
    lab.page.keyboard.press("Shift+ArrowRight")
    lab.wait_value("v.region[2]", lambda edge: edge > 1.05)
    assert not lab.errors


def test_a_spot_is_clicked_and_its_spacing_is_told(lab):
    cell = show(lab)
    lab.page.mouse.click(*place(lab, cell, 0.1, 4.1))
    lab.wait_value("v.chosen", [0])
    cell.output.get_by_text("reflection 0").wait_for()
    told = re.search(r"d (0[.]\d+) ± (0[.]\d+) nm, angle", cell.output.inner_text())
    assert float(told[1]) == pytest.approx(0.25, abs=0.0006)
    assert 0 < float(told[2]) < 0.001
    lab.page.mouse.click(*place(lab, cell, -4.0, 0.0))
    lab.wait_value("v.chosen", [1])
    lab.page.mouse.click(*place(lab, cell, 6.0, 7.0))
    cell.output.get_by_text("No peak stands out of the noise there").wait_for()
    lab.page.mouse.click(*place(lab, cell, 0.0, -4.0))  # the mate
    lab.wait_value("v.chosen", [0])
    lab.page.keyboard.down("Shift")
    lab.page.mouse.click(*place(lab, cell, 4.0, 0.0))
    lab.page.keyboard.up("Shift")
    lab.wait_value("v.chosen", [0, 1])
    cell.output.get_by_text("d ratio").wait_for()
    lab.page.keyboard.press("Control+z")
    lab.wait_value("v.labels_known", [0])
    assert not lab.errors


def test_a_ring_is_dragged_and_its_mate_goes_along(lab):
    cell = show(lab)
    lab.execute("v.add_reflection(0, 4.0); v.labels = v.scale_bar = False; v.color_by = None")
    lab.execute("v.snap = False; v.stage.layer.marker_color = '#ff0000'; v.chosen = ()")
    lab.page.wait_for_timeout(300)
    lab.page.mouse.move(*place(lab, cell, 0.0, 4.0))
    lab.page.mouse.down()
    lab.page.mouse.move(*place(lab, cell, 2.0, 5.0), steps=6)
    lab.wait_value("v.dragged", "reflection 0")
    lab.page.wait_for_timeout(300)
    moved = lab.value("v.reflections['g'].values[0].tolist()")
    assert moved == pytest.approx([2.0, 5.0], abs=0.1)
    assert lab.value("work.reflections['g'].values[0].tolist()") == pytest.approx([0, 4], abs=0.05)
    pixels = cell.pixels(cell.canvas.nth(1)).astype(int)
    red = (pixels[..., 0] > 120) & (pixels[..., 1] < 60)
    box = cell.canvas.nth(1).bounding_box()
    for sign in (1, -1):
        x, y = place(lab, cell, sign * 2.0, sign * 5.0)
        col, row = round(x - box["x"]), round(y - box["y"])
        assert red[row - 14 : row + 14, col - 14 : col + 14].sum() > 20
    lab.page.mouse.up()
    lab.wait_value("v.dragged", "")
    lab.wait_value("work.history[-1].name", "move_reflection")
    assert lab.value("work.reflections['g'].values[0].tolist()") == pytest.approx(moved, abs=0.1)
    assert not lab.errors


def test_rings_lie_round_their_spots(lab):
    cell = show(lab)
    lab.execute("v.labels = v.scale_bar = False; v.zoom_to((3.4, 4.6), (-0.6, 0.6))")
    lab.execute("v.chosen = (); v.color_by = None; v.stage.layer.legend = {}")
    lab.page.wait_for_timeout(400)
    spot = np.argwhere(cell.pixels(cell.canvas.nth(1)).min(axis=2) > 200).mean(axis=0)
    lab.execute("v.add_reflection(0, 4.0); v.chosen = ()")
    lab.execute("v.stage.layer.marker_color = '#ff0000'; v.marker_size = 60")
    lab.page.wait_for_timeout(400)
    pixels = cell.pixels(cell.canvas.nth(1)).astype(int)
    ring = np.argwhere((pixels[..., 0] > 120) & (pixels[..., 1] < 60)).mean(axis=0)
    assert ring == pytest.approx(spot, abs=6)  # bins are some 40 px wide here


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_are_legible_and_nothing_is_cut_off(lab, theme):
    lab.theme(theme)
    cell = show(lab, "from ipywidgets import VBox\nVBox([v, ReflectionTable(work)])")
    lab.execute("v.add_reflection(0, 4.0); v.add_reflection(4.0, 0.0)")
    lab.execute("v.profile = True; v.rings = [0.25]; v.k_range = (2, 6)")
    cell.output.get_by_text("k (1/nm)", exact=True).wait_for()
    lab.page.wait_for_timeout(300)
    text = lab.page.evaluate("""() => [...document.querySelectorAll('.tem-fft .axislabel, ' +
      '.tem-fft .axis text')].map((node) => getComputedStyle(node).fill)""")
    lightness = [np.mean([int(v) for v in t[t.index("(") + 1 : -1].split(",")[:3]]) for t in text]
    assert all(value < 110 for value in lightness) if theme == "light" else min(lightness) > 150
    assert cell.output.get_by_text("k_x (1/nm)").count() == 1
    assert cell.output.locator(".tem-fft .label", has_text="0.25 nm").count() >= 2
    for button in cell.output.locator("button:visible").all():
        assert button.get_attribute("title")
    assert lab.page.evaluate("""() => [...document.querySelectorAll('.tem-pair .tem-image-view, ' +
      '.tem-pair .tem-image-view *')].every((node) => !['auto', 'scroll'].includes(
      getComputedStyle(node).overflowY) || node.scrollHeight <= node.clientHeight + 1)""")
    assert not lab.errors
