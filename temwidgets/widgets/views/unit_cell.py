"""The mean unit cell with its sites, which can be dragged and named, and a profile through it."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets
import numpy as np
import traitlets
import xarray as xr

import temwidgets as tw
from temwidgets.analysis.lattice_data import vectors_of
from temwidgets.widgets import palette
from temwidgets.widgets.errors import guarded, reject_unknown, sentence
from temwidgets.widgets.messages import Message
from temwidgets.widgets.status import StatusLine
from temwidgets.widgets.style import row, style_sheet
from temwidgets.widgets.views._base import note
from temwidgets.widgets.views._cell_profile import CellProfile
from temwidgets.widgets.views._cell_steps import CellSteps
from temwidgets.widgets.views._site_lines import SiteLines
from temwidgets.widgets.views.image_view import ImageView
from temwidgets.widgets.workspace import Workspace

_PIXELS = 280
_EMPTY = "No mean cell yet: find the lattice, then press Average."
_ENDS = ("from", "to")
_LINE = "#ff6fae"
_BORDER = (255, 214, 64, 200)


class UnitCellView(widgets.VBox):
    """The mean cell of a crystal, its sites and a profile between two points.

    Parameters
    ----------
    source : Workspace or Dataset, (along_a, along_b)
        The workspace to follow, or a mean cell from `temwidgets.mean_cell`.
    lattice : Dataset, optional
        With a bare cell: the lattice whose sites are shown.
    status : bool
        Show messages and progress in the view itself.
    **options
        `line`, `height` and `layout`.

    Attributes
    ----------
    active : bool
        While False nothing is drawn, for nobody sees it.
    line : ((y, x), (y, x)) or None
        Ends of the profile in lengths from the corner of a cell; None: no profile.
    steps : CellSteps
        Buttons that average the cells, fit the motif and place missing columns.
    image_view : ImageView
        Draws the cell; ``image_view.handles["site 0"]`` is where the first site is.
    names : SiteLines
        A line for each site: ``names.lines[0].name`` renames it.
    profile : CellProfile
        The plot of the profile; ``profile.values`` is the DataArray.

    Raises
    ------
    TypeError
        If `source` is neither, or an option is unknown.
    """

    line = traitlets.Tuple(default_value=None, allow_none=True)
    height = traitlets.Int(380, min=160)
    active = traitlets.Bool(True)
    _heard: tuple[tuple[Any, Any, list[str]], ...] = ()

    def __init__(
        self, source: Any, lattice: xr.Dataset | None = None, *, status: bool = True, **options: Any
    ) -> None:
        reject_unknown("UnitCellView", options, ["line", "height", "layout"])
        self.workspace = _workspace(source, lattice)
        line = options.pop("line", None)
        super().__init__(**options)
        self.add_class("temwidgets-view")
        self._busy = False
        self._pending: str | None = None
        self._seen: widgets.Widget | None = None
        self._picture = Workspace()
        self.image_view = ImageView(self._picture, height=self.height, color_by=None)
        # The markers are copies of the sites: they follow the handles and are not edited.
        self.image_view.toolbar.children[2].layout.display = "none"
        self.profile = CellProfile()
        self.names = SiteLines(self._rename, self._delete)
        self._empty = widgets.HTML(note(_EMPTY, "info"))
        self._empty.add_class("tem-note")
        lines = [StatusLine(self.workspace)] if status else []
        body = widgets.HBox([widgets.VBox([self.names, self.profile]), self.image_view])
        body.add_class("tem-cell")
        self._tail = tuple(lines)
        self.steps = CellSteps(self.workspace)
        self.measure = widgets.ToggleButton(
            description="Profile", icon="area-chart", layout={"width": "auto"},
            tooltip="Intensity along a line; drag its ends",
        )  # fmt: skip
        self.measure.observe(self._measured, "value")
        self._body, self._head = body, (style_sheet(), row(*self.steps.children, self.measure))
        self._heard = (
            (self.workspace, self._shown, ["cell", "lattice"]),
            (self, self._shown, ["active"]),
            (self.workspace.job, self.steps.rest, ["running"]),
            (self.image_view, self._dragged, ["handles", "dragged"]),
            (self, self._lined, ["line"]),
        )
        for owner, act, names in self._heard:
            owner.observe(act, names)
        self._shown(None)
        self.steps.rest(None)
        self.line = line

    def close(self) -> None:
        """Close all parts and let go of the workspace."""
        for owner, act, names in self._heard:
            owner.unobserve(act, names)
        if self._heard:
            self.image_view.close()
        self._heard = ()
        super().close()

    def show_error(self, error: BaseException) -> None:
        """Show the sentence of an exception in the status line."""
        self.workspace.message = Message("error", sentence(error))

    def _rename(self, site: int, name: str) -> None:
        self._change(tw.name_sites, names={site: name})

    def _delete(self, site: int) -> None:
        self._change(tw.delete_site, site=site)

    @guarded
    def _change(self, function: Any, **arguments: Any) -> None:
        """Run a step on the sites; on failure all is drawn as it was."""
        try:
            self.workspace.run(function, into="lattice", wait=True, **arguments)
        except Exception:
            self._shown(None)
            raise

    @guarded
    def _shown(self, _: Any) -> None:
        if not self.active:  # nobody sees it; it catches up
            return
        cell, lattice = self.workspace.cell, self.workspace.lattice
        if cell is not None:  # before the picture is put in, which then shows it from the start
            image = tw.cell_image(cell, **_picture(cell))
            if self._picture.image is None or not image.identical(self._picture.image):
                self._picture.image = image
        # bqplot cannot draw what is hidden, so the picture is taken out while there is none.
        shown = self._empty if cell is None else self._body
        if shown is not self._seen:
            self._seen = shown
            self.children = (*self._head, shown, *self._tail)
        self.measure.layout.display = "" if cell is not None else "none"
        self.steps.offer()
        if cell is None:
            return
        self._draw_sites(self._picture.image, lattice)
        self._draw_line()

    def _draw_sites(self, image: xr.DataArray, lattice: xr.Dataset | None) -> None:
        view, vectors = self.image_view, vectors_of(self.workspace.cell)
        corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) @ vectors
        border = np.hstack([corners, np.roll(corners, -1, axis=0)])
        view.set_lines("cell", border, colours=_BORDER, width=1.5)
        self.names.show(lattice)
        if lattice is None:
            return
        spans = [(float(image[name][0]), float(image[name][-1])) for name in ("y", "x")]
        self._picture.columns = tw.motif_columns(lattice, *spans)
        view.color_by, view.legend = "sublattice", False  # the handles say it
        places = lattice["site_position"].values @ vectors_of(lattice)
        self._set_handles({f"site {k}": place for k, place in enumerate(places)}, lattice)

    def _set_handles(self, places: dict[str, Any], lattice: xr.Dataset) -> None:
        view = self.image_view
        self._busy = True
        try:
            gone = [name for name in view.handles if name not in (*places, *_ENDS)]
            if gone:
                view.clear_handles(*gone)
            for (name, place), called in zip(
                places.items(), lattice["site_name"].values, strict=True
            ):
                number = int(name.split()[1])
                view.set_handle(
                    name,
                    place[0],
                    place[1],
                    palette.category(number),
                    label=str(called) or str(number),
                )
        finally:
            self._busy = False

    @guarded
    def _dragged(self, change: Any) -> None:
        """Move a site when it is let go; the profile follows while its ends are dragged."""
        if self._busy:
            return
        view = self.image_view
        if change["name"] == "handles":
            old = change["old"] or {}
            moved = next((n for n, at in view.handles.items() if n in old and old[n] != at), None)
            if moved in _ENDS:
                self.line = tuple(view.handles[end] for end in _ENDS)
            elif moved is not None:
                self._pending = moved
        if self._pending is not None and not view.dragged:
            name, self._pending = self._pending, None
            y, x = view.handles[name]
            self._change(tw.move_site, site=int(name.split()[1]), y=y, x=x)

    @guarded
    def _measured(self, change: Any) -> None:
        if not change["new"]:
            self.line = None
        elif self.line is None and self.workspace.cell is not None:
            a = vectors_of(self.workspace.cell)[0]
            self.line = ((0.0, 0.0), (float(a[0]), float(a[1])))

    @guarded
    def _lined(self, _: Any) -> None:
        self.measure.value = self.line is not None
        self._draw_line()

    def _draw_line(self) -> None:
        view, cell = self.image_view, self.workspace.cell
        if self.line is None or cell is None:
            view.clear_lines("profile")
            view.clear_handles(*_ENDS)
            self.profile.show(None)
            return
        start, end = self.line
        view.set_lines("profile", [[*start, *end]], colours=_LINE, width=2)
        self._busy = True
        try:
            for name, place in zip(_ENDS, self.line, strict=True):
                view.set_handle(name, place[0], place[1], _LINE)
        finally:
            self._busy = False
        self.profile.show(tw.cell_profile(cell, start, end))


def _picture(cell: xr.Dataset) -> dict[str, Any]:
    """Shape and pixels of the picture: smooth to look at, broader than high, as views are."""
    extent = 1.7 * np.abs(vectors_of(cell)).sum(axis=0)
    step = float(extent[0] / _PIXELS)
    return {"shape": (_PIXELS, round(max(extent[1], 1.6 * extent[0]) / step)), "sampling": step}


def _workspace(source: Any, lattice: xr.Dataset | None) -> Workspace:
    if isinstance(source, Workspace):
        if lattice is not None:
            raise TypeError("A Workspace has its own lattice; give one only with a bare cell.")
        return source
    if not isinstance(source, xr.Dataset) or "along_a" not in source.dims:
        raise TypeError(
            "UnitCellView shows a mean cell: give it a Workspace, or a Dataset such as"
            f" temwidgets.mean_cell(image, lattice) returns, not a {type(source).__name__}."
        )
    workspace = Workspace()
    if lattice is not None:
        workspace.lattice = lattice
    workspace.cell = source
    return workspace
