"""The image view without a browser: traits, edits, export, what is sent."""

from __future__ import annotations

import io

import numpy as np
import pytest
import traitlets
from PIL import Image

import temwidgets as tw
from temwidgets.conventions import flag_variable, quantity
from temwidgets.widgets import ImageView, Selection, Workspace
from temwidgets.widgets.views.layer import ImageLayer


def make_columns(image, count=12):
    rng = np.random.default_rng(1)
    y = rng.uniform(float(image.y[2]), float(image.y[-3]), count)
    x = rng.uniform(float(image.x[2]), float(image.x[-3]), count)
    columns = tw.make_columns(y, x, labels=100 + np.arange(count))
    columns["intensity"] = quantity("column", np.arange(count, dtype=float), "counts", "intensity")
    columns["sublattice"] = quantity("column", np.arange(count) % 2, "1", "sublattice")
    columns["flags"] = flag_variable(np.where(np.arange(count) == 3, 2, 0))
    return columns


@pytest.fixture
def image():
    values = np.random.default_rng(0).normal(100, 10, (60, 90)).astype("float32")
    return tw.make_image(values, sampling=(0.02, 0.03), origin=(1.0, -2.0))


@pytest.fixture
def columns(image):
    return make_columns(image)


@pytest.fixture
def view(image, columns):
    return ImageView(image, columns)


def states(view):
    return np.frombuffer(view.stage.layer.states, np.uint8)


def hear(view, content, *buffers):
    view.stage.layer._handle_custom_msg(content, list(buffers))


def test_starts_with_the_whole_image(view):
    assert view.x_range == pytest.approx((-2.015, 0.685))
    assert view.y_range == pytest.approx((0.99, 2.19))
    assert view.stage.units == "nm"
    assert view.figure.axes[0].label == "x / nm"


def test_uncalibrated_image_is_in_px():
    view = ImageView(tw.make_image(np.eye(5)))
    assert view.figure.axes[1].label == "y / px"


def test_ranges_from_python_reach_the_scales_and_back(view):
    view.x_range = (0.2, -1.0)
    assert (view.stage.x_scale.min, view.stage.x_scale.max) == (-1.0, 0.2)
    view.stage.y_scale.max = 5.0
    assert view.y_range[1] == 5.0
    view.zoom_to((0, 0.1), (1.2, 1.3))
    assert view.x_range == (0, 0.1)
    view.home()
    assert view.x_range == pytest.approx((-2.015, 0.685))


def test_misspelt_option_is_explained(image):
    with pytest.raises(TypeError, match=r"no option 'colour_by'\. Did you mean 'color_by'\?"):
        ImageView(image, colour_by="x")


@pytest.mark.parametrize("source", [None, np.eye(3), "a.tif"])
def test_wrong_source_is_explained(source):
    with pytest.raises(TypeError, match="give it a Workspace, or a DataArray"):
        ImageView(source)


def test_columns_beside_a_workspace_are_refused(image, columns):
    with pytest.raises(TypeError, match="A Workspace has its own columns"):
        ImageView(Workspace(image), columns)


def test_options_are_set_at_once(image, columns):
    view = ImageView(
        image, columns, cmap="magma", color_by="intensity", gamma=0.5, tool="lasso", height=300,
        x_range=(-1, 0),
    )  # fmt: skip
    layer = view.stage.layer
    assert (layer.gamma, layer.tool, layer.marker_mode) == (0.5, "lasso", "value")
    assert view.stage.layout.height == "300px"
    assert view.x_range == (-1, 0)


@pytest.mark.parametrize(
    ("name", "value"),
    [("cmap", "jet"), ("show", "picture"), ("tool", "draw"), ("marker_size", 0), ("x_range", (1,))],
)
def test_bad_values_are_refused(view, name, value):
    before = getattr(view, name)
    with pytest.raises(traitlets.TraitError):
        setattr(view, name, value)
    assert getattr(view, name) == before


def test_colour_by_an_unknown_variable_is_explained(view):
    with pytest.raises(traitlets.TraitError, match="no numbers 'height' to colour by; they have"):
        view.color_by = "height"
    assert view.color_by is None


def test_the_colours_stay_when_columns_gain_a_variable(view):
    view.color_by = "sublattice"
    columns = view.workspace.columns
    view.workspace.columns = columns.assign(extra=columns["intensity"] + 1)
    assert view.color_by == view.settings.color_by.value == "sublattice"
    view.workspace.columns = columns.drop_vars("sublattice")
    assert view.color_by is None


def test_image_is_sent_once(view, image):
    model = image + 1
    workspace = view.workspace
    workspace.model = model
    sent = []
    view.stage.layer.observe(lambda change: sent.append(change["name"]), ["image", "model"])
    for name in ("model", "image", "model", "image"):
        view.show = name
    assert sent == ["model"]
    assert len(view.stage.layer.image["data"]) == 2 * image.size


