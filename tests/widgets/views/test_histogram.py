import numpy as np
import pytest
import traitlets

import temwidgets as tw
from temwidgets.conventions import quantity
from temwidgets.widgets.selection import Selection
from temwidgets.widgets.views.histogram import Histogram
from temwidgets.widgets.workspace import Workspace


def part_count(view):
    return int(view._part.y[1:-1:2].sum())


def test_counts_all_columns(columns):
    view = Histogram(columns)
    low, high = view._edges[0], view._edges[-1]
    inside = (columns["intensity"] >= low) & (columns["intensity"] <= high)
    assert view._whole.y[1:-1:2].sum() == inside.sum()
    assert view._axis.label == "Integrated intensity (counts nm²)"


def test_the_brush_selects_and_says_how(columns):
    view = Histogram(columns)
    view.brush = (4.5, 5.25)
    values = columns["intensity"].values
    wanted = columns["column"].values[(values >= 4.5) & (values < 5.25)]
    assert view.selection.labels.tolist() == wanted.tolist()
    assert view.selection.rule == "4.5 <= intensity < 5.25"
    assert part_count(view) == wanted.size
    assert view._part.visible
    assert f"n = {wanted.size}," in view._readout.value


def test_what_the_mouse_does_equals_what_python_does(columns):
    mouse, python = Histogram(columns), Histogram(columns)
    mouse._brusher.selected = np.array([4.5, 5.25])
    python.brush = (5.25, 4.5)
    assert mouse.brush == python.brush
    assert mouse.selection.labels.tolist() == python.selection.labels.tolist()


def test_two_views_are_linked_and_one_brush_is_alive(columns):
    selection = Selection()
    first = Histogram(columns, selection=selection)
    second = Histogram(columns, "x", selection=selection)
    first.brush = (4.0, 6.0)
    assert part_count(second) == len(selection)
    second.brush = (-1.8, -1.5)
    assert first.brush is None
    assert first._brusher.selected is None
    assert selection.source is second
    labels = selection.labels
    first.brush = (4.0, 6.0)
    assert not np.array_equal(selection.labels, labels)


def test_the_same_range_can_be_brushed_again(columns):
    view = Histogram(columns)
    view._brusher.selected = np.array([4.0, 6.0])
    count = len(view.selection)
    view.selection.select([10])
    view._brusher.selected = np.array([4.0, 6.0])
    assert len(view.selection) == count


def test_a_click_clears_the_selection(columns):
    view = Histogram(columns, brush=(4.0, 6.0))
    assert len(view.selection)
    view._brusher.selected = None
    assert len(view.selection) == 0
    assert view.brush is None


def test_an_empty_brush_of_mine_does_not_clear_what_another_selected(columns):
    view = Histogram(columns, brush=(4.0, 6.0))
    view.selection.select([10, 11])
    assert view.brush is None
    assert view.selection.labels.tolist() == [10, 11]


def test_groups_have_colours_and_statistics(columns):
    view = Histogram(columns, by="sublattice")
    assert view._whole.y.shape[0] == 2
    assert "sublattice 1" in view._readout.value
    view.by = None
    assert view._whole.y.ndim == 1


def test_nan_and_outliers_are_told(columns):
    columns["intensity"].values[:2] = np.nan
    columns["intensity"].values[2] = 1e6
    view = Histogram(columns)
    assert "Without a value (NaN): 2 of 30 columns" in view.message
    view.range = (3.0, 7.0)
    assert "Outside the range shown" in view.message


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_columns(columns, n):
    few = columns.isel(column=slice(0, n))
    view = Histogram(few, by="sublattice")
    view.brush = (0, 100)
    assert len(view.selection) == n


def test_options_from_python(columns):
    view = Histogram(columns, bins=7, log_counts=True, range=(3, 7))
    assert view._edges.size == 8
    assert (view._edges[0], view._edges[-1]) == (3.0, 7.0)
    assert view._y.min == 0.7
    assert view._whole.y.min() >= 0.7
    view.log_counts = False
    assert view._whole.scales["y"].min == 0.0


def test_controls_and_traits_follow_each_other(columns):
    view = Histogram(columns)
    controls = view._controls
    controls.variable.value = "x"
    assert view.variable == "x"
    view.variable = "intensity"
    assert controls.variable.value == "intensity"
    controls.bins.value = 12
    assert view.bins == 12
    controls.bins.value = 0
    assert view.bins == "auto"
    controls.by.value = "sublattice"
    assert view.by == "sublattice"
    controls.low.value = 4.5
    assert view.range == (4.5, controls.high.value)
    controls.reset.click()
    assert view.range is None
    controls.from_.value = 5.0
    assert view.brush == (5.0, controls.until.value)
    controls.clear.click()
    assert view.brush is None
    assert len(view.selection) == 0


