import io

import numpy as np
import pandas as pd
import pytest
import traitlets
from PIL import Image

import temwidgets as tw
from temwidgets.conventions import quantity
from temwidgets.widgets.selection import Selection
from temwidgets.widgets.views.histogram import Histogram
from temwidgets.widgets.views.image_view import ImageView
from temwidgets.widgets.views.map_view import MapView
from temwidgets.widgets.workspace import Workspace

GRID = {"sampling": (0.02, 0.03), "origin": (3.0, -1.0)}
MAP = "map"


@pytest.fixture(scope="module")
def crystal():
    """A strained crystal and its local spacing, with errors."""
    image, maps = tw.synthetic.strained_crystal((61, 84), **GRID)
    for name in ("d_spacing", "e_xx"):
        like = maps[name]
        std = np.full(like.shape, 1e-4, np.float32)
        maps[f"{name}_std"] = quantity(like.dims, std, like.attrs["units"], "standard error")
    return image, maps


@pytest.fixture(scope="module")
def strain(crystal):
    """The same as geometric phase: e_xx relative to a region where it is 1 %."""
    maps = crystal[1]
    kept = maps[["e_xx", "e_yy", "e_xy", "rotation", "mask", "g"]]
    phase = quantity(("reflection", "y", "x"), maps["angle"].values / 90 * np.pi, "rad", "phase")
    return kept.assign(e_xx=maps["e_xx"] - 0.01, phase=phase).assign_attrs(axis_angle=0.0)


@pytest.fixture
def workspace(crystal):
    workspace = Workspace(crystal[0])
    workspace.local_spacing = crystal[1]
    return workspace


@pytest.fixture
def view(workspace):
    return MapView(workspace)


def shown(view):
    return view.image_view.maps.get(MAP)


def test_the_d_spacing_of_the_first_reflection_is_shown_with_unit_and_scale(view, crystal):
    made = shown(view)
    d = crystal[1]["d_spacing"].isel(reflection=0)
    np.testing.assert_array_equal(made.values, d)
    assert (made.title, made.colormap, made.alpha) == ("d-spacing (nm)", "viridis", 0.75)
    low, high = made.limits
    assert float(d.quantile(0.01)) >= low
    assert float(d.quantile(0.99)) <= high
    assert view._controls.low.value == low
    assert view._controls.unit.value == "nm"
    assert "absolute" in view.message


def test_maps_say_what_their_strain_is_relative_to():
    image, _ = tw.synthetic.strained_crystal((128, 150), seed=2)
    y, x = (image[name].values for name in "yx")
    region = (y[20], y[60], x[20], x[60])
    for reference, said in ((None, "the mean of the crystal"), (region, "the reference region")):
        maps = tw.local_spacing(image, reference=reference)
        assert f"strain is relative to {said}" in MapView(image, maps).message
    none = maps.drop_vars([name for name in maps if str(name).startswith("e_")])
    assert MapView(image, none).message.endswith("as far as the image is calibrated.")


def test_reflections_are_chosen_by_spacing_and_direction(view, crystal):
    names = [name for name, _ in view._controls.reflection.options]
    assert len(names) == 3
    assert names[0] == "d = 0.2400 nm, 66.7°"
    assert names[1].startswith("d = 0.2400 nm, \N{MINUS SIGN}")
    view._controls.reflection.value = 2
    assert view.reflection == 2
    np.testing.assert_array_equal(shown(view).values, crystal[1]["d_spacing"].sel(reflection=2))
    view.reflection = 99  # one that is gone
    assert view.data.label == 0
    view.quantity = "e_xx"
    assert view._controls.reflection.layout.display == "none"


@pytest.mark.parametrize(
    ("name", "title", "colours"),
    [
        ("angle", "direction of g (°)", "viridis"),
        ("amplitude", "fringe amplitude (counts)", "viridis"),
        ("e_xy", "ε_xy (%)", "diverging"),
        ("rotation", "rotation (°)", "diverging"),
    ],
)
def test_each_quantity_has_its_unit_and_colours(view, name, title, colours):
    view._controls.quantity.value = name
    made = shown(view)
    assert (made.title, made.colormap) == (title, colours)
    assert made.limits[0] < made.limits[1]
    assert (made.limits[0] == -made.limits[1]) == (colours == "diverging")
    assert view.histogram._axes[0].label == title


