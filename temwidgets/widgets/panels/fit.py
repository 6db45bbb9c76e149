"""Fit all columns jointly, with progress, a live preview where it is quick, and statistics."""

from __future__ import annotations

import time
from html import escape
from typing import Any

import ipywidgets as widgets
import numpy as np
import xarray as xr

import temwidgets as tw
from temwidgets.conventions import FLAG_SENTENCES, Flag, length_unit
from temwidgets.widgets.controls import button, checkbox, dropdown, number
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.messages import Message
from temwidgets.widgets.panels._panel import Panel
from temwidgets.widgets.panels._refit import EDITS, Outdated, is_fitted, rehearse
from temwidgets.widgets.style import row, together
from temwidgets.widgets.views._base import note

_LIVE = 1.0
"""Seconds: a fit that took longer is not repeated while controls move."""

_FITS = ("fit_columns", "refit_columns")

_SHAPES = [
    ("elliptical, each its own", "elliptical"),
    ("round, each its own", "round"),
    ("shared by a sublattice", "shared"),
    ("shared or elliptical, the better", "auto"),
]
_NOISE = [("counting (Poisson)", "poisson"), ("even (Gaussian)", "gaussian")]
_GROUNDS = [("smooth", "smooth"), ("plane", "plane"), ("constant", "constant")]


