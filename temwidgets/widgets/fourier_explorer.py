"""From an image through its spectrum to maps of lattice spacing and strain, and to domains."""

from __future__ import annotations

from typing import Any

import traitlets

from temwidgets.widgets._explorer_frame import ExplorerFrame
from temwidgets.widgets._explorer_parts import Make, Parts, panel, view
from temwidgets.widgets._explorer_results import Result
from temwidgets.widgets.panels.domains import DomainPanel
from temwidgets.widgets.panels.filter import FilterPanel
from temwidgets.widgets.panels.find import FindPanel
from temwidgets.widgets.panels.fit import FitPanel
from temwidgets.widgets.panels.load import LoadPanel
from temwidgets.widgets.panels.local_spacing import LocalSpacingPanel
from temwidgets.widgets.panels.phase import PhasePanel
from temwidgets.widgets.panels.prepare import PreparePanel
from temwidgets.widgets.panels.reflections import ReflectionPanel
from temwidgets.widgets.views.domain_view import DomainView
from temwidgets.widgets.views.histogram import Histogram
from temwidgets.widgets.views.map_view import MapView
from temwidgets.widgets.views.reflection_table import ReflectionTable
from temwidgets.widgets.views.spectrum import SpectrumView
from temwidgets.widgets.workspace import Workspace

_PANELS: dict[str, Make] = {
    "Load": lambda workspace, view: LoadPanel(workspace, status=False),
    "Prepare": lambda workspace, view: PreparePanel(workspace, view=view, status=False),
    "Reflections": lambda workspace, view: ReflectionPanel(workspace, status=False),
    "Filter": lambda workspace, view: FilterPanel(workspace, view=view, status=False),
    "Spacing": lambda workspace, view: LocalSpacingPanel(workspace, status=False),
    "Phase": lambda workspace, view: PhasePanel(workspace, view=view, status=False),
    "Domains": lambda workspace, view: DomainPanel(workspace, status=False),
    "Find": lambda workspace, view: FindPanel(workspace, status=False),
    "Fit": lambda workspace, view: FitPanel(workspace, status=False),
}
_VIEWS: dict[str, Make] = {
    "Spectrum": lambda workspace, view: SpectrumView(workspace, view=view),
    "Table": lambda workspace, view: ReflectionTable(workspace),
    "Map": lambda workspace, view: MapView(workspace, view=view),
    "Domains": lambda workspace, view: DomainView(workspace, view=view),
    "Histogram": lambda workspace, view: Histogram(workspace),
}
_HINTS = {
    "Spectrum": "Power spectrum of the image or of a region that is dragged over it",
    "Table": "The reflections: d-spacing, angle, amplitude, family",
    "Map": "d-spacing, angle or strain over the image, with its histogram",
    "Domains": "Crystalline domains over the image, their table and sizes",
    "Histogram": "A quantity of the columns, e.g. of those in a domain",
    "Both": "Spectrum and map: drag a reflection and see the map follow",
}
_TOGETHER: dict[str, tuple[str, ...]] = {"Both": ("Spectrum", "Map")}
_RESULTS = {
    "Spacing": Result("local_spacing", "Map", ("Both",)),
    "Phase": Result("strain", "Map", ("Both",)),
    "Domains": Result("domains", "Domains"),
}
STEPS, VIEWS = tuple(_PANELS), (*_VIEWS, *_TOGETHER)


def _fourier_parts(workspace: Workspace) -> Parts:
    return Parts(workspace, _PANELS, _VIEWS, _HINTS, _TOGETHER)


class FourierExplorer(ExplorerFrame):
    """Fourier space by mouse: steps on top, the image left, spectrum, maps and domains right.

    Parameters
    ----------
    source : DataArray, path, Workspace or None
        An image, the file of an image or of a workspace, or a workspace (that of an `Explorer`,
        to have columns and domains together); None starts at "Load".
    columns : Dataset, dim column, optional
        Columns of the image.
    step : {"Load", "Prepare", "Reflections", "Filter", "Spacing", "Phase", "Domains", "Find", \
"Fit"}
        The step whose controls are shown.
    plot : {"Spectrum", "Table", "Map", "Domains", "Histogram", "Both"}
        What is shown beside the image; "Both": spectrum and map, which follows what is dragged.
        The first maps and the first domains open their view, as does the step that made them.

    Attributes
    ----------
    workspace : Workspace
        Products, selection, history and job; shared by all parts.
    image_view, spectrum, table, map, domains, histogram
        The image and the views beside it; these are made when first used.
    load, prepare, reflections, filter, spacing, phase, segment, find, fit
        The panels of the steps.

    Raises
    ------
    TypeError
        If `source` is none of these.
    """

    step = traitlets.Enum(STEPS, "Reflections")
    plot = traitlets.Enum(VIEWS, "Spectrum")
    load, prepare, find, fit = panel("Load"), panel("Prepare"), panel("Find"), panel("Fit")
    reflections, filter = panel("Reflections"), panel("Filter")
    spacing, phase, segment = panel("Spacing"), panel("Phase"), panel("Domains")
    spectrum, table, map = view("Spectrum"), view("Table"), view("Map")
    domains, histogram = view("Domains"), view("Histogram")
    _parts = staticmethod(_fourier_parts)
    _begin = "Reflections"
    _results = _RESULTS


def explore_fourier(source: Any = None, columns: Any = None, **options: Any) -> FourierExplorer:
    """Open an image in a `FourierExplorer`; arguments are those of `FourierExplorer`."""
    return FourierExplorer(source, columns, **options)
