import os
import time

import numpy as np
import pytest
import xarray as xr

import temwidgets as tw
from temwidgets.widgets.panels import _refit
from temwidgets.widgets.panels.find import FindPanel
from temwidgets.widgets.panels.fit import FitPanel
from temwidgets.widgets.panels.intensity import IntensityPanel
from temwidgets.widgets.panels.load import LoadPanel
from temwidgets.widgets.panels.prepare import PreparePanel
from temwidgets.widgets.status import StatusLine
from temwidgets.widgets.views.image_view import ImageView
from temwidgets.widgets.workspace import Workspace


@pytest.fixture(scope="module")
def lattice():
    return tw.examples.load("perovskite_trilayer")[40:200, 60:240]


@pytest.fixture(autouse=True)
def rehearsed(monkeypatch):
    """Keep the processor free of refits that only compile."""
    shapes = {"elliptical", "shared"}
    monkeypatch.setattr(_refit, "_rehearsed", shapes)
    return shapes


def done(workspace):
    assert workspace.job.wait(120)
    assert workspace.message.level != "error", workspace.message.text
    return workspace


def controls(widget):
    for child in getattr(widget, "children", ()):
        yield child
        yield from controls(child)


@pytest.mark.parametrize("panel", [LoadPanel, PreparePanel, FindPanel, FitPanel, IntensityPanel])
def test_panels_stand_alone_and_explain_their_controls(panel):
    made = panel()
    for control in controls(made):
        if type(control).__name__ not in ("HBox", "VBox", "HTML", "Label", "StatusLine"):
            assert control.tooltip, control
    made.close()
    made.close()


def test_a_panel_needs_a_workspace():
    with pytest.raises(TypeError, match="FindPanel acts on a Workspace"):
        FindPanel(3)


