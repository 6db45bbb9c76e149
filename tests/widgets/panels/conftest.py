import pytest

import temwidgets as tw
from temwidgets.widgets import ImageView
from temwidgets.widgets.panels import _refit
from temwidgets.widgets.workspace import Workspace


@pytest.fixture(scope="module")
def lattice():
    return tw.examples.load("perovskite_trilayer")[40:200, 60:240]


@pytest.fixture(autouse=True)
def rehearsed(monkeypatch):
    """Keep the processor free of refits that only compile."""
    shapes = {"elliptical", "shared"}
    monkeypatch.setattr(_refit, "_rehearsed", shapes)
    return shapes


@pytest.fixture
def done():
    """Wait until the job of a workspace has ended well."""

    def wait(workspace):
        assert workspace.job.wait(120)
        assert workspace.message.level != "error", workspace.message.text
        return workspace

    return wait


@pytest.fixture
def opened(lattice, done):
    """A maker of a panel over one of two linked views, after Find."""

    def make(kind):
        workspace = Workspace(lattice)
        views = ImageView(workspace), ImageView(workspace)
        panel = kind(workspace, view=views[0])
        panel.find.click()
        done(workspace)
        return panel, views

    return make
