"""Phases that reflections are compared with: d-spacings typed in, or CIF files."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import xarray as xr

import temwidgets as tw
from temwidgets.widgets.controls import button, number, text
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.style import row, together
from temwidgets.widgets.views._spectrum_marks import phase_colour


class PhaseList(widgets.VBox):
    """Phases by name, drawn as rings in the spectra; "Index" compares the reflections with them.

    Attributes
    ----------
    phases : dict
        Name to a list of d-spacings or the path of a CIF file; replaced, never changed in place.
    """

    def __init__(self, panel: Any) -> None:
        super().__init__()
        self.workspace, self.show_error = panel.workspace, panel.show_error
        self.phases: dict[str, list[float] | str] = {}
        self.name = text("Phase", "Name of the phase", width="170px")
        self.name.placeholder = "name"
        self.source = text(
            "d-spacings or CIF",
            "d-spacings in the image's unit with spaces between, or the path of a CIF file",
            flex="1 1 300px", max_width="520px",
        )  # fmt: skip
        self.source.placeholder = "0.2027 0.1433 0.1170, or path/phase.cif"
        self.add = button("Add", "Compare with this phase, and draw its rings")
        self.tolerance = number("within", "How much d may differ, in per cent", 3.0)
        self.index = panel.action("Index", "Name the phase and hkl of each reflection", self._index)
        self.shown, self.suggestions = widgets.HBox(), widgets.HTML()
        self.shown.add_class("tem-row")
        self.suggestions.add_class("tem-stats")
        self.near = together(self.tolerance, widgets.Label("%"), self.index)
        self.add.on_click(self._add)
        panel.watch(self.workspace, self._suggest, ["reflections"])
        self._refresh()
        self._suggest(None)
        self.children = [
            row(self.name, self.source, self.add, self.near), self.shown, self.suggestions,
        ]  # fmt: skip

    def put(self, phases: dict[str, list[float] | str]) -> None:
        """Compare with these phases and draw their rings."""
        rings = {name: _rings(source) for name, source in phases.items()}
        self.phases = dict(phases)
        self.workspace.reciprocal.rings = rings or None
        self._refresh()

    @guarded
    def _add(self, _: Any) -> None:
        source = _source(self.source.value)
        name = self.name.value.strip() or (
            Path(source).stem if isinstance(source, str) else f"phase {len(self.phases) + 1}"
        )
        self.put({**self.phases, name: source})
        self.name.value = self.source.value = ""

    def _refresh(self) -> None:
        self.near.layout.display = self.shown.layout.display = "" if self.phases else "none"
        self.shown.children = [self._chip(n, name) for n, name in enumerate(self.phases)]

    def _chip(self, number: int, name: str) -> widgets.Button:
        made = widgets.Button(
            description=name, icon="times", tooltip=f"Take {name} away",
            layout={"width": "auto"},
            style={"button_color": phase_colour(number), "text_color": "#111111"},
        )  # fmt: skip
        made.add_class("tem-chip")
        made.on_click(lambda _: self._remove(name))
        return made

    @guarded
    def _remove(self, name: str) -> None:
        self.put({known: source for known, source in self.phases.items() if known != name})

    @guarded
    def _index(self, _: Any) -> None:
        self.workspace.run(
            tw.index_reflections, into="reflections", phases=self.phases,
            tolerance=self.tolerance.value / 100,
        )  # fmt: skip

    @guarded
    def _suggest(self, _: Any) -> None:
        found = self.workspace.reflections
        self.suggestions.value = "" if found is None else suggestions(found)


def suggestions(reflections: xr.Dataset) -> str:
    """Say how much each phase explains, and how well, as HTML."""
    if "candidate" not in reflections:
        return ""
    count, lines = reflections.sizes["reflection"], []
    for name in reflections["candidate"].values:
        one = reflections.sel(candidate=name)
        matched, share = int(one["candidate_matched"]), float(one["candidate_explained"])
        told = f"{matched} of {count} reflections, {share:.0%} of the amplitude"
        if matched:
            scale, off = float(one["candidate_scale"]), float(one["candidate_misfit"])
            told += f"; d measured is {scale:.4f} times that of the phase, give or take {off:.2%}"
        lines.append(f"<div><b>{escape(str(name))}</b>{told}</div>")
    return "".join(lines)


def _source(typed: str) -> list[float] | str:
    """Read d-spacings, or take the text as a path."""
    words = typed.replace(",", " ").replace(";", " ").split()
    if not words:
        raise ValueError("Type d-spacings with spaces between, or the path of a CIF file.")
    try:
        return [float(word) for word in words]
    except ValueError:
        return typed.strip()


def _rings(source: list[float] | str) -> Any:
    return source if isinstance(source, list) else tw.phase_rings(source)
