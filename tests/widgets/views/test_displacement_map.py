import numpy as np
import pytest
import traitlets

import temwidgets as tw
from temwidgets.widgets.selection import Selection
from temwidgets.widgets.views.displacement_map import DisplacementMap
from temwidgets.widgets.views.image_view import ImageView
from temwidgets.widgets.workspace import Workspace

NAME = "displacement map"


def test_arrows_are_drawn_over_the_image(image, displaced):
    view = DisplacementMap(image, displaced, scale=5)
    lines = view.image_view.lines[NAME]
    assert lines.heads
    assert lines.segments.shape == (30, 4)
    vector = displaced["displacement"].values[5]
    np.testing.assert_allclose(lines.segments[5, 2:] - lines.segments[5, :2], 5 * vector)
    assert "5× enlarged" in view._wheel.value
    view.scale = 8
    assert view._controls.scale.value == 8
    view._controls.automatic.click()
    assert view.scale is None
    assert view._controls.scale.value == view.arrows.attrs["scale"]
    with pytest.raises(traitlets.TraitError, match="positive number or None"):
        view.scale = -1.0


def test_a_selection_fades_the_other_arrows(image, displaced):
    selection = Selection()
    view = DisplacementMap(image, displaced, selection=selection)
    assert (view.image_view.lines[NAME].colours[:, 3] == 255).all()
    selection.select([15, 16])
    alpha = view.image_view.lines[NAME].colours[:, 3]
    assert alpha[[5, 6]].tolist() == [255, 255]
    assert (np.delete(alpha, [5, 6]) < 100).all()
    assert view.image_view.selection is selection


def test_sublattice_mean_and_controls(image, displaced):
    view = DisplacementMap(image, displaced)
    view._controls.of.value = 1
    assert view.of == 1
    assert np.isnan(view.image_view.lines[NAME].segments[::2]).all()
    view._controls.mean.value = True
    assert view.subtract_mean
    assert "Mean taken off: x" in view.message
    view._controls.of.value = ""
    assert view.of is None
    view.legend = False
    assert view._wheel.layout.display == "none"
    assert not view._controls.legend.value


def test_draws_over_a_view_that_is_there_and_takes_it_off_again(image, displaced):
    workspace = Workspace(image, displaced)
    own = ImageView(workspace)
    view = DisplacementMap(workspace, view=own)
    assert own not in view.children
    assert NAME in own.lines
    view.active = False
    assert NAME not in own.lines
    view.active = True
    assert NAME in own.lines
    view.close()
    assert NAME not in own.lines
    assert view._wheel not in own.stage.children


def test_follows_a_workspace(image, columns, displaced):
    workspace = Workspace(image)
    view = DisplacementMap(workspace)
    assert "no displacement of columns yet" in view.message
    workspace.columns = columns
    assert NAME not in view.image_view.lines
    workspace.columns = displaced
    assert NAME in view.image_view.lines
    workspace.columns = columns
    assert NAME not in view.image_view.lines
    assert view._wheel.layout.display == "none"


def test_wrong_arguments_are_told(image, displaced):
    with pytest.raises(TypeError, match="Did you mean 'scale'"):
        DisplacementMap(image, displaced, scales=3)
    with pytest.raises(TypeError, match="view is an ImageView"):
        DisplacementMap(image, view=3)
    with pytest.raises(TypeError, match="ImageView shows an image"):
        DisplacementMap(displaced)


def test_vectors_drawn_are_saved_on_the_pixels_of_a_map(image, displaced, tmp_path):
    view = DisplacementMap(image, displaced, of=1, subtract_mean=True)
    view.save_netcdf(tmp_path / "d.nc")
    made = tw.open_result(tmp_path / "d.nc")
    assert list(made.data_vars) == ["displacement_y", "displacement_x"]
    assert made.attrs["subtracted_mean_y_x"] == pytest.approx(view.arrows.attrs["mean"])
    drawn = displaced["displacement"].values[1::2] - view.arrows.attrs["mean"]
    for part, name in enumerate(("displacement_y", "displacement_x")):
        low, high = np.nanmin(drawn[:, part]), np.nanmax(drawn[:, part])
        values = made[name].values[np.isfinite(made[name].values)]
        assert low - 1e-6 <= values.min() <= values.max() <= high + 1e-6
    assert view.csv().splitlines()[1] == "y (nm),x (nm),displacement_y (nm),displacement_x (nm)"
    assert view.png().startswith(b"\x89PNG")
    with pytest.raises(ValueError, match="no displacement of columns to save yet"):
        DisplacementMap(Workspace(image)).csv()
