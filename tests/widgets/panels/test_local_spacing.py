import re

import numpy as np
import pytest

import temwidgets as tw
from temwidgets.analysis.fourier.masking import mask_crystal
from temwidgets.widgets.panels.local_spacing import LocalSpacingPanel
from temwidgets.widgets.views.map_view import MapView
from temwidgets.widgets.workspace import Workspace

GRID = {"sampling": (0.02, 0.025), "origin": (3.0, -1.0)}


@pytest.fixture(scope="module")
def crystal():
    return tw.synthetic.strained_crystal((151, 184), **GRID)


@pytest.fixture(scope="module")
def found(crystal):
    return tw.find_reflections(crystal[0])


@pytest.fixture
def workspace(crystal, found):
    workspace = Workspace(crystal[0])
    workspace.reflections = found
    return workspace


@pytest.fixture
def panel(workspace):
    made = LocalSpacingPanel(workspace)
    yield made
    made.close()


def measured(panel, done):
    panel._run(None)
    return done(panel.workspace).local_spacing


def test_maps_of_the_main_reflections_and_a_line_for_each(panel, crystal, done):
    maps = measured(panel, done)
    np.testing.assert_array_equal(maps["reflection"], [0, 1, 2])
    truth = crystal[1]["d_spacing"].values
    inside = maps["mask"].values & np.isfinite(truth[0])
    assert inside.mean() > 0.4
    error = maps["d_spacing"].values[:, inside] - truth[:, inside]
    assert np.nanmedian(abs(error) / truth[:, inside]) < 0.005
    pulls = error / maps["d_spacing_std"].values[:, inside]
    assert 0.5 < np.sqrt(np.nanmean(pulls**2)) < 1.5
    assert panel.table.value.count("<tr>") == 4
    assert "d (nm)" in panel.table.value
    assert "Phase gradient, Gaussian window of sigma" in panel.words.value
    assert f"{maps['mask'].mean():.0%} of the image" in panel.words.value
    assert panel._after.layout.display == ""


