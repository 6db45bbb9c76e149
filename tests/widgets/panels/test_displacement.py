import numpy as np
import pytest

import temwidgets as tw
from temwidgets.widgets.panels.displacement import DisplacementPanel
from temwidgets.widgets.panels.strain import StrainPanel
from temwidgets.widgets.workspace import Workspace


@pytest.fixture
def crystal():
    """A polar crystal on its lattice: B is 10 pm below the middle of its A neighbours."""
    n_a, n_b = (v.ravel().astype(float) for v in np.mgrid[:8, :9])
    lattice = tw.make_lattice(
        (0.0, 0.4), (0.39, 0.0), origin=(2.0, -1.0), sites=((0, 0), (0.5, 0.5))
    )
    site = np.repeat([0, 1], n_a.size)
    x = -1.0 + 0.4 * (np.tile(n_a, 2) + 0.5 * site)
    y = 2.0 + 0.39 * (np.tile(n_b, 2) + 0.5 * site) + 0.01 * site
    columns = tw.make_columns(y, x)
    for name, values in (("n_a", np.tile(n_a, 2)), ("n_b", np.tile(n_b, 2))):
        columns[name] = ("column", values, {"units": "1"})
    for name in ("site", "sublattice"):
        columns[name] = ("column", site, {"units": "1", "long_name": name})
    return columns, lattice


@pytest.fixture
def full(image, crystal):
    workspace = Workspace(image, crystal[0])
    workspace.lattice = crystal[1]
    return workspace


def test_the_displacement_from_neighbours(full, done):
    panel = DisplacementPanel(full)
    panel._run(None)
    vector = done(full).columns["displacement"].values
    np.testing.assert_allclose(np.nanmean(vector, axis=0), [0.01, 0.0], atol=1e-9)
    assert "sublattice 1" in panel.table.value
    assert "sublattice 0" not in panel.table.value
    assert "centroid of its neighbours" in panel.table.value
    assert "tw.displacements(" in full.script()


def test_other_references_and_sublattices(full, done):
    panel = DisplacementPanel(full)
    panel.reference.value = "lattice"
    assert panel.neighbours.layout.display == "none"
    panel.of.value = 1
    panel._run(None)
    vector = done(full).columns["displacement"].values
    np.testing.assert_allclose(vector[72:, 0], 0.01)
    assert np.isnan(vector[:72]).all()
    panel.reference.value = "site"
    panel._run(None)
    np.testing.assert_allclose(done(full).columns["displacement"].values[72:], 0, atol=1e-9)
    panel.reference.value = "neighbours"
    panel.neighbours.value, panel.count.value = 0, 2
    panel._run(None)
    full.job.wait(60)
    assert "not told from the next ones" in full.message.text


def test_without_a_lattice_the_nearest_neighbours_are_taken(image, crystal, done):
    columns = crystal[0].drop_vars(["n_a", "n_b", "site"])
    workspace = Workspace(image, columns)
    panel = DisplacementPanel(workspace)
    panel._run(None)
    vector = done(workspace).columns["displacement"].values
    np.testing.assert_allclose(np.nanmean(vector, axis=0), [0.01, 0.0], atol=1e-9)
    panel.reference.value = "lattice"
    panel._run(None)
    workspace.job.wait(60)
    assert "needs a lattice" in workspace.message.text


def test_strain_against_the_lattice_and_a_region(full, done, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    panel = StrainPanel(full)
    panel._run(None)
    np.testing.assert_allclose(done(full).columns["e_xx"], 0, atol=1e-9)
    assert "ε_xx" in panel.table.value
    panel.against.value = "region"
    assert "Select the unstrained region" in panel.words.value
    panel._run(None)
    assert "no region yet" in full.message.text
    panel.use.click()
    assert "No column is selected" in full.message.text
    full.selection.select(range(30), rule="lasso in the image")
    panel.use.click()
    assert "30 columns: lasso" in panel.words.value
    full.selection.clear()
    panel.radius.value = 0.6
    panel._run(None)
    np.testing.assert_allclose(done(full).columns["e_yy"], 0, atol=1e-9)
    panel.look.click()
    assert len(full.selection) == 30
    names = {}
    exec(full.script(tmp_path / "again.py"), names)
    np.testing.assert_array_equal(names["columns"]["e_yy"], full.columns["e_yy"])
