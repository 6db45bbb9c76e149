import numpy as np
import pytest

import temwidgets as tw
from temwidgets.analysis.fourier.reflection_editing import add_reflections
from temwidgets.widgets import FilterPanel, ImageView, SpectrumView, Workspace

G = np.array([[0.0, 4.0], [3.5, 0.0]])


@pytest.fixture(scope="module")
def image():
    rng = np.random.default_rng(1)
    made = tw.make_image(rng.normal(100, 2, (100, 121)), sampling=(0.05, 0.04), origin=(3, -2))
    for gy, gx in G:
        made = made + 2 * np.cos(2 * np.pi * (gy * made.y + gx * made.x))
    return made.transpose("y", "x").assign_attrs(units="counts")


@pytest.fixture
def workspace(image):
    workspace = Workspace(image)
    workspace.reflections = add_reflections(image, G)
    return workspace


def test_spots_are_let_through_and_shown(workspace, image, done):
    view = ImageView(workspace)
    panel = FilterPanel(workspace, view=view)
    assert view.toolbar.show.options == ("image",)
    panel.filter.click()
    done(workspace)
    assert workspace.filtered.identical(tw.fourier_filter(image, workspace.reflections))
    assert view.show == "filtered"
    assert view.toolbar.show.options == ("image", "filtered")
    assert view.stage.layer.shown == "filtered"
    assert workspace.script().endswith("filtered = tw.fourier_filter(image, reflections)\n")
    workspace.undo()
    assert view.show == "image"


def test_options_filter_anew_as_one_step(workspace, image, done):
    panel = FilterPanel(workspace)
    panel.radius.value = 0.5
    assert workspace.filtered is None
    panel.filter.click()
    done(workspace)
    panel.soft.value = 0.2
    panel.remove.value = True
    done(workspace)
    names = [step.name for step in workspace.history]
    assert names.count("fourier_filter") == 1
    expected = tw.fourier_filter(image, workspace.reflections, radius=0.5, soft=0.2, remove=True)
    assert workspace.filtered.identical(expected)


def test_a_family_alone(workspace, image, done):
    panel = FilterPanel(workspace)
    panel.choice.which.value = "family 0"
    panel.filter.click()
    done(workspace)
    one = workspace.reflections.sel(reflection=workspace.reflections["family"].values == 0)
    assert one.sizes["reflection"] == 1
    assert workspace.filtered.identical(tw.fourier_filter(image, one))


def test_rings_and_half_planes_need_no_reflections(image, done):
    panel = FilterPanel(image)
    workspace = panel.workspace
    panel.kind.value = "ring"
    assert panel.area.layout.display == panel.turn.layout.display == "none"
    workspace.reciprocal.k_range = (3.0, 4.5)
    assert (panel.least.value, panel.most.value) == (3.0, 4.5)
    panel.filter.click()
    expected = tw.fourier_filter(image, kind="ring", k_range=(3.0, 4.5))
    assert done(workspace).filtered.identical(expected)
    panel.kind.value = "half"
    panel.angle.value = 30.0
    done(workspace)
    expected = tw.fourier_filter(image, kind="half", k_range=(3.0, 4.5), angle=30.0)
    assert workspace.filtered.identical(expected)
    assert "reflections" not in workspace.script()


def test_the_mask_is_seen_in_the_spectrum_while_it_is_worked_on(workspace, image):
    view, panel = SpectrumView(workspace), FilterPanel(workspace)
    assert view.mask.identical(tw.fourier_mask(image, workspace.reflections))
    assert "mask" in view.maps
    panel.kind.value = "lattice"
    assert view.mask.attrs["kind"] == "lattice"
    panel.choice.which.value = "chosen"
    assert view.mask is None
    view.chosen = (0, 1)
    assert view.mask is not None
    panel.shown.value = False
    assert view.maps == {}
    panel.shown.value = True
    panel.active = False
    assert view.mask is None
    panel.active = True
    assert view.mask is not None
    panel.close()
    assert view.mask is None


def test_what_is_missing_is_told(image, workspace):
    panel = FilterPanel(image)
    assert panel.workspace.reciprocal.mask is None
    panel.filter.click()
    panel.workspace.job.wait(10)
    assert "Reflections from temwidgets" in panel.workspace.message.text
    chosen = FilterPanel(workspace)
    chosen.choice.which.value = "chosen"
    chosen.filter.click()
    assert "1 or more reflections are needed, but 0 are chosen" in workspace.message.text
    view = ImageView(image)
    view.show = "filtered"
    assert view.message == "There is no filtered image yet. Filter the image first."
