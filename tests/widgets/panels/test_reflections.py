import numpy as np
import pytest

import temwidgets as tw
from temwidgets.conventions import quantity
from temwidgets.widgets import ReflectionPanel, ReflectionTable, SpectrumView, Workspace
from temwidgets.widgets.panels._phases import suggestions
from temwidgets.widgets.views._spectrum_marks import indices


@pytest.fixture(scope="module")
def image():
    return tw.examples.load("fe_grain_boundary")[:256, :256]


def test_find_and_drag_the_threshold(image, done):
    panel = ReflectionPanel(image)
    workspace = panel.workspace
    panel.threshold.value = 0.6
    assert workspace.history == ()  # there is nothing to cut yet
    panel.find.click()
    done(workspace)
    assert workspace.reflections.identical(tw.find_reflections(image, threshold=0.6))
    assert f"{workspace.reflections.sizes['reflection']} reflections" in panel.count.value
    assert "lattice" in panel.count.value
    for value in (0.3, 0.9, 0.2):
        panel.threshold.value = value
    done(workspace)
    assert len(workspace.history) == 1
    assert workspace.reflections.identical(tw.find_reflections(image, threshold=0.2))
    assert workspace.script().splitlines()[-1].endswith("find_reflections(image, threshold=0.2)")
    workspace.undo()
    assert workspace.reflections is None
    assert panel.count.value == ""


def test_dragging_does_not_search_again(image, done, monkeypatch):
    panel = ReflectionPanel(image)
    panel.find.click()
    done(panel.workspace)
    monkeypatch.setattr("temwidgets.widgets.panels.reflections.search_reflections", None)
    panel.threshold.value = 0.8
    assert done(panel.workspace).reflections.attrs["threshold"] == 0.8


def test_range_region_and_number(image, done):
    panel = ReflectionPanel(image)
    workspace = panel.workspace
    assert panel.inside.layout.display == "none"
    workspace.reciprocal.region = (0.0, 2.0, 0.0, 2.5)
    assert panel.inside.layout.display == ""
    panel.inside.value = True
    panel.least.value, panel.most.value = 2.0, 8.0
    assert workspace.reciprocal.k_range == (2.0, 8.0)
    panel.limit.value = 3
    panel.find.click()
    found = done(workspace).reflections
    assert found.sizes["reflection"] <= 3
    assert (1 / found["d_spacing"] < 8).all()
    arguments = dict(workspace.history[-1].arguments)
    assert arguments["region"] == (0.0, 2.0, 0.0, 2.5)
    assert arguments["k_range"] == (2.0, 8.0)
    workspace.reciprocal.k_range = None
    assert (panel.least.value, panel.most.value) == (0.0, 0.0)
    panel.least.value = 3.0
    assert workspace.reciprocal.k_range is None
    panel.find.click()
    done(workspace)
    assert workspace.history[-1].arguments["k_range"] == (3.0, None)


def test_a_brush_in_the_profile_limits_the_search(image):
    workspace = Workspace(image)
    panel, view = ReflectionPanel(workspace), SpectrumView(workspace, profile=True)
    view.plot.brush.selected = np.array([3.0, 7.5])
    assert (panel.least.value, panel.most.value) == (3.0, 7.5)


def test_no_crystal_is_said(done):
    noise = tw.make_image(np.random.default_rng(0).normal(0, 1, (96, 101)), sampling=0.02)
    panel = ReflectionPanel(noise)
    panel.find.click()
    done(panel.workspace)
    assert panel.count.value == "no reflection: no crystal is seen"
    assert panel.families.children == ()


@pytest.fixture
def grouped():
    g = np.array([[0.0, 4.93], [4.93, 0.0], [4.95, 4.91], [1.0, 1.0]])
    return tw.make_reflections(
        g, labels=[1, 2, 4, 7], family=quantity("reflection", [0, 0, 1, -1], "1", "family")
    )


