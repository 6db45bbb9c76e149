"""A network is retrained in JupyterLab: started, watched, stopped, gone on with."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

SETUP = """
import temwidgets as tw
from temwidgets import networks
from temwidgets.networks.pairs import make_pair
from temwidgets.widgets import TrainingPanel

pairs = [make_pair(*tw.synthetic.hexagonal((96, 96), seed=n)) for n in range(5)]
options = {"channels": [4, 8, 16], "blocks": [1, 1, 1]}
card = {"architecture": "residual_unet", "options": options, "spacing": 12.0, "threshold": 0.3,
        "name": "small"}
small = networks.Network(networks.build("residual_unet", **options), card)
panel = TrainingPanel(pairs, start=small, steps=400)
"""


@pytest.fixture
def shown(lab):
    lab.execute(SETUP)
    cell = lab.run("panel")
    cell.wait_drawn()
    yield cell
    lab.execute("panel.stop(); panel.wait(60)")


def curve(cell):
    """The path of the running mean of the loss, as drawn."""
    return cell.output.locator(".bqplot path.line").nth(1).get_attribute("d") or ""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_start_watch_stop_and_go_on(lab, shown, theme):
    lab.theme(theme)
    shown.output.get_by_text("1: 96 x 96 px", exact=False).first.wait_for()
    shown.output.get_by_role("button", name="Start").click()
    lab.wait_value("panel.run.step", lambda step: step >= 4, timeout=90)
    lab.page.wait_for_timeout(500)
    before = curve(shown)
    assert before.count(",") > 2
    lab.wait_value("panel.run.step", lambda step: step >= 40, timeout=90)
    lab.page.wait_for_timeout(500)
    assert len(curve(shown)) > len(before)
    shown.output.get_by_text(" left (loss", exact=False).first.wait_for()
    shown.output.get_by_role("button", name="Stop").click()
    lab.wait_value("panel.run.job.running", False, timeout=30)
    shown.output.get_by_text("Resume goes on", exact=False).first.wait_for()
    for words in ("Step", "Loss", "F1"):
        shown.output.locator(".bqplot .axislabel", has_text=words).first.wait_for()
    stopped = lab.value("panel.run.step")
    shown.output.get_by_role("button", name="Resume").click()
    lab.wait_value("panel.run.step", lambda step: step > stopped, timeout=30)
    assert lab.value("panel.network is not None")
    assert not lab.errors
