import re

import numpy as np
import pytest

import temwidgets as tw
from temwidgets.widgets.panels._phase_words import burgers_words
from temwidgets.widgets.panels.phase import PhasePanel
from temwidgets.widgets.views._region_drawing import corners_of
from temwidgets.widgets.views.image_view import ImageView
from temwidgets.widgets.views.map_view import MapView
from temwidgets.widgets.workspace import Workspace

GRID = {"sampling": (0.02, 0.025), "origin": (3.0, -1.0)}
REGION = (4.0, 4.6, 0.5, 1.5)


@pytest.fixture(scope="module")
def crystal():
    return tw.synthetic.strained_crystal((201, 244), **GRID)


@pytest.fixture(scope="module")
def found(crystal):
    return tw.find_reflections(crystal[0])


@pytest.fixture
def view(crystal, found):
    workspace = Workspace(crystal[0])
    workspace.reflections = found
    return ImageView(workspace)


@pytest.fixture
def panel(view):
    made = PhasePanel(view.workspace, view=view)
    yield made
    made.close()


def measured(panel, done):
    panel._run(None)
    return done(panel.workspace).strain


def in_region(maps, region=REGION):
    y0, y1, x0, x1 = region
    return maps.sel(y=slice(y0, y1), x=slice(x0, x1))


def drag(view, name, y, x, *, final):
    message = {"type": "handle", "name": name, "y": y, "x": x, "final": final}
    view.stage.layer._handle_custom_msg(message, [])


def test_strain_against_the_mean_lattice(panel, done):
    maps = measured(panel, done)
    assert maps.attrs["reference"] is None
    assert abs(float(maps["e_xx"].mean())) < 3e-3
    table = panel.table.value
    assert table.count("<tr>") == 6
    assert "ε_xx" in table
    assert "%" in table
    assert "rotation" in table
    words = panel.children[3].value
    assert "relative" in words
    assert "absolute" in words


def test_strain_is_zero_in_the_region_that_is_dragged(panel, view, done):
    measured(panel, done)
    panel.against.value = "region"
    done(panel.workspace)
    region = panel.reference.region
    assert region is not None
    assert "reference" in view.lines
    assert panel.size.value.endswith(" nm")
    assert panel.workspace.strain.attrs["reference"] == pytest.approx(region, abs=0.02)
    panel.reference.region = REGION
    strain = done(panel.workspace).strain
    inside = in_region(strain["e_xx"])
    assert abs(float(inside.mean())) < 2e-3
    assert [step.name for step in panel.workspace.history].count("geometric_phase") == 2
    assert "reference=(4.0, 4.6, 0.5, 1.5)" in panel.workspace.script()
    panel.against.value = "mean"
    assert done(panel.workspace).strain.attrs["reference"] is None
    assert "reference" not in view.lines


def test_the_map_follows_the_mouse_and_is_measured_in_full_at_the_end(panel, view, done):
    shown = MapView(panel.workspace, view=view)
    measured(panel, done)
    panel.against.value = "region"
    panel.reference.region = REGION
    done(panel.workspace)
    before, steps = panel.workspace.strain, len(panel.workspace.history)
    (corner,) = [n for n in view.handles if n.startswith("reference") and n.endswith("corner 0")]
    drag(view, corner, 4.1, 0.7, final=False)
    assert panel.reference.moving
    assert panel.workspace.preview.wait(60)
    assert panel.workspace.preview.error == ""
    assert panel.workspace.preview.maps is not None
    assert shown.data.maps is panel.workspace.preview.maps
    assert panel.workspace.strain is before
    drag(view, corner, 4.15, 0.8, final=True)
    strain = done(panel.workspace).strain
    assert panel.reference.region == pytest.approx((4.15, 4.6, 0.8, 1.5))
    assert strain.attrs["reference"] == pytest.approx((4.15, 4.6, 0.8, 1.5), abs=0.02)
    assert panel.workspace.preview.maps is None
    assert shown.data.maps is strain
    assert len(panel.workspace.history) == steps  # one step for the hand


def test_the_x_axis_is_laid_along_a_reflection_or_a_lattice_vector(panel, found, done):
    names = [name for name, _ in panel.along.options]
    assert names[0] == "image x"
    assert names[1].startswith("g, d = ")
    assert names[-1] == "an angle"
    panel.along.value = panel.along.options[2][1]
    assert panel.angle.value == pytest.approx(float(found["angle"][1]), abs=1e-3)
    maps = measured(panel, done)
    assert maps.attrs["axis_angle"] == panel.angle.value
    panel.angle.value = 45.0
    assert panel.along.value == ""
    assert done(panel.workspace).strain.attrs["axis_angle"] == 45.0
    panel.workspace.lattice = tw.make_lattice((0.2, 0.2), (0.2, -0.2), origin=(3.0, -1.0))
    names = dict(panel.along.options)
    assert names["lattice a"] == pytest.approx(45.0)
    assert panel.along.value == names["lattice a"]
    panel.measure.value = "small"
    assert done(panel.workspace).strain.attrs["measure"] == "small"
    steps = [step.name for step in panel.workspace.history[1:]]
    assert steps == ["geometric_phase"] * 2 + ["given", "geometric_phase"]  # pressed, turned