def test_selection_from_elsewhere_is_marked(view):
    view.selection.select([101, 105])
    assert np.flatnonzero(states(view) & 1).tolist() == [1, 5]
    assert np.flatnonzero(states(view) & 2).tolist() == [3]
    view.selection.clear()
    assert not (states(view) & 1).any()


def test_selection_by_mouse_becomes_labels_and_a_rule(view):
    mask = np.zeros(12, np.uint8)
    mask[[2, 7]] = 1
    extent = {"x": [0.1, 0.25], "y": [1, 2]}
    hear(view, {"type": "select", "tool": "rectangle", "extent": extent}, mask.tobytes())
    assert view.selection.labels.tolist() == [102, 107]
    assert view.selection.rule == "0.1 <= x < 0.25 and 1 <= y < 2 nm"
    assert view.selection.source is view


def test_a_mask_of_old_columns_is_ignored(view):
    hear(view, {"type": "select", "tool": "click"}, b"\x01\x00")
    assert len(view.selection) == 0


def test_views_share_the_selection_and_nothing_else(image, columns):
    shared = Selection()
    first, second = (ImageView(image, columns, selection=shared) for _ in range(2))
    hear(first, {"type": "select", "tool": "lasso"}, bytes([1] * 12))
    assert (states(second) & 1).all()
    first.x_range, first.cmap, first.tool, first.limits = (-1, 0), "viridis", "add", (3, 4)
    assert second.x_range == pytest.approx((-2.015, 0.685))
    assert (second.cmap, second.tool, second.limits) == ("grey", "pan", None)
    assert second.stage.layer.lut != first.stage.layer.lut


def test_two_views_of_one_workspace_follow_it(image, columns):
    workspace = Workspace(image, columns)
    first, second = ImageView(workspace), ImageView(workspace)
    first.add_column(1.5, -1.0)
    assert second.columns.sizes["column"] == 13
    assert len(states(second)) == 13
    second.close()
    workspace.undo()
    assert len(states(first)) == 12


def test_edits_are_steps_that_undo_takes_back(view):
    hear(view, {"type": "add", "y": 1.5, "x": -1.0, "label": None})
    assert view.columns.sizes["column"] == 13
    label = int(view.columns.column[-1])
    hear(view, {"type": "move", "label": label, "y": 1.6, "x": -1.1})
    assert float(view.columns.y[-1]) == 1.6
    hear(view, {"type": "delete", "label": 100, "y": None, "x": None})
    assert 100 not in view.columns.column
    view.selection.select([101, 102])
    hear(view, {"type": "delete", "label": None})
    assert view.columns.sizes["column"] == 10
    for _ in range(4):
        view.toolbar.undo.click()
    assert view.columns.sizes["column"] == 12
    assert view.toolbar.undo.disabled
    view.toolbar.redo.click()
    assert view.columns.sizes["column"] == 13
    assert "add_columns" in view.workspace.script()


def test_a_view_may_refuse_edits(image, columns):
    view = ImageView(image, columns, editable=False)
    told = {"label": 100, "y": 1.5, "x": -1.0}
    for kind in ("add", "move", "delete", "undo", "redo"):
        hear(view, {"type": kind, **told})
    assert view.columns is columns
    assert not view.workspace.can_undo
    edits = {view.toolbar.undo, view.toolbar.trash, view.toolbar.tools["add"]}

    def buttons():
        return {one for group in view.toolbar.children for one in group.children}

    assert not edits & buttons()
    assert view.toolbar.tools["lasso"] in buttons()
    view.editable = True
    assert edits <= buttons()


def test_errors_of_callbacks_are_told_and_change_nothing(image, columns):
    view = ImageView(image)
    hear(view, {"type": "add", "y": 1.5, "x": -1.0})
    assert view.message == "There are no columns to add to yet. Find columns first."
    view.toolbar.trash.click()
    assert "No column is selected" in view.message
    view.show = "residual"
    assert view.show == "image"
    assert view.message == "There is no residual yet. Fit the columns first."


def test_show_falls_back_when_the_model_goes(view, image):
    view.workspace.model = image
    view.show = "residual"
    assert view.toolbar.show.options == ("image", "model", "residual")
    view.add_column(1.5, -1.0)
    assert view.show == "image"
    assert view.toolbar.show.options == ("image",)


def test_model_and_residual_of_a_bare_image(image):
    view = ImageView(image, model=image * 2, residual=-image, show="residual")
    low, high = view.stage.levels("residual")
    assert low == -high
    assert view.stage.layer.shown == "residual"


def test_contrast(view):
    low, high = view.stage.levels("image")
    assert (low, high) == pytest.approx(np.percentile(view.workspace.image, (0.5, 99.5)), abs=0.5)
    view.settings.low.value = 90
    assert view.limits == (90, pytest.approx(high, rel=1e-4))
    view.percentiles = (10, 90)
    assert view.limits is None
    assert view.settings.low.value == pytest.approx(view.stage.levels("image")[0], rel=1e-4)


