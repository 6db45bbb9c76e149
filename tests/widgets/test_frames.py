"""Columns of one frame of a stack are never taken for those of another."""

import numpy as np
import pytest

import temwidgets as tw
from temwidgets import synthetic
from temwidgets.widgets.panels.find import FindPanel
from temwidgets.widgets.panels.fit import FitPanel
from temwidgets.widgets.views.image_view import ImageView
from temwidgets.widgets.workspace import Workspace


@pytest.fixture
def stack():
    image, _ = synthetic.perovskite((80, 96), dose=500, seed=3)
    return tw.make_image(np.stack([image.values] * 3), sampling=0.1)


@pytest.fixture
def found(stack):
    workspace = Workspace(stack)
    workspace.frame = 1
    workspace.run(tw.find_columns, wait=True)
    return workspace


def test_a_stray_frame_is_told_and_nothing_is_lost(found):
    view, columns = ImageView(found), found.columns
    assert (view.frame, view.frames.value, found.frame) == (1, 1, 1)
    assert found.astray == view.astray.value == ""
    view.frame = 2
    assert found.astray.startswith("These columns belong to frame 1, and frame 2 is shown.")
    assert found.message == ("warning", found.astray)
    assert found.astray in view.astray.value
    assert found.columns is columns
    view.frame = 1
    assert found.astray == view.astray.value == found.message.text == ""


def test_a_fit_moves_the_columns_to_the_frame_and_says_so(found):
    view = ImageView(found)
    found.frame = 0
    found.run(tw.fit_columns, wait=True)
    assert "They belong to frame 0 now; they started from those of frame 1." in found.message.text
    assert found.astray == view.astray.value == ""
    found.undo()
    assert "belong to frame 1" in found.astray
    assert "belong to frame 1" in view.astray.value


def test_an_edit_leaves_the_columns_with_their_frame(found):
    found.run(tw.fit_columns, wait=True)
    panel = FitPanel(found)
    panel.refit.value = True
    found.frame = 2
    label = int(found.columns["column"].values[3])
    found.run(tw.delete_columns, labels=[label], wait=True)
    assert found.job.wait(60)
    assert found.message.text == found.astray
    assert "belong to frame 1" in found.astray
    assert found.history[-1].name == "delete_columns"


@pytest.mark.parametrize("button", ["residual", "again"])
def test_a_fit_is_not_mixed_from_two_frames(found, button):
    found.run(tw.fit_columns, wait=True)
    found.selection.select([0])
    panel = FindPanel(found) if button == "residual" else FitPanel(found)
    found.frame = 0
    steps = found.history
    getattr(panel, button).click()
    assert found.job.wait(60)
    assert found.message == ("error", found.astray)
    assert found.history == steps


def test_columns_without_a_frame_are_never_astray(stack, found):
    columns = found.columns
    given = Workspace(stack, columns.drop_vars("frame"))
    given.frame = 2
    assert given.astray == ""
    given.columns = columns
    assert "belong to frame 1, and frame 2" in given.astray
    found.run(tw.mean_frame, into="image", wait=True)
    assert found.astray == ""