class FitPanel(Panel):
    """Options of `temwidgets.fit_columns`; the model and residual follow each fit.

    Where columns of a fit are added, moved or deleted, their neighbourhood is fitted again.
    """

    _compiled = False

    def _build(self) -> list[widgets.Widget]:
        self._outdated = Outdated()
        self._started = self._took = np.inf
        self.shape = dropdown("Shape", "Shape of the columns", _SHAPES)
        self.noise = dropdown("Noise", "How the pixels scatter about the model", _NOISE)
        self.background = dropdown("Background", "What lies under the columns", _GROUNDS)
        self.max_shift = number("Largest shift", "From the start; 0: half the nearest distance")
        self.unit = widgets.Label("nm")
        self.live = checkbox("live", "Fit again when an option changes, if a fit takes under 1 s")
        self.model = checkbox("model and residual", "Compute them after each fit", value=True)
        self.fit = self.action("Fit columns", "Fit all columns at once", lambda _: self._fit())
        self.refit = checkbox(
            "refit after edits",
            "Where a column is added, moved or deleted, fit the neighbourhood again; undo takes"
            " both back",
            value=True,
        )
        self.again = self.action(
            "Refit selected", "Fit the selected columns again with their neighbours", self._again
        )
        self.hint = widgets.HTML()
        self.hint.add_class("tem-note")
        self.follow = button("Share shapes", "Fit with one shape per sublattice")
        self.follow.on_click(self._share)
        self.advice = row(self.hint, self.follow)
        self.flagged = button("Select flagged", "Select the columns that need a second look")
        self.flagged.on_click(self._select_flagged)
        self.report = widgets.HTML()
        self.report.add_class("tem-stats")
        for control in (self.shape, self.noise, self.background, self.max_shift):
            control.observe(self._changed, "value")
        self.watch(self.workspace, self._shown, ["columns", "image"])
        self.watch(self.workspace.job, self._ran, "running")
        self._shown(None)
        return [
            row(self.shape, self.noise, self.background, together(self.max_shift, self.unit)),
            row(self.fit, self.live, self.model, self.refit, self.again, self.flagged),
            self.report,
            self.advice,
        ]

    def _fit(self) -> None:
        options: dict[str, Any] = {
            "shape": self.shape.value,
            "noise": self.noise.value,
            "background": self.background.value,
        }
        if self.max_shift.value > 0:
            options["max_shift"] = self.max_shift.value
        try:
            self.workspace.run(tw.fit_columns, into="columns", amend=True, **options)
        except Exception as error:
            self.show_error(error)
        job = self.workspace.job
        if not self._compiled and job.running and job.name == "fit_columns":
            job.note = "the first fit may compile for some seconds"

    @guarded
    def _again(self, _: Any) -> None:
        labels = self.selected().tolist()
        self.same_frame()
        self.workspace.run(tw.refit_columns, into="columns", labels=labels)

    @guarded
    def _changed(self, _: Any) -> None:
        if not self.live.value:
            return
        if self._took <= _LIVE:
            self._fit()
        elif np.isfinite(self._took):
            text = f"The last fit took {self._took:.1f} s: press Fit columns to fit again."
            self.workspace.message = Message("info", text)

    @guarded
    def _share(self, _: Any) -> None:
        self.shape.value = "shared"
        if not self.live.value or self._took > _LIVE:
            self._fit()

    @guarded
    def _select_flagged(self, _: Any) -> None:
        columns = self.workspace.columns
        if columns is None or "flags" not in columns:
            raise ValueError("There are no flags yet: fit the columns first.")
        odd = (columns["flags"].values & ~int(Flag.edited)) != 0
        self.workspace.selection.select(columns["column"].values[odd], rule="flagged by the fit")

    @guarded
    def _ran(self, change: Any) -> None:
        """Measure how long fits take; let model and refits follow."""
        job = self.workspace.job
        if change["new"]:
            self._started = time.monotonic()
            return
        steps = self.workspace.history
        name = job.name  # of the job that has ended; those started here change it
        if not steps or name != steps[-1].name or job.cancelled:
            return
        if name in EDITS:
            self._refit()
        if name == "fit_columns":
            self._took = time.monotonic() - self._started
            FitPanel._compiled = True
        if name in _FITS and self.model.value and self.workspace.model is None:
            self.workspace.run(tw.model_image, into="model")
        if name == "fit_columns" and self.refit.value:
            self._rehearse()

    def _rehearse(self) -> None:
        image, columns = self.workspace.plane, self.workspace.columns
        if image is not None and columns is not None:
            rehearse(image, columns)

    @guarded
    def _refit(self) -> None:
        """Fit again where columns were edited."""
        columns = self.workspace.columns
        if not self.refit.value or columns is None:
            return
        arguments = self._outdated.arguments(columns)
        if arguments:
            self.same_frame()
            self.workspace.run(tw.refit_columns, into="columns", follows=True, **arguments)
            self.workspace.job.note = "the first may compile for some seconds"

    @guarded
    def _shown(self, change: Any) -> None:
        image, columns = self.workspace.image, self.workspace.columns
        steps = self.workspace.history
        if change is not None and change["name"] == "columns":
            self._outdated.note(steps[-1] if steps else None, change["old"], columns)
        self.unit.value = "nm" if image is None else length_unit(image)
        fitted = columns is not None and "reduced_chi2" in columns.attrs
        self.report.value = statistics(columns) if fitted else ""
        hint = str(columns.attrs.get("fit_hint", "")) if columns is not None and fitted else ""
        self.hint.value = note(hint, "warning")
        self.advice.layout.display = "" if hint else "none"
        self.flagged.layout.display = "" if fitted else "none"
        self.refit.layout.display = "" if is_fitted(columns) else "none"
        self.again.layout.display = "" if is_fitted(columns) else "none"


def statistics(columns: xr.Dataset) -> str:
    """Write the statistics and the flags of a fit as HTML."""
    attrs = columns.attrs
    settled = "settled" if attrs.get("fit_converged") else "not settled"
    flags = columns["flags"].values
    missing = np.isnan(columns["amplitude"].values)
    waiting = int((missing & (flags & int(Flag.failed | Flag.duplicate) == 0)).sum())
    lines = [
        f"<b>fit</b> {columns.sizes['column'] - waiting:,} columns, {attrs['fit_iterations']}"
        f" iterations ({settled}), reduced χ² {attrs['reduced_chi2']:.3g}, shape {attrs['shape']}"
    ]
    if waiting:
        lines.append(f"<b>{waiting:,}</b> not fitted yet: press Fit columns")
    counts = {flag: int(((flags & flag) != 0).sum()) for flag in Flag}
    lines += [
        f"<b>{count:,}</b> {escape(FLAG_SENTENCES[flag])}"
        for flag, count in counts.items()
        if count
    ]
    return "".join(f"<div>{line}</div>" for line in lines)