def test_families_are_chosen_by_their_buttons(grouped):
    workspace = Workspace()
    workspace.reflections = grouped
    panel, table = ReflectionPanel(workspace), ReflectionTable(workspace)
    assert list(panel.families.buttons) == [0, 1]
    first = panel.families.buttons[0]
    assert first.description == "0.2028 nm (2)"
    first.click()
    assert workspace.chosen_reflections == table.chosen == (1, 2)
    assert "#e8467c" in first.layout.border
    assert "transparent" in panel.families.buttons[1].layout.border
    first.click()
    assert workspace.chosen_reflections == ()
    workspace.reflections = None
    assert panel.families.buttons == {}
    panel.close()


def test_phases_are_drawn_and_compared(image, grouped, done):
    workspace = Workspace(image)
    workspace.reflections = grouped
    panel, view = ReflectionPanel(workspace), SpectrumView(workspace)
    phases = panel.phases
    assert phases.near.layout.display == "none"
    phases.name.value, phases.source.value = "bcc Fe", "0.2027, 0.1433; 0.117"
    phases.add.click()
    assert phases.phases == {"bcc Fe": [0.2027, 0.1433, 0.117]}
    assert [w.text for w in view.stage.words["rings"]] == ["0.2027 nm", "0.1433 nm", "0.117 nm"]
    assert phases.source.value == ""
    phases.source.value = "0.5"
    phases.add.click()
    assert list(phases.phases) == ["bcc Fe", "phase 2"]
    phases.index.click()
    done(workspace)
    assert "bcc Fe" in phases.suggestions.value
    assert "3 of 4 reflections" in phases.suggestions.value
    phases.shown.children[1].click()
    assert list(phases.phases) == ["bcc Fe"]
    phases.source.value = " "
    phases.add.click()
    assert "Type d-spacings" in workspace.message.text
    phases.source.value = "no/such.cif"
    phases.add.click()
    assert "no/such.cif" in workspace.message.text
    assert list(phases.phases) == ["bcc Fe"]
    phases.put({})
    assert workspace.reciprocal.rings is None
    assert view.lines == {}


def test_suggestions_without_an_index(grouped):
    assert suggestions(grouped) == ""


CIF = """data_Fe
_cell_length_a 2.8665
_cell_length_b 2.8665
_cell_length_c 2.8665
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
_symmetry_space_group_name_H-M 'I m -3 m'
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
Fe1 Fe 0 0 0
"""


def test_a_cif_names_planes_on_rings_and_reflections(image, done, tmp_path):
    pytest.importorskip("gemmi")
    path = tmp_path / "iron.cif"
    path.write_text(CIF)
    workspace = Workspace(image)
    g = 1 / 0.20269 * np.array([[0.0, 1.0], [1.0, 0.0]])
    workspace.reflections = tw.make_reflections(g)
    panel, view = ReflectionPanel(workspace), SpectrumView(workspace)
    panel.phases.source.value = str(path)
    panel.phases.add.click()
    assert list(panel.phases.phases) == ["iron"]
    assert view.stage.words["rings"][0].text == "110"
    assert np.hypot(*view.lines["phase rings"].segments[0, :2]) == pytest.approx(
        1 / 0.20269, rel=1e-3
    )
    panel.phases.index.click()
    done(workspace)
    table = ReflectionTable(workspace).table._table.df
    assert table["phase"].tolist() == ["iron", "iron"]
    planes = [hkl.replace("\N{COMBINING OVERLINE}", "") for hkl in table["hkl"]]
    assert all(sorted(plane) == ["0", "1", "1"] for plane in planes)
    view.chosen = (0,)
    assert "iron" in view.words.value
    assert view.stage.words["reflections"][0].text.endswith("0.2027 nm")
    assert "2 of 2 reflections, 100% of the amplitude" in panel.phases.suggestions.value
    assert str(path) in workspace.script()


def test_indices_are_written_as_crystallographers_do():
    assert indices((1, 1, 0)) == "110"
    assert indices((-2, 1, 0)) == "2\N{COMBINING OVERLINE}10"
    assert indices((0, 0, 12)) == "0 0 12"
    assert indices((0, 0, 0)) == ""
