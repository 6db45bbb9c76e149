import numpy as np
import pytest
import traitlets
import xarray as xr

import temwidgets as tw
from temwidgets.conventions import quantity
from temwidgets.widgets.views.image_view import ImageView
from temwidgets.widgets.views.strain_map import StrainMap
from temwidgets.widgets.workspace import Workspace

NAME = "strain map"


@pytest.fixture
def strained(columns):
    rng = np.random.default_rng(4)
    for name, units in (("e_xx", "1"), ("e_yy", "1"), ("rotation", "deg")):
        columns[name] = quantity("column", rng.normal(0, 0.01, 30), units, name)
    return columns


def test_the_map_is_symmetric_and_in_per_cent(image, strained):
    view = StrainMap(image, strained)
    made = view.image_view.maps[NAME]
    assert made.title == "ε_xx (%)"
    assert made.limits[0] == -made.limits[1]
    assert made.colormap == "diverging"
    np.testing.assert_allclose(np.nanmax(np.abs(made.values)), 2, atol=1.5)
    view.limit = 0.5
    assert view.image_view.maps[NAME].limits == (-0.5, 0.5)
    assert view._limit.value == 0.5
    view.alpha = 0.3
    assert view.image_view.maps[NAME].alpha == 0.3
    with pytest.raises(traitlets.TraitError, match="positive number or None"):
        view.limit = 0.0


def test_controls_and_traits_follow_each_other(image, strained):
    view = StrainMap(image, strained, limit=0.5)
    view._component.value = "rotation"
    assert (view.component, view.limit) == ("rotation", None)
    assert view.image_view.maps[NAME].title == "rotation (deg)"
    assert view._unit.value == "deg"
    smooth = view.image_view.maps[NAME].values
    view.style = "columns"
    assert view._style.value == "columns"
    assert not view.image_view.maps[NAME].values.equals(smooth)
    view._limit.value = 0.1
    assert view.limit == 0.1


def test_the_selection_is_read_out(image, strained):
    view = StrainMap(image, strained)
    assert "selected" not in view._readout.value
    view.selection.select([10, 11, 12])
    assert "n = 3" in view._readout.value
    assert "%" in view._readout.value


def test_draws_over_a_view_that_is_there_and_follows(image, columns, strained):
    workspace = Workspace(image)
    own = ImageView(workspace)
    view = StrainMap(workspace, view=own)
    assert "no strain of columns yet" in view.message
    workspace.columns = strained
    assert NAME in own.maps
    view.component = "e_xy"
    assert NAME not in own.maps
    view.component = "e_yy"
    assert NAME in own.maps
    assert not own.show_markers
    view.selection.select([10, 11])
    assert own.show_markers
    view.selection.clear()
    view.active = False
    assert NAME not in own.maps
    assert own.show_markers
    view.active = True
    assert not own.show_markers
    view.close()
    assert own.show_markers


def test_all_components_are_saved_on_the_pixels_of_the_map(image, strained, tmp_path):
    strained["e_yy_std"] = quantity("column", np.full(30, 0.001), "1", "error of e_yy")
    view = StrainMap(image, strained, component="e_yy")
    made = view.dataset()
    assert list(made.data_vars) == ["e_yy", "e_yy_std", "e_xx", "rotation"]
    np.testing.assert_array_equal(made["e_yy"], view.image_view.maps[NAME].values)
    assert made["e_yy"].attrs["ancillary_variables"] == "e_yy_std"
    view.save_netcdf(tmp_path / "s.nc")
    xr.testing.assert_identical(tw.open_result(tmp_path / "s.nc"), made)
    view.save_csv(tmp_path / "s.csv")
    lines = (tmp_path / "s.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "# ε_yy (%)"
    assert lines[1] == "y (nm),x (nm),e_yy (%),e_yy_std (%),e_xx (%),rotation (deg)"
    assert len(lines) == 2 + int(np.isfinite(made["e_yy"]).sum())
    view.style = "columns"
    assert view.dataset().attrs["style"] == "columns"
    with pytest.raises(ValueError, match="no strain of columns to save yet"):
        StrainMap(Workspace(image)).dataset()
