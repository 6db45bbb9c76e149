import numpy as np
import pytest
import xarray as xr

import temwidgets as tw
from temwidgets.analysis.residual_search import find_in_residual
from temwidgets.analysis.scores import score_columns
from temwidgets.synthetic import perovskite


@pytest.fixture(scope="module")
def fitted():
    """An image fitted with all but three of its columns, and those three."""
    image, true = perovskite((128, 140), dose=200, sampling=(0.02, 0.025), origin=(2.0, -1.0))
    centre = np.hypot(true["y"] - 3.3, true["x"] - 0.7).argsort()[[0, 9, 14]].values
    gone = true["column"].values[centre]
    start = true.drop_sel(column=gone)[["y", "x", "sublattice"]]
    return image, tw.fit_columns(image, start, shape="shared"), true.sel(column=gone)


def test_missing_columns_are_found_and_appended(fitted):
    image, columns, missing = fitted
    grown = find_in_residual(image, columns)
    old = columns.sizes["column"]
    new = grown.isel(column=slice(old, None))
    scores = score_columns(new, missing, radius=0.07)
    assert scores.n_matched == 3
    # the gap has bent the neighbours, which may call for more until the next fit
    assert new.sizes["column"] <= 9
    kept = grown.isel(column=slice(0, old)).assign_attrs(columns.attrs)
    xr.testing.assert_identical(kept, columns)
    assert new["column"].values.min() >= columns.attrs["next_label"]
    assert (new["flags"] == 0).all()
    assert np.isnan(new["amplitude"]).all()
    assert (new["sublattice"] >= 0).all()


def test_nothing_is_added_to_a_good_fit():
    # shapes and background that the model can follow: what it cannot would be missed columns
    image, true = perovskite((128, 140), dose=200, vacancies=0.03, sigma_spread=0.0, background=0.3)
    columns = tw.fit_columns(image, true[["y", "x", "sublattice"]], shape="shared")
    assert find_in_residual(image, columns).sizes["column"] <= columns.sizes["column"]


def test_threshold_is_a_significance(fitted):
    image, columns, _ = fitted
    told = []
    few = find_in_residual(image, columns, threshold=1000, report=told.append)
    assert few.sizes["column"] == columns.sizes["column"]
    assert told[-1] == 1


def test_mistakes_get_a_sentence(fitted):
    image, columns, _ = fitted
    with pytest.raises(ValueError, match="threshold is a significance"):
        find_in_residual(image, columns, threshold=0)
    with pytest.raises(ValueError, match="Fit them first"):
        find_in_residual(image, columns[["y", "x"]])
