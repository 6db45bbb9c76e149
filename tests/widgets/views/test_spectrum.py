import numpy as np
import pytest
import traitlets

import temwidgets as tw
from temwidgets.analysis.fourier.reflection_editing import add_reflections
from temwidgets.widgets import ImageView, ReflectionTable, SpectrumView, Workspace

G = np.array([[1.1, 3.9], [-3.4, 2.2]])
"""Fringes of the image, cycles per nm (y, x)."""


def fringes(shape=(120, 150), sampling=(0.05, 0.04), seed=3):
    rng = np.random.default_rng(seed)
    image = tw.make_image(rng.normal(100, 1, shape), sampling=sampling, origin=(7.0, -3.0))
    for gy, gx in G:
        image = image + 3 * np.cos(2 * np.pi * (gy * image.y + gx * image.x))
    return image.transpose("y", "x").assign_attrs(units="counts", long_name="image")


@pytest.fixture(scope="module")
def image():
    return fringes()


@pytest.fixture
def view(image):
    return SpectrumView(image)


@pytest.fixture
def filled(image):
    workspace = Workspace(image)
    workspace.reflections = add_reflections(image, G)
    return SpectrumView(workspace)


def hear(view, content, *buffers):
    view.stage.layer._handle_custom_msg(content, list(buffers))


def drag(image_view, name, y, x, final=False):
    image_view.stage.layer._handle_custom_msg(
        {"type": "handle", "name": f"FFT region {name}", "y": y, "x": x, "final": final}, []
    )


def at(view, place):
    """Value shown at a place (ky, kx)."""
    return float(view.spectrum.sel(ky=place[0], kx=place[1], method="nearest"))


def test_shows_the_whole_image_first(view, image):
    assert view.spectrum.identical(tw.power_spectrum(image))
    assert view.figure.axes[0].label == "k_x (1/nm)"
    assert view.figure.axes[1].label == "k_y (1/nm)"
    assert view.stage.units == "1/nm"
    assert view.stage.layer.reciprocal
    assert "Power spectrum, 120 by 150 bins" in view.stage.layer.label
    assert view.image_view.product("image") is image
    assert at(view, G[0]) > float(view.spectrum.median()) + 1.5


def test_an_uncalibrated_image_has_cycles_per_pixel():
    view = SpectrumView(tw.make_image(np.random.default_rng(0).normal(size=(31, 45))))
    assert view.figure.axes[0].label == "k_x (1/px)"
    assert view.spectrum.shape == (31, 45)


def test_region_window_and_average_from_python(view, image):
    view.region = (8.0, 11.0, -2.5, 1.0)
    view.window = "gaussian"
    expected = tw.power_spectrum(image, region=(8.0, 11.0, -2.5, 1.0), window="gaussian")
    assert view.spectrum.identical(expected)
    view.average = 2
    assert view.spectrum.attrs["average"] == 2
    assert view.controls.window.value == "gaussian"
    assert [f.value for f in view.controls.edges] == [8.0, 11.0, -2.5, 1.0]
    view.region = None
    assert view.image_view.handles == {}
    assert view.image_view.lines == {}


def test_a_polygon_is_transformed_and_its_corners_have_handles(view, image):
    corners = ((8.0, -2.5), (8.2, 1.5), (12.0, -0.5))
    view.region = corners
    assert view.spectrum.attrs["region_kind"] == "polygon"
    assert view.image_view.handles["FFT region corner 2"] == (12.0, -0.5)
    drag(view.image_view, "corner 2", 12.5, -0.6, final=True)
    assert view.region == (*corners[:2], (12.5, -0.6))
    drag(view.image_view, "centre", 9.0, -0.5, final=True)
    assert np.mean(view.region, axis=0) == pytest.approx([9.0, -0.5])
    assert all(field.disabled for field in view.controls.edges)


def test_the_region_is_dragged_and_stays_on_the_image(view, image):
    view.region = (8.0, 10.0, -2.0, 0.0)
    shown = view.image_view
    drag(shown, "centre", 9.5, -0.5)
    assert view.drawing.moving
    assert view.region == pytest.approx((8.5, 10.5, -1.5, 0.5))
    assert view.following.preview.wait(10)
    drag(shown, "centre", 9.5, -0.4, final=True)
    assert not view.drawing.moving
    assert view.spectrum.identical(tw.power_spectrum(image, region=view.region))
    drag(shown, "centre", 0.0, -50.0, final=True)
    left, top = -3.02, 6.975
    assert view.region == pytest.approx((top, top + 2, left, left + 2))
    assert shown.handles["FFT region centre"] == pytest.approx((top + 1, left + 1))


