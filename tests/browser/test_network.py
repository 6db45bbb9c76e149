"""A network in JupyterLab: it finds the columns of a real image, sliders cut, its map is seen."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.browser

SETUP = """
import temwidgets as tw
from temwidgets.networks import looking
explorer = tw.explore(tw.examples.load("perovskite_trilayer"))
explorer.finders.by = "network"
explorer.image_view.height = 400
work, panel, view = explorer.workspace, explorer.network, explorer.image_view
explorer
"""
COUNT = """
looks, predict_image = [], looking.predict_image
looking.predict_image = lambda *a, **k: looks.append(1) or predict_image(*a, **k)
"""


@pytest.fixture
def found(lab):
    cell = lab.run(SETUP)
    cell.wait_drawn()
    cell.output.get_by_role("button", name="Find by network").click()
    lab.wait_value("panel.threshold.disabled", False, timeout=60)
    cell.output.get_by_text("columns; certainty of the network").wait_for()
    return cell


def columns(lab):
    return lab.value("work.columns.sizes['column']")


def pull(lab, slider, share):
    """Drag the handle of a slider to a share of its length."""
    handle = slider.locator(".noUi-handle").bounding_box()
    track = slider.locator(".noUi-base").bounding_box()
    middle = handle["y"] + handle["height"] / 2
    start = handle["x"] + handle["width"] / 2
    lab.drag((start, middle), (track["x"] + share * track["width"], middle), steps=8)


def test_find_and_move_the_sliders(lab, found):
    before = columns(lab)
    assert before > 2500
    lab.execute(COUNT)
    sliders = found.output.locator(".widget-slider:visible")
    pull(lab, sliders.filter(has_text="Threshold"), 0.75)
    lab.wait_value("work.columns.attrs['threshold']", lambda t: 0.7 < t < 0.8)
    cut = columns(lab)
    assert cut < before
    found.output.get_by_text(f"{cut:,} columns; certainty").wait_for()
    pull(lab, sliders.filter(has_text="Separation"), 0.9)
    lab.wait_value("work.columns.attrs['separation_source']", "given")
    lab.wait_value("work.columns.sizes['column']", lambda n: n < cut)
    lab.wait_value("work.job.running", False)
    assert lab.value("[looks, len(work.history)]") == [[], 1]
    lab.execute("looking.predict_image = predict_image")
    assert not lab.errors


def test_the_map_over_the_image(lab, found):
    lab.execute("view.x_range = (10, 13); view.show_markers = False")
    lab.page.wait_for_timeout(500)
    canvas = found.canvas.first

    def colour():
        """Strongest difference of red and green: the image is grey, the map is not."""
        pixels = found.pixels(canvas).astype(int)
        return int(np.percentile(pixels[..., 0] - pixels[..., 1], 99))

    assert colour() > 40
    toggle = found.output.get_by_role("button", name="Probability")
    toggle.click()
    lab.wait_value("list(view.maps)", [])
    lab.page.wait_for_timeout(300)
    assert colour() < 12
    toggle.click()
    lab.wait_value("list(view.maps)", ["probability"])
    box = canvas.bounding_box()
    for share in (0.31, 0.5, 0.77):
        lab.page.mouse.move(box["x"] + share * box["width"], box["y"] + share * box["height"])
        found.output.locator(".tem-readout", has_text="Probability 0").first.wait_for()
    pull(lab, found.output.locator(".widget-slider:visible").filter(has_text="Opacity: map"), 0.1)
    lab.wait_value("view.maps['probability'].alpha", lambda a: a < 0.3)
    found.output.get_by_role("tab", name="Fit").click()
    lab.wait_value("list(view.maps)", [])
    assert not lab.errors


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_labels_by_mouse_in_both_themes(lab, found, theme):
    lab.theme(theme)
    before = columns(lab)
    found.output.get_by_role("button", name="Label for training").click()
    lab.execute("view.x_range = (10, 13); view.tool = 'add'")
    lab.page.wait_for_timeout(500)
    box = found.canvas.first.bounding_box()
    lab.page.mouse.click(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    lab.wait_value("work.columns.sizes['column']", before + 1)
    found.output.get_by_role("button", name="Save as a pair").click()
    lab.wait_value("len(explorer.label.pairs)", 1)
    found.output.get_by_text(f"1. 512 x 640 px, {before + 1:,} columns").wait_for()
    found.output.locator("button", has_text="Remove").click()
    lab.wait_value("len(explorer.label.pairs)", 0)
    assert not lab.errors
