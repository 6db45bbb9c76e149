"""Intensities: another way to measure them, sublattices, statistics, outliers, populations."""

from __future__ import annotations

from html import escape
from typing import Any

import ipywidgets as widgets
import xarray as xr

import temwidgets as tw
from temwidgets.analysis.shown_units import in_shown_unit
from temwidgets.conventions import length_unit
from temwidgets.widgets.controls import button, dropdown, number, offer, whole_number
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.panels._panel import Panel
from temwidgets.widgets.style import row, together
from temwidgets.widgets.views._variables import (
    categories,
    choices,
    choose,
    measured,
    numeric,
    unit,
)

_METHODS = [("in the whole image", "global"), ("with their neighbours", "local")]


class IntensityPanel(Panel):
    """Steps on the intensities of columns, and their statistics per sublattice.

    Attributes
    ----------
    variable : Dropdown
        The variable that statistics, outliers and mixture are about.
    """

    def _build(self) -> list[widgets.Widget]:
        self._busy = False
        self._wanted = "intensity"
        self.variable = dropdown("Variable", "What statistics, outliers and mixture are about")
        self.variable.observe(self._chosen, "value")
        self.table = widgets.HTML()
        self.table.add_class("tem-stats")
        rows = [self._sublattices(), self._voronoi(), self._outliers(), self._mixture()]
        self.watch(self.workspace, self._shown, ["columns", "mixture", "image"])
        self._shown(None)
        return [*rows[:2], row(self.variable, *rows[2].children, *rows[3].children), self.table]

    def _sublattices(self) -> widgets.HBox:
        self.n = whole_number("Sublattices", "How many; 0: as many as stand clearly apart", 0, 0, 9)
        self.compare = dropdown("compare", "Where thickness varies, with neighbours", _METHODS)
        label = self.action("Label sublattices", "Sort columns by brightness", self._label)
        self.number = whole_number(
            "Put selected into", "Sublattice for the selected columns", 0, 0, 9
        )
        assign = button("Set", "Put the selected columns into this sublattice")
        assign.on_click(self._assign)
        return row(self.n, self.compare, label, self.number, assign)

    def _voronoi(self) -> widgets.HBox:
        self.radius = number("Largest radius", "Of a Voronoi cell; 0: as large as they come")
        self.length = widgets.Label("nm")
        self.ground = dropdown(
            "background", "Counts per pixel taken away", [("none", ""), ("fitted", "fitted")]
        )
        measure = self.action("Voronoi intensity", "Sum pixels nearest to a column", self._measure)
        return row(together(self.radius, self.length), self.ground, measure)

    def _outliers(self) -> widgets.HBox:
        self.threshold = number("beyond (sd)", "Standard deviations from the middle (robust)", 4.0)
        mark = self.action("Select outliers", "Mark them and select them", self._mark)
        return row(self.threshold, mark)

    def _mixture(self) -> widgets.HBox:
        self.components = whole_number(
            "Populations", "How many; 0: by information criterion", 0, 0, 9
        )
        fit = self.action("Fit mixture", "Gaussian populations of the histogram", self._fit)
        assign = self.action("Assign", "Probability of each population for each column", self._sort)
        return row(self.components, fit, assign)

    @guarded
    def _label(self, _: Any) -> None:
        options = {"n": self.n.value} if self.n.value else {}
        self.workspace.run(
            tw.label_sublattices, into="columns", method=self.compare.value, **options
        )

    @guarded
    def _assign(self, _: Any) -> None:
        self.put_selected(self.number.value)

    @guarded
    def _measure(self, _: Any) -> None:
        options: dict[str, Any] = {"max_radius": self.radius.value} if self.radius.value else {}
        if self.ground.value:
            options["background"] = self.ground.value
        self.workspace.run(tw.voronoi_intensity, into="columns", **options)

    @guarded
    def _mark(self, _: Any) -> None:
        variable = self._variable()
        self.workspace.observe(self._marked, "columns")
        self.workspace.run(
            tw.find_outliers, into="columns", variable=variable, threshold=self.threshold.value
        )

    @guarded
    def _marked(self, change: Any) -> None:
        self.workspace.unobserve(self._marked, "columns")
        name = f"{self.variable.value}_outlier"
        columns = change["new"]
        if columns is not None and name in columns:
            chosen = columns["column"].values[columns[name].values]
            rule = f"{self.variable.value} beyond {self.threshold.value:g} deviations"
            self.workspace.selection.select(chosen, rule=rule)

    @guarded
    def _fit(self, _: Any) -> None:
        options = {"n_components": self.components.value} if self.components.value else {}
        self.workspace.run(tw.fit_mixture, into="mixture", variable=self._variable(), **options)

    @guarded
    def _sort(self, _: Any) -> None:
        if self.workspace.mixture is None:
            raise ValueError("There is no mixture yet: press Fit mixture first.")
        self.workspace.run(tw.assign_populations, into="columns")

    def _variable(self) -> str:
        if self.variable.value is None:
            raise ValueError("There are no columns yet: find columns first.")
        return str(self.variable.value)

    @guarded
    def _shown(self, _: Any) -> None:
        image, columns = self.workspace.image, self.workspace.columns
        self.length.value = "nm" if image is None else length_unit(image)
        classes = categories(columns)
        names = [name for name in numeric(columns) if name not in ("y", "x", *classes)]
        self._busy = True
        wanted = choose(columns, self._wanted)
        offer(self.variable, choices(columns, names), wanted if wanted in names else None)
        self._busy = False
        self._chosen(None)

    @guarded
    def _chosen(self, change: Any) -> None:
        if self._busy:
            return
        columns, name = self.workspace.columns, self.variable.value
        if change is not None and name:
            self._wanted = name
        if columns is None or not name or not columns.sizes["column"]:
            self.table.value = ""
            return
        found = tw.sublattice_statistics(columns, name)
        found = in_shown_unit(found, name, "mean", "sd", "median", "typical_error")
        tables = statistics(found, unit(columns, name))
        mixture = self.workspace.mixture
        if mixture is not None and mixture.attrs["variable"] == name:
            mixture = in_shown_unit(mixture, name, "mean", "sd")
            tables += populations(mixture, unit(columns, name))
        self.table.value = tables


