import numpy as np
import pytest

import temwidgets as tw
from temwidgets.widgets.views.image_view import ImageView
from temwidgets.widgets.views.kymograph import Kymograph
from temwidgets.widgets.workspace import Workspace


@pytest.fixture
def shown(film):
    workspace = Workspace(film.stack)
    view = ImageView(workspace)
    return workspace, view, Kymograph(view)


def test_a_line_across_the_middle_is_there_at_once(film, shown):
    _, view, line = shown
    assert line.kymograph.sizes["frame"] == 5
    assert line._axes[0].label == "Distance from A (px)"
    assert line._picture.visible
    assert {"kymograph start", "kymograph end"} <= set(view.handles)
    view.handles = {**view.handles, "kymograph end": (30.0, 60.0)}
    assert line.end == (30.0, 60.0)
    wanted = tw.kymograph(film.stack, line.start, line.end)
    np.testing.assert_allclose(line.kymograph, wanted)
    line.width = 4.0
    assert line._width.value == 4.0
    assert float(line.kymograph.std()) < float(wanted.std())


def test_the_line_goes_with_the_drift(film, shown):
    workspace, view, line = shown
    workspace.drift = film.drift
    before, start = line.kymograph, line.start
    workspace.frame = 4
    step = [float(film.drift[f"drift_{n}"][4] - film.drift[f"drift_{n}"][0]) for n in "yx"]
    assert np.subtract(line.start, start) == pytest.approx(step)
    assert view.handles["kymograph start"] == line.start
    assert line.kymograph is before
    line.follows = False
    assert line._follow.value is False
    workspace.frame = 2
    assert line._cursor.y.tolist() == [2.0, 2.0]
    # measured anew where the line is, it is the same picture of the specimen
    line.follows = True
    workspace.frame = 4
    workspace.frame = 2
    np.testing.assert_allclose(line.kymograph.shape, before.shape, atol=1)


def test_a_click_shows_the_frame(shown):
    workspace, view, line = shown
    other = Kymograph(view)
    line._clicked(None, {"kind": "click", "share": 0.3}, [])
    assert workspace.frame == 3
    assert line._cursor.y.tolist() == other._cursor.y.tolist() == [3.0, 3.0]


def test_closing_and_resting_take_the_line_away(shown):
    _, view, line = shown
    line.active = False
    assert "kymograph line" not in view.lines
    line.active = True
    assert "kymograph line" in view.lines
    line.close()
    assert "kymograph line" not in view.lines


def test_files_and_refusals(film, shown, tmp_path):
    workspace, _, line = shown
    line.save_csv(tmp_path / "line.csv")
    text = (tmp_path / "line.csv").read_text().splitlines()
    assert text[0] == "# intensity by frame and distance (px)"
    assert len(text) == 7
    svg = line.svg().decode()
    assert svg.count("<polygon") + svg.count("<path") > 50
    assert "Distance from A (px)" in svg
    assert line.png()[:4] == b"\x89PNG"
    workspace.image = film.stack[0]
    with pytest.raises(ValueError, match="There is no kymograph to print yet"):
        line.plot()
    assert line.kymograph is None
    assert "This image has one frame." in line._note.value
    assert line.csv() == ""
    with pytest.raises(TypeError, match="Kymograph follows an ImageView"):
        Kymograph(film.stack)
