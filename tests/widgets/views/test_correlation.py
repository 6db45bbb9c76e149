import numpy as np
import pytest

import temwidgets as tw
from temwidgets.widgets.explorers import Explorer
from temwidgets.widgets.selection import Selection
from temwidgets.widgets.views.correlation import CorrelationView
from temwidgets.widgets.workspace import Workspace


@pytest.fixture
def lattice():
    return tw.make_lattice((0, 0.4), (0.39, 0))


@pytest.fixture
def alternating(ordered):
    """Order that single columns show."""
    sign = np.where(ordered["n_a"].values % 2, -1, 1)
    return ordered.assign(intensity=ordered["intensity"].copy(data=ordered["intensity"] + sign))


def words(view):
    return " ".join(part.value for part in (view._words, view._offsets, view._ramp))


def test_a_map_over_offsets_with_dots_where_it_is_not_chance(alternating, lattice):
    view = CorrelationView(alternating, lattice=lattice, reach=4)
    assert view.table.sizes == {"offset_a": 9, "offset_b": 9}
    assert view._body.children == (view.map,)
    assert list(view.map.picture.x) == [-4.5, 4.5]
    assert view.map.dots.x.size == 80
    assert "480 columns" not in words(view)
    assert f"{alternating.sizes['column']} columns correlate at 40 of 40 offsets" in words(view)
    assert "Distance (nm)" in words(view)
    assert "Correlation \N{MINUS SIGN}" in words(view)
    assert view._controls.label.text.endswith("(counts nm²) over cell offsets")


def test_without_a_relation_it_says_so(disordered, lattice):
    view = CorrelationView(disordered, lattice=lattice)
    assert "No correlation beyond chance" in words(view)
    assert view.map.dots.x.size == 0


def test_against_distance_with_errors_and_the_reach_of_chance(alternating, lattice):
    view = CorrelationView(alternating, lattice=lattice, style="distance", reach=6)
    figure = view.distances
    assert view._body.children == (figure,)
    assert figure.lines[0].label == "Distance (nm)"
    np.testing.assert_allclose(figure.whole.line.x, view.shells["distance"])
    np.testing.assert_allclose(figure.chance.y[0], 1.96 / np.sqrt(view.shells["count"]))
    assert figure.each.x.min() == pytest.approx(0.39)
    assert not figure.part.line.visible
    assert view._ramp.value == ""


def test_selected_columns_are_correlated_among_themselves(alternating, lattice):
    shared = Selection()
    view = CorrelationView(
        alternating, lattice=lattice, style="distance", trend=1, reach=4, selection=shared
    )
    left = alternating["column"].values[alternating["x"].values < 2]
    shared.select(left)
    assert view.distances.part.line.visible
    part = tw.correlation(alternating.sel(column=left), lattice=lattice, trend=1, reach=4)
    near = float(part["correlation"].sel(offset_a=2, offset_b=0))
    assert abs(near) > 0.3
    assert np.abs(view.distances.part.line.y).max() > 0.3
    shared.select(left[:5])
    assert not view.distances.part.line.visible
    assert view.message == ""


def test_controls_and_traits_are_alike(alternating, lattice):
    alternating["site"] = ("column", np.arange(alternating.sizes["column"]) % 2)
    alternating["other"] = alternating["intensity"] * 2
    view = CorrelationView(alternating, lattice=lattice)
    controls = view._controls
    assert view.table.attrs["site"] == 0
    controls.site.value = 1
    controls.variable.value = "other"
    controls.reach.value, controls.trend.value, controls.style.value = 3, 2, "distance"
    assert (view.site, view.variable, view.reach, view.trend, view.style) == (
        1,
        "other",
        3,
        2,
        "distance",
    )
    assert view.table.attrs == {
        "variable": "other",
        "site": 1,
        "n_columns": view.table.attrs["n_columns"],
    }
    assert view.table.sizes["offset_a"] == 7
    alternating["partial"] = alternating["intensity"].where(alternating["site"] == 0)
    assert CorrelationView(alternating, "partial", site=1).table.attrs["site"] == 0
    view.reach = 5
    assert controls.reach.value == 5


def test_it_follows_a_workspace(alternating, lattice):
    workspace = Workspace(None, alternating.drop_vars(["n_a", "n_b"]))
    view = CorrelationView(workspace, style="distance")
    assert view.table is None
    assert "not numbered yet" in view.message
    workspace.columns = alternating
    assert view.table is not None
    assert "Distances need the lattice" in view.message
    workspace.lattice = lattice
    assert view.shells is not None
    assert view.message == ""
    view.active = False
    before = view.table
    workspace.columns = alternating.isel(column=slice(20, None))
    assert view.table is before
    view.active = True
    assert view.table.attrs["n_columns"] == alternating.sizes["column"] - 20
    view.close()
    workspace.columns = alternating
    assert view.table.attrs["n_columns"] == alternating.sizes["column"] - 20


def test_files(alternating, lattice, tmp_path):
    view = CorrelationView(alternating, lattice=lattice, reach=3)
    view.save_csv(tmp_path / "c.csv")
    lines = (tmp_path / "c.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# correlation of")
    assert lines[1].startswith("offset_a,offset_b,")
    assert len(lines) == 2 + 49
    text = view.svg().decode()
    assert text.count("<polygon") == 48 + len(range(0, 256, 255 // 16))
    assert text.count("<circle") == view.map.dots.x.size
    assert "Correlation of Integrated intensity" in text
    view.style = "distance"
    assert "distance,correlation" in view.csv()
    assert "95 % of means by chance" in view.svg().decode()
    assert view.png(dpi=100).startswith(b"\x89PNG")


def test_sentences(columns, alternating):
    with pytest.raises(ValueError, match="have no variable 'brightness'"):
        CorrelationView(columns, "brightness")
    with pytest.raises(TypeError, match="Did you mean 'reach'"):
        CorrelationView(columns, reech=3)
    with pytest.raises(TypeError, match="give it a Workspace"):
        CorrelationView(3)
    empty = CorrelationView()
    assert "No columns yet" in empty.message
    assert empty.csv() == ""
    with pytest.raises(ValueError, match="no correlation to print"):
        empty.png()
    few = CorrelationView(alternating.isel(column=slice(0, 30)))
    assert "too many for 30 columns. Lower trend" in few.message
    assert few.table is None
    few.trend = 1
    assert few.table is not None
    few.style = "distance"
    with pytest.raises(ValueError, match="no distances to print"):
        few.svg()


def test_explorer_has_it(image, alternating):
    explorer = Explorer(image, alternating, plot="Correlation")
    assert explorer.correlation in explorer._plots.children
    assert explorer.correlation.table is not None
    explorer.close()