def statistics(table: xr.Dataset, units: str) -> str:
    """Write the statistics per sublattice as an HTML table."""
    rows = []
    errors = "typical_error" in table
    for index in range(table.sizes["sublattice"]):
        one = table.isel(sublattice=index)
        number = int(one["sublattice"])
        if not int(one["count"]):  # columns not fitted yet: a mean of nothing is no news
            continue
        sd = float(one["sd"])
        name = str(one["name"].item()) if "name" in one.coords else str(number)
        rows.append(
            [
                "none" if number < 0 else name,
                f"{int(one['count']):,}",
                measured(float(one["mean"]), sd),
                measured(float(one["median"]), sd).partition(" ")[0],
                *([f"{float(one['typical_error']):.2g}"] if errors else []),
            ]
        )
    if not rows:
        return ""
    heads = ["Sublattice", "Count", f"Mean ± sd ({units or '1'})", "Median"]
    heads += ["Typical error"] if errors else []
    return _table(heads, rows)


def populations(mixture: xr.Dataset, units: str) -> str:
    """Write the populations of a mixture as an HTML table."""
    rows = [
        [
            str(int(number)),
            f"{float(weight):.1%}",
            measured(float(mean), float(sd)),
        ]
        for number, weight, mean, sd in zip(
            mixture["population"], mixture["weight"], mixture["mean"], mixture["sd"], strict=True
        )
    ]
    return _table(["Population", "Share", f"Mean ± sd ({units or '1'})"], rows)


def _table(heads: list[str], rows: list[list[str]]) -> str:
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>" for cells in rows
    )
    return f'<table class="tem-table"><tr>{head}</tr>{body}</table>'