def test_the_standard_error_is_shown_instead(view):
    view._controls.error.value = True
    assert shown(view).title == "error of d-spacing (nm)"
    assert shown(view).limits[0] == 0.0
    assert view.data.errors is None
    view.quantity = "e_yy"
    assert view._controls.error.disabled
    assert shown(view).title == "ε_yy (%)"


def test_colours_limits_and_opacity_by_trait_and_control(view):
    view._controls.low.value, view._controls.high.value = 0.19, 0.25
    assert shown(view).limits == view.limits == (0.19, 0.25)
    view.colormap = "magma"
    view.alpha = 0.4
    assert (shown(view).colormap, shown(view).alpha) == ("magma", 0.4)
    assert view._controls.colormap.value == "magma"
    view._controls.auto.click()
    assert view.limits is None
    assert shown(view).limits != (0.19, 0.25)
    view.limits = (0.19, 0.25)
    view.quantity = "e_xx"
    assert view.limits is None
    view._controls.colormap.value = ""
    assert (view.colormap, shown(view).colormap) == (None, "diverging")
    with pytest.raises(traitlets.TraitError, match="limits is None or"):
        view.limits = (1, np.nan)


def test_pixels_off_the_crystal_are_left_out_or_not(view, crystal):
    mask = crystal[1]["mask"].values
    assert not np.isfinite(shown(view).values.values[~mask]).any()
    whole = crystal[1].assign(amplitude=crystal[1]["amplitude"].fillna(3.0))
    view.workspace.local_spacing = whole
    view.quantity = "amplitude"
    assert np.isnan(shown(view).values.values[~mask]).all()
    view._controls.masked.value = False
    assert (shown(view).values.values[~mask] == 3.0).all()


def test_brushing_the_histogram_lights_pixels_and_selects_columns(crystal):
    image, maps = crystal
    inside = np.argwhere(maps["mask"].values)[::7]
    columns = tw.make_columns(
        image["y"].values[inside[:, 0]], image["x"].values[inside[:, 1]] + 0.01
    )
    outside = tw.make_columns([3.0], [9.0])
    workspace = Workspace(image, columns)
    workspace.local_spacing = maps
    view = MapView(workspace)
    other = Histogram(workspace, "x")
    d = maps["d_spacing"].values[0]
    low, high = np.nanpercentile(d, (30, 60))
    view.histogram._brusher.selected = np.array([low, high])
    assert view.brush == (low, high)
    assert shown(view).lit == (low, high)
    at = d[inside[:, 0], inside[:, 1]]
    expected = columns["column"].values[(at >= low) & (at < high)]
    np.testing.assert_array_equal(workspace.selection.labels, expected)
    assert workspace.selection.rule == f"{low:.6g} <= d_spacing < {high:.6g} nm"
    chosen = (d >= low) & (d < high)
    assert f"{chosen.sum():,} px" in view.plots.words.value
    assert "selected" in other._readout.value
    other.brush = (-1.0, 0.0)
    assert view.brush is None
    assert shown(view).lit is None
    assert view.histogram._brusher.selected is None
    assert len(workspace.selection) > 0  # that of the other view
    view.brush = (low, high)
    assert other.brush is None
    view._controls.clear.click()
    assert len(workspace.selection) == 0
    workspace.columns = outside
    view.brush = (low, high)
    assert len(workspace.selection) == 0


def test_two_views_of_one_workspace_brush_apart(workspace):
    first, second = MapView(workspace), MapView(workspace, quantity="e_xx")
    first.brush = (0.19, 0.24)
    assert second.brush is None
    assert shown(second).lit is None
    assert first.selection is second.selection
    third = MapView(workspace, selection=Selection())
    assert third.selection is not first.selection


def test_another_quantity_drops_the_brush_and_another_map_keeps_it(view, crystal):
    view.brush = (0.235, 0.24)
    part = view.histogram._part
    assert part.visible
    view.workspace.local_spacing = crystal[1].assign(d_spacing=crystal[1]["d_spacing"] + 0.001)
    assert view.brush == shown(view).lit == (0.235, 0.24)
    assert part.x[0] >= 0.235
    view._controls.from_.value = 0.237
    assert view.brush == (0.237, 0.24)
    view.quantity = "rotation"
    assert view.brush is None
    assert not part.visible
    assert view._controls.until.value == pytest.approx(view.histogram.edges[-1], rel=1e-3)


