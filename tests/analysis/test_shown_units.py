import numpy as np
import pytest
import xarray as xr

import temwidgets as tw
from temwidgets.analysis.shown_units import in_shown_unit, percent_factor, shown_unit
from temwidgets.conventions import quantity


@pytest.mark.parametrize(
    ("variable", "units", "factor"),
    [
        ("e_xx", "1", 100.0),
        ("e_xy_std", "1", 100.0),
        ("dilatation_modulation", "", 100.0),
        ("rotation", "deg", 1.0),
        ("e_xx", "%", 1.0),
        ("e_xx_z", "1", 1.0),
        ("intensity", "1", 1.0),
    ],
)
def test_strains_alone_are_in_per_cent(variable, units, factor):
    assert percent_factor(variable, units) == factor


def test_unit_name_and_factor_of_a_variable():
    columns = tw.make_columns(np.arange(3.0), np.arange(3.0))
    columns["e_yy"] = quantity("column", np.full(3, 0.01), "1", "strain e_yy")
    columns["rotation"] = quantity("column", np.full(3, 0.5), "deg", "rotation")
    assert shown_unit(columns, "e_yy") == ("%", "strain e_yy", 100.0)
    assert shown_unit(columns, "rotation") == ("deg", "rotation", 1.0)
    with pytest.raises(ValueError, match="brightness"):
        shown_unit(columns, "brightness")


def test_results_of_analyses_are_shown_alike():
    table = xr.Dataset(
        {
            "mean": quantity("row", [0.01, -0.02], "1", "mean e_xx", ancillary_variables="x"),
            "count": quantity("row", [3, 4], "1", "columns"),
        }
    )
    shown = in_shown_unit(table, "e_xx", "mean", "sd")
    np.testing.assert_allclose(shown["mean"], [1, -2])
    assert shown["mean"].attrs == {**table["mean"].attrs, "units": "%"}
    xr.testing.assert_identical(shown["count"], table["count"])
    xr.testing.assert_identical(in_shown_unit(table, "intensity", "mean"), table)
    xr.testing.assert_identical(in_shown_unit(shown, "e_xx", "mean"), shown)