class TestLoad:
    def test_an_example(self):
        panel = LoadPanel()
        panel.example.value = "ti_wse2"
        panel.load_example.click()
        workspace = done(panel.workspace)
        xr.testing.assert_identical(workspace.image, tw.examples.load("ti_wse2"))
        assert "tw.examples.load(name='ti_wse2')" in workspace.script()

    @pytest.mark.filterwarnings("ignore:.*not calibrated")
    def test_a_file_with_its_pixel_size(self, tmp_path, workspace):
        np.save(tmp_path / "a.npy", np.arange(30.0).reshape(5, 6))
        panel = LoadPanel(workspace)
        panel.path.value = str(tmp_path / "a.npy")
        assert str(tmp_path / "a.npy") in panel.path.options
        panel.load.click()
        done(workspace)
        assert workspace.columns is None
        assert panel.own.value
        assert workspace.message.level == "warning"
        assert "not calibrated" in workspace.message.text
        panel.sampling.value = 0.1
        panel.load.click()
        done(workspace)
        assert float(workspace.image["x"][1]) == pytest.approx(0.1)
        workspace.undo()
        workspace.undo()
        assert workspace.columns is not None

    @pytest.mark.filterwarnings("ignore:.*not calibrated")
    def test_the_pixel_size_of_one_file_is_not_given_to_the_next(self, tmp_path, image):
        np.save(tmp_path / "a.npy", np.ones((5, 6)))
        tw.save(tmp_path / "b.nc", image)
        panel = LoadPanel()
        for name in ("a.npy", "b.nc"):
            panel.path.value = str(tmp_path / name)
            assert not panel.own.value
            panel.load.click()
            done(panel.workspace)
        np.testing.assert_allclose(panel.workspace.image["x"], image["x"])

    def test_errors_are_sentences(self, tmp_path):
        panel = LoadPanel()
        panel.load.click()
        assert "Type the path of a file first" in panel.workspace.message.text
        panel.path.value = str(tmp_path / "none.tif")
        panel.load.click()
        panel.workspace.job.wait(5)
        assert panel.workspace.message.level == "error"
        assert panel.workspace.image is None

    @pytest.mark.filterwarnings("ignore:.*not calibrated")
    def test_an_upload_is_copied_beside_the_notebook(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        np.save(tmp_path / "source.npy", np.ones((4, 5)))
        content = memoryview((tmp_path / "source.npy").read_bytes())
        panel = LoadPanel()
        panel._uploaded({"new": ({"name": "../up.npy", "content": content},)})
        assert panel.path.value == str(tmp_path / "up.npy")
        assert os.listdir(tmp_path.parent).count("up.npy") == 0
        panel.load.click()
        done(panel.workspace)
        (tmp_path / "up.npy").write_bytes(b"other")
        panel._uploaded({"new": ({"name": "up.npy", "content": content},)})
        assert "There is another up.npy" in panel.workspace.message.text


class TestPrepare:
    @pytest.mark.parametrize(
        "way",
        [
            "crop",
            "rotate",
            "rotate_to_lattice",
            "subtract_background",
            "denoise",
            "normalise",
            "bin_pixels",
            "calibrate",
        ],
    )
    def test_every_way_is_a_step_that_can_be_undone(self, lattice, way):
        panel = PreparePanel(lattice)
        panel.way.value = way
        assert panel.options.children == panel.ways[way].controls
        panel.apply.click()
        workspace = done(panel.workspace)
        assert [step.name for step in workspace.history] == [way]
        workspace.undo()
        assert workspace.image is lattice

    def test_crop_takes_the_sides_given(self, lattice):
        panel = PreparePanel(lattice)
        panel.edges[0].value, panel.edges[1].value = 11.0, 12.0
        panel.apply.click()
        image = done(panel.workspace).image
        assert float(image["x"].min()) >= 11.0
        assert float(image["x"].max()) <= 12.0
        assert image.sizes["y"] == lattice.sizes["y"]

    def test_crop_never_reaches_beyond_the_image(self, lattice):
        workspace = Workspace(lattice)
        view = ImageView(workspace)
        panel = PreparePanel(workspace, view=view)
        y, x = lattice["y"].values, lattice["x"].values
        view.zoom_to((x[0] - 5, x[20]), (y[10], y[-1] + 5))
        sides = [edge.value for edge in panel.edges]
        np.testing.assert_allclose(sides, [x[0], x[20], y[10], y[-1]], rtol=1e-5)
        view.close()

    def test_columns_turn_with_the_image(self, lattice, tmp_path):
        columns = tw.make_columns([10.0], [12.0])
        workspace = Workspace(lattice, columns)
        panel = PreparePanel(workspace)
        panel.way.value = "rotate"
        panel.options.children[0].children[0].value = 10.0
        panel.apply.click()
        done(workspace)
        expected = tw.carry_columns(columns, lattice, workspace.image)
        xr.testing.assert_identical(workspace.columns, expected)
        lines = workspace.script().splitlines()
        assert lines[-3] == "before = image"
        assert lines[-1] == "columns = tw.carry_columns(columns, before, image)"

    def test_frames(self):
        stack = tw.examples.load("drift_series")
        panel = PreparePanel(stack)
        panel.workspace.frame = 3
        panel.way.value = "select_frame"
        panel.apply.click()
        image = done(panel.workspace).image
        np.testing.assert_array_equal(image, stack[3])


class TestFind:
    def test_find_and_drag_the_threshold(self, lattice):
        panel = FindPanel(lattice)
        assert panel.threshold.disabled
        panel.find.click()
        workspace = done(panel.workspace)
        xr.testing.assert_identical(workspace.columns, tw.find_columns(lattice))
        assert "columns" in panel.count.value
        assert not panel.threshold.disabled
        for value in (0.3, 0.5, 0.7):
            panel.threshold.value = value
        done(workspace)
        assert len(workspace.history) == 1
        xr.testing.assert_identical(workspace.columns, tw.find_columns(lattice, threshold=0.7))
        assert workspace.script().splitlines()[-1].endswith("find_columns(image, threshold=0.7)")
        workspace.undo()
        assert workspace.columns is None

    def test_the_slider_does_not_answer_itself(self, lattice):
        panel = FindPanel(lattice)
        panel.find.click()
        workspace = done(panel.workspace)
        columns = workspace.columns
        panel.threshold.value = round(panel.threshold.value / 0.005) * 0.005
        done(workspace)
        assert workspace.columns is columns

    def test_dragging_does_not_search_again(self, lattice, monkeypatch):
        panel = FindPanel(lattice)
        panel.find.click()
        done(panel.workspace)
        monkeypatch.setattr(tw.analysis.finding, "find_candidates", None)
        panel.threshold.value = 0.6
        done(panel.workspace)
        assert panel.workspace.columns.attrs["threshold"] == 0.6

    def test_a_separation_given(self, lattice):
        panel = FindPanel(lattice)
        panel.separation.value = 0.25
        panel.find.click()
        assert done(panel.workspace).columns.attrs["separation_source"] == "given"
        panel.separation.value = -1
        panel.contrast.value = "dark"
        panel.find.click()
        assert done(panel.workspace).columns.attrs["contrast"] == "dark"

    def test_what_the_residual_gave_is_told(self, lattice):
        workspace = Workspace(lattice, tw.fit_columns(lattice, tw.find_columns(lattice)))
        panel = FindPanel(workspace)
        label = int(workspace.columns["column"].values[60])
        workspace.run(tw.delete_columns, labels=[label], wait=True)
        assert workspace.message.text.endswith("columns, 1 fewer.")
        panel.residual.click()
        done(workspace)
        assert workspace.message.text.endswith("of them new.")


class TestFit:
    def test_fit_statistics_model_and_flags(self, lattice):
        workspace = Workspace(lattice, tw.find_columns(lattice))
        panel = FitPanel(workspace)
        panel.fit.click()
        done(workspace)
        assert "reduced χ²" in panel.report.value
        assert "the image edge cuts through the column" in panel.report.value
        assert workspace.residual is not None
        panel.flagged.click()
        odd = workspace.columns["flags"].values != 0
        assert len(workspace.selection) == odd.sum()
        workspace.undo()
        assert "amplitude" not in workspace.columns
        assert panel.report.value == ""

    def test_live_fits_follow_options_and_are_one_step(self, lattice):
        workspace = Workspace(lattice, tw.find_columns(lattice))
        panel = FitPanel(workspace)
        panel.model.value = False
        panel.fit.click()
        done(workspace)
        panel.live.value, panel._took = True, 0.1
        panel.max_shift.value = 0.02
        done(workspace)
        assert workspace.history[0].arguments["max_shift"] == 0.02
        assert len(workspace.history) == 1
        panel._took = 10.0
        panel.max_shift.value = 0.01
        assert "press Fit columns" in workspace.message.text

    def test_edits_are_refitted_and_undone_as_one(self, lattice):
        workspace = Workspace(lattice, tw.find_columns(lattice))
        panel = FitPanel(workspace)
        panel.fit.click()
        done(workspace)
        fitted = workspace.columns
        label = int(fitted["column"].values[60])
        y, x = float(fitted["y"][60]), float(fitted["x"][60])
        view = ImageView(workspace)
        view.move_column(label, y + 0.02, x)
        done(workspace)
        moved = workspace.columns.sel(column=label)
        assert float(moved["y"]) == pytest.approx(y, abs=0.003)
        assert float(moved["intensity"]) == pytest.approx(float(fitted["intensity"][60]), rel=0.05)
        assert workspace.residual is not None
        names = [step.name for step in workspace.history if not step.derived]
        assert names == ["fit_columns", "move_columns", "refit_columns"]
        assert f"labels=[{label}], around=[({y!r}, {x!r})]" in workspace.script()
        workspace.undo()
        assert workspace.columns is fitted
        workspace.redo()
        assert float(workspace.columns.sel(column=label)["intensity"]) > 0
        view.delete_columns([label])
        done(workspace)
        assert workspace.history[-2].arguments == {
            "around": [(float(moved["y"]), float(moved["x"]))]
        }
        view.add_column(y, x)
        done(workspace)
        assert np.isfinite(workspace.columns["intensity"].values[-1])
        view.close()

    def test_edits_stay_as_they_are_when_asked(self, lattice):
        workspace = Workspace(lattice, tw.find_columns(lattice))
        panel = FitPanel(workspace)
        panel.refit.value = panel.model.value = False
        assert panel.again.layout.display == "none"
        panel.fit.click()
        done(workspace)
        panel.again.click()
        assert "No column is selected" in workspace.message.text
        label = int(workspace.columns["column"].values[60])
        y, x = (float(workspace.columns[name][60]) for name in "yx")
        workspace.run(tw.move_columns, labels=[label], y=[y], x=[x], wait=True)
        assert np.isnan(workspace.columns["intensity"].values[60])
        workspace.selection.select([label])
        panel.again.click()
        done(workspace)
        assert np.isfinite(workspace.columns["intensity"].values[60])

    def test_a_refit_is_rehearsed_once(self, lattice, rehearsed, monkeypatch):
        rehearsed.clear()
        told = []
        monkeypatch.setattr(_refit.tw, "refit_columns", lambda *given: told.append(given))
        monkeypatch.setattr(_refit, "start_thread", lambda work, name: work())
        columns = tw.make_columns([10.0, 11.0], [12.0, 12.0], labels=[3, 7]).assign_attrs(
            shape="round"
        )
        _refit.rehearse(lattice, columns)
        _refit.rehearse(lattice, columns)
        assert told == [(lattice, columns, [7])]

    def test_the_hint_of_a_fit_can_be_taken(self, lattice):
        columns = tw.fit_columns(lattice, tw.find_columns(lattice))
        columns.attrs["fit_hint"] = "Columns crowd: share shapes."
        panel = FitPanel(Workspace(lattice, columns))
        assert "Columns crowd" in panel.hint.value
        assert panel.advice.layout.display == ""
        panel.follow.click()
        done(panel.workspace)
        assert panel.workspace.columns.attrs["shape"] == "shared"
        assert panel.advice.layout.display == "none"

    def test_the_first_fit_says_that_it_compiles(self, lattice, monkeypatch):
        monkeypatch.setattr(FitPanel, "_compiled", False)
        panel = FitPanel(Workspace(lattice, tw.find_columns(lattice)))
        seen = []
        panel.children[-1].label.observe(lambda change: seen.append(change["new"]), "value")
        panel.fit.click()
        done(panel.workspace)
        assert any("first fit may compile" in text for text in seen)
        seen.clear()
        panel.fit.click()
        done(panel.workspace)
        assert not any("compile" in text for text in seen)

    def test_cancel_keeps_the_columns(self, lattice):
        columns = tw.find_columns(lattice)
        workspace = Workspace(lattice, columns)
        panel = FitPanel(workspace)
        panel.fit.click()
        assert panel.fit.disabled
        panel.children[-1].cancel.click()
        assert workspace.job.wait(60)
        assert workspace.columns is columns
        assert not panel.fit.disabled
        assert "cancelled" in workspace.message.text

    def test_no_columns_is_a_sentence(self, lattice):
        panel = FitPanel(lattice)
        panel.fit.click()
        panel.workspace.job.wait(5)
        assert "needs columns; find columns first" in panel.workspace.message.text


class TestIntensity:
    def test_sublattices_statistics_outliers_and_mixture(self, image, columns):
        columns["intensity"].values[::2] += 20
        columns["intensity"].values[3] = 60.0
        workspace = Workspace(image, columns.drop_vars("sublattice"))
        panel = IntensityPanel(workspace)
        assert panel.variable.value == "intensity"
        panel._label(None)
        done(workspace)
        assert workspace.columns["sublattice"].values.tolist()[:2] == [0, 1]
        assert panel.table.value.count("<tr>") == 3
        panel._mark(None)
        done(workspace)
        assert 13 in workspace.selection.labels
        panel.components.value = 2
        panel._fit(None)
        done(workspace)
        assert "Population" in panel.table.value
        panel._sort(None)
        done(workspace)
        assert "intensity_population" in workspace.columns

    def test_columns_without_a_value_make_no_row(self, image, columns):
        columns["sublattice"].values[3:6] = -1
        columns["intensity"].values[3:6] = np.nan
        panel = IntensityPanel(Workspace(image, columns))
        assert "nan" not in panel.table.value
        assert panel.table.value.count("<tr>") == 3
        columns["intensity"].values[:] = np.nan
        assert IntensityPanel(Workspace(image, columns)).table.value == ""

    def test_voronoi(self, image, columns):
        panel = IntensityPanel(Workspace(image, columns))
        panel.radius.value = 0.1
        panel._measure(None)
        assert "voronoi_intensity" in done(panel.workspace).columns

    def test_the_selected_go_into_a_sublattice(self, workspace):
        panel = IntensityPanel(workspace)
        panel._assign(None)
        assert "No column is selected" in workspace.message.text
        workspace.selection.select([10, 11])
        panel.number.value = 5
        panel._assign(None)
        done(workspace)
        assert workspace.columns["sublattice"].sel(column=[10, 11]).values.tolist() == [5, 5]

    def test_without_columns(self, image):
        panel = IntensityPanel(image)
        panel._fit(None)
        assert "There are no columns yet" in panel.workspace.message.text
        panel._sort(None)
        assert "There is no mixture yet" in panel.workspace.message.text


def test_the_status_line_tells_progress(image):
    workspace = Workspace(image)
    status = StatusLine(workspace)
    assert status.progress.layout.display == "none"
    seen = []
    status.label.observe(lambda change: seen.append(change["new"]), "value")

    def slow(image, *, report):
        for i in range(5):
            time.sleep(0.06)
            report(i / 5)
        return image

    workspace.run(slow, wait=True)
    assert any("%" in text and "s left" in text for text in seen)
    assert status.progress.layout.display == "none"
    assert "slow: 24 x 36 px" in status.text.value
    status.close()
    workspace.run(slow, wait=True)