def test_the_histogram_counts_the_pixels(view, crystal):
    view.histogram.bins = 25
    d = crystal[1]["d_spacing"].values[0]
    heights = view.histogram._heights[0]
    assert heights.size == 25
    low, high = view.histogram.edges[[0, -1]]
    assert heights.sum() == ((d >= low) & (d <= high)).sum()
    table = pd.read_csv(io.StringIO(view.histogram.csv()), comment="#")
    np.testing.assert_array_equal(table["all"], heights)
    view.brush = (0.235, 0.24)
    plot = view.histogram.plot()
    assert plot.x.label == "d-spacing (nm)"
    assert plot.legend["entries"][0]["label"] == "selected"
    assert view.histogram.png(width=60, dpi=100)[:4] == b"\x89PNG"


def test_regions_have_their_own_histogram_and_statistics(view, crystal):
    mask = crystal[1]["mask"]
    label = mask.astype(np.int32) - 1
    label[:, 42:] = np.where(mask[:, 42:], 5, -1)
    domains = label.rename("label").to_dataset().assign_coords(domain=[0, 5])
    assert view._controls.regions.layout.display == "none"
    view.workspace.domains = domains
    assert view._controls.regions.layout.display == ""
    view._controls.regions.value = True
    assert [name for name, _, _ in view.histogram.groups] == ["domain 0", "domain 5"]
    d = crystal[1]["d_spacing"].values[0]
    right = d[:, 42:][mask.values[:, 42:]]
    assert f"{right.size:,} px" in view.plots.words.value
    assert view.histogram._heights.shape[0] == 2
    view.brush = (0.235, 0.24)
    assert len(view.histogram.plot().legend["entries"]) == 3
    view.regions = False
    assert [name for name, _, _ in view.histogram.groups] == ["all"]


def test_a_product_that_is_just_measured_is_turned_to(crystal, strain):
    workspace = Workspace(crystal[0])
    view = MapView(workspace)
    assert "no map yet" in view.message
    assert shown(view) is None
    assert view.histogram not in view.plots.children  # bqplot cannot draw where it is hidden
    with pytest.raises(ValueError, match="no map yet"):
        view.csv()
    with pytest.raises(ValueError, match="no map to print"):
        view.histogram.plot()
    workspace.strain = strain
    assert (view.quantity, view.data.source) == ("e_xx", "strain")
    assert view.histogram in view.plots.children
    assert "relative to the reference region" in view.message
    workspace.local_spacing = crystal[1]
    assert view.data.source == "strain"
    assert [name for name, _ in view._controls.product.options] == [
        "local spacing", "geometric phase",
    ]  # fmt: skip
    view._controls.product.value = "local_spacing"
    np.testing.assert_allclose(shown(view).values, 100 * crystal[1]["e_xx"], rtol=1e-5)
    view.product = "strain"
    np.testing.assert_allclose(shown(view).values, 100 * strain["e_xx"], rtol=1e-5)
    view.quantity = "phase"
    assert (shown(view).colormap, shown(view).smooth) == ("cyclic", False)
    assert shown(view).title == "geometric phase (rad)"
    workspace.undo()
    workspace.undo()
    assert shown(view) is None


def test_what_is_not_there_is_stood_in_for(crystal, strain):
    view = MapView(crystal[0], strain, quantity="d_spacing")
    assert view.data.quantity == "phase"
    assert view.message.startswith("There is no d-spacing yet.")
    no_crystal = crystal[1].isel(reflection=[])
    view = MapView(crystal[0], no_crystal)
    assert "No crystal found" in view.message
    assert shown(view) is None


def test_a_preview_stands_in_for_the_product(view, crystal):
    coarse = crystal[1].isel(y=slice(None, None, 3), x=slice(None, None, 3))
    view.workspace.preview.maps = coarse + 0.0
    view.workspace.preview.maps = coarse
    assert shown(view).values.shape == (21, 28)
    view.workspace.preview.clear()
    assert shown(view).values.shape == (61, 84)


