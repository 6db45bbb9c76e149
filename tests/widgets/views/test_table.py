import io

import numpy as np
import pandas as pd
import pytest

import temwidgets as tw
from temwidgets.conventions import Flag, flag_variable
from temwidgets.widgets.selection import Selection
from temwidgets.widgets.views._table_rows import flag_words, sort_order
from temwidgets.widgets.views.histogram import Histogram
from temwidgets.widgets.views.table import PAGE, ColumnTable
from temwidgets.widgets.workspace import Workspace


@pytest.fixture
def many():
    rng = np.random.default_rng(3)
    columns = tw.make_columns(rng.random(250), rng.random(250), labels=np.arange(250) * 2)
    columns["intensity"] = ("column", rng.normal(5, 1, 250), {"units": "counts nm²"})
    columns["intensity"].values[7] = np.nan
    flags = np.where(np.arange(250) % 5 == 0, Flag.overlap | Flag.cut_by_edge, 0)
    columns["flags"] = flag_variable(flags)
    return columns


def test_rows_headings_and_flags_in_words(many):
    table = ColumnTable(many)
    data = table._table.df
    assert list(data) == ["column", "y (nm)", "x (nm)", "intensity (counts nm²)", "flags"]
    assert len(data) == PAGE
    assert data["flags"][0] == "cut by edge, overlap"
    assert data["flags"][1] == ""
    assert table._where.value == "1 to 100 of 250"


def test_sorting_is_that_of_all_columns_with_nan_last(many):
    table = ColumnTable(many, sort_by="intensity", descending=True)
    best = many["column"].values[np.argsort(-many["intensity"].values)][:3]
    assert table._window[:3].tolist() == best.tolist()
    for descending in (True, False):
        assert sort_order(many, "intensity", descending)[-1] == 7
    assert sort_order(many, "column", True)[0] == 249


def test_a_heading_sorts_and_turns_round(many):
    table = ColumnTable(many)
    click = {"kind": "sort", "index": 3}
    table._heading_clicked(None, click, [])
    assert (table.sort_by, table.descending) == ("intensity", False)
    table._heading_clicked(None, click, [])
    assert (table.sort_by, table.descending) == ("intensity", True)
    assert table._table._dt_args["order"] == [[3, "desc"]]


def test_pages(many):
    table = ColumnTable(many)
    table._forth.click()
    table._forth.click()
    assert table._where.value == "201 to 250 of 250"
    assert table._forth.disabled
    table.columns = many.isel(column=slice(0, 3))
    assert (table.page, table._where.value) == (0, "1 to 3 of 3")


def test_rows_and_selection_are_linked_both_ways(many):
    selection = Selection()
    table, other = ColumnTable(many, selection=selection), Histogram(many, selection=selection)
    table._table.selected_rows = [3]
    assert selection.labels.tolist() == [6]
    assert selection.source is table
    table._table.selected_rows = [3, 4]
    assert selection.labels.tolist() == [6, 8]
    other.brush = (4.0, 5.0)
    mask = selection.mask(many.isel(column=slice(0, PAGE)))
    assert table._table.selected_rows == np.flatnonzero(mask).tolist()
    assert selection.source is other


def test_rows_of_other_pages_stay_selected(many):
    table = ColumnTable(many)
    table.selection.select([0, 498])
    table._table.selected_rows = [0, 1]
    assert table.selection.labels.tolist() == [0, 2, 498]
    table._table.selected_rows = [5]
    assert table.selection.labels.tolist() == [10]


def test_only_selected(many):
    table = ColumnTable(many, only_selected=True)
    assert table._where.value == "0 to 0 of 0"
    table.selection.select([4, 8])
    assert table._table.df["column"].tolist() == [4, 8]


def test_csv_holds_all_pages_in_full_precision(many, tmp_path):
    table = ColumnTable(many, sort_by="intensity")
    table.save_csv(tmp_path / "t.csv")
    data = pd.read_csv(io.StringIO((tmp_path / "t.csv").read_text(encoding="utf-8")))
    order = sort_order(many, "intensity", False)
    assert data["column"].tolist() == many["column"].values[order].tolist()
    np.testing.assert_array_equal(data["x (nm)"], many["x"].values[order])


def test_chosen_variables_and_a_workspace(image, many):
    workspace = Workspace(image)
    table = ColumnTable(workspace, variables=("intensity",))
    assert "No columns yet" in table.message
    workspace.columns = many
    assert list(table._table.df) == ["column", "intensity (counts nm²)"]
    workspace.undo()
    assert table._place.children == ()


def test_a_selection_is_one_message(many):
    table = ColumnTable(many)
    sent = []
    for widget in (table, table._table, table._where, table._note, table._place):
        widget.send_state = lambda key=None, w=widget: sent.append((w, key))
    table.selection.select([0, 2, 4])
    assert len(sent) == 1


def test_words():
    assert flag_words(np.array([0, 4, 12])).tolist() == ["", "cut by edge", "cut by edge, overlap"]


def test_unknown_options_are_refused(many):
    with pytest.raises(TypeError, match="Did you mean 'sort_by'"):
        ColumnTable(many, sortby="x")


def test_components_of_a_vector_are_sorted_like_others(displaced):
    table = ColumnTable(displaced, variables=("displacement_y",), sort_by="displacement_y")
    lines = table.csv().splitlines()
    assert lines[0] == "column,displacement_y (nm)"
    values = [float(line.split(",")[1]) for line in lines[1:-2]]
    assert values == sorted(values)
    assert lines[-1].endswith(",")  # no value comes last
