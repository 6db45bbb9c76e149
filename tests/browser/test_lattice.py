"""The lattice in JupyterLab: a vector dragged with the mouse, a site dragged in the mean cell."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

SETUP = """
import numpy as np, temwidgets as tw
from ipywidgets import VBox
from temwidgets.widgets import ImageView, LatticePanel, UnitCellView, Workspace
image = tw.make_image(np.zeros((90, 120), np.uint8), sampling=(0.04, 0.03), origin=(1.0, -2.0))
n_a, n_b = (n.ravel() for n in np.mgrid[0:8, 0:8])
columns = tw.make_columns(1.2 + 0.4 * n_a, -1.8 + 0.42 * n_b)
work = Workspace(image, columns)
"""


def middle(locator):
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def place(lab, cell, y, x):
    box = cell.canvas.first.bounding_box()
    (left, right), (top, bottom) = lab.value("[v.x_range, v.y_range]")
    across = (x - left) / (right - left) * box["width"]
    return box["x"] + across, box["y"] + (y - top) / (bottom - top) * box["height"]


def test_a_lattice_vector_is_dragged_and_fitted(lab):
    lab.execute(SETUP)
    cell = lab.run("""
v = ImageView(work, height=420); p = LatticePanel(work, view=v)
work.lattice = tw.make_lattice((0, 0.42), (0.4, 0), origin=(2.4, -0.54))
VBox([p, v])""")
    cell.wait_drawn()
    cell.output.get_by_role("button", name="Draw").click()
    tip = cell.output.locator(".tem-handle[data-name=a]")
    tip.wait_for()
    lab.page.wait_for_timeout(300)
    origin = lab.value("p.drawing.origin")
    times = lab.value("p.drawing._multiples['a']")
    before = cell.pixels(cell.canvas.first)
    target = place(lab, cell, origin[0] + 0.1 * times, origin[1] + 0.35 * times)
    lab.drag(middle(tip), target, steps=8)
    lab.wait_value("p.drawing.a", lambda a: a == pytest.approx([0.1, 0.35], abs=0.03))
    lab.wait_value("v.dragged", "")
    assert lab.value("p.drawing.b") == [0.4, 0]
    lab.page.wait_for_timeout(300)
    assert (cell.pixels(cell.canvas.first) != before).any()  # the cells follow
    ranges = lab.value("v.x_range")
    tip.focus()
    lab.page.keyboard.press("Shift+ArrowRight")
    lab.wait_value("p.drawing.a[1]", lambda x: x > 0.36)
    assert lab.value("v.x_range") == ranges
    lab.execute("p.drawing.a = (0.0, 0.415)")
    cell.output.get_by_role("button", name="Fit from drawn").click()
    lab.wait_value("'n_a' in work.columns", True)
    a = lab.value("work.lattice['vectors'].sel(basis='a').values.tolist()")
    assert a == pytest.approx([0, 0.42], abs=1e-3)
    cell.output.get_by_text("2 sites per cell").or_(
        cell.output.get_by_text("1 site per cell")
    ).wait_for()
    assert not lab.errors


def test_a_site_of_the_mean_cell_is_dragged(lab):
    lab.execute(
        SETUP
        + """
rng = np.random.default_rng(0)
work.image = image.astype(float) + rng.normal(5, 1, image.shape)
work.lattice = tw.make_lattice((0, 0.42), (0.4, 0), origin=(1.2, -1.8))
work.run(tw.index_columns, wait=True)
work.run(tw.mean_cell, into="cell", wait=True)
"""
    )
    cell = lab.run("u = UnitCellView(work); v = u.image_view; u")
    cell.wait_drawn()
    site = cell.output.locator(".tem-handle[data-name='site 0']")
    site.wait_for()
    lab.page.wait_for_timeout(300)
    lab.drag(middle(site), place(lab, cell, 0.1, 0.2), steps=6)
    lab.wait_value("work.history[-1].name", "move_site")
    at = lab.value("work.lattice['site_position'].values[0].tolist()")
    assert at == pytest.approx([0.2 / 0.42, 0.1 / 0.4], abs=0.03)
    cell.output.get_by_role("button", name="Profile").click()
    cell.output.locator(".bqplot path.line").first.wait_for(state="attached")
    assert len(lab.value("v.handles")) == 3
    assert not lab.errors
