import numpy as np
import pytest
import traitlets

from temwidgets.widgets.selection import Selection
from temwidgets.widgets.views.histogram import Histogram
from temwidgets.widgets.views.polar import PolarHistogram
from temwidgets.widgets.workspace import Workspace


def direction(columns):
    return columns["displacement_direction"].values


def test_the_brush_selects_and_says_how(displaced):
    view = PolarHistogram(displaced)
    view.brush = ((-90, 90), (0.01, 0.03))
    magnitude = displaced["displacement_magnitude"].values
    wanted = (np.abs(direction(displaced)) < 90) & (magnitude >= 0.01) & (magnitude < 0.03)
    assert 0 < wanted.sum() < 28
    assert view.selection.labels.tolist() == displaced["column"].values[wanted].tolist()
    assert view.selection.rule == (
        "-90 <= displacement_direction < 90 and 0.01 <= displacement_magnitude < 0.03"
    )


def test_what_the_mouse_does_equals_what_python_does(displaced):
    mouse, python = PolarHistogram(displaced, limit=0.05), PolarHistogram(displaced, limit=0.05)
    content = {"type": "brush", "direction": [170, 300], "share": [0.2, None]}
    mouse._heard(None, content, [])
    python.brush = ((170, 300), (0.01, np.inf))
    assert mouse.brush == python.brush == ((170, 300), (0.01, np.inf))
    assert mouse.selection.labels.tolist() == python.selection.labels.tolist() != []
    assert python.figure.brush[:3] == pytest.approx([170, 300, 0.2])
    assert python.figure.brush[3] is None
    mouse._heard(None, {"type": "clear"}, [])
    assert mouse.brush is None
    assert len(mouse.selection) == 0


def test_selected_columns_are_a_part_of_each_bin(displaced):
    selection = Selection()
    view = PolarHistogram(displaced, selection=selection, sectors=8, rings=4)
    assert view.figure.part == []
    selection.select(displaced["column"].values[:10])
    assert sum(view.figure.part) + int(view.counts["beyond"]) >= 8
    assert all(p <= w for p, w in zip(view.figure.part, view.figure.bins["whole"], strict=True))
    assert "n = 8" in view._readout.value
    view.kind = "rose"
    assert len(view.figure.part) == 8
    assert sum(view.figure.part) == 8


def test_one_brush_is_alive(displaced):
    selection = Selection()
    view = PolarHistogram(displaced, selection=selection)
    histogram = Histogram(displaced, "displacement_magnitude", selection=selection)
    view.brush = ((0, 180), (0, np.inf))
    histogram.brush = (0.0, 0.02)
    assert view.brush is None
    assert view.figure.brush is None
    assert len(selection) == (displaced["displacement_magnitude"].values < 0.02).sum()
    view.brush = ((0, 180), (0, np.inf))
    assert histogram.brush is None


def test_short_vectors_are_left_out_everywhere(displaced):
    view = PolarHistogram(displaced, threshold=0.02)
    long = displaced["displacement_magnitude"].values >= 0.02
    assert int(view.counts["rose"].sum()) == long.sum()
    view.brush = ((-180, 180), (0, np.inf))
    assert len(view.selection) == long.sum()


def test_words_and_units(displaced):
    view = PolarHistogram(displaced, limit=0.08)
    assert view.figure.bins["marks"] == [[0.5, "40 pm"], [1.0, "80 pm"]]
    assert "pm (" in view._readout.value
    assert view.message == "Without a vector: 2 columns."
    view.limit = 0.01
    assert "Longer than 10 pm" in view.message
    assert "columns" in view.figure.bins["titles"][0]


def test_controls_and_traits_follow_each_other(displaced):
    view = PolarHistogram(displaced)
    controls = view._controls
    controls.kind.value = "rose"
    assert view.kind == "rose"
    controls.limit.value = 0.06
    assert view.limit == 0.06
    controls.limit.value = 0.0
    assert view.limit is None
    view.sectors = 36
    assert controls.sectors.value == 36
    controls.brush[1].value = 20.0
    assert view.brush == ((-180, 20), (0, np.inf))
    controls.clear.click()
    assert view.brush is None


@pytest.mark.parametrize("kind", ["magnitude", "rose"])
def test_files(displaced, tmp_path, kind):
    view = PolarHistogram(displaced, kind=kind, sectors=6, rings=3)
    view.selection.select([12, 13, 14])
    view.save_csv(tmp_path / "p.csv")
    lines = (tmp_path / "p.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "# displacement (nm)"
    assert len(lines) == 2 + 18
    view.save_svg(tmp_path / "p.svg")
    assert "#e8467c" in (tmp_path / "p.svg").read_text(encoding="utf-8")
    view.save_png(tmp_path / "p.png", dpi=100)
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")


def test_follows_a_workspace(image, columns, displaced):
    workspace = Workspace(image)
    view = PolarHistogram(workspace)
    assert "No columns yet" in view.message
    assert view.csv() == ""
    workspace.columns = columns
    assert "no displacement yet" in view.message
    with pytest.raises(ValueError, match="no vector to print"):
        view.svg()
    workspace.columns = displaced
    assert int(view.counts["rose"].sum()) == 28
    view.brush = ((0, 360), (0, np.inf))
    assert len(workspace.selection) == 28


def test_wrong_arguments_are_told(columns, displaced):
    with pytest.raises(ValueError, match="no vector 'displacement'"):
        PolarHistogram(columns)
    view = PolarHistogram(displaced)
    with pytest.raises(traitlets.TraitError, match="two directions in degrees"):
        view.brush = (1, 2)
    with pytest.raises(TypeError, match="Did you mean 'sectors'"):
        PolarHistogram(displaced, sector=3)
