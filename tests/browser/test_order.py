"""The spectrum of order in JupyterLab: a clicked ring shows its wave on the image."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

# Every other row of cells along a is fainter by less than the spread of single columns.
SETUP = """
import numpy as np, temwidgets as tw
from temwidgets.widgets import ImageView, OrderView, Workspace
random = np.random.default_rng(5)
n_a, n_b = (v.ravel().astype(float) for v in np.mgrid[:20, :24])
columns = tw.make_columns(0.2 + 0.39 * n_b, 0.2 + 0.4 * n_a)
for name, values in (("n_a", n_a), ("n_b", n_b), ("site", np.zeros(n_a.size, int))):
    columns[name] = ("column", values, {"units": "1", "long_name": name})
intensity = 5 + 0.2 * np.where(n_a % 2, -1, 1) + random.normal(0, 0.5, n_a.size)
columns["intensity"] = ("column", intensity, {"units": "counts nm²", "long_name": "intensity"})
workspace = Workspace(tw.make_image(np.zeros((240, 210)), sampling=0.04), columns)
view = ImageView(workspace, height=300, show_markers=False)
order = OrderView(workspace, view=view)
"""


def test_a_click_on_a_ring_shows_its_wave_and_another_takes_it_off(lab):
    lab.execute(SETUP)
    cell = lab.run("import ipywidgets; ipywidgets.HBox([view, order])")
    cell.wait_drawn()
    cell.output.get_by_role("button", name="Find order").click()
    ring = cell.output.locator(".tem-spectrum .dot").first
    ring.wait_for()
    lab.wait_value("order.order is not None", True)
    before = cell.drawn()
    ring.click()
    lab.wait_value("order.peak", 0)
    lab.wait_value("list(view.maps)", ["order"])
    cell.wait_drawn(before)
    assert "wave of peak 0" in cell.output.inner_text()
    pixels = cell.pixels(cell.canvas).astype(int)
    red, blue = pixels[..., 0] - pixels[..., 2], pixels[..., 2] - pixels[..., 0]
    assert (red > 20).sum() > 1000
    assert (blue > 20).sum() > 1000
    cell.output.get_by_role("button", name="Select crests").click()
    lab.wait_value("len(workspace.selection)", 240)
    cell.output.locator(".tem-spectrum .dot").last.click()
    lab.wait_value("order.peak is None", True)
    lab.wait_value("list(view.maps)", [])
    assert not lab.errors
