"""The parts of an `Explorer`: panels for the steps, views that are made when first looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from temwidgets.widgets.panels.compare import ComparePanel
from temwidgets.widgets.panels.counting import CountPanel
from temwidgets.widgets.panels.displacement import DisplacementPanel
from temwidgets.widgets.panels.finders import Finders
from temwidgets.widgets.panels.fit import FitPanel
from temwidgets.widgets.panels.intensity import IntensityPanel
from temwidgets.widgets.panels.lattice import LatticePanel
from temwidgets.widgets.panels.load import LoadPanel
from temwidgets.widgets.panels.prepare import PreparePanel
from temwidgets.widgets.panels.strain import StrainPanel
from temwidgets.widgets.panels.sublattice import SublatticePanel
from temwidgets.widgets.panels.vacancies import VacancyPanel
from temwidgets.widgets.views.correlation import CorrelationView
from temwidgets.widgets.views.displacement_map import DisplacementMap
from temwidgets.widgets.views.histogram import Histogram
from temwidgets.widgets.views.image_view import ImageView
from temwidgets.widgets.views.order import OrderView
from temwidgets.widgets.views.polar import PolarHistogram
from temwidgets.widgets.views.profile import ProfileView
from temwidgets.widgets.views.scatter import ScatterPlot
from temwidgets.widgets.views.strain_map import StrainMap
from temwidgets.widgets.views.table import ColumnTable
from temwidgets.widgets.views.unit_cell import UnitCellView
from temwidgets.widgets.workspace import Workspace

Make = Callable[[Workspace, ImageView], Any]

_PANELS: dict[str, Make] = {
    "Load": lambda workspace, view: LoadPanel(workspace, status=False),
    "Prepare": lambda workspace, view: PreparePanel(workspace, view=view, status=False),
    "Find": lambda workspace, view: Finders(workspace, view),
    "Fit": lambda workspace, view: FitPanel(workspace, status=False),
    "Intensity": lambda workspace, view: IntensityPanel(workspace, status=False),
    "Lattice": lambda workspace, view: LatticePanel(workspace, view=view, status=False),
    "Sublattices": lambda workspace, view: SublatticePanel(workspace, status=False),
    "Displacement": lambda workspace, view: DisplacementPanel(workspace, status=False),
    "Strain": lambda workspace, view: StrainPanel(workspace, status=False),
    "Compare": lambda workspace, view: ComparePanel(workspace, status=False),
    "Count": lambda workspace, view: CountPanel(workspace, status=False),
    "Vacancies": lambda workspace, view: VacancyPanel(workspace, view=view, status=False),
}
_VIEWS: dict[str, Make] = {
    "Histogram": lambda workspace, view: Histogram(workspace),
    "Scatter": lambda workspace, view: ScatterPlot(workspace),
    "Table": lambda workspace, view: ColumnTable(workspace),
    "Cell": lambda workspace, view: UnitCellView(workspace, status=False),
    "Arrows": lambda workspace, view: DisplacementMap(workspace, view=view),
    "Polar": lambda workspace, view: PolarHistogram(workspace),
    "Strain map": lambda workspace, view: StrainMap(workspace, view=view),
    "Profile": lambda workspace, view: ProfileView(workspace),
    "Order": lambda workspace, view: OrderView(workspace, view=view, status=False),
    "Correlation": lambda workspace, view: CorrelationView(workspace),
}
STEPS = tuple(_PANELS)
VIEWS = tuple(_VIEWS)
_HINTS = {
    "Cell": "Mean unit cell, its sites and a profile through it",
    "Arrows": "Displacements as arrows over the image",
    "Polar": "Displacements by direction and magnitude",
    "Strain map": "Strain over the image",
    "Profile": "A quantity row by row",
    "Order": "Spectrum of a quantity: order over several cells",
    "Correlation": "Whether columns some cells apart are alike",
}


class Parts:
    """Panels, image view and the views beside it, of one workspace.

    Parameters
    ----------
    workspace : Workspace
        What they share.
    panels, views : dict
        Name to what makes it.
    hints : dict
        What a view shows, by its name.
    together : dict, optional
        Name to the names of views that are shown at once under it.
    """

    def __init__(
        self,
        workspace: Workspace,
        panels: dict[str, Make],
        views: dict[str, Make],
        hints: dict[str, str],
        together: dict[str, tuple[str, ...]] | None = None,
    ) -> None:
        self._workspace = workspace
        self.image_view = ImageView(workspace)
        self.panels = {name: make(workspace, self.image_view) for name, make in panels.items()}
        self.steps = tuple(panels)
        self._together = together or {}
        names = (*views, *self._together)
        self.hints = {name: hints.get(name, f"Show the {name.lower()}") for name in names}
        self._makers = views
        self._views: dict[str, Any] = {}

    def view(self, name: str) -> Any:
        """Return a view beside the image; it is made when first asked for."""
        if name not in self._views:
            self._views[name] = self._makers[name](self._workspace, self.image_view)
        return self._views[name]

    def show(self, name: str) -> widgets.Widget:
        """Wake the views that are wanted and no other: bqplot cannot draw in a hidden tab."""
        shown = [self.view(one) for one in self._together.get(name, (name,))]
        for view in self._views.values():
            view.active = any(view is one for one in shown)
        return shown[0] if len(shown) == 1 else widgets.VBox(shown)

    def close(self) -> None:
        """Close all parts."""
        for part in (*self._views.values(), *self.panels.values(), self.image_view):
            part.close()


def column_parts(workspace: Workspace) -> Parts:
    """Return the parts of an `Explorer`."""
    return Parts(workspace, _PANELS, _VIEWS, _HINTS)


def panel(name: str) -> Any:
    """Return a property that gives the panel of a step."""
    return property(lambda explorer: explorer.parts.panels[name], doc=f"The panel of {name!r}.")


def finder(name: str) -> Any:
    """Return a property that gives one of the panels that find columns."""
    return property(
        lambda explorer: getattr(explorer.parts.panels["Find"], name), doc=f"Find by {name}."
    )


def view(name: str) -> Any:
    """Return a property that gives a view beside the image."""
    return property(lambda explorer: explorer.parts.view(name), doc=f"The view {name!r}.")
