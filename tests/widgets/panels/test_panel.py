import pytest

from temwidgets.widgets.panels.find import FindPanel
from temwidgets.widgets.panels.fit import FitPanel
from temwidgets.widgets.panels.intensity import IntensityPanel
from temwidgets.widgets.panels.load import LoadPanel
from temwidgets.widgets.panels.prepare import PreparePanel


def controls(widget):
    for child in getattr(widget, "children", ()):
        yield child
        yield from controls(child)


@pytest.mark.parametrize("panel", [LoadPanel, PreparePanel, FindPanel, FitPanel, IntensityPanel])
def test_panels_stand_alone_and_explain_their_controls(panel):
    made = panel()
    for control in controls(made):
        if type(control).__name__ not in ("HBox", "VBox", "HTML", "Label", "StatusLine"):
            assert control.tooltip, control
    made.close()
    made.close()


def test_a_panel_needs_a_workspace():
    with pytest.raises(TypeError, match="FindPanel acts on a Workspace"):
        FindPanel(3)