def test_a_corner_passes_the_opposite_one(view):
    view.region = (8.0, 10.0, -2.0, 0.0)
    drag(view.image_view, "corner 0", 11.0, -1.0)
    assert view.region == pytest.approx((10.0, 11.0, -1.0, 0.0))
    drag(view.image_view, "corner 0", 11.5, 1.0, final=True)
    assert view.region == pytest.approx((10.0, 11.5, 0.0, 1.0))


def test_the_spectrum_follows_a_drag(view, image):
    view.region = (8.0, 10.0, -2.0, 0.0)
    seen = []
    view.observe(lambda change: seen.append(change["new"]), "spectrum")
    drag(view.image_view, "centre", 9.5, -0.5)
    assert view.following.preview.wait(10)
    assert seen[-1].identical(tw.power_spectrum(image, region=view.region))


def test_squares_of_pixels(view):
    assert [value for _, value in view.controls.size.options] == ["all", 64]
    view.controls.size.value = 64
    assert view.spectrum.shape == (64, 64)
    assert view.region[0] == pytest.approx(7.0 + 28 * 0.05)
    view.controls.edges[3].value = 2.0
    assert view.region[3] == 2.0
    assert view.controls.size.value == "drawn"
    view.controls.size.value = "all"
    assert view.region is None


def test_a_region_too_small_is_told_and_the_last_spectrum_stays(view):
    before = view.spectrum
    view.region = (8.0, 8.1, -2.0, 0.0)
    assert "a spectrum needs 8 x 8" in view.message
    assert view.spectrum is before
    view.region = (8.0, 10.0, -2.0, 0.0)
    assert view.message == ""


def test_a_click_on_a_spot_measures_and_adds_it(view):
    hear(view, {"type": "click", "label": None, "y": G[0, 0] + 0.1, "x": G[0, 1] - 0.1})
    assert view.chosen == (0,)
    found = view.reflections.sel(reflection=0)
    assert float(found["d_spacing"]) == pytest.approx(1 / np.hypot(*G[0]), rel=1e-3)
    assert "reflection 0</b>d 0.2467" in view.words.value
    assert "±" in view.words.value
    hear(view, {"type": "click", "label": None, "y": -G[0, 0], "x": -G[0, 1]})
    assert view.labels_known == (0,)
    view.add_reflection(*G[1])
    assert view.chosen == (1,)
    assert view.workspace.script().count("add_reflections(image") == 2


def test_a_click_on_noise_adds_nothing(view):
    hear(view, {"type": "click", "label": None, "y": -9.0, "x": 9.3})
    assert view.labels_known == ()
    assert "No peak stands out of the noise there" in view.message
    assert view.workspace.history == ()


def test_two_chosen_tell_their_angle_and_ratio(filled):
    filled.chosen = (1, 0)
    assert filled.chosen == (0, 1)
    turn = np.rad2deg(np.subtract(*np.arctan2(*G.T)))
    assert f"</b>{abs(turn):.1f}" in filled.words.value
    assert "d ratio" in filled.words.value


def test_a_ring_is_dragged_with_its_mate_and_snaps(filled):
    before = filled.reflections
    g = before["g"].values[0]
    seen = []
    filled.workspace.preview.observe(lambda c: seen.append(c["new"]), "reflections")
    hear(filled, {"type": "moving", "label": 0, "y": g[0] + 0.5, "x": g[1]})
    assert filled.dragged == "reflection 0"
    assert filled.reflections["g"].values[0] == pytest.approx([g[0] + 0.5, g[1]])
    assert np.isnan(filled.reflections["g_std"].values[0]).all()
    assert filled.workspace.reflections is before
    hear(filled, {"type": "move", "label": 0, "y": g[0] + 0.15, "x": g[1]})
    assert filled.dragged == ""
    assert seen[0] is not None
    assert seen[-1] is None
    assert filled.reflections["g"].values[0] == pytest.approx(g, abs=1e-6)
    assert [step.name for step in filled.workspace.history if step.target] == ["move_reflection"]
    filled.snap = False
    filled.move_reflection(1, 1.0, 2.0)
    assert filled.reflections["g"].sel(reflection=1).values.tolist() == [1.0, 2.0]
    filled.undo()
    assert filled.reflections["g"].sel(reflection=1).values == pytest.approx(
        before["g"].sel(reflection=1).values
    )


