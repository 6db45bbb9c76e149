"""Table of reflections, linked with the spectra of its workspace."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ipywidgets as widgets
import numpy as np
import traitlets
import xarray as xr
from ipywidgets import TypedTuple

import temwidgets as tw
from temwidgets.analysis.fourier.reflection_data import check_reflections
from temwidgets.widgets.controls import button
from temwidgets.widgets.download import DownloadButton
from temwidgets.widgets.errors import guarded, reject_unknown, sentence
from temwidgets.widgets.style import row, style_sheet
from temwidgets.widgets.views._base import note
from temwidgets.widgets.views._reflection_rows import reflection_rows
from temwidgets.widgets.views._spectrum_options import checked_choice
from temwidgets.widgets.views.row_table import RowTable
from temwidgets.widgets.workspace import Workspace

_EMPTY = "There are no reflections yet: find them, or click spots of a spectrum."


class ReflectionTable(widgets.VBox):
    """One row for each reflection; click rows to choose (Ctrl, Shift: more), headings to sort.

    Parameters
    ----------
    source : Workspace or Dataset, (reflection,)
        A workspace to follow, or reflections.
    **options
        `chosen`, `active` and `layout`.

    Attributes
    ----------
    chosen : tuple of int
        Labels of the chosen reflections, shared with the spectra of the workspace.
    active : bool
        While False nothing is drawn, for nobody sees it.
    table : RowTable
        The grid.
    message : str
        The line under the table.

    Raises
    ------
    TypeError
        If `source` is neither, or an option is unknown.
    """

    chosen = TypedTuple(traitlets.Int())
    active = traitlets.Bool(True)
    message = traitlets.Unicode("")
    _following = False

    def __init__(self, source: Any = None, **options: Any) -> None:
        reject_unknown("ReflectionTable", options, ["chosen", "active", "layout"])
        self.workspace = _workspace(source)
        chosen = options.pop("chosen", None)
        super().__init__(**options)
        self.add_class("temwidgets-view")
        self._build()
        self._shown(None)
        self._link = traitlets.link((self.workspace, "chosen_reflections"), (self, "chosen"))
        self.workspace.observe(self._shown, "reflections")
        self._following = True
        if chosen is not None:
            self.chosen = chosen

    @property
    def reflections(self) -> xr.Dataset | None:
        """The reflections shown."""
        return self.workspace.reflections

    def csv(self) -> str:
        """Return all rows as CSV, in full precision, with the vectors."""
        if self.reflections is None:
            return ""
        return reflection_rows(self.reflections, full=True).to_csv()

    def save_csv(self, path: str | Path) -> None:
        """Write all rows as CSV."""
        Path(path).write_text(self.csv(), encoding="utf-8")

    @guarded
    def exclude(self) -> None:
        """Take the chosen reflections away (a step of the workspace)."""
        if not self.chosen:
            raise ValueError("No reflection is chosen: click a row, or a ring of the spectrum.")
        self.message = ""
        self.workspace.run(
            tw.exclude_reflections, into="reflections", wait=True, labels=list(self.chosen)
        )

    def show_error(self, error: BaseException) -> None:
        """Show the sentence of an exception under the table."""
        self.message = sentence(error)

    def close(self) -> None:
        """Close the widget and let go of the workspace."""
        if self._following:
            self._following = False
            self._link.unlink()
            self.workspace.unobserve(self._shown, "reflections")
        super().close()

    @traitlets.validate("chosen")
    def _check_chosen(self, proposal: Any) -> tuple[int, ...]:
        there = self.reflections
        known = () if there is None else tuple(there["reflection"].values.tolist())
        return checked_choice(proposal["value"], known)

    def _build(self) -> None:
        self.table, self._note = RowTable(), widgets.HTML()
        self._note.add_class("tem-note")
        self._exclude = button(
            "Exclude", "Take the chosen reflections away (undo brings them back)"
        )
        self._family = button("Same family", "Choose all reflections of the chosen ones' d-spacing")
        self._lattice = button("Same lattice", "Choose all reflections of the chosen ones' crystal")
        csv = DownloadButton(
            lambda: ("reflections.csv", self.csv()), tooltip="Save all rows as CSV",
            on_error=self.show_error,
        )  # fmt: skip
        self._exclude.on_click(lambda _: self.exclude())
        self._family.on_click(lambda _: self._widen("family"))
        self._lattice.on_click(lambda _: self._widen("lattice"))
        self.table.observe(self._clicked, "chosen")
        self.observe(self._mark, "chosen")
        self.observe(self._shown, "active")
        self.observe(self._told, "message")
        bar = row(self._exclude, self._family, self._lattice, csv)
        self.children = [style_sheet(), bar, self.table, self._note]

    @guarded
    def _shown(self, _: Any) -> None:
        if not self.active:
            return
        there = self.reflections
        known = () if there is None else tuple(there["reflection"].values.tolist())
        self.chosen = tuple(label for label in self.chosen if label in known)
        if there is None or not there.sizes["reflection"]:
            self.message = _EMPTY
            self.table.children = []
        else:
            self.message = ""
            self.table.show(reflection_rows(there))
        self._mark(None)

    @guarded
    def _mark(self, _: Any) -> None:
        if self.active:
            self.table.chosen = self.chosen
        there = self.reflections
        self._exclude.disabled = not self.chosen
        for made, name in ((self._family, "family"), (self._lattice, "lattice")):
            made.disabled = not self.chosen or there is None or name not in there

    @guarded
    def _clicked(self, change: Any) -> None:
        self.chosen = change["new"]

    @guarded
    def _widen(self, name: str) -> None:
        """Choose all that share a class with one of the chosen."""
        there = self.reflections
        assert there is not None
        kinds = there[name].sel(reflection=list(self.chosen)).values
        same = np.isin(there[name].values, kinds[kinds >= 0])
        same |= np.isin(there["reflection"].values, self.chosen)
        self.chosen = tuple(there["reflection"].values[same].tolist())

    def _told(self, change: Any) -> None:
        level = "info" if change["new"] == _EMPTY else "warning"
        self._note.value = note(change["new"], level)


def _workspace(source: Any) -> Workspace:
    if isinstance(source, Workspace):
        return source
    workspace = Workspace()
    if source is not None:
        workspace.reflections = check_reflections(source)
    return workspace
