"""From a stack through its drift to columns in all frames, and what they do in time."""

from __future__ import annotations

from typing import Any

import traitlets

from temwidgets.widgets._explorer_frame import ExplorerFrame
from temwidgets.widgets._explorer_parts import Make, Parts, panel, view
from temwidgets.widgets._explorer_results import Result
from temwidgets.widgets.panels.find import FindPanel
from temwidgets.widgets.panels.fit import FitPanel
from temwidgets.widgets.panels.load import LoadPanel
from temwidgets.widgets.panels.prepare import PreparePanel
from temwidgets.widgets.panels.stack import StackPanel
from temwidgets.widgets.views.histogram import Histogram
from temwidgets.widgets.views.kymograph import Kymograph
from temwidgets.widgets.views.scatter import ScatterPlot
from temwidgets.widgets.views.table import ColumnTable
from temwidgets.widgets.views.time_plot import TimePlot
from temwidgets.widgets.views.track_overlay import TrackOverlay
from temwidgets.widgets.workspace import Workspace

_PANELS: dict[str, Make] = {
    "Load": lambda workspace, view: LoadPanel(workspace, status=False),
    "Prepare": lambda workspace, view: PreparePanel(workspace, view=view, status=False),
    "Stack": lambda workspace, view: StackPanel(workspace, status=False),
    "Find": lambda workspace, view: FindPanel(workspace, status=False),
    "Fit": lambda workspace, view: FitPanel(workspace, status=False),
}
_VIEWS: dict[str, Make] = {
    "Kymograph": lambda workspace, view: Kymograph(view),
    "Time": lambda workspace, view: TimePlot(workspace),
    "Tracks": lambda workspace, view: TrackOverlay(workspace, view=view),
    "Histogram": lambda workspace, view: Histogram(workspace),
    "Scatter": lambda workspace, view: ScatterPlot(workspace),
    "Table": lambda workspace, view: ColumnTable(workspace),
}
_HINTS = {
    "Kymograph": "The intensity along a line on the image in all frames",
    "Time": "A quantity of the columns against time",
    "Tracks": "The ways of the columns over the image",
    "Both": "A quantity against time, and the ways over the image",
    "Histogram": "A quantity of the columns of the frame shown",
}
_TOGETHER: dict[str, tuple[str, ...]] = {"Both": ("Tracks", "Time")}
_RESULTS = {"Stack": Result("tracks", "Both", ("Time", "Tracks"))}
STEPS, VIEWS = tuple(_PANELS), (*_VIEWS, *_TOGETHER)


def _stack_parts(workspace: Workspace) -> Parts:
    return Parts(workspace, _PANELS, _VIEWS, _HINTS, _TOGETHER)


class StackExplorer(ExplorerFrame):
    """A stack by mouse: steps on top, the frames left, plots against time right.

    Parameters
    ----------
    source : DataArray, path, Workspace or None
        A stack, the file of one or of a workspace, or a workspace; None starts at "Load".
    columns : Dataset, dim column, optional
        Columns of the mean of the frames or of one of them.
    step : {"Load", "Prepare", "Stack", "Find", "Fit"}
        The step whose controls are shown.
    plot : {"Kymograph", "Time", "Tracks", "Histogram", "Scatter", "Table", "Both"}
        What is shown beside the frames; "Both": tracks and time, which columns in all frames open
        when they come.

    Attributes
    ----------
    workspace : Workspace
        Products, selection, history and job; shared by all parts.
    image_view, kymograph, time, tracks, histogram, scatter, table
        The frames and the views beside them; these are made when first used.
    load, prepare, stack, find, fit
        The panels of the steps.

    Raises
    ------
    TypeError
        If `source` is none of these.
    """

    step = traitlets.Enum(STEPS, "Stack")
    plot = traitlets.Enum(VIEWS, "Kymograph")
    load, prepare, stack = panel("Load"), panel("Prepare"), panel("Stack")
    find, fit = panel("Find"), panel("Fit")
    kymograph, time, tracks = view("Kymograph"), view("Time"), view("Tracks")
    histogram, scatter, table = view("Histogram"), view("Scatter"), view("Table")
    _parts = staticmethod(_stack_parts)
    _begin = "Stack"
    _results = _RESULTS


def explore_stack(source: Any = None, columns: Any = None, **options: Any) -> StackExplorer:
    """Open a stack in a `StackExplorer`; arguments are those of `StackExplorer`."""
    return StackExplorer(source, columns, **options)
