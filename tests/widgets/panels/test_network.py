import threading

import numpy as np
import pytest
import traitlets
import xarray as xr

import temwidgets as tw
from temwidgets.networks import looking
from temwidgets.networks.shipped import locate
from temwidgets.widgets import ImageView, NetworkPanel
from temwidgets.widgets.panels.find import FindPanel


@pytest.fixture
def found(opened):
    return opened(NetworkPanel)


def drawn(view):
    return np.frombuffer(view.stage.layer.labels, np.int32).size


def test_the_panel_does_what_find_columns_does(lattice, found, done):
    panel, views = found
    workspace = panel.workspace
    expected = tw.find_columns(lattice, method="network")
    xr.testing.assert_identical(workspace.columns, expected)
    assert panel.threshold.value == expected.attrs["threshold"]
    assert panel.separation.value == 0
    assert panel.unit.value == "automatic"
    certainty = f"certainty of the network for this image: {expected.attrs['certainty']:.2f}"
    assert panel.count.value == f"{expected.sizes['column']} columns; {certainty}"
    for value in (0.5, 0.6, 0.8):
        panel.threshold.value = value
    panel.separation.value = 1.2 * expected.attrs["separation"]
    done(workspace)
    cuts = {"threshold": 0.8, "separation": panel.separation.value}
    xr.testing.assert_identical(
        workspace.columns, tw.find_columns(lattice, method="network", **cuts)
    )
    assert len(workspace.history) == 1
    line = workspace.script().splitlines()[-1]
    assert "method=" in line
    assert "threshold=0.8" in line
    assert "network=" not in line
    assert workspace.columns.sizes["column"] < expected.sizes["column"]
    assert drawn(views[0]) == drawn(views[1]) == workspace.columns.sizes["column"]
    assert panel.count.value == f"{workspace.columns.sizes['column']} columns; {certainty}"
    workspace.undo()
    assert workspace.columns is None
    assert panel.threshold.disabled


def test_no_slider_asks_the_network_again(found, monkeypatch, done):
    panel, _ = found
    monkeypatch.setattr(looking, "predict_image", None)
    panel.threshold.value = 0.6
    done(panel.workspace)
    panel.separation.value = panel.separation.max
    columns = done(panel.workspace).columns
    assert (columns.attrs["threshold"], columns.attrs["separation_source"]) == (0.6, "given")
    panel.separation.value = 0
    columns = done(panel.workspace).columns
    assert columns.attrs["separation_source"] == "estimated"
    panel.find.click()
    columns = done(panel.workspace).columns
    assert columns.attrs["threshold"] == columns.attrs["automatic_threshold"]


def test_sliders_say_no_number_before_something_is_found(lattice, done):
    panel = NetworkPanel(lattice)
    assert panel.threshold.disabled
    assert not panel.threshold.readout
    assert (panel.level.value, panel.level.layout.display) == ("automatic", "")
    panel.find.click()
    done(panel.workspace)
    assert panel.threshold.readout
    assert panel.level.layout.display == "none"


def test_sliders_stay_where_they_were_put_while_cuts_are_under_way(found, monkeypatch, done):
    panel, _ = found
    cut, go, seen = tw.apply_threshold, threading.Event(), []

    def slow(*arguments):
        go.wait(30)
        return cut(*arguments)

    monkeypatch.setattr(tw, "apply_threshold", slow)
    panel.workspace.observe(lambda _: seen.append(panel.threshold.value), "columns")
    panel.threshold.value = 0.5
    panel.threshold.value = 0.8
    go.set()
    done(panel.workspace)
    assert seen == [0.8] * len(seen)
    assert panel.workspace.columns.attrs["threshold"] == 0.8
    panel.workspace.undo()
    panel.find.click()
    columns = done(panel.workspace).columns
    assert panel.threshold.value == columns.attrs["threshold"] < 0.8


def test_another_image_is_looked_at_anew(found, lattice, monkeypatch, done):
    panel, views = found
    assert "probability" in views[0].maps
    panel.workspace.image = lattice[:96, :96]
    assert panel.threshold.disabled
    assert "probability" not in views[0].maps
    looks = []
    look = looking.look
    monkeypatch.setattr(looking, "look", lambda *a, **k: looks.append(a) or look(*a, **k))
    panel.find.click()
    done(panel.workspace)
    panel.contrast.value = "dark"
    panel.find.click()
    assert done(panel.workspace).columns.attrs["contrast"] == "dark"
    assert len(looks) == 2


def test_another_network_looks_anew_and_the_same_one_does_not(found, tmp_path, monkeypatch, done):
    panel, _ = found
    path = tw.networks.save(tw.networks.load("default"), tmp_path / "mine.safetensors")
    looks = []
    look = looking.look
    monkeypatch.setattr(looking, "look", lambda *a, **k: looks.append(a) or look(*a, **k))
    panel.find.click()
    done(panel.workspace)
    assert looks == []
    panel.file.value = str(path)
    for _ in range(2):
        panel.find.click()
        done(panel.workspace)
        assert len(looks) == 1
    panel.network.value = "default"
    panel.find.click()
    done(panel.workspace)
    assert len(looks) == 2


