import numpy as np
import pytest

import temwidgets as tw
from temwidgets import networks
from temwidgets.networks.pairs import make_pair
from temwidgets.widgets import TrainingPanel


@pytest.fixture(scope="module")
def small():
    """A network that is quick to train, for what it finds does not matter here."""
    options = {"channels": [4, 8, 16], "blocks": [1, 1, 1]}
    card = {"architecture": "residual_unet", "options": options, "spacing": 12.0,
            "threshold": 0.3, "name": "small"}  # fmt: skip
    return networks.Network(networks.build("residual_unet", **options), card)


@pytest.fixture(scope="module")
def pairs():
    return [make_pair(*tw.synthetic.hexagonal((64, 64), seed=n)) for n in range(5)]


@pytest.fixture
def panel(pairs, small):
    made = TrainingPanel(pairs, start=small, steps=3)
    yield made
    made.stop()
    assert made.wait(120)
    made.close()


def ended(panel):
    assert panel.wait(120)
    assert panel.run.message.level != "error", panel.run.message.text
    return panel


def test_it_trains_shows_and_keeps_the_best(panel, tmp_path):
    assert panel.held_back == (4,)
    panel.controls.start.click()
    assert panel.run.job.running
    assert not panel.controls.stop.disabled
    ended(panel)
    assert panel.run.step == 3
    assert panel.curve.losses.size == 3
    assert [step for step, _ in panel.run.scores] == [0, 1, 2, 3]
    assert panel.controls.stop.disabled
    assert panel.controls.resume.disabled
    assert panel.run.message.text.startswith("Trained 3 steps. Best F1")
    best = max(score for _, score in panel.run.scores)
    assert panel.network.card["scores"]["f1"] == best
    assert panel.workspace.columns is not None
    assert "probability" in panel.workspace.columns
    panel.controls.path.value = str(tmp_path / "mine.safetensors")
    panel.controls.save.click()
    written = (tmp_path / "mine.safetensors").resolve()
    assert panel.run.message.text == f"Saved in {written}, with its card beside it."
    panel.controls.path.value = str(tmp_path / "net.pt")
    panel.controls.save.click()
    assert "Networks are saved as .safetensors, but net.pt came." in panel.status.text.value
    image, _ = tw.synthetic.hexagonal((64, 64), seed=9)
    ways = (panel.network, tmp_path / "mine.safetensors")
    found = [tw.find_columns(image, method="network", network=way) for way in ways]
    np.testing.assert_array_equal(found[0]["probability"], found[1]["probability"])


def test_it_stops_and_goes_on(panel):
    panel.steps = 60
    assert panel.controls.steps.value == 60

    def stop(change):
        if change["new"] == 3:
            panel.controls.stop.click()

    panel.run.observe(stop, "step")
    panel.start()
    ended(panel)
    assert panel.run.step == 3
    assert "Stopped after 3 of 60 steps; Resume goes on." in panel.status.text.value
    assert panel.network is not None
    assert not panel.controls.resume.disabled
    panel.run.unobserve(stop, "step")
    panel.run.observe(lambda change: panel.stop() if change["new"] == 5 else None, "step")
    panel.controls.resume.click()
    ended(panel)
    assert panel.run.step == 5
    assert len(panel.run.losses) == 5
    assert panel.run.scores[-1][0] == 5


def test_stop_is_told_at_once(panel):
    seen = []

    def stop(change):
        if change["new"] == 3:
            panel.controls.stop.click()
            seen.append((panel.status.label.value, panel.controls.stop.disabled))
            panel.controls.save.click()
            seen.append(panel.controls.word.value)

    panel.steps = 60
    panel.run.observe(stop, "step")
    panel.start()
    ended(panel)
    assert seen[0][0].startswith("Stopping after this step")
    assert "loss" not in seen[0][0]
    assert seen[0][1]
    assert "There is no network to save yet" in seen[1]
    assert panel.controls.word.value == ""
    assert not panel.run.stopping


def test_without_pairs_there_is_a_hint_and_no_empty_image(pairs, small):
    panel = TrainingPanel(start=small)
    assert panel.view not in panel._below.children
    assert "Once there is a pair" in panel.hint.value
    assert not panel.view.editable
    panel.pairs = pairs[:1]
    assert panel._below.children[0] is panel.view
    assert panel.hint.layout.display == "none"
    np.testing.assert_array_equal(panel.workspace.image, pairs[0].image)
    assert "<b>1</b> pair with" in panel.controls.summary.value
    panel.close()


