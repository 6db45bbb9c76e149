import numpy as np
import pytest
import traitlets

from temwidgets import make_columns
from temwidgets.widgets.selection import Selection


def watch(selection, names=("labels",)):
    seen = []
    selection.observe(lambda change: seen.append((change["name"], change["new"])), list(names))
    return seen


def test_labels_are_sorted_distinct_and_read_only():
    selection = Selection([5, 1, 5])
    assert selection.labels.tolist() == [1, 5]
    assert selection.labels.dtype == np.int64
    with pytest.raises(ValueError, match="read-only"):
        selection.labels[0] = 3


def test_select_notifies_once_and_source_is_known_by_then():
    selection = Selection()
    seen = []
    selection.observe(lambda change: seen.append(selection.source), "labels")
    selection.select([3, 1], rule="x > 1", source="me")
    assert seen == ["me"]
    assert selection.rule == "x > 1"
    assert len(selection) == 2


def test_same_labels_again_are_mute_but_the_source_changes():
    selection = Selection([1, 2])
    labels, sources = watch(selection), watch(selection, ["source"])
    selection.select([2, 1], source="other")
    assert labels == []
    assert sources == [("source", "other")]


def test_clear_and_empty():
    selection = Selection([1])
    seen = watch(selection)
    selection.clear()
    selection.clear()
    assert len(seen) == 1
    assert seen[0][1].size == 0


def test_mask_follows_labels_not_places():
    columns = make_columns([0, 1, 2], [0, 1, 2], labels=[10, 20, 30])
    assert Selection([20, 99]).mask(columns).tolist() == [False, True, False]


def test_a_dataarray_of_labels_is_fine():
    columns = make_columns([0, 1, 2], [0, 1, 2])
    assert Selection(columns["column"][columns["y"] > 0.5]).labels.tolist() == [1, 2]


def test_positions_are_refused():
    with pytest.raises(traitlets.TraitError, match="whole numbers, but float64 values came"):
        Selection([0.5, 1.0])


def test_labels_that_are_gone_are_left_out_and_the_rule_stays():
    selection = Selection([2, 5, 9], rule="bright")
    seen = []
    selection.observe(lambda change: seen.append(change["new"].tolist()), "labels")
    selection.keep([1, 2, 5, 9])
    assert seen == []
    selection.keep([1, 9])
    assert seen == [[9]]
    assert selection.rule == "bright"
    selection.keep(())
    assert len(selection) == 0