def test_a_move_that_fails_puts_the_ring_back(filled):
    before = filled.reflections
    hear(filled, {"type": "moving", "label": 0, "y": 9.0, "x": 9.0})
    hear(filled, {"type": "move", "label": 0, "y": 90.0, "x": 9.0})
    assert "outside the spectrum" in filled.message
    assert filled.reflections is before
    assert filled.dragged == ""


def test_rings_are_chosen_by_mouse_on_either_side(filled):
    count = len(filled.labels_known)
    for half in (0, 1):
        filled.chosen = ()
        mask = np.zeros((2, count), np.uint8)
        mask[half, 1] = 1
        hear(filled, {"type": "select", "tool": "click", "mode": "replace"}, mask.tobytes())
        assert filled.chosen == (1,)
    mask = np.zeros((2, count), np.uint8)
    mask[:, 1] = 1
    mask[0, 0] = 1
    hear(filled, {"type": "select", "tool": "click", "mode": "add"}, mask.tobytes())
    assert filled.chosen == (0, 1)
    mask[0, 0], mask[1, 1] = 1, 0
    mask[1, 0] = 1
    hear(filled, {"type": "select", "tool": "click", "mode": "add"}, mask.tobytes())
    assert filled.chosen == (0,)
    states = np.frombuffer(filled.stage.layer.states, np.uint8).reshape(2, -1)
    assert (states[:, 0] & 1).all()
    assert not (states[:, 1:] & 1).any()
    hear(filled, {"type": "select", "tool": "click", "mode": "replace"}, b"\x00")
    assert filled.chosen == (0,)


def test_views_of_a_workspace_are_linked(image):
    workspace = Workspace(image)
    workspace.reflections = add_reflections(image, G)
    shown = ImageView(workspace)
    first, second = SpectrumView(workspace, view=shown), SpectrumView(workspace, view=shown)
    table = ReflectionTable(workspace)
    first.chosen = (1,)
    assert second.chosen == table.chosen == workspace.chosen_reflections == (1,)
    table.chosen = (0,)
    assert first.chosen == (0,)
    first.region = (8.0, 10.0, -2.0, 0.0)
    first.k_range = (4.0, 1.0)
    first.rings = [0.3]
    assert second.region == first.region
    assert second.k_range == (1.0, 4.0)
    assert second.rings == [0.3]
    third = SpectrumView(workspace, view=shown, linked=False, region=(9.0, 11.0, -1.0, 1.0))
    assert first.region[0] == 8.0
    assert third.chosen == (0,)
    second.close()
    first.region = None
    assert second.region is not None


def test_unknown_reflections_are_refused(filled):
    with pytest.raises(traitlets.TraitError, match="There is no reflection 77; there are 0, 1"):
        filled.chosen = (77,)
    filled.chosen = (1,)
    filled.workspace.reflections = filled.reflections.isel(reflection=[0])
    assert filled.chosen == ()


def test_circles_of_phases_and_range(view):
    view.rings = {"A": [0.25, 0.2], "B": [0.22]}
    assert len(view.lines["phase rings"].segments) == 3 * 180
    ends = view.lines["phase rings"].segments[0]
    assert np.hypot(*ends[:2]) == pytest.approx(4.0)
    assert [w.text for w in view.stage.words["rings"]] == ["A 0.25 nm", "A 0.2 nm", "B 0.22 nm"]
    view.rings = [0.25]
    assert view.stage.words["rings"][0].text == "0.25 nm"
    view.k_range = (2.0, 5.0)
    radii = np.unique(np.hypot(*view.lines["range of k"].segments[:, :2].T).round(6))
    assert radii.tolist() == [2.0, 5.0]
    view.rings = view.k_range = None
    assert view.lines == {}
    view.rings = "Fe"
    assert "Rings are a list of d-spacings" in view.message


def test_a_mask_darkens_what_it_blocks(view):
    k = np.hypot(view.spectrum["ky"], view.spectrum["kx"])
    view.mask = (k < 3).astype(float)
    assert np.isnan(view.maps["mask"].values.sel(y=0, x=0, method="nearest"))
    assert float(view.maps["mask"].values.sel(y=5, x=5, method="nearest")) == 0
    view.mask = None
    assert view.maps == {}


