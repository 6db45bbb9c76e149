import numpy as np
import pytest

import temwidgets as tw
from temwidgets.analysis.profile_parts import columns_between, profile_part, row_span
from temwidgets.conventions import quantity


@pytest.fixture
def rows():
    y, x = (v.ravel() for v in np.mgrid[5:6:0.2, -3:-1:0.2])
    columns = tw.make_columns(y, x, labels=range(10, 10 + y.size))
    values = y + np.tile([0.1, -0.1], y.size // 2)
    columns["value"] = quantity("column", values, "counts", "value")
    return columns, tw.profile(columns, "value", along=90.0)


def test_a_part_has_the_rows_of_the_whole(rows):
    columns, whole = rows
    part = profile_part(whole, columns, [10, 12, 14, 21, 999])
    np.testing.assert_allclose(part["mean"][:2], [5.1, 5.1])
    assert np.isnan(part["mean"][2:]).all()
    assert part["count"].values.tolist() == [3, 1, 0, 0, 0]
    np.testing.assert_allclose(part["mean_std"][0], 0, atol=1e-9)
    assert np.isnan(part["mean_std"][1])
    every = profile_part(whole, columns, columns["column"])
    np.testing.assert_allclose(every["mean_std"], whole["mean_std"])


def test_columns_of_the_rows_in_a_range(rows):
    columns, whole = rows
    assert columns_between(whole, columns, (5.1, 5.5)).tolist() == list(range(20, 40))
    span = row_span(whole, 5.24)
    np.testing.assert_allclose(span, (5.11, 5.29))
    assert columns_between(whole, columns, span).tolist() == list(range(20, 30))
    assert columns_between(whole, columns, row_span(whole, -9.0)).tolist() == list(range(10, 20))
    assert row_span(whole.isel(row=[]), 1.0) is None
