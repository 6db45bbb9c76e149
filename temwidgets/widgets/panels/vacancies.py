"""Vacancy candidates at a rate of false discoveries; they become the selection."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets
import numpy as np
import xarray as xr

import temwidgets as tw
from temwidgets.widgets.controls import button, dropdown, offer, whole_number
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.panels._panel import Panel
from temwidgets.widgets.style import row, together
from temwidgets.widgets.views._variables import categories, choices, choose, numeric

_KINDS = [("too little", "vacancy"), ("too much", "dopant"), ("either", "both")]
_NAME = "missing columns"
_CROSS = "#ff4d4d"
_ARM = 0.2
"""Half the length of a cross in typical distances of columns."""


class VacancyPanel(Panel):
    """Options of `temwidgets.find_vacancies`; candidates are selected, empty sites are crossed.

    Parameters
    ----------
    workspace : Workspace or DataArray
        The workspace to act on.
    view : ImageView, optional
        Where sites without a column are crossed.
    status : bool
        Show messages and progress in the panel itself.

    Attributes
    ----------
    rate : FloatLogSlider
        Expected fraction of false ones among the candidates; moved once there are candidates, it
        finds them anew.
    """

    def _build(self) -> list[widgets.Widget]:
        self._busy = self._asked = False
        self._wanted = "intensity"
        self.variable = dropdown("Columns with", "An intensity")
        self.kind = dropdown("", "Vacancies have too little, heavy dopants too much", _KINDS)
        self.neighbours = whole_number("against", "Nearest columns of the same site", 16, 6, 200)
        self.rate = widgets.FloatLogSlider(
            value=0.05, base=10, min=-4, max=-0.31, step=0.05, description="False discoveries",
            readout=False, continuous_update=False, layout={"width": "300px"},
            tooltip="Expected fraction of false ones among the candidates",
            style={"description_width": "auto"},
        )  # fmt: skip
        self.percent = widgets.Label()
        find = self.action("Find", "Candidates become the selection", self._run)
        self.select = button("Select", "Select the candidates again")
        self.select.on_click(self._select)
        self.words = widgets.HTML()
        self.words.add_class("tem-stats")
        self.rate.observe(self._rated, "value")
        self.variable.observe(self._chosen, "value")
        self.watch(self.workspace, self._shown, ["columns", "image"])
        self._shown(None)
        self._say_rate()
        return [
            row(self.variable, self.kind, self.neighbours, widgets.Label("neighbours")),
            row(together(self.rate, self.percent), find, self.select),
            self.words,
        ]

    def close(self) -> None:
        """Close the widget, let go of the workspace and take the crosses off the image."""
        if self.view is not None:
            self.view.clear_lines(_NAME)
        super().close()

    @guarded
    def _run(self, _: Any) -> None:
        if not self.variable.value:
            raise ValueError("There are no columns yet: find columns first.")
        options: dict[str, Any] = {}
        columns = self.workspace.columns
        if columns is not None and "n_a" not in columns:
            options["lattice"] = None  # one that does not number these columns
        self._asked = True
        self.workspace.run(
            tw.find_vacancies, into="columns", amend=True, variable=self.variable.value,
            kind=self.kind.value, fdr=float(f"{self.rate.value:.2g}"),
            neighbours=self.neighbours.value, **options,
        )  # fmt: skip

    @guarded
    def _rated(self, _: Any) -> None:
        self._say_rate()
        if self._found() is not None:
            self._run(None)

    @guarded
    def _chosen(self, change: Any) -> None:
        if not self._busy and change["new"]:
            self._wanted = change["new"]

    @guarded
    def _select(self, _: Any) -> None:
        columns = self._found()
        if columns is None:
            raise ValueError("There are no candidates yet: press Find first.")
        labels = columns["column"].values[columns["vacancy_candidate"].values]
        kind, rate = columns.attrs["vacancy_kind"], float(columns.attrs["vacancy_fdr"])
        self.workspace.selection.select(
            labels, rule=f"{kind} candidates, false discovery rate {rate:.2g}"
        )

    @guarded
    def _shown(self, _: Any) -> None:
        columns = self.workspace.columns
        left_out = ("y", "x", "n_a", "n_b", *categories(columns))
        names = [name for name in numeric(columns) if name not in left_out]
        wanted = choose(columns, self._wanted)
        self._busy = True
        offer(self.variable, choices(columns, names), wanted if wanted in names else None)
        self._busy = False
        found = self._found()
        self.select.disabled = found is None
        self.words.value = "" if found is None else _finding(found)
        self._draw_missing(found)
        if found is not None and self._asked:
            self._asked = False
            self._select(None)

    def _found(self) -> xr.Dataset | None:
        columns = self.workspace.columns
        return columns if columns is not None and "vacancy_candidate" in columns else None

    def _say_rate(self) -> None:
        self.percent.value = f"{100 * self.rate.value:.2g} %"

    def _draw_missing(self, found: xr.Dataset | None) -> None:
        if self.view is None:
            return
        if found is None or not found.sizes.get("missing", 0):
            self.view.clear_lines(_NAME)
            return
        y, x = found["missing_y"].values, found["missing_x"].values
        arm = _ARM * self._spacing(found)
        strokes = [np.column_stack([y - arm, x - s * arm, y + arm, x + s * arm]) for s in (1, -1)]
        self.view.set_lines(_NAME, np.concatenate(strokes), colours=_CROSS, width=2.5)

    def _spacing(self, found: xr.Dataset) -> float:
        """Return about how far columns are apart: the separation they were found with."""
        lattice = self.workspace.lattice
        if lattice is None:
            return float(found.attrs.get("separation", 0.2))
        return float(np.hypot(*lattice["vectors"].values.T).min())


def _finding(found: xr.Dataset) -> str:
    """Say how many candidates there are, how many of them may be false, and how strong they are."""
    chosen = found["vacancy_candidate"].values.astype(bool)
    count, rate = int(chosen.sum()), float(found.attrs["vacancy_fdr"])
    name = str(found.attrs["vacancy_variable"])
    missing = found.sizes.get("missing", 0)
    lines = [f"No candidate of a {found.attrs['vacancy_kind']} at this rate."]
    if count:
        strength = 100 * np.median(found["vacancy_contrast"].values[chosen])
        lines = [
            f"{count:,} candidate{'s' if count > 1 else ''}; about {count * rate:.2g} expected"
            f" to be false; median {name} {strength:+.0f} % against the neighbours."
        ]
    if missing:
        lines.append(f"{missing:,} site{'s' if missing > 1 else ''} inside without any column.")
    return "".join(f"<div>{line}</div>" for line in lines).replace("-", "\N{MINUS SIGN}")
