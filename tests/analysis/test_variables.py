import numpy as np
import pytest

import temwidgets as tw
from temwidgets.analysis.variables import numeric_variable
from temwidgets.conventions import flag_variable


@pytest.fixture
def columns(make_crystal):
    columns, lattice = make_crystal()
    found = tw.displacements(columns, lattice)
    found["flags"] = flag_variable(np.zeros(240))
    found["word"] = ("column", np.array(["a"] * 240))
    return found


def test_components_are_read_like_variables(columns):
    for axis, name in enumerate("yx"):
        value = numeric_variable(columns, f"displacement_{name}")
        np.testing.assert_array_equal(value, columns.displacement.values[:, axis])
        error = numeric_variable(columns, f"displacement_{name}_std")
        np.testing.assert_array_equal(error, columns.displacement_std.values[:, axis])


def test_everything_that_can_be_plotted_is_listed_errors_last(columns):
    listed = tw.numeric_variables(columns)
    names = [v.name for v in listed]
    for name in names:
        assert numeric_variable(columns, name).shape == (240,)
    assert {"displacement_y", "displacement_x_std", "displacement_direction", "n_a"} < set(names)
    assert not {"displacement", "flags", "word"} & set(names)
    first = next(k for k, name in enumerate(names) if name.endswith("_std"))
    assert all(name.endswith("_std") for name in names[first:])
    info = next(v for v in listed if v.name == "displacement_y")
    assert info.units == "nm"
    assert info.long_name == "displacement from the ideal lattice site, y"
    bare = tw.numeric_variables(columns, errors=False)
    assert [v.name for v in bare] == names[:first]


def test_infinite_values_are_nan(columns):
    columns["odd"] = ("column", np.where(np.arange(240) < 2, np.inf, 1.0))
    assert np.isnan(numeric_variable(columns, "odd")[:2]).all()


def test_what_is_no_number_per_column_is_refused(columns):
    with pytest.raises(ValueError, match="'displacement' is not one number per column"):
        numeric_variable(columns, "displacement")
    with pytest.raises(ValueError, match="'word' is not one number"):
        numeric_variable(columns, "word")
    with pytest.raises(ValueError, match="no displacement_z"):
        numeric_variable(columns, "displacement_z")
    with pytest.raises(TypeError, match="Columns are an xarray Dataset"):
        numeric_variable(np.zeros(3), "y")
    with pytest.raises(TypeError, match="Columns are an xarray Dataset"):
        tw.numeric_variables(None)
