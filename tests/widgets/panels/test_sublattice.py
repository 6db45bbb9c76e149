"""The sublattice panel by its fields: sorted, named, coloured; names in every legend."""

from __future__ import annotations

import numpy as np
import pytest

import temwidgets as tw
from temwidgets.conventions import quantity
from temwidgets.widgets import Histogram, ImageView, SublatticePanel, Workspace


@pytest.fixture
def workspace():
    rng = np.random.default_rng(0)
    image = tw.make_image(rng.random((60, 90)), sampling=(0.02, 0.03), origin=(1.0, -2.0))
    n_a, n_b = (n.ravel() for n in np.mgrid[0:8, 0:8])
    columns = tw.make_columns(1.1 + 0.13 * n_a, -1.9 + 0.3 * n_b)
    values = np.where((n_a + n_b) % 2, 5.0, 9.0) + rng.normal(0, 0.1, 64)
    columns["intensity"] = quantity("column", values, "counts nm²", "intensity")
    return Workspace(image, columns)


@pytest.fixture
def panel(workspace):
    return SublatticePanel(workspace)


@pytest.fixture
def sorted_panel(panel, workspace, done):
    panel.by.value = "global"
    panel.sort.click()
    done(workspace)
    return panel


def test_sorted_by_brightness(sorted_panel):
    assert [line.count.value for line in sorted_panel.rows] == ["32 columns", "32 columns"]
    assert sorted_panel.remark.value == ""


def test_sorted_by_site(panel, workspace, done):
    assert "find the lattice, or sort by brightness" in panel.remark.value
    columns = workspace.columns.assign(site=quantity("column", np.arange(64) % 3 - 1, "1", "site"))
    workspace.columns = columns
    workspace.lattice = tw.make_lattice(
        (0, 0.3), (0.13, 0), sites=[(0, 0), (0.5, 0.5)], names=["A", "B"]
    )
    panel.sort.click()
    done(workspace)
    assert [line.name.value for line in panel.rows] == ["A", "B"]


def test_names_elements_and_colours_travel_into_the_legends(sorted_panel, workspace):
    view = ImageView(workspace, color_by="sublattice")
    histogram = Histogram(workspace, by="sublattice")
    sorted_panel.rows[0].name.value = "A site"
    sorted_panel.rows[0].element.value = "Sr"
    sorted_panel.rows[1].name.value = "Ti"
    sorted_panel.rows[1].colour.value = "#12ab34"
    attrs = workspace.columns["sublattice"].attrs
    assert attrs["names"] == ["A site", "Ti"]
    assert sorted_panel.rows[1].element.value == "Ti"
    entries = view.stage.layer.legend["entries"]
    assert [entry["label"] for entry in entries] == ["A site (Sr) (32)", "Ti (32)"]
    assert entries[1]["colour"] == "#12ab34"
    groups = histogram._groups()
    assert [name for name, _, _ in groups] == ["A site (Sr)", "Ti"]
    assert groups[1][2] == "#12ab34"
    table = np.frombuffer(view.stage.layer.marker_lut, np.uint8).reshape(256, 3)
    assert table[1].tolist() == [0x12, 0xAB, 0x34]
    assert "tw.name_sublattices(columns, names={0: 'A site'})" in workspace.script()
    workspace.undo()
    assert sorted_panel.rows[1].colour.value != "#12ab34"


def test_a_wrong_symbol_is_explained_and_taken_back(sorted_panel, workspace):
    sorted_panel.rows[0].element.value = "Xx"
    assert "'Xx' is no chemical symbol" in workspace.message.text
    assert sorted_panel.rows[0].element.value == ""


def test_columns_of_a_sublattice_are_selected_and_moved(sorted_panel, workspace, done):
    sorted_panel.rows[1].select.click()
    assert len(workspace.selection) == 32
    assert workspace.selection.rule == "sublattice == 1"
    sorted_panel.number.value = 2
    sorted_panel.put.click()
    done(workspace)
    assert [line.count.value for line in sorted_panel.rows[:2]] == ["32 columns", "32 columns"]
    assert sorted_panel.rows[1].name.placeholder == "sublattice 2"


def test_nothing_selected_is_explained(sorted_panel, workspace):
    sorted_panel.put.click()
    assert "No column is selected" in workspace.message.text


def test_without_columns():
    assert "find columns first" in SublatticePanel().remark.value


def test_sorted_by_clustering(panel, workspace, done):
    panel.by.value = "clusters"
    panel.n.value = 2
    panel.sort.click()
    done(workspace)
    step = workspace.history[-1]
    assert (step.name, step.arguments) == ("cluster_columns", {"n": 2})
    assert sum(line.count.value != "" for line in panel.rows) == 2
    panel.by.value = "shapes"
    panel.sort.click()
    assert workspace.job.wait(30)
    assert workspace.message.level == "error"  # shapes need a fit
