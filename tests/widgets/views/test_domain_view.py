import numpy as np
import pytest
import traitlets

import temwidgets as tw
from temwidgets.widgets import DomainView, Histogram
from temwidgets.widgets.palette import SELECTED


@pytest.fixture
def field():
    rng = np.random.default_rng(0)
    return tw.make_image(rng.normal(size=(60, 90)), sampling=(0.1, 0.08), origin=(5.0, -2.0))


@pytest.fixture
def domains(make_domains, field):
    return make_domains(field)


@pytest.fixture
def view(field, domains):
    return DomainView(field, domains)


def segments(view, name="domains"):
    return view.image_view.lines[name].segments


def test_domains_are_coloured_outlined_listed_and_counted(view, domains):
    drawn = view.image_view.maps["domains"]
    assert drawn.colormap == "categories"
    assert set(np.unique(drawn.values.values[np.isfinite(drawn.values)])) == {0, 2, 5}
    assert len(segments(view)) == 12
    assert "3 domains" in view._totals.value
    assert "12.24 nm² of 43.2 nm² crystalline (28.3%)" in view._totals.value
    rows = view.csv().splitlines()
    assert rows[0] == "domain,Area (nm²),Diameter (nm),d (nm),Orientation (°),Confidence"
    assert rows[3].startswith("5,")
    assert "0.2040, 0.2356" in rows[1]
    assert view.histogram._axis.label == "Area (nm²)"


def test_a_click_chooses_a_domain_everywhere(view):
    view.image_view.click(6.0, -1.0)
    assert view.chosen == (0,)
    assert view.table.chosen == view.histogram.chosen == (0,)
    assert len(segments(view, "chosen domains")) == 4
    assert view.image_view.lines["chosen domains"].colours[0].tolist()[:3] == [232, 70, 124]
    assert SELECTED == "#e8467c"
    assert "Domain 0: " in view._words.value
    view.image_view.click(6.0, -1.0)
    assert view.chosen == ()
    view.table.chosen = (2, 5)
    assert view.chosen == (2, 5)
    assert "2 domains" in view._words.value
    view.image_view.click(5.0, -2.0)
    assert view.chosen == ()
    view.image_view.click(500.0, 0.0)
    assert view.chosen == ()


def test_a_brush_over_the_sizes_chooses_domains(view, domains):
    area = domains["area"].values
    view.histogram.brush = (0, float(area.max()) - 0.01)
    assert view.chosen == (2, 5)
    view.chosen = (0,)
    assert view.histogram.chosen == (0,)
    view.quantity = "d_spacing"
    assert view.histogram._axis.label == "d-spacing (nm)"
    assert view.histogram.brush is None
    view.histogram.brush = (0.2, 0.21)
    assert view.chosen == (0, 2)
    view.histogram._brusher.selected = None
    assert view.chosen == ()


def test_colours_may_mean_a_quantity(view):
    view.colour_by = "orientation"
    drawn = view.image_view.maps["domains"]
    assert drawn.title == "Orientation (°)"
    assert set(np.unique(drawn.values.values[np.isfinite(drawn.values)])) == {10, 40, 70}
    view.outlines = False
    assert not view.image_view.lines["domains"].shown
    view.alpha = 0.2
    assert view.image_view.maps["domains"].alpha == 0.2


def test_a_domain_is_excluded_and_comes_back(view):
    view.chosen = (2,)
    view.exclude()
    assert view.domains["domain"].values.tolist() == [0, 5]
    assert view.chosen == ()
    assert len(segments(view)) == 8
    assert "domains = tw.exclude_domains(domains, labels=[2])" in view.workspace.script()
    view.workspace.undo()
    assert view.domains["domain"].values.tolist() == [0, 2, 5]


def test_columns_inside_the_chosen_domains_are_selected(field, domains):
    workspace = tw.Workspace(field, tw.make_columns([6.0, 9.0, 5.1], [-1.0, 1.0, 3.0]))
    workspace.domains = domains
    view, histogram = DomainView(workspace), Histogram(workspace, "x")
    view.chosen = (0,)
    view.select_columns()
    assert workspace.selection.labels.tolist() == [0]
    assert workspace.selection.rule == "domain in (0)"
    assert histogram._mask().tolist() == [True, False, False]


def test_two_views_of_a_workspace_show_the_same_domains(field, domains):
    workspace = tw.Workspace(field)
    first, second = DomainView(workspace), DomainView(workspace)
    assert first.message == "There are no domains yet: segment the image first."
    workspace.domains = domains
    assert first.domains is second.domains is domains
    first.chosen = (5,)
    first.exclude()
    assert second.domains.sizes["domain"] == 2
    first.close()
    second.close()
    assert second.image_view.maps == {}


def test_what_is_asked_too_early_is_told(field, domains):
    view = DomainView(field)
    view.exclude()
    assert view.message.startswith("No domain is chosen")
    view.workspace.domains = domains
    view.chosen = (0,)
    view.select_columns()
    assert view.message == "There are no columns yet: find columns first."
    with pytest.raises(traitlets.TraitError, match="no domain 7; there are 0, 2, 5"):
        view.chosen = (7,)
    assert view.chosen == (0,)
    with pytest.raises(TypeError, match="no option 'colour'"):
        DomainView(field, colour="area")


def test_an_image_without_a_crystal_says_so(view, make_domains, field):
    view.workspace.domains = make_domains(field, ())
    assert view._totals.value == "<div>No crystal found.</div>"
    assert "domains" not in view.image_view.maps
    assert view.histogram.layout.display == "none"
    assert view.table.children == ()


def test_nothing_is_drawn_while_the_view_is_not_seen(view):
    view.active = False
    assert "domains" not in view.image_view.maps
    view.image_view.click(6.0, -1.0)
    assert view.chosen == ()
    view.active = True
    assert "domains" in view.image_view.maps