def test_profile_is_brushed(view, filled):
    assert view.place.children == ()
    filled.profile = True
    assert filled.place.children == (filled.plot,)
    assert len(filled.plot._ticks.x) == len(filled.labels_known)
    filled.plot.brush.selected = np.array([2.0, 6.0])
    assert filled.k_range == (2.0, 6.0)
    assert "range of k" in filled.lines
    filled.k_range = (1.0, 3.0)
    assert filled.plot.brush.selected.tolist() == [1.0, 3.0]
    filled.plot.brush.selected = None
    assert filled.k_range is None
    assert filled.plot._axis.label == "k (1/nm)"


def test_words_find_room_when_zoomed(filled):
    assert filled.stage.words["reflections"][0].text.endswith(" nm")
    close = filled.reflections.isel(reflection=[0, 0, 0]).assign_coords(reflection=[0, 1, 2])
    close["g"] = close["g"].copy(data=[[1.0, 3.9], [1.02, 3.9], [1.04, 3.9]])
    filled.workspace.reflections = close
    assert len(filled.stage._words["reflections"].text) == 1
    filled.zoom_to((3.7, 4.1), (0.9, 1.1))
    assert len(filled.stage._words["reflections"].text) == 3
    filled.labels = False
    assert len(filled.stage._words["reflections"].text) == 0


def test_colours_tell_families_or_values(filled):
    layer = filled.stage.layer
    assert layer.marker_mode == "category"
    assert layer.legend["title"] == "Family"
    filled.color_by = "probability"
    assert layer.marker_mode == "value"
    filled.settings.color_by.value = ""
    assert filled.color_by is None
    assert layer.marker_mode == "plain"
    filled.settings.color_by.value = "lattice"
    assert filled.color_by == "lattice"
    with pytest.raises(traitlets.TraitError):
        filled.color_by = "colour"


def test_contrast_and_zoom(view):
    view.gamma, view.percentiles = 0.5, (50, 99)
    assert view.stage.layer.gamma == 0.5
    assert view.stage.layer.percentiles == (50, 99)
    view.cmap = "inferno"
    view.kx_range = (-5, 5)
    assert view.stage.ranges[0] == (-5, 5)
    view.home()
    assert view.kx_range[1] == pytest.approx(12.5, abs=0.2)
    view.toolbar.near.click()
    assert view.kx_range[1] < 12
    zoomed = view.kx_range
    view.region = (8.0, 11.0, -2.5, 1.0)
    assert view.kx_range == zoomed


def test_another_image_is_shown_as_far_as_there_is_something(view):
    view.region = (8.0, 12.5, -2.5, 2.0)
    view.workspace.image = view.workspace.image.isel(y=slice(0, 50))
    assert view.region is None
    assert view.spectrum.sizes["ky"] == 50
    view.workspace.image = fringes(sampling=(0.02, 0.02))
    assert view.spectrum.sizes["ky"] == 120
    assert view.stage.extent[0][1] == pytest.approx(25, abs=0.3)


def test_frames_of_a_stack(image):
    stack = tw.make_image(np.stack([image.values, image.values[::-1]]), sampling=(0.05, 0.04))
    view = SpectrumView(stack)
    first = view.spectrum
    view.workspace.frame = 1
    assert not view.spectrum.equals(first)


def test_while_nobody_looks_nothing_is_drawn(filled):
    filled.region = (8.0, 10.0, -2.0, 0.0)
    filled.active = False
    assert filled.image_view.handles == {}
    spectrum = filled.spectrum
    filled.region = (8.0, 11.0, -2.0, 0.0)
    assert filled.spectrum is spectrum
    filled.active = True
    assert filled.spectrum is not spectrum
    assert len(filled.image_view.handles) == 5


def test_pictures_and_files(filled, tmp_path):
    filled.scale_bar = False
    bare = filled.render_view(300)
    filled.show_markers = False
    assert (filled.render_view(300) != bare).any()
    filled.show_markers = True
    filled.save_svg(tmp_path / "a.svg", width=500)
    text = (tmp_path / "a.svg").read_text()
    assert ">k<tspan" in text
    assert " nm</text>" in text
    filled.save_png(tmp_path / "a.png", width=400)
    assert (tmp_path / "a.png").stat().st_size > 1000
    filled.export_sheet.name.value = "a.gif"
    filled.export_sheet.save.click()
    assert "must end in .png or .svg" in filled.message
    with pytest.raises(ValueError, match="no spectrum to draw yet"):
        SpectrumView(Workspace()).render_view()


