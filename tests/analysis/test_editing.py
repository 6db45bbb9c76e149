import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import temwidgets as tw
from temwidgets.analysis.editing import (
    add_columns,
    check_labels,
    delete_columns,
    move_columns,
    next_label,
    set_sublattice,
)
from temwidgets.conventions import Flag, flag_variable, quantity


@pytest.fixture
def columns():
    made = tw.make_columns([1.0, 2.0, 3.0], [4.0, 5.0, 6.0], labels=[3, 7, 5])
    made["amplitude"] = quantity("column", [10.0, 20.0, 30.0], "counts", "amplitude")
    made["amplitude_std"] = quantity("column", [1.0, 2.0, 3.0], "counts", "error")
    made["displacement"] = (("column", "component"), np.ones((3, 2)))
    made["sublattice"] = quantity("column", np.array([0, 1, 0]), "1", "sublattice")
    made["flags"] = flag_variable([int(Flag.overlap), 0, 0])
    return made


def test_added_columns_take_new_labels_and_are_flagged(columns):
    grown = add_columns(columns, [8.0, 9.0], [1.5, 2.5])
    assert grown["column"].values.tolist() == [3, 7, 5, 8, 9]
    assert grown["y"].values.tolist() == [1.0, 2.0, 3.0, 8.0, 9.0]
    assert grown["x"].values[-2:].tolist() == [1.5, 2.5]
    assert np.isnan(grown["amplitude"].values[-2:]).all()
    assert np.isnan(grown["displacement"].values[-2:]).all()
    assert grown["sublattice"].values.tolist() == [0, 1, 0, -1, -1]
    assert grown["flags"].values.tolist() == [int(Flag.overlap), 0, 0, 256, 256]
    assert grown.attrs["next_label"] == 10


def test_adding_keeps_attributes_dtypes_and_the_original(columns):
    before = columns.copy(deep=True)
    grown = add_columns(columns, 8.0, 9.0)
    xr.testing.assert_identical(columns, before)
    for name in columns.variables:
        assert grown[name].dtype == columns[name].dtype
    xr.testing.assert_identical(delete_columns(grown, 8).assign_attrs(next_label=8), columns)


def test_columns_without_flags_get_them():
    grown = add_columns(tw.make_columns([], [], units="px"), 1.0, 2.0)
    assert grown["column"].values.tolist() == [0]
    assert grown["flags"].values.tolist() == [int(Flag.edited)]
    assert grown["y"].attrs["units"] == "px"


def test_moved_columns_keep_their_label_and_lose_their_fit(columns):
    before = columns.copy(deep=True)
    moved = move_columns(columns, [5, 3], [0.5, 0.25], [0.75, 0.125])
    xr.testing.assert_identical(columns, before)
    assert moved["column"].values.tolist() == [3, 7, 5]
    assert moved["y"].values.tolist() == [0.25, 2.0, 0.5]
    assert moved["x"].values.tolist() == [0.125, 5.0, 0.75]
    assert np.isnan(moved["amplitude"].values).tolist() == [True, False, True]
    assert moved["sublattice"].values.tolist() == [0, 1, 0]
    assert moved["flags"].values.tolist() == [256, 0, 256]


def test_labels_of_deleted_columns_are_not_used_again(columns):
    kept = delete_columns(columns, 7)
    assert kept["column"].values.tolist() == [3, 5]
    assert add_columns(kept, 0.0, 0.0)["column"].values.tolist() == [3, 5, 8]
    assert next_label(delete_columns(columns, [3, 5, 7])) == 8


def test_deleting_nothing_is_allowed(columns):
    xr.testing.assert_identical(delete_columns(columns, []), columns)


def test_set_sublattice(columns):
    assert set_sublattice(columns, [5, 7], 2)["sublattice"].values.tolist() == [0, 2, 2]
    bare = set_sublattice(columns.drop_vars("sublattice"), 7, 1)
    assert bare["sublattice"].values.tolist() == [-1, 1, -1]
    assert columns["sublattice"].values.tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda c: delete_columns(c, 0), "No column is called 0. The labels are"),
        (lambda c: delete_columns(c, [3, 3]), "A label came twice"),
        (lambda c: move_columns(c, [3, 5], 1.0, 2.0), "2 labels but 1 positions came"),
        (lambda c: move_columns(c, 99, 1.0, 2.0), "No column is called 99"),
        (lambda c: add_columns(c, [1.0, 2.0], 1.0), "equally long lists, but shapes"),
        (lambda c: add_columns(c, np.nan, 1.0), "holds NaN or infinity"),
        (lambda c: set_sublattice(c, 3, 0.5), "whole number"),
        (lambda c: set_sublattice(c, 3, -2), "whole number"),
        (lambda c: check_labels(c, np.arange(50, 60)), r"50, 51, 52, 53, 54, \.\.\."),
    ],
)
def test_mistakes_get_a_sentence(columns, change, sentence):
    with pytest.raises(ValueError, match=sentence):
        change(columns)


@given(st.lists(st.sampled_from(["add", "delete", "move"]), max_size=12))
def test_any_sequence_of_edits_keeps_labels_unique(steps):
    edited, ever = tw.make_columns([0.0], [0.0]), {0}
    for step in steps:
        labels = edited["column"].values
        if step == "add":
            edited = add_columns(edited, [1.0, 2.0], [1.0, 2.0])
            new = set(edited["column"].values.tolist()) - set(labels.tolist())
            assert not new & ever
            ever |= new
        elif labels.size and step == "delete":
            edited = delete_columns(edited, labels[-1])
        elif labels.size:
            edited = move_columns(edited, labels[0], 3.0, 4.0)
    assert edited.indexes["column"].is_unique
