import numpy as np
import pytest

import temwidgets as tw
from temwidgets.widgets.panels.counting import CountPanel
from temwidgets.widgets.panels.vacancies import VacancyPanel
from temwidgets.widgets.views.image_view import ImageView
from temwidgets.widgets.workspace import Workspace


@pytest.fixture
def stepped():
    """Columns of 3 to 5 atoms on a lattice; two are faint, and one is not there."""
    rng = np.random.default_rng(0)
    n_a, n_b = (v.ravel().astype(float) for v in np.mgrid[:16, :18])
    there = (n_a != 7) | (n_b != 8)
    n_a, n_b = n_a[there], n_b[there]
    columns = tw.make_columns(5 + 0.39 * n_b, -2 + 0.4 * n_a)
    for name, values in (("n_a", n_a), ("n_b", n_b), ("site", np.zeros(n_a.size, int))):
        columns[name] = ("column", values, {"units": "1"})
    atoms = rng.integers(3, 6, n_a.size)
    attrs = {"units": "counts nm²", "long_name": "integrated intensity"}
    columns["intensity"] = ("column", 2.0 * atoms + rng.normal(0, 0.2, n_a.size), attrs)
    flat = 10 + rng.normal(0, 0.2, n_a.size)
    flat[[60, 200]] = 6.0
    columns["amplitude"] = ("column", flat, {"units": "counts", "long_name": "amplitude"})
    return columns


@pytest.fixture
def full(stepped):
    image = tw.make_image(np.zeros((240, 220)), sampling=0.04, origin=(4.0, -3.0))
    workspace = Workspace(image, stepped)
    workspace.lattice = tw.make_lattice((0, 0.4), (0.39, 0), origin=(5.0, -2.0))
    return workspace


def test_atoms_are_counted_and_the_criterion_is_drawn(full, done):
    panel = CountPanel(full)
    assert not panel.results.children
    panel.first.value, panel.most.value = 3, 6
    panel._run(None)
    columns = done(full).columns
    np.testing.assert_array_equal(columns["atom_count"], np.round(columns["intensity"] / 2))
    assert panel.histogram in panel.results.children
    assert panel._best.x.tolist() == [3]
    assert panel._line.x.tolist() == [1, 2, 3, 4, 5, 6]
    assert "287 columns of 3 to 5 atoms" in panel.words.value
    assert "<th>Atoms</th>" in panel.table.value
    assert panel.histogram.mixture["population"].values.tolist() == [3, 4, 5]
    assert panel.histogram._curves.visible
    panel.most.value = 3
    panel._run(None)
    done(full)
    assert "still falling" in panel.words.value
    assert len(full.history) == 2  # the lattice, and the last count
    panel.variable.value = "amplitude"
    assert not panel.results.children
    panel.close()


def test_options_of_a_count(full, done):
    full.columns = full.columns.assign(sublattice=full.columns["n_a"].astype(int) % 2)
    panel = CountPanel(full)
    panel.of.value, panel.components.value, panel.spacing.value = 1, 3, "free"
    panel._run(None)
    counted = np.isfinite(done(full).columns["atom_count"].values)
    np.testing.assert_array_equal(counted, full.columns["sublattice"].values == 1)
    assert "spacing='free'" in full.script()
    panel.first.value, panel.width.value, panel.spacing.value = 0, "sqrt", "equal"
    panel._run(None)
    full.job.wait(60)
    assert "No atoms would have neither" in full.message.text


def test_without_columns_nothing_is_counted():
    for kind in (CountPanel, VacancyPanel):
        panel = kind()
        panel._run(None)
        assert "no columns yet" in panel.workspace.message.text
        panel.close()


def test_vacancy_candidates_become_the_selection(full, done):
    view = ImageView(full)
    panel = VacancyPanel(full, view=view)
    panel.select.click()
    panel.variable.value = "amplitude"
    panel._run(None)
    done(full)
    assert {60, 200} <= set(full.selection.labels.tolist())
    assert len(full.selection) < 8
    assert full.selection.rule == "vacancy candidates, false discovery rate 0.05"
    assert "1 site inside without any column" in panel.words.value
    assert "expected to be false" in panel.words.value
    crosses = view.lines["missing columns"].segments
    middle = crosses.reshape(-1, 2).mean(axis=0)
    np.testing.assert_allclose(middle, [5 + 8 * 0.39, -2 + 7 * 0.4], atol=1e-9)
    panel.rate.value = 0.0005
    done(full)
    assert full.selection.labels.tolist() == [60, 200]
    assert panel.percent.value == "0.05 %"
    full.selection.clear()
    panel.select.click()
    assert full.selection.labels.tolist() == [60, 200]
    assert full.script().count("find_vacancies") == 1
    full.undo()
    assert "missing columns" not in view.lines
    assert panel.words.value == ""


def test_no_candidates_and_no_lattice(full, done, stepped):
    workspace = Workspace(None, stepped.drop_vars(["n_a", "n_b"]))
    workspace.lattice = full.lattice
    panel = VacancyPanel(workspace)
    panel.variable.value, panel.kind.value = "amplitude", "dopant"
    panel._run(None)
    assert "missing" not in done(workspace).columns.dims
    panel.rate.value = 1e-4
    done(workspace)
    assert "No candidate of a dopant" in panel.words.value
    panel.close()
