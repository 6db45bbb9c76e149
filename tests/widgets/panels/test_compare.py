import numpy as np
import pytest

import temwidgets as tw
from temwidgets.widgets.panels.compare import ComparePanel
from temwidgets.widgets.workspace import Workspace


@pytest.fixture
def full(ordered):
    spread = np.random.default_rng(9).normal(0.06, 0.001, ordered.sizes["column"])
    ordered["sigma_major"] = ("column", spread)
    ordered["sigma_major"].attrs = {"units": "nm", "long_name": "sigma along the major axis"}
    return Workspace(None, ordered)


def test_cells_of_even_and_odd_number_differ(full, done):
    panel = ComparePanel(full)
    assert panel.variables.value == ("intensity",)
    panel.groups.value = "parity_a"
    panel.variables.value = ("intensity", "sigma_major")
    panel.compare()
    done(full)
    assert full.comparison["significant"].values.tolist() == [True, False]
    assert "Integrated intensity is larger in site 0, n_a even than in site 0, n_a odd by 0.37" in (
        panel.words.value
    )
    assert "so that the two groups overlap" in panel.words.value
    assert "no difference beyond chance" in panel.words.value
    assert "remains possible" in panel.words.value
    assert "pm" in panel.table.value
    assert "counts nm²" in panel.table.value
    assert full.message.text == "compare_sites: 1 of 2 differences is beyond chance."
    text = full.script()
    assert 'comparison = tw.compare_sites(columns, variables=["intensity"' in text.replace("'", '"')


def test_the_selection_is_compared_with_the_rest_of_its_sites(full, done):
    columns = full.columns
    site = columns["n_b"].values.astype(int) % 2
    full.columns = columns.assign(site=("column", site))
    even = (columns["n_a"].values % 2 == 0) & (site == 1)
    panel = ComparePanel(full)
    panel.groups.value = "selection"
    assert "Select columns in a view" in panel.remark.value
    panel.compare()
    assert "No column is selected" in full.message.text
    full.selection.select(columns["column"].values[even])
    assert f"{int(even.sum())} columns are selected" in panel.remark.value
    panel.compare()
    done(full)
    assert int(full.comparison["first_count"][0]) == even.sum()
    assert int(full.comparison["second_count"][0]) == (site == 1).sum() - even.sum()
    full.selection.select(columns["column"].values)
    panel.compare()
    assert "there is no rest" in full.message.text


def test_parities_of_one_site(full, done):
    columns = full.columns
    full.columns = columns.assign(site=("column", columns["n_b"].values.astype(int) % 2))
    panel = ComparePanel(full)
    assert panel.site.layout.display == "none"
    panel.groups.value = "parity_a"
    assert panel.site.layout.display == ""
    panel.site.value = 1
    panel.test.value, panel.correction.value, panel.background.value = "permutation", "holm", "none"
    panel.compare()
    done(full)
    assert full.comparison["first"].values.tolist() == ["site 1, n_a even"]
    assert full.comparison.attrs["test"] == "permutation"
    assert full.comparison.attrs["correction"] == "holm"
    assert full.comparison.attrs["background"] == "none"
    assert full.message.text == "compare_sites: the difference is beyond chance."


def test_a_comparison_goes_with_the_columns_it_is_of_and_is_saved(full, done, tmp_path):
    panel = ComparePanel(full)
    panel.groups.value = "parity_b"
    panel.compare()
    done(full)
    found = full.comparison
    full.save(tmp_path / "w.nc")
    again = Workspace.open(tmp_path / "w.nc")
    np.testing.assert_array_equal(again.comparison["p_value"], found["p_value"])
    assert "no difference beyond chance" in ComparePanel(again).words.value
    full.columns = full.columns.assign(other=full.columns["y"])
    assert full.comparison is found
    full.columns = full.columns.assign(intensity=2 * full.columns["intensity"])
    assert full.comparison is None
    assert panel.table.value == panel.words.value == ""


def test_what_cannot_be_told_says_so(full, done):
    panel = ComparePanel(full)
    panel.groups.value = "selection"
    full.selection.select([0, 1])
    panel.compare()
    done(full)
    assert "cannot be told" in panel.words.value
    assert "?" in panel.table.value


def test_advice_while_something_is_missing(workspace, ordered):
    empty = ComparePanel()
    assert "no columns yet" in empty.remark.value
    empty.compare()
    assert "No variable is chosen" in empty.workspace.message.text
    panel = ComparePanel(workspace)
    assert panel.remark.value == ""
    panel.groups.value = "parity_ab"
    assert "not numbered yet" in panel.remark.value
    bare = ComparePanel(Workspace(None, ordered.drop_vars("site")))
    assert "no sites yet" in bare.remark.value
    bare.groups.value = "sublattice"
    assert "no sublattices yet" in bare.remark.value
    panel.close()
    assert tw.widgets.ComparePanel is ComparePanel
