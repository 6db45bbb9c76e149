import io

import numpy as np
import pandas as pd
import pytest
import traitlets

import temwidgets as tw
from temwidgets.conventions import quantity
from temwidgets.widgets import ReflectionTable, Workspace

G = np.array([[0.0, 4.0], [4.1, 0.2], [2.0, 3.0], [0.0, 8.0]])


@pytest.fixture
def reflections():
    whole = {"family": [0, 0, 1, 2], "lattice": [0, 0, 1, 0], "harmonic": [1, 1, 1, 2]}
    errors = np.full((4, 2), 0.003)
    errors[1] = np.nan
    return tw.make_reflections(
        G, g_std=errors, labels=[2, 3, 5, 9],
        snr=quantity("reflection", [30.123456, 20.0, 10.0, 5.0], "1", "signal to noise"),
        amplitude=quantity("reflection", [3.0, 2.0, 1.0, 0.5], "counts", "amplitude"),
        **{name: quantity("reflection", v, "1", name) for name, v in whole.items()},
    )  # fmt: skip


def test_rows_have_units_and_no_more_figures_than_their_errors_allow(reflections):
    rows = ReflectionTable(reflections).table._table.df
    assert list(rows) == [
        "reflection", "d (nm)", "± d (nm)", "angle (°)", "± angle (°)", "amplitude (counts)",
        "signal/noise", "family", "lattice", "order",
    ]  # fmt: skip
    assert rows["reflection"].tolist() == [2, 3, 5, 9]
    assert rows["d (nm)"][0] == 0.25
    assert rows["± d (nm)"][0] == 0.00019
    assert rows["d (nm)"][1] == pytest.approx(1 / np.hypot(*G[1]), abs=1e-6)
    assert rows["d (nm)"][2] == pytest.approx(0.27735, abs=1e-9)
    assert rows["signal/noise"][0] == 30.12


def test_clicks_choose_and_the_workspace_tells(reflections):
    table = ReflectionTable(reflections)
    table.table._table.selected_rows = [1, 3]
    assert table.chosen == table.workspace.chosen_reflections == (3, 9)
    table.workspace.chosen_reflections = (5,)
    assert table.table._table.selected_rows == [2]
    with pytest.raises(traitlets.TraitError, match="There is no reflection 4; there are 2, 3"):
        table.chosen = (4,)


def test_classes_of_the_chosen(reflections):
    table = ReflectionTable(reflections, chosen=(2,))
    table._family.click()
    assert table.chosen == (2, 3)
    table.chosen = (3,)
    table._lattice.click()
    assert table.chosen == (2, 3, 9)
    table.chosen = ()
    assert table._family.disabled
    bare = ReflectionTable(tw.make_reflections(G), chosen=(0,))
    assert bare._family.disabled


def test_a_workspace_is_followed(reflections):
    workspace = Workspace()
    table = ReflectionTable(workspace)
    assert "There are no reflections yet" in table.message
    assert "no reflections yet" in table._note.value
    workspace.reflections = reflections
    assert table.message == ""
    table.chosen = (2, 9)
    workspace.reflections = reflections.isel(reflection=slice(1, None))
    assert table.chosen == (9,)
    assert table.table._table.selected_rows == [2]
    table.active = False
    workspace.reflections = reflections
    assert len(table.table._table.df) == 3
    table.active = True
    assert len(table.table._table.df) == 4
    workspace.reflections = reflections.isel(reflection=[])
    assert table.table.children == ()
    table.close()
    workspace.reflections = reflections
    assert table.table.children == ()


def test_csv_has_all_figures_and_the_vectors(reflections, tmp_path):
    table = ReflectionTable(reflections)
    table.save_csv(tmp_path / "r.csv")
    rows = pd.read_csv(io.StringIO((tmp_path / "r.csv").read_text(encoding="utf-8")))
    assert rows["reflection"].tolist() == [2, 3, 5, 9]
    np.testing.assert_array_equal(rows["ky (1/nm)"], reflections["g"].values[:, 0])
    np.testing.assert_array_equal(rows["signal/noise"], reflections["snr"])
    assert ReflectionTable().csv() == ""


def test_excluding_is_a_step(reflections):
    table = ReflectionTable(reflections)
    table.exclude()
    assert "No reflection is chosen" in table.message
    table.chosen = (3, 5)
    table._exclude.click()
    assert table.reflections["reflection"].values.tolist() == [2, 9]
    assert table.chosen == ()
    table.workspace.undo()
    assert table.reflections.sizes["reflection"] == 4


def test_wrong_arguments_are_explained(reflections):
    with pytest.raises(TypeError, match="Reflections from temwidgets"):
        ReflectionTable(3)
    with pytest.raises(TypeError, match="Did you mean 'chosen'"):
        ReflectionTable(reflections, choosen=())