def test_no_f1_without_pairs_that_are_held_back(panel, pairs):
    axis = panel.curve.figure.axes[2]
    assert axis.visible
    assert "F1 on the pairs held back" in panel.curve.key.value
    panel.held_back = ()
    assert not axis.visible
    assert "no pair held back" in panel.curve.key.value
    panel.start()
    ended(panel)
    panel.held_back = (4,)
    assert not axis.visible  # what is drawn was not compared
    panel.start()
    ended(panel)
    assert axis.visible


def test_pairs_are_listed_and_held_back(panel, pairs):
    assert "<b>5</b> pairs" in panel.controls.summary.value
    assert panel.controls.boxes[4].value
    columns = len(pairs[0].columns)
    assert panel.controls.boxes[0].description == f"1: 64 x 64 px, {columns} columns"
    panel.controls.boxes[1].value = True
    assert panel.held_back == (1, 4)
    panel.held_back = (0,)
    assert [box.value for box in panel.controls.boxes] == [True, False, False, False, False]
    np.testing.assert_array_equal(panel.workspace.image, pairs[0].image)
    panel.pairs = pairs[:2]
    assert panel.held_back == ()
    assert len(panel.controls.boxes) == 2
    assert "none is held back" in panel.controls.summary.value


def test_errors_are_sentences(panel, tmp_path):
    panel.controls.save.click()
    assert panel.status.text.value.count("There is no network to save yet; press Start") == 1
    panel.controls.resume.click()
    assert "no training that was stopped" in panel.status.text.value
    panel.held_back = tuple(range(5))
    panel.controls.start.click()
    assert "All pairs are held back" in panel.status.text.value
    panel.pairs = []
    panel.controls.start.click()
    assert "There is no pair to train on" in panel.status.text.value
    with pytest.raises(ValueError, match="no pair to train on"):
        panel.start()


def test_a_network_that_is_not_there_is_told_of(pairs):
    panel = TrainingPanel(pairs, start="missing", steps=3)
    panel.start()
    assert panel.wait(60)
    assert "There is no network 'missing'" in panel.run.message.text
    assert panel.controls.resume.disabled
    panel.close()


def test_an_image_of_ones_own_is_shown(pairs, small):
    image, _ = tw.synthetic.hexagonal((72, 80), sampling=0.02)
    panel = TrainingPanel(pairs, image, start=small)
    assert panel.workspace.image is image
    panel.held_back = (0,)
    assert panel.workspace.image is image
    panel.controls.beginning.value = ""
    assert panel.beginning == ""
    panel.close()


def test_what_it_begins_with_may_be_assigned(panel, small, tmp_path):
    shown = panel.controls.beginning
    assert (shown.label, shown.value) == ("small", small)
    path = tmp_path / "mine.safetensors"
    for given, label in (("default", "default"), (path, "mine.safetensors"), (small, "small")):
        panel.beginning = given
        assert shown.label == label
        assert panel.beginning is given
    panel.beginning = None
    assert (shown.label, panel.beginning) == ("random weights", None)
    assert [label for label, _ in shown.options].count("small") == 1
    shown.label = "mine.safetensors"
    assert panel.beginning == path


def test_pairs_are_shown_once(panel, pairs, monkeypatch):
    shown = []
    monkeypatch.setattr(panel.controls, "show_pairs", lambda: shown.append(panel.held_back))
    panel.pairs = pairs[:2]
    panel.pairs = pairs[:3]  # as many are held back: none
    assert shown == [(), ()]
    panel.pairs = pairs
    assert shown == [(), (), (4,)]


def test_a_training_that_outlives_its_panel_leaves_it_alone(pairs, small):
    panel = TrainingPanel(pairs, start=small, steps=60)
    panel.run.observe(lambda change: panel.close() if change["new"] == 2 else None, "step")
    panel.start()
    assert panel.wait(120)
    seen = (panel.network, panel.curve.losses.size, panel.workspace.columns)
    assert panel.controls.start.disabled  # as when it was closed
    panel.run.step, panel.run.scores = 60, ((60, 0.9),)
    panel.run.network = panel.run.latest = networks.Network(small.model, dict(small.card))
    panel.run.job.begin("training")
    panel.run.job.end()
    assert (panel.network, panel.curve.losses.size) == seen[:2]
    assert panel.workspace.columns is seen[2]
    assert panel.controls.start.disabled
    panel.close()


def test_the_curve_says_what_it_shows():
    curve = tw.widgets.TrainingCurve()
    assert "nothing is trained yet" in curve.words()
    curve.show(np.geomspace(2, 0.1, 4000), [(0, 0.4), (4000, 0.93)], 4000)
    assert curve.words() == "Loss against steps: 0.1 after 4000 steps; F1 0.930"
    assert curve.figure.marks[0].x.size <= 1500
    assert [axis.label for axis in curve.figure.axes] == ["Step", "Loss", "F1"]
    assert curve.figure.axes[2].scale.min <= 0.4