def test_the_map_over_the_image(found):
    panel, (view, other) = found
    shown = view.maps["probability"]
    assert shown.values.dims == ("y", "x")
    assert float(shown.values.max()) > 0.8
    assert other.maps == {}
    columns = panel.workspace.columns
    assert np.isfinite(shown.values).all()  # so that the mouse reads it everywhere
    assert (shown.title, shown.lit[0]) == ("Probability", 0.1)
    at = shown.values.interp(y=columns["y"], x=columns["x"])
    assert float(np.nanmedian(at)) > 0.5
    panel.overlay.alpha.value = 0.25
    assert view.maps["probability"].alpha == 0.25
    assert view.maps["probability"].values is shown.values
    panel.overlay.markers.value = 0.4
    assert view.marker_opacity == 0.4
    view.marker_opacity = 0.9
    assert panel.overlay.markers.value == 0.9
    panel.overlay.shown.value = False
    assert view.maps == {}
    panel.overlay.shown.value = True
    panel.active = False
    assert view.maps == {}
    panel.active = True
    assert "probability" in view.maps
    panel.close()
    assert view.maps == {}


def test_the_overlay_keeps_its_room(found, lattice):
    panel = NetworkPanel(lattice, view=ImageView(lattice))
    assert (panel.overlay.layout.display, panel.overlay.layout.visibility) == ("", "hidden")
    assert found[0].overlay.layout.visibility == "visible"
    assert found[0].overlay.alpha.description == "Opacity: map"
    assert found[0].overlay.alpha.readout


def test_without_a_view_there_is_no_overlay(lattice, done):
    panel = NetworkPanel(lattice)
    panel.find.click()
    done(panel.workspace)
    assert panel.overlay.layout.display == "none"


def test_a_warning_where_the_network_is_not_sure(done):
    noise = tw.make_image(np.random.default_rng(0).normal(size=(96, 96)), sampling=0.02)
    panel = NetworkPanel(noise)
    panel.find.click()
    columns = done(panel.workspace).columns
    assert columns.attrs["advice"]
    assert columns.attrs["advice"] in panel.words.value
    assert "tem-warning" in panel.words.value


def test_a_file_of_ones_own(found, tmp_path, done):
    panel, _ = found
    path = tw.networks.save(tw.networks.load("default"), tmp_path / "mine.safetensors")
    before = panel.workspace.columns
    panel.file.value = str(path)
    assert panel.network.value == str(path)
    panel.find.click()
    xr.testing.assert_allclose(done(panel.workspace).columns, before)
    assert f"network={str(path)!r}" in panel.workspace.script()
    panel.network.value = "default"


def test_files_that_are_none(found, tmp_path, done):
    panel, _ = found
    workspace, before = panel.workspace, panel.workspace.columns
    panel.file.value = str(tmp_path / "none.safetensors")
    assert "There is no network" in workspace.message.text
    panel.file.value = str(tmp_path / "a.txt")
    assert workspace.message.text.startswith("Weights are in a .safetensors file")
    alone = tmp_path / "alone.safetensors"
    alone.write_bytes(locate("default").read_bytes())
    panel.file.value = str(alone)
    assert "The card alone.json is not beside" in workspace.message.text
    assert panel.network.value == "default"
    alone.write_bytes(b"nothing")
    alone.with_suffix(".json").write_text(locate("default").with_suffix(".json").read_text())
    panel.file.value = ""
    panel.file.value = str(alone)
    panel.find.click()
    assert workspace.job.wait(60)
    assert workspace.message.level == "error"
    assert workspace.columns is before
    with pytest.raises(traitlets.TraitError):
        panel.network.value = "unheard of"


def test_images_that_cannot_be_looked_at(done):
    panel = NetworkPanel()
    panel.find.click()
    assert panel.workspace.job.wait(60)
    assert panel.workspace.message.level == "error"
    panel.workspace.image = tw.make_image(np.full((64, 64), np.nan), sampling=0.02)
    panel.find.click()
    assert panel.workspace.job.wait(60)
    assert "No pixel of this image is finite" in panel.workspace.message.text
    assert panel.workspace.columns is None


def test_peaks_and_network_keep_apart(found, done):
    panel, _ = found
    peaks = FindPanel(panel.workspace)
    peaks.find.click()
    done(panel.workspace)
    assert panel.threshold.disabled
    assert not peaks.threshold.disabled
    panel.find.click()
    done(panel.workspace)
    assert peaks.threshold.disabled
    assert not panel.threshold.disabled
