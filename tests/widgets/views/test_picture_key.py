import numpy as np
import pytest

import temwidgets as tw
from temwidgets.widgets import ImageView
from temwidgets.widgets.views._keys import Bar
from temwidgets.widgets.views.scene import make_scene


@pytest.fixture
def view(image):
    values = np.linspace(-3, 2, image.size).reshape(image.shape)
    residual = image.copy(data=values).assign_attrs(units="counts")
    made = ImageView(image, residual=residual, percentiles=(0, 100))
    yield made
    made.close()


def test_an_image_has_no_colour_bar_and_a_residual_has(view):
    layer = view.stage.layer
    assert layer.picture_legend == {}
    assert make_scene(view).keys == ()
    view.show = "residual"
    legend = layer.picture_legend
    assert legend["title"] == "Residual (counts)"
    assert (legend["low"], legend["high"]) == ("-3", "3")
    assert len(legend["gradient"]) == 9
    (key,) = make_scene(view).keys
    assert isinstance(key, Bar)
    assert key.title == "Residual (counts)"
    assert key.limits == (-3.0, 3.0)
    view.limits = (-1, 1)
    assert (layer.picture_legend["low"], layer.picture_legend["high"]) == ("-1", "1")
    (key,) = make_scene(view).keys
    assert key.below
    assert key.above
    view.show = "image"
    assert layer.picture_legend == {}


def test_the_bar_follows_colours_and_can_be_left_out(view):
    view.show = "residual"
    plain = view.stage.layer.picture_legend["gradient"]
    view.gamma = 0.5
    bent = view.stage.layer.picture_legend["gradient"]
    assert bent[0] == plain[0]
    assert bent[-1] == plain[-1]
    assert bent[4] != plain[4]
    view.legend = False
    assert view.stage.layer.picture_legend == {}
    assert make_scene(view).keys == ()


def test_a_filtered_image_follows_the_colours_of_the_view(image):
    workspace = tw.Workspace(image)
    workspace.filtered = image.assign_attrs(units="1")
    view = ImageView(workspace, show="filtered")
    grey = view.stage.layer.picture_legend
    assert grey["title"] == "Filtered image"
    view.cmap = "viridis"
    assert view.stage.layer.picture_legend["gradient"] != grey["gradient"]
    view.close()
