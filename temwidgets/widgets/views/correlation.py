"""Pair correlation of a column variable: do neighbours agree, and how far."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ipywidgets as widgets
import numpy as np
import traitlets
import xarray as xr

from temwidgets.analysis.pair_correlation import correlation, correlation_by_distance
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.products import Product
from temwidgets.widgets.selection import Selection
from temwidgets.widgets.views._base import ColumnsView
from temwidgets.widgets.views._correlation_controls import CorrelationControls
from temwidgets.widgets.views._correlation_figure import CorrelationMap, DistanceFigure, ramp
from temwidgets.widgets.views._correlation_print import distance_plot, map_plot
from temwidgets.widgets.views._correlation_words import finding, offset_table
from temwidgets.widgets.views._print import Plot, Printed
from temwidgets.widgets.views._site_choice import chosen_site
from temwidgets.widgets.views._variables import check_variable, choose, title


class CorrelationView(Printed, ColumnsView):
    """Pair correlation of a column variable over cell offsets, as a map or against distance.

    Positive where columns so many cells apart are alike, negative where they are opposite, as in
    order that alternates; 0 without a relation. In the map a dot marks the offsets that correlate
    beyond chance, corrected for their number. Against distance each offset is a faint point, the
    line is the mean over offsets of one length with its standard error, and 95 % of the means of
    independent values lie between the dashed lines; selected columns are drawn for themselves.

    Parameters
    ----------
    source : Workspace or Dataset
        A workspace to follow, or columns numbered by ``temwidgets.index_columns``.
    variable : str
        The variable, e.g. "intensity" or "displacement_y".
    lattice : Dataset, optional
        Lattice of bare columns, for distances.
    selection : Selection, optional
        Share one between views to link them; that of the workspace when not given.
    style : {"map", "distance"}
        Over offsets, or against distance.
    site : int or None
        Motif site (or sublattice) that is looked at; None: the first.
    reach : int
        Largest offset in cells.
    trend : int
        Degree of the polynomial that counts as slow trend.

    Attributes
    ----------
    table : Dataset or None
        What is shown, as ``temwidgets.correlation`` returns it.
    shells : Dataset or None
        Its means by distance; None without a lattice.

    Raises
    ------
    ValueError
        If bare columns do not have `variable`.
    TypeError
        If `source` is neither a Workspace nor a Dataset, or an option is unknown.
    """

    variable = traitlets.Unicode("intensity")
    lattice = Product()
    style = traitlets.Enum(("map", "distance"), "map")
    site = traitlets.Int(None, allow_none=True)
    reach = traitlets.Int(10, min=1, max=200)
    trend = traitlets.Int(4, min=0, max=12)

    def __init__(
        self,
        source: Any = None,
        variable: str = "intensity",
        *,
        lattice: xr.Dataset | None = None,
        selection: Selection | None = None,
        **options: Any,
    ) -> None:
        check_variable(source, variable)
        if lattice is None and source is not None and not isinstance(source, xr.Dataset):
            lattice = getattr(source, "lattice", None)
        super().__init__(source, selection=selection, variable=variable, lattice=lattice, **options)
        self.observe(self._on_option, ["variable", "lattice", "site", "reach", "trend"])
        self.observe(self._on_style, "style")
        if self._workspace is not None:
            self._workspace.observe(self._on_lattice, "lattice")

    @property
    def shown(self) -> str | None:
        """The variable looked at: `variable`, or what stands in for it; None without columns."""
        return choose(self.columns, self.variable)

    @property
    def table(self) -> xr.Dataset | None:
        """The correlation over offsets."""
        return self._table

    @property
    def shells(self) -> xr.Dataset | None:
        """The correlation by distance."""
        return self._shells

    def csv(self) -> str:
        """Return what is shown as CSV: every offset, or the means by distance."""
        shown = self._table if self.style == "map" else self._shells
        if shown is None:
            return ""
        text: str = shown.to_dataframe().to_csv(index=self.style == "map")
        return f"# {shown['correlation'].attrs['long_name']}\n{text}"

    def save_csv(self, path: str | Path) -> None:
        """Write what is shown as CSV."""
        Path(path).write_text(self.csv(), encoding="utf-8")

    def plot(self) -> Plot:
        """Return what is shown, to be printed."""
        if self._table is None or self.columns is None or self.shown is None:
            raise ValueError("There is no correlation to print yet.")
        text = f"Correlation of {title(self.columns, self.shown)}"
        if self.style == "map":
            return map_plot(self._table, text)
        if self._shells is None:
            raise ValueError("Without a lattice there are no distances to print.")
        return distance_plot(self.distances, text)

    def close(self) -> None:
        """Close the widget and let go of workspace and selection."""
        if self._following and self._workspace is not None:
            self._workspace.unobserve(self._on_lattice, "lattice")
        super().close()

    def _build(self) -> None:
        self._table: xr.Dataset | None = None
        self._shells: xr.Dataset | None = None
        self.map, self.distances = CorrelationMap(), DistanceFigure()
        self._body = widgets.VBox(layout={"flex": "1 1 378px", "min_width": "300px"})
        self._words, self._offsets, self._ramp = (widgets.HTML() for _ in range(3))
        words = [self._words, self._offsets, self._ramp]
        for box in words:
            box.add_class("tem-stats")
        self._controls = CorrelationControls(self)
        self.children = self._controls.arrange(self._body, words, self._note)

    def _draw(self) -> None:
        self._tone, text = "info", ""
        try:
            self._table = self._measure(self.columns)
        except ValueError as error:
            self._table, self._tone, text = None, "warning", str(error)
        self._controls.refresh()
        shown = self._table
        self._shells = _by_distance(shown)
        self.map.show(shown)
        self._words.value = "" if shown is None else f"<div>{finding(shown)}</div>"
        self._offsets.value = "" if shown is None else offset_table(shown)
        self._show_figure()
        self.message = ""
        self.message = text or self._explain()

    def _draw_selection(self) -> None:
        """Draw the correlation among the selected columns; too few have none."""
        part, labels = None, self.selection.labels
        if self._table is not None and self.columns is not None and labels.size:
            try:
                chosen = self.columns.isel(column=self.selection.mask(self.columns))
                part = _by_distance(self._measure(chosen))
            except ValueError:
                part = None
        self.distances.show(self._table, self._shells, part)

    def _show_figure(self) -> None:
        """Put in the one figure that is wanted: bqplot cannot draw in a hidden one."""
        figure = self.map if self.style == "map" else self.distances
        if self._body.children != (figure,):
            self._body.children = (figure,)
        on = self._table is not None and self.style == "map"
        self._ramp.value = ramp(self._table) if on and self._table is not None else ""

    def _measure(self, columns: xr.Dataset | None) -> xr.Dataset | None:
        if columns is None or "n_a" not in columns or self.shown is None:
            return None
        site = chosen_site(columns, self.site, self.shown)
        return correlation(
            columns, self.shown, site=site, lattice=self.lattice, reach=self.reach,
            trend=self.trend,
        )  # fmt: skip

    def _explain(self) -> str:
        if self.columns is None:
            return "No columns yet: find columns first."
        if "n_a" not in self.columns:
            return "The columns are not numbered yet: find the lattice first."
        if self.shown != self.variable:
            return f"These columns have no {self.variable} yet; {self.shown} is shown."
        if self.style == "distance" and self._shells is None:
            return "Distances need the lattice: find it, or give it as lattice=."
        return ""

    @guarded
    def _on_lattice(self, change: Any) -> None:
        self.lattice = change["new"]

    @guarded
    def _on_option(self, _: Any) -> None:
        self._stale |= {"columns", "selection"}
        self._catch_up()

    @guarded
    def _on_style(self, _: Any) -> None:
        self._show_figure()
        self._controls.refresh()
        self.message = self._explain()


def _by_distance(table: xr.Dataset | None) -> xr.Dataset | None:
    if table is None or "distance" not in table or not np.isfinite(table["p_value"]).any():
        return None
    return correlation_by_distance(table)
