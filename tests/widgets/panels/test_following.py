"""Sliders while steps end in threads of their own."""

import threading
from types import SimpleNamespace

import ipywidgets as widgets
import pytest

from temwidgets.widgets import FindPanel
from temwidgets.widgets.panels._following import Following
from temwidgets.widgets.workspace import Workspace


@pytest.fixture
def panel():
    workspace = Workspace()
    return SimpleNamespace(
        workspace=workspace, watch=lambda owner, act, name: owner.observe(act, name)
    )


@pytest.fixture
def slider():
    return widgets.FloatSlider(min=0, max=1, step=0.1, value=0.1)


def test_what_a_step_tells_is_no_wish(panel, slider):
    asked = []
    following = Following(panel, lambda: asked.append(slider.value), list, slider)
    with following.quietly(), following.quietly():
        slider.value = 0.3
    with following.quietly():
        slider.value = 0.4
    assert asked == []
    slider.value = 0.5
    assert asked == [0.5]


def test_a_step_that_ends_while_the_hand_moves_takes_no_wish_back(panel, slider):
    """It puts the slider elsewhere after the hand did and before that is heard of."""
    asked, steps = [], []

    def ends(change):
        if change["new"] == 0.8 and steps:
            with steps.pop().quietly():
                slider.value = 0.6

    slider.observe(ends, "value")  # heard first
    steps.append(Following(panel, lambda: asked.append(slider.value), list, slider))
    slider.value = 0.8
    assert asked == [0.8]
    assert slider.value == 0.8


def test_a_wish_waits_while_a_step_tells_in_another_thread(panel, slider):
    asked, told = [], threading.Event()
    following = Following(panel, lambda: asked.append((slider.value, told.is_set())), list, slider)
    began = threading.Event()

    def tell():
        with following.quietly():
            began.set()
            slider.value = 0.6
            told.wait(0.2)
            told.set()

    thread = threading.Thread(target=tell)
    thread.start()
    assert began.wait(10)
    slider.value = 0.9
    thread.join(10)
    assert asked == [(0.9, True)]


def test_the_end_of_what_was_asked_is_told_once(panel, slider):
    settled = []
    following = Following(panel, list, lambda: settled.append(1), slider)
    job = panel.workspace.job
    job.begin("another")
    job.end()
    assert settled == []
    following.waiting = True
    job.begin("find_columns")
    job.end()
    job.begin("another")
    job.end()
    assert settled == [1]
    assert not following.waiting


def test_thresholds_that_follow_each_other_end_at_the_last(opened, done):
    """On both of two views; the slider never goes back to a cut before."""
    panel, views = opened(FindPanel)
    workspace = panel.workspace
    seen = []
    panel.threshold.observe(lambda change: seen.append(change["new"]), "value")
    wished = [0.3, 0.35, 0.4, 0.45, 0.5, 0.55]
    for value in wished:
        panel.threshold.value = value
    done(workspace)
    assert workspace.columns.attrs["threshold"] == panel.threshold.value == 0.55
    assert [value for value in seen if value not in wished] == []
    assert seen == sorted(seen)
    assert {view.stage.layer.labels for view in views} == {views[0].stage.layer.labels}