def test_reflections_are_found_first_where_there_are_none(crystal, done):
    workspace = Workspace(crystal[0])
    panel = PhasePanel(workspace)
    assert panel.reference is None
    assert panel.burgers.switch.layout.display == "none"
    panel._run(None)
    done(workspace)
    assert [step.name for step in workspace.history] == ["find_reflections", "geometric_phase"]
    panel.against.value = "region"
    workspace.job.wait(60)
    assert "no reference region" in workspace.message.text
    panel.close()


def test_two_reflections_are_needed(panel, found):
    panel.reflections.which.value = "chosen"
    panel.workspace.chosen_reflections = (1,)
    panel._run(None)
    assert "2 or more reflections are needed, but 1 is chosen" in panel.workspace.message.text
    panel.workspace.chosen_reflections = (0, 1)
    panel._run(None)
    panel.workspace.job.wait(60)
    np.testing.assert_array_equal(panel.workspace.strain["reflection"], [0, 1])


def test_the_displacement_is_worked_out_beside_the_strain(panel, view, done):
    assert panel.displace.layout.display == "none"
    shown = MapView(panel.workspace, view=view)
    measured(panel, done)
    panel._displace(None)
    strain = done(panel.workspace).strain
    assert {"displacement", "displacement_std", "cut"} <= set(strain)
    expected = tw.phase_displacement(strain.drop_vars(["displacement", "displacement_std"]))
    np.testing.assert_array_equal(strain["displacement"], expected["displacement"])
    shown.quantity = "displacement_x"
    assert view.maps["map"].title == "displacement along x (nm)"
    assert "add_displacement(strain)" in panel.workspace.script()
    panel.against.value = "region"
    panel.reference.region = REGION
    strain = done(panel.workspace).strain
    assert "displacement" in strain
    (centre,) = [n for n in view.handles if n == "reference centre"]
    drag(view, centre, 4.4, 1.1, final=False)
    assert panel.workspace.preview.wait(60)
    assert shown.data.maps is strain  # not worked out while the mouse moves
    drag(view, centre, 4.4, 1.1, final=True)
    done(panel.workspace)
    assert shown.data.quantity == "displacement_x"
    panel.workspace.undo()
    assert "displacement" in panel.workspace.strain


def test_nothing_is_drawn_while_another_step_is_worked_on(panel, view):
    panel.against.value = "region"
    panel.burgers.switch.value = True
    assert {"reference", "loop"} <= set(view.lines)
    panel.active = False
    assert not {"reference", "loop"} & set(view.lines)
    assert not view.handles
    panel.active = True
    assert {"reference", "loop"} <= set(view.lines)
    panel.close()
    assert not view.lines
    assert not view.handles


@pytest.fixture(scope="module")
def faulted():
    """A crystal with an edge dislocation in its middle, measured."""
    image, truth = tw.synthetic.dislocation((220, 240), sampling=0.02)
    reflections = tw.make_reflections(truth["g"].values)
    return image, reflections, tw.geometric_phase(image, reflections)


def test_the_burgers_vector_of_a_loop_that_is_dragged(faulted, done):
    image, reflections, strain = faulted
    workspace = Workspace(image)
    workspace.reflections = reflections
    view = ImageView(workspace)
    panel = PhasePanel(workspace, view=view)
    panel.burgers.switch.value = True
    assert "Measure the geometric phase first" in panel.burgers.words.value
    workspace.strain = strain
    height, width = (float(np.ptp(image[name].values)) for name in "yx")
    panel.burgers.drawing.region = (0.25 * height, 0.75 * height, 0.25 * width, 0.75 * width)
    words = panel.burgers.words.value
    expected = tw.burgers_vector(strain, corners_of(panel.burgers.drawing.region))
    assert float(expected["length"]) > 0
    told = re.search(r"b = (0\.\d+) ± 0\.\d+ nm at", words)
    assert float(told[1]) == pytest.approx(float(expected["length"]), rel=1e-3)
    one = r"0\.1(59|6)\d* nm at -?9?0\.\d°"
    minus = words.replace("\N{MINUS SIGN}", "-")
    assert re.search(f"that is a[₁₂], where a₁ = {one} and a₂ = {one}", minus)
    panel.burgers.drawing.region = (0.7 * height, 0.85 * height, 0.7 * width, 0.85 * width)
    assert "encloses no dislocation" in panel.burgers.words.value
    (corner,) = [n for n in view.handles if n.startswith("loop") and n.endswith("corner 0")]
    drag(view, corner, 0.25 * height, 0.25 * width, final=False)
    assert "nm at" in panel.burgers.words.value
    panel.burgers.drawing.region = (-1.0, 0.5 * height, -1.0, 0.5 * width)
    assert "outside the" in panel.burgers.words.value
    panel.burgers.switch.value = False
    assert panel.burgers.words.value == ""
    panel.close()


def test_burgers_vectors_in_words(faulted):
    found = tw.burgers_vector(faulted[2], [(1, 1), (1, 3.5), (3.3, 3.5), (3.3, 1)])
    text = burgers_words(found.assign(largest_step=found["largest_step"] * 0 + 3.0))
    assert "jumps by up to 3 rad" in text
    several = found.assign(indices=found["indices"].copy(data=[-1, 3]))
    assert "that is \N{MINUS SIGN} a₁ + 3 a₂, where" in burgers_words(several)
    bare = burgers_words(found.assign(length_std=found["length_std"] * 0))
    assert "±" not in bare
