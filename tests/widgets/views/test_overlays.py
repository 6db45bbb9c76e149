"""Lines, maps and handles over an image, without a browser."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import temwidgets as tw
from temwidgets.widgets import ImageView
from temwidgets.widgets.palette import CATEGORIES


@pytest.fixture
def view(image):
    return ImageView(image)


@pytest.fixture
def strain(image):
    coarse = image[::4, ::6].copy()
    coarse.values[:] = np.linspace(-0.02, 0.01, coarse.size).reshape(coarse.shape)
    coarse.values[0, 0] = np.nan
    return coarse.assign_attrs(units="1", long_name="Strain e_xx")


def sent(view, name):
    record = view.stage.layer.lines[name]
    ends = np.frombuffer(record["ends"], np.float32).reshape(-1, 4)
    y, x = record["origin"]
    return ends + np.array([x, y, x, y]), np.frombuffer(record["colours"], np.uint8).reshape(-1, 4)


def test_lines_are_sent_as_x_and_y_relative_to_an_origin(view):
    view.set_lines("cells", [[5.0, -2.0, 5.1, -1.5], [np.nan, 0, 0, 0]], colours="#ff8000")
    ends, colours = sent(view, "cells")
    assert ends == pytest.approx(np.array([[-2.0, 5.0, -1.5, 5.1]]))
    assert colours.tolist() == [[255, 128, 0, 255]]
    assert view.stage.layer.lines["cells"]["shown"]


def test_each_line_may_have_its_colour_and_a_head(view):
    table = np.arange(12).reshape(3, 4)
    segments = np.ones((3, 4))
    segments[1] = np.nan
    view.set_lines("arrows", segments, colours=table, heads=True, width=2)
    _, colours = sent(view, "arrows")
    assert colours.tolist() == table[[0, 2]].tolist()
    assert view.lines["arrows"].heads


def test_far_from_zero_float32_is_still_fine(view):
    view.set_lines("far", [[1e6, 2e6, 1e6 + 0.01, 2e6 + 0.01]])
    ends, _ = sent(view, "far")
    assert ends[0, 2] - ends[0, 0] == pytest.approx(0.01, rel=1e-3)


def test_lines_are_hidden_shown_and_cleared(view):
    view.set_lines("a", np.zeros((2, 4)))
    view.set_lines("b", np.zeros((0, 4)))
    version = view.stage.layer.lines["a"]["version"]
    view.show_lines("a", False)
    assert not view.stage.layer.lines["a"]["shown"]
    assert view.stage.layer.lines["a"]["version"] == version
    view.clear_lines("a")
    assert list(view.stage.layer.lines) == ["b"]
    view.clear_lines()
    assert view.stage.layer.lines == {}


def test_wrong_lines_are_explained(view):
    with pytest.raises(ValueError, match=r"rows of y0, x0, y1, x1, shape \(n, 4\), but shape"):
        view.set_lines("a", np.zeros((2, 3)))
    with pytest.raises(ValueError, match=r"for each of the 2 segments, but shape \(3, 4\)"):
        view.set_lines("a", np.zeros((2, 4)), colours=np.zeros((3, 4)))
    with pytest.raises(ValueError, match="no lines 'c'; the view has none"):
        view.show_lines("c")


def test_a_map_has_a_colour_bar_and_lies_where_its_coordinates_say(view, strain):
    view.set_map("e_xx", strain, limits=(-0.02, 0.02), alpha=0.5)
    record = view.stage.layer.maps["e_xx"]
    assert record["origin"] == pytest.approx([5.0, -2.0])
    assert record["sampling"] == pytest.approx([0.08, 0.18])
    look = view.stage.layer.map_looks["e_xx"]
    assert look["legend"]["title"] == "Strain e_xx"
    assert (look["legend"]["low"], look["legend"]["high"]) == ("-0.02", "0.02")
    assert look["alpha"] == 0.5
    raw = np.frombuffer(record["data"], np.uint16).reshape(strain.shape)
    assert raw[0, 0] == 0  # no value
    known = np.isfinite(strain.values)
    there = (record["offset"] + record["step"] * raw.astype(float))[known]
    assert there == pytest.approx(strain.values[known], abs=1e-6)
    view.clear_map("e_xx")
    assert view.stage.layer.maps == {}


@pytest.mark.parametrize(
    ("limits", "written"),
    [
        ((0.203, 0.20532), ("0.203", "0.20532")),
        ((-3.14159, 3.14159), ("-3.14", "3.14")),
        ((0, 2000), ("0", "2000")),
        ((1e-9, 3e-9), ("1e-09", "3e-09")),
    ],
)
def test_the_ends_of_a_colour_bar_are_told_apart(view, strain, limits, written):
    view.set_map("e_xx", strain, "viridis", limits)
    legend = view.stage.layer.map_looks["e_xx"]["legend"]
    assert (legend["low"], legend["high"]) == written


def test_a_diverging_map_is_centred_on_zero(view, strain):
    view.set_map("e_xx", strain)
    low, high = view.maps["e_xx"].limits
    assert low == -high
    assert high == pytest.approx(0.02, rel=0.1)
    view.set_map("e_xx", strain, "viridis", title="mine")
    low, high = view.maps["e_xx"].limits
    assert high == pytest.approx(0.01, rel=0.1)
    assert view.stage.layer.map_looks["e_xx"]["legend"]["title"] == "mine"


def test_what_a_map_looks_like_changes_without_sending_its_values_again(view, strain):
    view.set_map("e_xx", strain, limits=(-0.02, 0.02), alpha=0.5)
    sent = []
    view.stage.layer.observe(lambda change: sent.append(change["name"]), ["maps", "map_looks"])
    view.set_map("e_xx", strain, "viridis", (-0.01, 0.01), alpha=0.7)
    view.light_map("e_xx", (0.0, 0.005))
    assert sent == ["map_looks", "map_looks"]
    assert view.stage.layer.map_looks["e_xx"]["lit"] == [0.0, 0.005]
    view.set_map("e_xx", strain + 0.001)
    assert sent == ["map_looks", "map_looks", "maps", "map_looks"]
    assert view.stage.layer.map_looks["e_xx"]["lit"] is None
    with pytest.raises(ValueError, match="no map 'e_yy'; the view has e_xx"):
        view.light_map("e_yy", None)


def test_a_value_far_from_all_others_does_not_cost_them_their_levels(view, image):
    strain = image - 0.5
    strain.values[1, 1] = 1e4
    view.set_map("e_xx", strain)
    record = view.stage.layer.maps["e_xx"]
    raw = np.frombuffer(record["data"], np.float32).reshape(strain.shape)
    np.testing.assert_array_equal(raw, strain.values.astype(np.float32))
    assert record["bulk"] == pytest.approx([0, 1], abs=0.1)


def test_wrong_maps_are_explained(view, strain):
    with pytest.raises(ValueError, match=r"dims \(y, x\), but \('a', 'b'\) came"):
        view.set_map("m", xr.DataArray(np.zeros((2, 2)), dims=("a", "b")))
    with pytest.raises(ValueError, match="no colour map 'jet'"):
        view.set_map("m", strain, "jet")


def test_handles_are_dragged_by_mouse_and_set_from_python(view):
    view.set_handle("a", 5.1, -1.8)
    view.set_handle("b", 5.2, -1.7, "#00ff00")
    looks = {"colour": "#ffd23f", "label": "a"}
    assert view.stage.layer.handles["a"] == {"y": 5.1, "x": -1.8, **looks}
    view.set_handle("a", 5.1, -1.8, label="2 a")
    assert view.stage.layer.handles["a"]["label"] == "2 a"
    seen = []
    view.observe(lambda _: seen.append((view.handles.get("a"), view.dragged)), "handles")
    move = {"type": "handle", "name": "a", "y": 5.15, "x": -1.9}
    view.stage.layer._handle_custom_msg({**move, "final": False}, [])
    assert view.dragged == "a"
    view.stage.layer._handle_custom_msg({**move, "y": 5.16, "final": True}, [])
    assert seen == [((5.15, -1.9), "a"), ((5.16, -1.9), "a")]  # the last place, then let go
    assert view.dragged == ""
    view.handles = {**view.handles, "a": (5.0, -2.0)}
    assert view.stage.layer.handles["a"]["y"] == 5.0
    assert view.stage.layer.handles["b"]["colour"] == "#00ff00"
    view.clear_handles("a")
    assert list(view.stage.layer.handles) == ["b"]
    view.stage.layer._handle_custom_msg({**move, "final": True}, [])
    assert list(view.handles) == ["b"]


def test_thirty_thousand_arrows_are_few_bytes(view):
    view.set_lines("many", np.random.default_rng(0).random((30_000, 4)), heads=True)
    record = view.stage.layer.lines["many"]
    assert len(record["ends"]) == 16 * 30_000
    assert len(record["colours"]) == 4


def test_two_views_have_their_own_lines(view, image):
    other = ImageView(image)
    view.set_lines("a", np.zeros((1, 4)))
    assert other.lines == {}
    assert tw.widgets.ImageView(image).stage.layer.lines == {}


def pixel(view, picture, y, x):
    (left, right), (top, bottom) = view.stage.ranges
    row = (y - top) / (bottom - top) * picture.shape[0]
    return picture[int(row), int((x - left) / (right - left) * picture.shape[1])].tolist()


def test_lines_arrows_and_maps_are_printed(view, strain, tmp_path):
    view.scale_bar = False
    view.set_lines("line", [[5.1, -1.9, 5.1, -1.2]], colours="#00ff00", width=4)
    view.set_lines("arrow", [[5.3, -1.9, 5.3, -1.2]], colours="#ff0000", width=4, heads=True)
    view.set_lines("hidden", [[5.2, -1.9, 5.2, -1.2]], colours="#00ff00", width=4, shown=False)
    picture = view.render_view(600)
    assert pixel(view, picture, 5.1, -1.5) == [0, 255, 0]
    assert pixel(view, picture, 5.3, -1.5) == [255, 0, 0]
    assert pixel(view, picture, 5.2, -1.5) != [0, 255, 0]
    view.set_map("e_xx", strain * 0 + 1, "grey", (0, 1), 1.0)
    picture = view.render_view(600)
    assert pixel(view, picture, 5.2, -1.5) == [255, 255, 255]
    assert pixel(view, picture, 5.3, -1.5) == [255, 0, 0]
    assert pixel(view, picture, 4.995, -2.01) != [255, 255, 255]  # no value there
    view.light_map("e_xx", (2.0, 3.0))
    assert pixel(view, view.render_view(600), 5.2, -1.5) != [255, 255, 255]
    view.light_map("e_xx", (0.5, 3.0))
    assert pixel(view, view.render_view(600), 5.2, -1.5) == [255, 255, 255]
    view.save_svg(tmp_path / "v.svg", legend=False)
    text = (tmp_path / "v.svg").read_text()
    assert text.count("<polygon") == 1
    assert text.count("<path") == 2
    assert "#00ff00" in text


def test_labels_are_drawn_as_they_are_and_without_a_bar(view, image):
    labels = image.copy(data=np.arange(image.size).reshape(image.shape) // 40 % 3 + 0.0)
    view.set_map("domains", labels, "categories", (0, 255), 1.0, title="", smooth=False)
    drawn = view.render_view(400).reshape(-1, 3)
    wanted = {tuple(int(c[i : i + 2], 16) for i in (1, 3, 5)) for c in CATEGORIES[:3]}
    inside = {tuple(int(v) for v in pixel) for pixel in drawn[:: len(drawn) // 5000 or 1]}
    assert wanted <= inside
    assert not view.stage.layer.maps["domains"]["smooth"]
    assert view.stage.layer.map_looks["domains"]["legend"]["title"] == ""
    large = labels.isel(y=np.arange(60) % 12, x=np.arange(4400) % 11)
    large = tw.make_image(np.resize(large.values, (60, 4400)))
    view.set_map("domains", large, "categories", (0, 255), smooth=False)
    assert set(np.unique(view.maps["domains"].values)) <= {0.0, 1.0, 2.0}
