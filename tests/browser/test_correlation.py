"""The pair correlation in JupyterLab: as a map and against distance, chosen by mouse."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

# Rows of cells along a alternate.
SETUP = """
import numpy as np, temwidgets as tw
random = np.random.default_rng(5)
n_a, n_b = (v.ravel().astype(float) for v in np.mgrid[:16, :18])
columns = tw.make_columns(0.39 * n_b, 0.4 * n_a)
for name, values in (("n_a", n_a), ("n_b", n_b)):
    columns[name] = ("column", values, {"units": "1", "long_name": name})
value = 5 + np.where(n_a % 2, -1, 1) + random.normal(0, 0.5, n_a.size)
columns["intensity"] = ("column", value, {"units": "counts nm²", "long_name": "intensity"})
lattice = tw.make_lattice((0, 0.4), (0.39, 0))
"""


def test_map_and_distance_are_drawn_and_the_selection_too(lab):
    lab.execute(SETUP)
    cell = lab.run("v = tw.widgets.CorrelationView(columns, lattice=lattice, reach=5); v")
    figure = cell.output.locator(".bqplot")
    figure.locator(".dot").first.wait_for()
    cell.output.get_by_role("img", name="over cell offsets").wait_for()
    pixels = cell.pixels(figure).astype(int)
    for warm in (pixels[..., 0] - pixels[..., 2], pixels[..., 2] - pixels[..., 0]):
        assert (warm > 60).sum() > 3000  # alike and opposite by turns
    cell.output.locator("select:visible").nth(1).select_option(index=1)
    lab.wait_value("v.style", "distance")
    cell.output.get_by_role("img", name="against distance").wait_for()
    lab.execute("v.selection.select(columns['column'].values[:150])")
    lab.page.wait_for_timeout(500)
    pixels = cell.pixels(cell.output.locator(".bqplot")).astype(int)
    assert ((pixels[..., 0] > 200) & (pixels[..., 1] < 110)).sum() > 50
    assert not lab.errors
