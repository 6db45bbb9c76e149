import numpy as np
import pytest

import temwidgets as tw
from temwidgets.widgets.panels import _refit
from temwidgets.widgets.panels.fit import FitPanel
from temwidgets.widgets.views.image_view import ImageView
from temwidgets.widgets.workspace import Workspace


def test_fit_statistics_model_and_flags(lattice, done):
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


def test_live_fits_follow_options_and_are_one_step(lattice, done):
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


def test_edits_are_refitted_and_undone_as_one(lattice, done):
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
    assert workspace.history[-2].arguments == {"around": [(float(moved["y"]), float(moved["x"]))]}
    view.add_column(y, x)
    done(workspace)
    assert np.isfinite(workspace.columns["intensity"].values[-1])
    view.close()


def test_edits_stay_as_they_are_when_asked(lattice, done):
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


def test_a_refit_is_rehearsed_once(lattice, rehearsed, monkeypatch):
    rehearsed.clear()
    told = []
    monkeypatch.setattr(_refit.tw, "refit_columns", lambda *given: told.append(given))
    monkeypatch.setattr(_refit, "start_thread", lambda work, name: work())
    columns = tw.make_columns([10.0, 11.0], [12.0, 12.0], labels=[3, 7]).assign_attrs(shape="round")
    _refit.rehearse(lattice, columns)
    _refit.rehearse(lattice, columns)
    assert told == [(lattice, columns, [7])]


def test_the_hint_of_a_fit_can_be_taken(lattice, done):
    columns = tw.fit_columns(lattice, tw.find_columns(lattice))
    columns.attrs["fit_hint"] = "Columns crowd: share shapes."
    panel = FitPanel(Workspace(lattice, columns))
    assert "Columns crowd" in panel.hint.value
    assert panel.advice.layout.display == ""
    panel.follow.click()
    done(panel.workspace)
    assert panel.workspace.columns.attrs["shape"] == "shared"
    assert panel.advice.layout.display == "none"


def test_the_first_fit_says_that_it_compiles(lattice, monkeypatch, done):
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


def test_cancel_keeps_the_columns(lattice):
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


def test_no_columns_is_a_sentence(lattice):
    panel = FitPanel(lattice)
    panel.fit.click()
    panel.workspace.job.wait(5)
    assert "needs columns; find columns first" in panel.workspace.message.text
