import numpy as np
import pytest
import xarray as xr

from temwidgets.conventions import quantity
from temwidgets.widgets import ScoreView

DIMS = ("finder", "level", "spacing")


@pytest.fixture
def table():
    f1 = np.array([[[0.9, 0.8], [0.7, 0.6]], [[0.5, 0.4], [0.1, 0.0]]])
    made = xr.Dataset(
        coords={
            "finder": ["network", "peaks <fast>"],
            "level": quantity("level", [4.0, 1.0], "1", "height over noise"),
            "spacing": quantity("spacing", [8.0, 20.0], "px", "spacing"),
        }
    )
    for name in ("f1", "precision", "recall", "jaccard"):
        made[name] = quantity(DIMS, f1, "1", "F1 score")
    for name in ("rmse", "chamfer"):
        made[name] = quantity(DIMS, 3 * f1, "px", "position RMSE")
    return made


def test_curves_are_means_over_the_other(table):
    view, other = ScoreView(table), ScoreView(table)
    np.testing.assert_allclose(view.lines[0].y, [0.85, 0.65])
    np.testing.assert_allclose(view.lines[1].y, [0.45, 0.05])
    view.against = "spacing"
    np.testing.assert_allclose(view.lines[0].y, [0.8, 0.7])
    np.testing.assert_allclose(view.lines[0].x, [8, 20])
    np.testing.assert_allclose(other.lines[0].x, [4, 1])
    assert "network 0.75" in view.label.text


def test_the_menus_and_the_traits_are_one(table):
    view = ScoreView(table)
    score = view.children[1].children[0]
    score.value = "rmse"
    assert view.score == "rmse"
    assert view.figure.axes[1].label == "Position RMSE (px)"
    assert view.figure.axes[0].label == "Height over noise"
    view.score = "f1"
    assert score.value == "f1"
    assert "peaks &lt;fast&gt;" in view.children[3].value


def test_something_else_gets_a_sentence(table):
    with pytest.raises(TypeError, match=r"evaluate returns, but a Dataset with dims \('level',\)"):
        ScoreView(table["level"].to_dataset(name="level_too"))
    with pytest.raises(TypeError, match="but a list with dims"):
        ScoreView([1])