def test_every_control_has_a_label_or_tooltip(columns):
    controls = Histogram(columns)._controls
    for name in ("variable", "by", "bins", "log", "low", "high", "reset", "from_", "until", "more"):
        assert getattr(controls, name).tooltip


def test_csv(columns, tmp_path):
    view = Histogram(columns, by="sublattice", bins=5, brush=(4.0, 6.0))
    view.save_csv(tmp_path / "h.csv")
    lines = (tmp_path / "h.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "# Integrated intensity (counts nm²)"
    assert lines[1] == '"low","high","sublattice 0","sublattice 1","selected"'
    assert len(lines) == 7
    numbers = np.array([line.split(",") for line in lines[2:]], float)
    assert numbers[:, 4].sum() == len(view.selection)


def test_follows_a_workspace(image, columns):
    workspace = Workspace(image)
    view = Histogram(workspace)
    assert "No columns yet" in view.message
    workspace.columns = columns.drop_vars(["intensity", "sublattice"])
    assert "have no intensity yet" in view.message
    workspace.columns = columns
    assert view.shown == "intensity"
    assert view.message == ""
    assert view.selection is workspace.selection
    view.close()
    workspace.columns = columns.isel(column=[0])
    assert view.columns.sizes["column"] == 30


def test_a_selection_costs_few_messages(columns):
    view = Histogram(columns)
    sent = []
    for widget in (view, view._whole, view._part, view._readout, view._note, view.figure, view._x):
        widget.send_state = lambda key=None, w=widget: sent.append((w, key))
    view.selection.select([10, 11, 12])
    assert len(sent) <= 4


def test_wrong_arguments_are_told(columns):
    with pytest.raises(
        ValueError, match=r"have no variable 'intenstiy'.*they have y, x, intensity"
    ):
        Histogram(columns, "intenstiy")
    with pytest.raises(TypeError, match="shows columns: give it a Workspace"):
        Histogram(np.zeros(3))
    with pytest.raises(TypeError, match="Did you mean 'bins'"):
        Histogram(columns, bin=3)
    with pytest.raises(traitlets.TraitError, match="range is None or"):
        Histogram(columns, range=(1, np.nan))


def test_a_callback_error_is_shown_and_nothing_breaks(columns):
    view = Histogram(columns)
    view.columns = tw.make_columns([1.0], [2.0])
    view.brush = (0, 5)
    assert view.selection.labels.tolist() == [0]


def test_a_mixture_of_the_workspace_is_drawn_over(workspace):
    view = Histogram(workspace, bins=10)
    assert not view._curves.visible
    workspace.run(tw.fit_mixture, into="mixture", n_components=2, wait=True)
    assert view._curves.visible
    assert view._curves.y.shape[0] == 3
    area = np.trapezoid(view._curves.y[-1], view._curves.x)
    assert area == pytest.approx(30 * np.diff(view._edges)[0], rel=0.1)
    view.variable = "x"
    assert not view._curves.visible
    view.variable = "intensity"
    workspace.run(tw.assign_populations, wait=True)
    assert view._curves.visible
    workspace.run(tw.delete_columns, labels=[10], wait=True)
    assert not view._curves.visible


def test_a_view_that_nobody_sees_catches_up_later(workspace):
    view = Histogram(workspace)
    view.active = False
    workspace.selection.select([10, 11])
    workspace.run(tw.delete_columns, labels=[12], wait=True)
    assert part_count(view) == 0
    view.active = True
    assert part_count(view) == 2
    assert "n = 29" in view._readout.value


def test_a_score_that_is_the_probability_is_not_offered_beside_it(columns):
    score = quantity("column", np.linspace(0, 1, columns.sizes["column"]), "1", "probability")
    bare = columns[["y", "x"]].assign(score=score)
    assert Histogram(Workspace(None, bare)).shown == "score"
    view = Histogram(Workspace(None, bare.assign(probability=score)))
    assert view.shown == "probability"
    assert "score" not in [name for _, name in view._controls.variable.options]
    assert "These columns have no intensity yet; probability is shown" in view.message
    view.columns = bare.assign(probability=1 - bare["score"])
    assert "score" in [name for _, name in view._controls.variable.options]


def test_components_of_a_vector_are_variables_like_others(displaced):
    view = Histogram(displaced, "displacement_y")
    names = [name for _, name in view._controls.variable.options]
    assert {"displacement_y", "displacement_x", "displacement_magnitude"} <= set(names)
    assert view._axis.label == "Displacement from a test, y (nm)"
    view.brush = (0.0, 1.0)
    wanted = displaced["displacement"].sel(component="y").values >= 0
    assert view.selection.labels.tolist() == displaced["column"].values[wanted].tolist()
    assert view.selection.rule == "0 <= displacement_y < 1"
    view.variable = "displacement_y_std"
    assert "Standard error" in view._axis.label