def test_closing_leaves_the_image_clean(filled):
    filled.region = (8.0, 10.0, -2.0, 0.0)
    shown = filled.image_view
    own = SpectrumView(filled.workspace, view=shown)
    filled.close()
    own.close()
    assert shown.lines == {}


def test_wrong_arguments_are_explained(image):
    with pytest.raises(TypeError, match="SpectrumView shows the spectrum of an image"):
        SpectrumView(image.values)
    with pytest.raises(TypeError, match="view is an ImageView, but a int came"):
        SpectrumView(image, view=3)
    with pytest.raises(TypeError, match="Did you mean 'window'"):
        SpectrumView(image, windows="hann")
    with pytest.raises(traitlets.TraitError, match="region is None, a rectangle"):
        SpectrumView(image, region=(1, 2))
    with pytest.raises(traitlets.TraitError):
        SpectrumView(image, window="bartlett")
    view = SpectrumView(Workspace())
    view.edits.hear(None, {"type": "click", "label": None, "y": 1.0, "x": 1.0}, [])
    assert "There is no image yet" in view.message
    view.exclude()
    assert "No reflection is chosen" in view.message


def test_a_drag_sends_few_messages(view):
    view.region = (8.0, 10.0, -2.0, 0.0)
    sent = []
    for part in (view.stage.layer, view.image_view.stage.layer, *view.controls.edges):
        part.send_state = lambda key=None, p=part: sent.append((p, key))
    drag(view.image_view, "centre", 9.5, -0.5)
    assert view.following.preview.wait(10)
    assert len(sent) <= 6


def test_numbers_do_what_the_mouse_does(view):
    spot = view.spot
    spot.kx.value, spot.ky.value = G[0, 1] + 0.05, G[0, 0]
    assert spot.move.disabled
    spot.add.click()
    assert view.chosen == (0,)
    assert [spot.ky.value, spot.kx.value] == pytest.approx(G[0], abs=0.01)
    spot.kx.value, spot.ky.value = G[1, 1], G[1, 0] + 0.05
    spot.move.click()
    assert view.reflections["g"].values[0] == pytest.approx(G[1], abs=0.01)
    spot.kx.value = 90.0
    spot.move.click()
    assert "outside the spectrum" in view.message


def test_a_large_region_is_binned_while_it_is_dragged_if_what_is_shown_survives(monkeypatch):
    monkeypatch.setattr("temwidgets.widgets.views._spectrum_following._QUICK", 100)
    view = SpectrumView(fringes((200, 220)), region=(7.5, 13.0, -2.5, 3.0))
    view.zoom_to((-4.5, 4.5), (-4.5, 4.5))
    shown = view.stage.ranges
    drag(view.image_view, "centre", 10.6, 0.4)
    assert view.following.preview.wait(10)
    assert max(view.spectrum.shape) <= 74
    assert at(view, G[0]) > float(view.spectrum.median()) + 1.5
    assert view.stage.ranges == shown
    assert view.stage.extent[0][1] > 12
    drag(view.image_view, "centre", 10.6, 0.4, final=True)
    assert max(view.spectrum.shape) > 130
    assert view.stage.ranges == shown
    view.home()
    drag(view.image_view, "centre", 10.7, 0.4)
    assert view.following.preview.wait(10)
    assert max(view.spectrum.shape) > 130


def test_reflections_are_excluded_by_key_tool_and_button(filled):
    hear(filled, {"type": "delete", "label": 1, "x": None, "y": None})
    assert filled.labels_known == (0,)
    filled.chosen = (0,)
    hear(filled, {"type": "delete", "label": None, "x": None, "y": None})
    assert filled.labels_known == ()
    assert filled.chosen == ()
    assert filled.toolbar.trash.disabled
    hear(filled, {"type": "undo", "label": None, "x": None, "y": None})
    assert filled.labels_known == (0,)
    filled.chosen = (0,)
    filled.toolbar.trash.click()
    assert filled.labels_known == ()
    filled.toolbar.undo.click()
    filled.toolbar.undo.click()
    assert filled.labels_known == (0, 1)
    filled.toolbar.redo.click()
    assert filled.labels_known == (0,)
    assert "exclude_reflections" in filled.workspace.script()
