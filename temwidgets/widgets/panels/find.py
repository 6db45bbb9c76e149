"""Find columns: a slider cuts the candidates while it moves."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets
import numpy as np
import xarray as xr

import temwidgets as tw
from temwidgets.conventions import length_unit
from temwidgets.widgets.controls import dropdown, number
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.panels._following import Following
from temwidgets.widgets.panels._panel import Panel
from temwidgets.widgets.style import row, together

_STEP = 0.005
_THRESHOLD = "Lowest score kept: height over that of a strong column"


class FindPanel(Panel):
    """Separation, threshold and contrast of `temwidgets.find_columns`, and what a fit left over."""

    def _build(self) -> list[widgets.Widget]:
        self._known: tuple[Any, ...] = ()
        self._candidates: xr.Dataset | None = None
        self.separation = number(
            "Separation", "Smallest distance between columns; 0: estimated from the image"
        )
        self.unit = widgets.Label("nm")
        self.contrast = dropdown(
            "Columns are", "Bright as in HAADF, or dark as in ABF", ["bright", "dark"]
        )
        self.find = self.action("Find columns", "Find with the threshold in the gap", self._find)
        self.threshold = widgets.FloatSlider(
            min=0, max=1, step=_STEP, value=0.1, description="Threshold", readout_format=".3f",
            tooltip=_THRESHOLD, disabled=True,
            layout={"width": "auto", "flex": "1 1 260px", "max_width": "520px"},
            style={"description_width": "auto"},
        )  # fmt: skip
        self.automatic = self.action("Auto", "Put the threshold into the gap again", self._find)
        self.count = widgets.Label(layout={"width": "auto"})
        self.residual = self.action(
            "Find in residual", "After a fit: find weak columns in image - model", self._find_more
        )
        self._following = Following(self, self._cut, self._shown, self.threshold)
        self.watch(self.workspace, self._shown, ["image", "columns"])
        self.watch(self.workspace, self._show_new, "columns")
        self._shown(None)
        return [
            row(together(self.separation, self.unit), self.contrast, self.find, self.residual),
            row(self.threshold, self.automatic, self.count),
        ]

    @guarded
    def _find(self, _: Any) -> None:
        self._run(None)

    @guarded
    def _cut(self) -> None:
        columns = self.workspace.columns
        applied = -1.0 if columns is None else columns.attrs.get("threshold", -1.0)
        # The slider answers with the nearest step when it is told a threshold.
        if abs(self.threshold.value - applied) > 0.51 * _STEP:
            self._run(self.threshold.value)
            self._following.waiting = True

    @guarded
    def _find_more(self, _: Any) -> None:
        self.same_frame()
        self.workspace.run(tw.find_in_residual, into="columns")

    def _run(self, threshold: float | None) -> None:
        options = {"contrast": self.contrast.value}
        if self.separation.value > 0:
            options["separation"] = self.separation.value
        if threshold is not None:
            options["threshold"] = threshold
        self.workspace.run(
            tw.find_columns, into="columns", amend=True, shortcut=self._shortcut, **options
        )

    def _shortcut(
        self, image: xr.DataArray, *, threshold: float | None = None, report: Any, **options: Any
    ) -> xr.Dataset:
        """Do as find_columns does, but search only when anything but the threshold changed."""
        known = (id(self.workspace.image), self.workspace.frame, tuple(sorted(options.items())))
        if self._known != known:
            self._candidates = tw.find_candidates(image, report=report, **options)
            self._known = known
        assert self._candidates is not None
        return tw.apply_threshold(self._candidates, threshold)

    @guarded
    def _show_new(self, change: Any) -> None:
        """Select what was found in the residual, for the eye to judge."""
        steps, old, found = self.workspace.history, change["old"], change["new"]
        if not steps or steps[-1].name != "find_in_residual" or old is None or found is None:
            return
        new = np.setdiff1d(found["column"].values, old["column"].values)
        if new.size:
            self.workspace.selection.select(new, rule="found in the residual")

    @guarded
    def _shown(self, _: Any = None) -> None:
        image, columns = self.workspace.image, self.workspace.columns
        self.unit.value = "nm" if image is None else length_unit(image)
        told = () if columns is None or "network" in columns.attrs else columns.attrs
        fresh = "threshold" in told and self._known != ()
        self.threshold.disabled = not fresh
        self.threshold.tooltip = _THRESHOLD if fresh else f"{_THRESHOLD}. First press Find columns"
        self.residual.layout.display = (
            "" if columns is not None and "amplitude" in columns else "none"
        )
        if columns is None or image is None:
            self.count.value = ""
            return
        self.count.value = f"{columns.sizes['column']:,} columns"
        if "separation" in columns.attrs:
            self.count.value += f", {columns.attrs['separation']:.3g} {length_unit(image)} apart"
        if fresh and not self._following.waiting:  # else a newer cut is on its way
            with self._following.quietly():
                self.threshold.value = float(columns.attrs["threshold"])
