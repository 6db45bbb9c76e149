"""The polar histogram in JupyterLab: the mouse brushes a sector, and the other views follow."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.browser

# Displacements on a ring: one column each 5 degrees at 12 pm and one at 32 pm.
SETUP = """
import numpy as np, temwidgets as tw
from temwidgets.analysis.vectors import with_displacement
from temwidgets.widgets import Histogram, PolarHistogram, Selection
turn = np.deg2rad(np.tile(np.arange(0, 360, 5.0), 2))
length = np.repeat([0.012, 0.032], 72)
columns = tw.make_columns(*np.zeros((2, 144)))
vector = np.stack([length * np.sin(turn), length * np.cos(turn)], 1)
columns = with_displacement(columns, vector, np.full((144, 2, 2), np.nan), "a test")
shared = Selection()
polar = PolarHistogram(columns, limit=0.04, selection=shared)
histogram = Histogram(columns, "displacement_magnitude", selection=shared)
direction = columns["displacement_direction"].values % 360
"""


@pytest.fixture
def shown(lab):
    lab.execute(SETUP)
    cell = lab.run("import ipywidgets; ipywidgets.HBox([polar, histogram])")
    cell.output.locator("svg.tem-polar[data-drawn]").wait_for()
    lab.page.wait_for_timeout(300)
    return cell


def place(cell, degrees, share):
    """Page pixels of a direction and a share of the radius."""
    box = cell.output.locator(".tem-polar-grid circle").first.bounding_box()
    radius, turn = box["width"] / 2, np.deg2rad(degrees)
    middle = box["x"] + radius, box["y"] + box["height"] / 2
    return middle[0] + share * radius * np.cos(turn), middle[1] + share * radius * np.sin(turn)


def drag(lab, cell, start, end, share):
    """Press at one direction and go round to another on a circle, or out to a share."""
    lows = np.linspace(share[0], share[1], 9)
    turns = np.linspace(start, end, 9)
    lab.drag(*(place(cell, *corner) for corner in zip(turns, lows, strict=True)), steps=2)


def test_a_brushed_sector_is_selected_everywhere(lab, shown):
    drag(lab, shown, 47, 133, (0.5, 1.12))
    wanted = (
        "columns.column.values[(direction > 47) & (direction < 133) & (length > 0.02)].tolist()"
    )
    lab.wait_value("shared.labels.tolist()", lab.value(wanted))
    assert lab.value("len(shared)") == 17
    assert lab.value("polar.brush[1][1] > 1e9")
    assert "displacement_direction <" in lab.value("shared.rule")
    assert lab.value("int(histogram._part.y[1:-1:2].sum())") == 17
    pink = shown.pixels(shown.output.locator("svg.tem-polar")).astype(int)
    assert ((pink[..., 0] > 200) & (pink[..., 1] < 110)).sum() > 200
    assert not lab.errors


def test_a_sector_through_zero_backwards_and_a_click_that_clears(lab, shown):
    drag(lab, shown, 33, -33, (0.1, 0.55))
    wanted = "columns.column.values[((direction + 33) % 360 < 66) & (length < 0.02)].tolist()"
    lab.wait_value("shared.labels.tolist()", lab.value(wanted))
    lab.page.mouse.click(*place(shown, 200, 0.9))
    lab.wait_value("len(shared)", 0)
    assert lab.value("polar.brush") is None
    assert not lab.errors


def test_a_selection_elsewhere_fills_its_part_of_the_bins(lab, shown):
    lab.execute("histogram.brush = (0.0, 0.02)")
    lab.page.wait_for_function(
        "() => document.querySelectorAll('.tem-polar-part path').length === 24"
    )
    lab.execute("polar.kind = 'rose'")
    lab.page.wait_for_function("() => document.querySelectorAll('.tem-polar title').length === 24")
    assert shown.output.locator(".tem-polar-part path").count() == 24
    lab.page.keyboard.press("Escape")
    drag(lab, shown, 172.5, 187.5, (0.5, 0.7))
    lab.wait_value("len(shared)", 6)
    lab.page.keyboard.press("Escape")
    lab.wait_value("len(shared)", 0)
    assert not lab.errors


def test_a_click_on_a_profile_selects_a_row(lab):
    lab.execute(SETUP)
    lab.execute(
        "from temwidgets.widgets import ProfileView\n"
        "columns['y'].values[:] = np.repeat(np.arange(12.0), 12)\n"
        "columns['x'].values[:] = np.tile(np.arange(12.0), 12)\n"
        "view = ProfileView(columns, 'displacement_magnitude', along=90.0, selection=shared)"
    )
    cell = lab.run("view")
    area = cell.output.locator(".bqplot .plotarea_events").first
    area.wait_for()
    lab.page.wait_for_timeout(500)
    box = area.bounding_box()
    low, high = lab.value("[view._x.min, view._x.max]")
    for row in (3.0, 8.0):
        across = box["x"] + (row - low) / (high - low) * box["width"]
        lab.page.mouse.click(across, box["y"] + 0.3 * box["height"])
        wanted = list(range(int(row) * 12, int(row) * 12 + 12))
        lab.wait_value("shared.labels.tolist()", wanted)
        assert lab.value("view.brush is not None")
    assert not lab.errors