def test_frames_follow_the_workspace():
    stack = tw.make_image(np.arange(3 * 20).reshape(3, 4, 5), sampling=1.0)
    view = ImageView(stack)
    assert view.frames.layout.display is None
    view.frame = 2
    assert view.workspace.frame == 2
    assert view.stage.layer.image["offset"] == 40
    assert ImageView(stack[0]).frames.layout.display == "none"


def test_legend_explains_the_colours(view):
    view.color_by = "intensity"
    assert view.stage.layer.legend["title"] == "Intensity (counts)"
    view.color_limits = (0, 5)
    assert view.stage.layer.marker_limits == (0, 5)
    view.color_by = "sublattice"
    assert [e["label"] for e in view.stage.layer.legend["entries"]] == ["0 (6)", "1 (6)"]
    view.workspace.columns = view.columns.drop_vars("sublattice")
    assert view.color_by is None


def test_tools_are_one_of_several(view):
    view.toolbar.tools["lasso"].value = True
    assert view.tool == "lasso"
    assert [name for name, made in view.toolbar.tools.items() if made.value] == ["lasso"]
    view.toolbar.tools["lasso"].value = False
    assert view.tool == "pan"
    assert view.toolbar.tools["pan"].value


def test_picture_shows_image_markers_and_scale_bar(view):
    view.scale_bar = False
    view.show_markers = False
    bare = view.render_view(300)
    assert bare.shape == (133, 300, 3)
    view.show_markers = True
    marked = view.render_view(300)
    view.selection.select([100])
    chosen = view.render_view(300)
    view.scale_bar = True
    barred = view.render_view(300)
    assert (bare != marked).any()
    assert (marked != chosen).any()
    assert (barred[-30:, :120] != chosen[-30:, :120]).any()


def test_picture_of_a_large_field_averages_pixels():
    wave = np.cos(2 * np.pi * np.arange(1200) / 3.1)
    image = tw.make_image(100 + 50 * np.outer(wave, wave), sampling=0.01)
    view = ImageView(image, percentiles=(0, 100), scale_bar=False)
    assert view.render_view(120)[20:100, 20:100].std() < 12


def test_png_and_svg(view, tmp_path):
    view.color_by = "intensity"
    view.save_png(tmp_path / "a.png", width=400, dpi=200, axes=False, legend=False)
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.size == (400, 178)
        assert picture.info["dpi"] == pytest.approx((200, 200), abs=0.1)
        assert (np.asarray(picture) == view.render_view(400)).all()
    view.save_svg(tmp_path / "a.svg", width=400)
    text = (tmp_path / "a.svg").read_text()
    assert text.count("<ellipse") == 12
    assert ">0.5 nm<" in text


def test_export_sheet(view, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sheet = view.export_sheet
    sheet.name.value, sheet.width.value = "b.png", 200
    sheet.save.click()
    assert view.message.startswith("Saved ")
    assert Image.open(tmp_path / "b.png").size == (200, 100)
    sheet.axes.value = sheet.legend.value = False
    sheet.save.click()
    assert Image.open(tmp_path / "b.png").size == (200, 89)
    sent = []
    monkeypatch.setattr(ImageLayer, "send", lambda self, *args, **kw: sent.append((args, kw)))
    sheet.download.click()
    ((content,), extra) = sent[0]
    assert content["name"] == "b.png"
    assert Image.open(io.BytesIO(extra["buffers"][0])).width == 200
    sheet.name.value = "b.jpg"
    sheet.save.click()
    assert view.message == "The file name must end in .png or .svg, but 'b.jpg' came."


def test_new_image_of_another_extent_is_shown_whole(view):
    view.zoom_to((0, 0.1), (1.2, 1.3))
    view.workspace.image = view.workspace.image + 1
    assert view.x_range == (0, 0.1)
    view.workspace.image = view.workspace.image[10:, 20:]
    assert view.x_range[0] == pytest.approx(-1.415)


def test_empty_workspace_waits():
    view = ImageView(Workspace())
    with pytest.raises(ValueError, match="There is no image to draw yet"):
        view.render_view()
    view.workspace.image = tw.make_image(np.eye(4), sampling=1.0)
    assert view.x_range == (-0.5, 3.5)
    assert view.message == ""


def test_a_click_tells_where_it_was_each_time_anew(view):
    heard = []
    view.observe(lambda change: heard.append(change["new"]), "clicked")
    hear(view, {"type": "click", "y": 1.5, "x": -1.0, "label": None})
    view.click(1.5, -1.0)
    assert heard == [(1.5, -1.0), None, (1.5, -1.0)]
    assert view.clicked == (1.5, -1.0)
