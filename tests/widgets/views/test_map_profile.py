import io

import numpy as np
import pandas as pd
import pytest
import traitlets

import temwidgets as tw
from temwidgets.conventions import quantity
from temwidgets.widgets.views.map_profile import MapProfile
from temwidgets.widgets.views.map_view import MapView
from temwidgets.widgets.workspace import Workspace

GRID = {"sampling": (0.02, 0.03), "origin": (3.0, -1.0)}
START, END = (3.2, -0.6), (3.9, 1.2)


@pytest.fixture(scope="module")
def crystal():
    image, maps = tw.synthetic.strained_crystal((61, 84), **GRID)
    std = np.full(maps["d_spacing"].shape, 2e-4, np.float32)
    attrs = maps["d_spacing"].attrs["units"], "standard error of d"
    maps["d_spacing_std"] = quantity(maps["d_spacing"].dims, std, *attrs)
    return image, maps


@pytest.fixture
def view(crystal):
    workspace = Workspace(crystal[0])
    workspace.local_spacing = crystal[1]
    return MapView(workspace)


@pytest.fixture
def profile(view):
    return MapProfile(view, start=START, end=END)


def drag(view, name, y, x, *, final=True):
    message = {"type": "handle", "name": name, "y": y, "x": x, "final": final}
    view.image_view.stage.layer._handle_custom_msg(message, [])


def test_the_map_along_a_line_with_the_error_of_a_pixel(profile, view):
    expected = tw.line_profile(view.data.values, START, END)
    good = np.isfinite(expected["mean"].values)
    line = profile._strip.line
    assert line.visible
    some = slice(*np.flatnonzero(good)[[0, -1]] + [0, 1])
    np.testing.assert_array_equal(line.x, expected["distance"].values[some])
    np.testing.assert_array_equal(line.y, expected["mean"].values[some])
    low, high = profile._strip.band.y
    np.testing.assert_allclose((high - low)[np.isfinite(line.y)], 4e-4, rtol=1e-3)
    assert [axis.label for axis in profile._axes] == ["Distance from A (nm)", "d-spacing (nm)"]
    length = np.hypot(0.7, 1.8)
    assert profile._x.max == pytest.approx(length)
    assert f"{length:.4g} nm long" in profile._words.value
    assert "band: standard error of a pixel" in profile._words.value


def test_the_ends_are_dragged_on_the_image(profile, view):
    assert {"profile start", "profile end"} <= set(view.image_view.handles)
    drag(view, "profile end", 3.4, 1.0, final=False)
    assert profile.end == (3.4, 1.0)
    assert profile._x.max == pytest.approx(np.hypot(0.2, 1.6))
    segment = view.image_view.lines["profile line"].segments[0]
    np.testing.assert_allclose(segment, [*START, 3.4, 1.0])
    drag(view, "profile start", 3.4, 1.0)  # upon the other end: there is no line
    assert not profile._strip.line.visible
    assert profile.start == profile.end
    drag(view, "profile start", 3.2, -0.5)
    assert profile._strip.line.visible


def test_the_width_is_drawn_as_a_strip_and_averaged_over(profile, view):
    profile._width.value = 0.3
    assert profile.width == 0.3
    sides = view.image_view.lines["profile strip"].segments
    apart = np.subtract(*sides[:, :2])
    assert np.hypot(*apart) == pytest.approx(0.3)
    along = np.subtract(END, START)
    assert apart @ along == pytest.approx(0, abs=1e-12)
    assert profile.profile["n"].max() > 10
    profile._choice.value = "spread"
    assert "spread across the line" in profile._words.value
    low, high = profile._strip.band.y
    expected = tw.line_profile(view.data.values, START, END, width=0.3)
    std = expected["std"].values[np.isfinite(expected["mean"].values)]
    drawn = np.isfinite(profile._strip.line.y)
    np.testing.assert_allclose((high - low)[drawn] / 2, np.nan_to_num(std), atol=1e-9)
    profile.band = "none"
    assert not profile._strip.band.visible
    assert "band" not in profile._words.value
    with pytest.raises(traitlets.TraitError):
        profile.width = -1.0


def test_the_profile_follows_the_map(profile, view):
    view.quantity = "rotation"
    assert profile._axes[1].label == "rotation (°)"
    assert "band" not in profile._words.value  # no error is known, and one pixel has no spread
    profile.width = 0.2
    assert "spread across the line" in profile._words.value
    view.workspace.local_spacing = None
    assert not profile._strip.line.visible
    assert "profile line" not in view.image_view.lines
    assert profile._words.value == ""
    with pytest.raises(ValueError, match="no profile to print"):
        profile.plot()


def test_a_line_off_the_crystal_has_no_value(profile, view):
    with profile.hold_trait_notifications():
        profile.start, profile.end = (3.0, -1.0), (3.0, 1.4)
    assert "no value" in profile._note.value
    assert not profile._strip.line.visible
    with profile.hold_trait_notifications():
        profile.start, profile.end = START, END
    assert profile._note.value == ""


def test_files_hold_the_profile(profile, tmp_path):
    profile.width = 0.2
    profile.save_csv(tmp_path / "p.csv")
    text = (tmp_path / "p.csv").read_text()
    assert text.startswith("# d-spacing (nm) along a line\n")
    table = pd.read_csv(io.StringIO(text), comment="#")
    assert list(table) == [
        "distance (nm)", "mean (nm)", "std (nm)", "n", "y (nm)", "x (nm)", "error (nm)",
    ]  # fmt: skip
    assert profile.png(width=60, dpi=100)[:4] == b"\x89PNG"
    assert b"Distance from A (nm)" in profile.svg()


def test_the_button_puts_the_profile_in_and_takes_it_out(view):
    switch = view._controls.profile
    assert view.profile is None
    switch.value = True
    made = view.profile
    assert made in view.plots.children
    assert made.start != made.end
    assert "profile line" in view.image_view.lines
    view.active = False
    assert "profile line" not in view.image_view.lines
    view.active = True
    assert "profile line" in view.image_view.lines
    switch.value = False
    assert made not in view.plots.children
    assert "profile start" not in view.image_view.handles
    switch.value = True
    assert view.profile is made
    view.close()
    assert "profile line" not in view.image_view.lines


def test_wrong_arguments_are_explained(view, crystal):
    with pytest.raises(TypeError, match="follows a MapView, but a DataArray came"):
        MapProfile(crystal[0])
    with pytest.raises(TypeError, match="no option 'widht'"):
        MapProfile(view, widht=1.0)