def test_the_script_says_which_reflections(panel, done, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    panel.reflections.which.value = "strongest"
    panel.reflections.count.value = 2
    panel.sigma.value = 0.3
    maps = measured(panel, done)
    labels = maps["reflection"].values.tolist()
    line = panel.workspace.script().splitlines()[-1]
    wanted = f"reflections=reflections.sel(reflection={labels})"
    assert line.startswith("local_spacing = tw.local_spacing(image, ")
    assert wanted in line
    assert "sigma=0.3" in line
    names = {}
    exec(panel.workspace.script(tmp_path / "again.py"), names)
    np.testing.assert_array_equal(names["local_spacing"]["d_spacing"], maps["d_spacing"])


def test_reflections_are_found_first_where_there_are_none(crystal, done):
    workspace = Workspace(crystal[0])
    panel = LocalSpacingPanel(workspace)
    panel._run(None)
    done(workspace)
    assert [step.name for step in workspace.history] == ["find_reflections", "local_spacing"]
    assert workspace.local_spacing is not None
    workspace.undo()
    assert workspace.reflections is None
    panel.close()


def test_chosen_reflections_are_those_of_the_spectrum(panel, found, done):
    choice = panel.reflections
    choice.which.value = "chosen"
    assert choice.list.layout.display == ""
    panel._run(None)
    assert "1 or more reflections are needed, but 0 are chosen" in panel.workspace.message.text
    panel.workspace.chosen_reflections = (2,)
    assert choice.list.value == (2,)
    choice.list.value = (1, 2)
    assert panel.workspace.chosen_reflections == (1, 2)
    np.testing.assert_array_equal(measured(panel, done)["reflection"], [1, 2])
    panel.workspace.reflections = found.isel(reflection=[0, 1])
    assert choice.which.value == "chosen"
    assert choice.list.value == (1,)
    names = [name for name, _ in choice.which.options]
    assert "lattice 0 (2)" in names
    assert any(re.fullmatch(r"family 0: d = 0\.\d{4} nm \(2\)", name) for name in names)


def test_lattices_and_families_are_offered(panel, found):
    choice = panel.reflections
    choice.which.value = "lattice 0"
    assert choice.taken(found) == [0, 1, 2]
    choice.which.value = "family 1"
    assert choice.taken(found) == [2]
    choice.which.value = "all"
    assert choice.arguments(found) == {}
    assert choice.arguments(None) == {}
    panel.workspace.reflections = found.drop_vars(["family", "lattice"])
    choice.which.value = "main"
    assert [value for _, value in choice.which.options] == ["main", "all", "strongest", "chosen"]


def test_the_rolling_window_has_its_options(panel, done):
    panel.engine.value = "windowed"
    assert panel._phase.layout.display == panel.live.layout.display == "none"
    panel.window.value, panel.stride.value = 96, 6
    panel.angle.value, panel.distance.value = 8.0, 12.0
    maps = measured(panel, done)
    made = maps.attrs
    assert (made["engine"], made["fit"]) == ("windowed", "parabola")
    assert made["window"] == pytest.approx([1.92, 2.4])
    assert (made["angle_tolerance"], made["distance_tolerance"]) == (8.0, 0.12)
    assert maps.sizes["y"] == len(range(0, 151, 6))
    assert "Rolling window of 1.92 × 2.4 nm" in panel.words.value
    assert "every 6 px" in panel.words.value
    panel.window.value = 3000
    panel._run(None)
    panel.workspace.job.wait(60)
    assert "does not fit into the image" in panel.workspace.message.text
    panel.stride.value = 0
    assert panel.arguments()["stride"] == 1


def test_another_mask_follows_or_replaces(panel, done):
    maps = measured(panel, done)
    panel.masking.value = "otsu"
    done(panel.workspace)
    assert panel.workspace.history[-1].name == "mask_crystal"
    expected = tw.crystal_mask(maps, method="otsu")
    np.testing.assert_array_equal(panel.workspace.local_spacing["mask"], expected)
    assert panel.threshold.layout.display == "none"
    panel.masking.value = "threshold"
    assert panel.threshold.layout.display == ""
    done(panel.workspace)
    for threshold in (0.8, 0.3):
        panel.threshold.value = threshold
        done(panel.workspace)
    assert [s.name for s in panel.workspace.history].count("mask_crystal") == 1
    expected = tw.crystal_mask(maps, method="threshold", threshold=0.3)
    np.testing.assert_array_equal(panel.workspace.local_spacing["mask"], expected)
    panel.smallest.value = 1.0
    done(panel.workspace)
    assert "smallest=1.0" in panel.workspace.script()
    panel._run(None)
    done(panel.workspace)
    assert [s.name for s in panel.workspace.history][-2:] == ["local_spacing", "mask_crystal"]
    steps = len(panel.workspace.history)
    panel.workspace.undo()
    assert len(panel.workspace.history) == steps - 2
    panel.masking.value = "found"
    done(panel.workspace)
    assert panel.workspace.history[-1].name == "local_spacing"
    with pytest.raises(TypeError, match=r"temwidgets\.crystal_mask makes a mask"):
        mask_crystal(maps["d_spacing"])


def test_coarse_maps_follow_a_reflection_that_is_dragged(panel, found, done):
    workspace = panel.workspace
    workspace.preview.reflections = found
    assert workspace.preview.maps is None  # nothing to follow before the first measurement
    view = MapView(workspace)
    measured(panel, done)
    moved = found.assign(g=found["g"] * 1.02)
    workspace.preview.reflections = moved
    assert workspace.preview.wait(60)
    assert workspace.preview.error == ""
    shown = workspace.preview.maps
    assert shown is not None
    assert view.data.maps is shown
    workspace.reflections = moved
    workspace.preview.reflections = None
    done(workspace)
    assert [s.name for s in workspace.history][-2:] == ["given", "local_spacing"]
    assert workspace.preview.maps is None
    assert view.data.maps is workspace.local_spacing
    workspace.undo()
    assert workspace.reflections is found  # one step for the hand
    workspace.preview.reflections = moved
    assert workspace.preview.wait(60)
    assert workspace.preview.maps is not None
    workspace.preview.reflections = None  # it was not moved after all
    assert workspace.preview.maps is None
    panel.live.value = False
    workspace.preview.reflections = moved
    assert workspace.preview.maps is None


def test_maps_are_averaged_over_blocks(panel, done):
    whole = measured(panel, done)
    panel.blocks.value = 12
    panel._average(None)
    maps = done(panel.workspace).local_spacing
    assert (maps.sizes["y"], maps.sizes["x"]) == (12, 15)
    assert panel.workspace.history[-1].name == "block_average"
    assert "size_px=12" in panel.workspace.script()
    one = whole["d_spacing"].values[0, 60:72, 60:72].mean()
    np.testing.assert_allclose(maps["d_spacing"].values[0, 5, 5], one, rtol=1e-5)
    panel.workspace.undo()
    assert panel.workspace.local_spacing is whole


def test_an_empty_panel_waits():
    panel = LocalSpacingPanel()
    panel._run(None)
    panel.workspace.job.wait(10)
    assert "needs an image" in panel.workspace.message.text
    assert panel.table.value == panel.words.value == ""


def test_no_crystal_is_said(done):
    image = tw.make_image(np.random.default_rng(0).normal(100, 5, (121, 130)), sampling=0.02)
    workspace = Workspace(image)
    panel = LocalSpacingPanel(workspace)
    panel._run(None)
    workspace.job.wait(60)
    assert workspace.message.text
    assert workspace.local_spacing is None or workspace.local_spacing.sizes["reflection"] == 0
