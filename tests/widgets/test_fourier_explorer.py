import gc
import warnings

import numpy as np
import pytest

import temwidgets as tw
from temwidgets.widgets import DomainView, FourierExplorer, MapView, SpectrumView

STEPS = ("Load", "Prepare", "Reflections", "Filter", "Spacing", "Phase", "Domains", "Find", "Fit")


@pytest.fixture(scope="module")
def grains():
    g = [(0.0, 0.125), (0.1083, 0.0625)]
    image, _ = tw.synthetic.fringes((160, 200), g, amplitude=20.0, noise=5.0, sampling=None)
    return image


@pytest.fixture
def explorer(grains):
    made = tw.explore_fourier(grains)
    yield made
    made.close()


def test_every_step_and_every_view_can_be_shown(explorer):
    assert isinstance(explorer, FourierExplorer)
    assert explorer.parts.steps == STEPS
    for step in STEPS:
        explorer.step = step
        shown = explorer._steps.children[STEPS.index(step)].children
        assert shown == (explorer.parts.panels[step],)
    for plot in ("Table", "Map", "Domains", "Histogram", "Spectrum"):
        explorer.plot = plot
        assert explorer._plots.children[1] is explorer.parts.view(plot)
    explorer.plot = "Both"
    assert explorer._plots.children[1].children == (explorer.spectrum, explorer.map)
    assert explorer.spectrum.active
    assert explorer.map.active
    assert not explorer.domains.active
    assert isinstance(explorer.spectrum, SpectrumView)
    assert isinstance(explorer.map, MapView)
    assert isinstance(explorer.domains, DomainView)
    assert explorer.workspace.message.level != "error", explorer.workspace.message


def test_from_reflections_to_maps_in_one_workspace(explorer):
    workspace = explorer.workspace
    explorer.reflections.find.click()
    assert workspace.job.wait(60)
    assert workspace.reflections.sizes["reflection"] >= 2, workspace.message
    assert len(explorer.spectrum.labels_known) == workspace.reflections.sizes["reflection"]
    workspace.run(tw.local_spacing, wait=True)
    explorer.plot = "Map"
    assert explorer.map.quantity == "d_spacing"
    assert "map" in explorer.image_view.maps
    explorer.plot = "Domains"
    assert "map" not in explorer.image_view.maps
    namespace = {"given": lambda _: workspace.image}
    exec(workspace.script().replace("tw.open_result", "given"), namespace)
    np.testing.assert_array_equal(namespace["reflections"]["g"], workspace.reflections["g"])


def test_a_new_result_opens_its_view_once(explorer, make_domains):
    workspace = explorer.workspace
    explorer.step = "Domains"
    assert explorer.plot == "Spectrum"  # there is nothing else to see yet
    explorer.plot = "Table"
    workspace.domains = make_domains(workspace.image)
    assert explorer.plot == "Domains"
    assert "domains" in explorer.image_view.maps
    explorer.plot = "Spectrum"
    workspace.domains = make_domains(workspace.image, (0,))
    assert explorer.plot == "Spectrum"  # chosen since then
    explorer.step = "Spacing"
    assert explorer.plot == "Spectrum"
    explorer.step = "Domains"
    assert explorer.plot == "Domains"
    assert workspace.message.level != "error", workspace.message


def test_maps_open_the_map_but_not_where_it_is_seen_beside_the_spectrum(explorer):
    workspace = explorer.workspace
    workspace.run(tw.find_reflections, wait=True)
    workspace.run(tw.local_spacing, wait=True)
    assert explorer.plot == "Map"
    explorer.plot = "Spectrum"
    workspace.undo()
    workspace.undo()
    workspace.redo()
    assert explorer.plot == "Spectrum"
    explorer.plot = "Both"
    explorer.step = "Spacing"
    assert explorer.plot == "Both"


def test_an_explorer_opens_with_the_result_of_its_step_or_with_what_is_asked(grains, make_domains):
    workspace = tw.Workspace(grains)
    workspace.domains = make_domains(grains)
    for options, plot in (({}, "Domains"), ({"plot": "Spectrum"}, "Spectrum")):
        made = tw.explore_fourier(workspace, step="Domains", **options)
        assert made.plot == plot
        made.close()


def test_columns_and_fourier_space_share_a_workspace(grains):
    workspace = tw.Workspace(grains)
    one, two = tw.explore(workspace), tw.explore_fourier(workspace)
    workspace.run(tw.find_columns, wait=True)
    assert one.workspace is two.workspace
    assert two.image_view.columns is workspace.columns
    two.close()
    one.close()


def test_nothing_is_left_hanging_when_it_is_closed(grains):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = tw.explore_fourier(grains)
        made.close()
        made.close()
        del made
        gc.collect()


def test_what_cannot_be_opened_is_told():
    with pytest.raises(TypeError, match="FourierExplorer opens an image"):
        FourierExplorer(3)
    with pytest.raises(TypeError, match="FourierExplorer has no option 'plots'"):
        FourierExplorer(None, plots="Map")
