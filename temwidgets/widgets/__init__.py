"""Widgets: workspace, views, panels and explorers."""

from __future__ import annotations

import importlib
import importlib.util
import warnings
from typing import Any

_HOME = {
    "temwidgets.widgets.explorers": ("Explorer", "explore"),
    "temwidgets.widgets.fourier_explorer": ("FourierExplorer", "explore_fourier"),
    "temwidgets.widgets.panels.compare": ("ComparePanel",),
    "temwidgets.widgets.panels.counting": ("CountPanel",),
    "temwidgets.widgets.panels.displacement": ("DisplacementPanel",),
    "temwidgets.widgets.panels.filter": ("FilterPanel",),
    "temwidgets.widgets.panels.domains": ("DomainPanel",),
    "temwidgets.widgets.panels.find": ("FindPanel",),
    "temwidgets.widgets.panels.fit": ("FitPanel",),
    "temwidgets.widgets.panels.intensity": ("IntensityPanel",),
    "temwidgets.widgets.panels.label": ("LabelPanel",),
    "temwidgets.widgets.panels.lattice": ("LatticePanel",),
    "temwidgets.widgets.panels.load": ("LoadPanel",),
    "temwidgets.widgets.panels.local_spacing": ("LocalSpacingPanel",),
    "temwidgets.widgets.panels.network": ("NetworkPanel",),
    "temwidgets.widgets.panels.phase": ("PhasePanel",),
    "temwidgets.widgets.panels.prepare": ("PreparePanel",),
    "temwidgets.widgets.panels.reflections": ("ReflectionPanel",),
    "temwidgets.widgets.panels.stack": ("StackPanel",),
    "temwidgets.widgets.panels.strain": ("StrainPanel",),
    "temwidgets.widgets.panels.sublattice": ("SublatticePanel",),
    "temwidgets.widgets.panels.training": ("TrainingPanel",),
    "temwidgets.widgets.panels.vacancies": ("VacancyPanel",),
    "temwidgets.widgets.stack_explorer": ("StackExplorer", "explore_stack"),
    "temwidgets.widgets.status": ("StatusLine",),
    "temwidgets.widgets.views.correlation": ("CorrelationView",),
    "temwidgets.widgets.views.displacement_map": ("DisplacementMap",),
    "temwidgets.widgets.views.domain_view": ("DomainView",),
    "temwidgets.widgets.views.histogram": ("Histogram",),
    "temwidgets.widgets.views.kymograph": ("Kymograph",),
    "temwidgets.widgets.views.map_profile": ("MapProfile",),
    "temwidgets.widgets.views.map_view": ("MapView",),
    "temwidgets.widgets.views.order": ("OrderView",),
    "temwidgets.widgets.views.polar": ("PolarHistogram",),
    "temwidgets.widgets.views.profile": ("ProfileView",),
    "temwidgets.widgets.views.reflection_table": ("ReflectionTable",),
    "temwidgets.widgets.views.scatter": ("ScatterPlot",),
    "temwidgets.widgets.views.score_view": ("ScoreView",),
    "temwidgets.widgets.views.spectrum": ("SpectrumView",),
    "temwidgets.widgets.views.strain_map": ("StrainMap",),
    "temwidgets.widgets.views.table": ("ColumnTable",),
    "temwidgets.widgets.views.time_plot": ("TimePlot",),
    "temwidgets.widgets.views.track_overlay": ("TrackOverlay",),
    "temwidgets.widgets.views.training_curve": ("TrainingCurve",),
    "temwidgets.widgets.views.unit_cell": ("UnitCellView",),
    "temwidgets.widgets.views.image_view": ("ImageView",),
    "temwidgets.widgets.selection": ("Selection",),
    "temwidgets.widgets.workspace": ("Workspace",),
}
_NAMES = {name: module for module, names in _HOME.items() for name in names}

__all__ = sorted(_NAMES)

if importlib.util.find_spec("bqplot_gl") is not None:
    warnings.warn(
        "bqplot-gl is installed. While it is, brushing a plot selects nothing (bqplot 0.13)."
        " Remove it with: pip uninstall bqplot-gl",
        stacklevel=2,
    )


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return getattr(importlib.import_module(_NAMES[name]), name)
    raise AttributeError(f"module 'temwidgets.widgets' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
