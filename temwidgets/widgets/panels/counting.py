"""Count the atoms of each column, with the criterion that chose how many numbers there are."""

from __future__ import annotations

from typing import Any

import bqplot
import ipywidgets as widgets
import numpy as np
import xarray as xr

import temwidgets as tw
from temwidgets.analysis.count_mixture import count_mixture
from temwidgets.analysis.shown_units import in_shown_unit
from temwidgets.widgets import palette
from temwidgets.widgets.controls import dropdown, offer, whole_number
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.panels._panel import Panel
from temwidgets.widgets.panels.intensity import populations
from temwidgets.widgets.style import row
from temwidgets.widgets.views._axes import horizontal, round_ticks, set_range, vertical
from temwidgets.widgets.views._variables import (
    categories,
    choices,
    choose,
    numeric,
    sublattices,
    unit,
)
from temwidgets.widgets.views.histogram import Histogram

_SPACINGS = [("equal steps", "equal"), ("proportional", "proportional"), ("any steps", "free")]
_WIDTHS = [("one width", "equal"), ("growing with the root", "sqrt")]
_MARGIN = {"top": 10, "bottom": 44, "left": 66, "right": 16}


class CountPanel(Panel):
    """Options of `temwidgets.count_atoms`; its criterion curve, and the histogram counted with.

    Attributes
    ----------
    histogram : Histogram
        The variable with the components over it; brush it to select columns.
    figure : bqplot.Figure
        The criterion for each number of components; the smallest was taken.
    """

    def _build(self) -> list[widgets.Widget]:
        self._busy, self._wanted = False, "intensity"
        self.variable = dropdown("Count by", "An intensity that grows with the number of atoms")
        self.of = dropdown("of", "Sublattice that is counted")
        self.first = whole_number("lowest has", "Atoms of the lowest component", 1, 0, 1000)
        self.components = whole_number("Components", "0: by the criterion", 0, 0, 60)
        self.most = whole_number("at most", "Largest number tried", 12, 1, 60)
        self.spacing = dropdown("Means", "How the means of components lie", _SPACINGS)
        self.width = dropdown("with", "How wide the components are", _WIDTHS)
        count = self.action(
            "Count atoms", "A number and its probability for each column", self._run
        )
        self.words, self.table = widgets.HTML(), widgets.HTML()
        for part in (self.words, self.table):
            part.add_class("tem-stats")
        self.histogram = Histogram(self.workspace, self._wanted)
        self.figure = self._curve()
        self._plots = widgets.VBox([self.figure], layout={"flex": "0 1 340px"}), self.histogram
        self.results = widgets.HBox([], layout={"flex_flow": "row wrap"})
        self.variable.observe(self._chosen, "value")
        self.watch(self.workspace, self._shown, "columns")
        self._shown(None)
        return [
            row(self.variable, self.of, self.first, widgets.Label("atoms")),
            row(self.components, self.most, self.spacing, self.width, count),
            self.words, self.results, self.table,
        ]  # fmt: skip

    def close(self) -> None:
        """Close the widget and let go of the workspace."""
        self.histogram.close()
        super().close()

    def _curve(self) -> bqplot.Figure:
        self._x, self._y = bqplot.LinearScale(), bqplot.LinearScale()
        self._axes = horizontal(self._x), vertical(self._y, "ICL")
        self._axes[0].label = "Number of components"
        scales = {"x": self._x, "y": self._y}
        self._line = bqplot.Lines(
            x=[0, 1], y=[0, 1], scales=scales, colors=[palette.ALL], marker="circle", marker_size=24
        )
        self._best = bqplot.Scatter(
            x=[], y=[], scales=scales, colors=[palette.SELECTED], default_size=90
        )
        return bqplot.Figure(
            marks=[self._line, self._best], axes=list(self._axes), fig_margin=_MARGIN, padding_x=0,
            padding_y=0, animation_duration=0, display_toolbar=False,
            layout={"width": "100%", "min_width": "300px", "height": "280px"},
        )  # fmt: skip

    @guarded
    def _run(self, _: Any) -> None:
        if self.variable.value is None:
            raise ValueError("There are no columns yet: find columns first.")
        chosen: dict[str, Any] = {}
        if self.components.value:
            chosen["n_components"] = self.components.value
        if self.of.value not in (None, ""):
            chosen["sublattice"] = self.of.value
        self.workspace.run(
            tw.count_atoms, into="columns", amend=True, variable=self.variable.value,
            first=self.first.value, max_components=self.most.value, spacing=self.spacing.value,
            width=self.width.value, **chosen,
        )  # fmt: skip

    @guarded
    def _chosen(self, change: Any) -> None:
        if not self._busy and change["new"]:
            self._wanted = self.histogram.variable = change["new"]
            self._draw()

    @guarded
    def _shown(self, _: Any) -> None:
        columns = self.workspace.columns
        left_out = ("y", "x", "n_a", "n_b", *categories(columns))
        names = [name for name in numeric(columns) if name not in left_out]
        wanted = choose(columns, self._wanted)
        self._busy = True
        try:
            offer(self.variable, choices(columns, names), wanted if wanted in names else None)
            kinds = [("all columns", None), *sublattices(columns)]
            kept = self.of.value if self.of.value in dict(kinds).values() else None
            offer(self.of, kinds, kept)
        finally:
            self._busy = False
        self._draw()

    def _draw(self) -> None:
        columns = self.workspace.columns
        counted = (
            columns is not None
            and "atom_count" in columns
            and columns.attrs.get("count_variable") == self._wanted
        )
        # bqplot cannot draw where it is hidden: plots are put in when there is something to show
        shown = self._plots if counted else ()
        if self.results.children != shown:
            self.results.children = shown
        if not counted or columns is None:
            self.words.value = self.table.value = ""
            self.histogram.mixture = None
            return
        mixture = count_mixture(columns)
        self.histogram.variable, self.histogram.mixture = self._wanted, mixture
        self.words.value = _finding(columns)
        mixture = in_shown_unit(mixture, self._wanted, "mean", "sd")
        table = populations(mixture, unit(columns, self._wanted))
        self.table.value = table.replace("Population", "Atoms")
        self._draw_curve(columns)

    def _draw_curve(self, columns: xr.Dataset) -> None:
        tried, icl = columns["count_components"].values, columns["count_icl"].values
        margin = 0.08 * (float(np.ptp(icl)) or 1.0)
        set_range(self._x, self._axes[0], tried[0] - 0.5, tried[-1] + 0.5)
        whole = [t for t in round_ticks(tried[0] - 0.5, tried[-1] + 0.5) if t == int(t)]
        self._axes[0].tick_values = np.array(whole or [float(tried[0])])
        set_range(self._y, self._axes[1], icl.min() - margin, icl.max() + margin)
        with self._line.hold_sync():
            self._line.x, self._line.y = tried, icl
        with self._best.hold_sync():
            self._best.x, self._best.y = tried[[icl.argmin()]], icl[[icl.argmin()]]


def _finding(columns: xr.Dataset) -> str:
    """Say what was counted, and how far it can be trusted."""
    atoms, tried = columns["atoms"].values, columns["count_components"].values
    counted = int(np.isfinite(columns["atom_count"].values).sum())
    span = f"{atoms[0]} to {atoms[-1]} atoms" if atoms.size > 1 else f"{atoms[0]} atoms each"
    wrong = float(columns.attrs["count_misassigned"])
    text = f"{counted:,} columns of {span}; if the mixture is right, {wrong:.1%} are miscounted."
    if tried.size > 1 and atoms.size == 1:
        text += " One component is best: no steps are seen in this variable."
    elif tried.size > 1 and atoms.size == tried[-1]:
        text += " The criterion is still falling at the largest number tried: try more."
    return f"<div>{text}</div>"