def test_large_maps_are_thinned_for_the_screen_but_not_in_the_numbers(crystal):
    size = (1100, 1300)
    image = tw.make_image(np.zeros(size, np.uint8), sampling=0.1)
    values = np.resize(np.float32([0.2, 0.3, 0.25]), (1, *size))
    d = quantity(("reflection", "y", "x"), values, "nm", "d-spacing")
    places = {"y": image["y"], "x": image["x"], "reflection": [0]}
    maps = crystal[1].isel(reflection=[0])[["g"]].drop_vars("reflection").assign(d_spacing=d)
    view = MapView(image, maps.assign_coords(places))
    assert shown(view).values.shape == (550, 650)
    assert "1,430,000 px" in view.plots.words.value


def test_blocks_are_averaged_with_their_errors(view, crystal):
    view._controls.blocks.value = 5
    made = shown(view)
    assert made.values.shape == (12, 16)
    assert not made.smooth
    whole = crystal[1]["d_spacing"].values[0, 30:35, 40:45]
    assert float(made.values[6, 8]) == pytest.approx(whole.mean())
    assert float(view.data.errors[6, 8]) == pytest.approx(1e-4 / 5)
    assert view.csv().splitlines()[1] == "y (nm),x (nm),d_spacing (nm),d_spacing_std (nm)"
    view.blocks = 900
    assert "Blocks of 900 px leave fewer than two" in view.message
    view.blocks = 0
    assert "absolute" in view.message
    assert shown(view).values.shape == (61, 84)


def test_files_hold_the_map_with_units_and_errors(view, crystal, tmp_path):
    maps = crystal[1]
    view.save_csv(tmp_path / "d.csv")
    text = (tmp_path / "d.csv").read_text()
    assert text.splitlines()[0] == "# d-spacing (nm)"
    table = pd.read_csv(io.StringIO(text), comment="#")
    assert list(table) == ["y (nm)", "x (nm)", "d_spacing (nm)", "d_spacing_std (nm)"]
    assert len(table) == int(maps["mask"].sum())
    view.save_netcdf(tmp_path / "d.nc")
    again = tw.open_result(tmp_path / "d.nc")
    np.testing.assert_array_equal(again["d_spacing"], maps["d_spacing"].isel(reflection=0))
    assert again["d_spacing"].attrs["units"] == "nm"
    assert again["d_spacing"].attrs["ancillary_variables"] == "d_spacing_std"
    assert view.netcdf()[1:4] == b"HDF"
    view.save_png(tmp_path / "d.png")
    assert np.asarray(Image.open(tmp_path / "d.png")).shape[1] == 1600
    assert b"d-spacing (nm)" in view.svg()
    assert view.png()[:4] == b"\x89PNG"


def test_draws_over_a_view_that_is_there_and_leaves_it_clean(crystal, workspace):
    own = ImageView(workspace)
    view = MapView(workspace, view=own)
    assert MAP in own.maps
    view.active = False
    assert MAP not in own.maps
    view.quantity = "e_xx"
    assert MAP not in own.maps
    view.active = True
    assert own.maps[MAP].title == "ε_xx (%)"
    view.close()
    assert MAP not in own.maps
    workspace.local_spacing = None
    assert MAP not in own.maps


def test_wrong_arguments_are_explained(crystal):
    with pytest.raises(TypeError, match="no option 'quantitiy'"):
        MapView(crystal[0], quantitiy="e_xx")
    with pytest.raises(TypeError, match=r"Maps from temwidgets\.local_spacing"):
        MapView(crystal[0], crystal[0])
    with pytest.raises(TypeError, match="ImageView shows an image"):
        MapView(3)
    with pytest.raises(traitlets.TraitError, match="quantity"):
        MapView(crystal[0], quantity="strain")


def test_uncalibrated_maps_are_in_pixels():
    image, maps = tw.synthetic.strained_crystal((61, 84))
    image = tw.make_image(image.values)
    maps = maps.assign_coords(y=image["y"], x=image["x"])
    maps["d_spacing"].attrs["units"] = "px"
    maps["g"].attrs["units"] = "1/px"
    view = MapView(image, maps)
    assert shown(view).title == "d-spacing (px)"
    assert "²" not in view.plots.words.value
    assert view._controls.reflection.options[0][0].startswith("d = ")
    assert " px, " in view._controls.reflection.options[0][0]
