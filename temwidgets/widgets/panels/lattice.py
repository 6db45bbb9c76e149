"""The lattice: found, or drawn on the image and fitted; its cells and their numbers."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import ipywidgets as widgets
import traitlets
import xarray as xr

import temwidgets as tw
from temwidgets.conventions import length_unit
from temwidgets.widgets.controls import checkbox, dropdown
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.panels._lattice_drawing import LatticeDrawing
from temwidgets.widgets.panels._panel import Panel
from temwidgets.widgets.style import row
from temwidgets.widgets.views._base import note
from temwidgets.widgets.views._variables import measured

_CONVENTIONS = [("shortest vectors", "primitive"), ("rectangular, centred", "centred")]


class LatticePanel(Panel):
    """Find the lattice, or draw it on the image; number the cells of the columns.

    Parameters
    ----------
    workspace : Workspace or DataArray
        The workspace to act on.
    view : ImageView, optional
        The view on which cells are drawn, and origin and vectors dragged.
    status : bool
        Show messages and progress in the panel itself.

    Attributes
    ----------
    active : bool
        While False neither cells nor handles are drawn, for another step is being worked on.
    drawing : LatticeDrawing
        What is drawn: set ``drawing.a``, ``drawing.b`` and ``drawing.origin`` from Python, or drag
        them.
    """

    active = traitlets.Bool(True)

    def _build(self) -> list[widgets.Widget]:
        self._next: list[Callable[[], None]] = []
        self._expected = ""
        self.drawing = LatticeDrawing(self.view, self.show_error)
        self.convention = dropdown("Vectors", "Which vectors are chosen", _CONVENTIONS)
        self.find = self.action(
            "Find lattice", "Fit vectors and origin to the columns and number the cells", self._find
        )
        self.draw = widgets.ToggleButton(
            description="Draw", icon="pencil", layout={"width": "auto"},
            tooltip="Drag the origin and the tips of a and b on the image",
        )  # fmt: skip
        self.fit = self.action(
            "Fit from drawn", "Start from the drawn vectors, and fit", self._fit_drawn
        )
        self.use = self.action("Use as drawn", "Take the drawn vectors as they are", self._use)
        self.index = self.action(
            "Number cells", "Number the columns anew: n_a, n_b and site", self._index
        )
        self.cells = checkbox("cells", "Draw the cells on the image", value=True)
        self.report, self.hint = widgets.HTML(), widgets.HTML()
        self.report.add_class("tem-stats")
        self.hint.add_class("tem-note")
        self.draw.observe(self._drawn, "value")
        self.cells.observe(self._cells_switched, "value")
        self.observe(self._cells_switched, "active")
        self.drawing.observe(self._followed, "drawing")
        self.watch(self.workspace, self._shown, ["lattice", "columns", "image"])
        self.watch(self.workspace.job, self._ran, "running")
        if self.view is None:
            self.draw.layout.display = self.cells.layout.display = "none"
        self._followed(None)
        self._shown(None)
        return [
            row(
                self.convention, self.find, self.draw, self.fit, self.use, self.index, self.cells
            ),
            self.report,
            self.hint,
        ]  # fmt: skip

    def close(self) -> None:
        """Close the widget, let go of workspace and view, and take the cells off the image."""
        self.drawing.close()
        super().close()

    @guarded
    def _find(self, _: Any) -> None:
        self._fit(convention=self.convention.value)

    @guarded
    def _fit_drawn(self, _: Any) -> None:
        y, x = self.drawing.origin
        corner = [] if self.workspace.columns is None else [lambda: self._move_origin(y, x)]
        self._fit(a=self.drawing.a, b=self.drawing.b, after=corner)

    @guarded
    def _use(self, _: Any) -> None:
        a, b, origin = self.drawing.a, self.drawing.b, self.drawing.origin
        self._chain("make_lattice", [self._number] if self._has_columns() else [])
        self.workspace.run(
            tw.make_lattice, into="lattice", a=a, b=b, origin=origin, units=self._units()
        )

    @guarded
    def _index(self, _: Any) -> None:
        self.workspace.run(tw.index_columns, into="columns")

    def _fit(self, *, after: list[Callable[[], None]] | None = None, **options: Any) -> None:
        """Fit the columns (the image while there are none), then number them."""
        columns = self._has_columns()
        if columns:
            self.same_frame()
        self._chain("fit_lattice", [*(after or []), *([self._number] if columns else [])])
        source = "columns" if columns else "image"
        self.workspace.run(tw.fit_lattice, into="lattice", using={"data": source}, **options)

    def _number(self) -> None:
        self.workspace.run(tw.index_columns, into="columns", follows=True)

    def _move_origin(self, y: float, x: float) -> None:
        self.workspace.run(tw.move_origin, into="lattice", follows=True, y=y, x=x)

    def _chain(self, name: str, after: list[Callable[[], None]]) -> None:
        self._expected, self._next = name, after

    @guarded
    def _ran(self, change: Any) -> None:
        """Run what follows when a step of ours has ended well."""
        job, steps = self.workspace.job, self.workspace.history
        if change["new"] or not self._next:
            return
        if job.cancelled or not steps or not job.name == steps[-1].name == self._expected:
            self._next = []
            return
        act, *self._next = self._next
        self._expected = "move_origin"
        act()

    def _has_columns(self) -> bool:
        return self.workspace.columns is not None

    def _units(self) -> str:
        given = self.workspace.image if self.workspace.columns is None else self.workspace.columns
        if given is None:
            raise ValueError("There is no image yet. Load one first.")
        return length_unit(given)

    @guarded
    def _drawn(self, change: Any) -> None:
        if change["new"]:
            self.drawing.begin(self._units())
        else:
            self.drawing.drawing = False
            self.drawing.take(self.workspace.lattice)

    @guarded
    def _followed(self, _: Any) -> None:
        on = self.drawing.drawing
        self.draw.value = on
        for made in (self.fit, self.use):
            made.layout.display = "" if on else "none"

    @guarded
    def _cells_switched(self, _: Any) -> None:
        self.drawing.shown = self.cells.value and self.active
        if not self.active:
            self.draw.value = False

    @guarded
    def _shown(self, change: Any) -> None:
        lattice, columns = self.workspace.lattice, self.workspace.columns
        if change is None or change["name"] in ("lattice", "image"):
            self.drawing.take(lattice)
        numbered = columns is not None and "n_a" in columns
        self.index.layout.display = "" if lattice is not None and columns is not None else "none"
        self.report.value = "" if lattice is None else describe_lattice(lattice)
        hint = "" if lattice is None else str(lattice.attrs.get("lattice_hint", ""))
        if lattice is not None and columns is not None and not numbered and not hint:
            hint = "The columns are not numbered on this lattice yet: press Number cells."
        self.hint.value = note(hint, "warning")


def describe_lattice(lattice: xr.Dataset) -> str:
    """Write vectors, angle, sites and how many columns lie on the lattice as HTML."""
    found = tw.cell_parameters(lattice)
    parts = [_quantity(found, name) for name in ("a", "b", "angle", "area")]
    lines = [", ".join(parts[:3]), parts[3]]
    sites = lattice.sizes["site"]
    text = f"{sites} site{'s' if sites != 1 else ''} per cell"
    if "indexed_fraction" in lattice.attrs:
        text += f", {100 * lattice.attrs['indexed_fraction']:.1f} % of the columns on the lattice"
    if "residual" in lattice.attrs:
        units = lattice["vectors"].attrs["units"]
        text += f", root mean square distance {lattice.attrs['residual']:.2g} {units}"
    heads = ("vectors", "cell", "sites")
    rows = zip(heads, [*lines, text], strict=True)
    return "".join(f"<div><b>{head}</b>{escape(line)}</div>" for head, line in rows)


def _quantity(found: xr.Dataset, name: str) -> str:
    value, error = float(found[name]), float(found[f"{name}_std"])
    units = found[name].attrs["units"].replace("deg", "°")
    text = measured(value, error) if error > 0 else f"{value:.5g}"
    word = {"a": "a ", "b": "b "}.get(name, f"{name} ")
    return f"{word}{text} {units}".replace(" °", "°")
