"""Ready compositions of views and panels."""

from __future__ import annotations

import os
from html import escape
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import traitlets
import xarray as xr

import temwidgets as tw
from temwidgets.widgets._explorer_parts import STEPS, VIEWS, Parts, hint, panel, view
from temwidgets.widgets.controls import button
from temwidgets.widgets.download import DownloadButton
from temwidgets.widgets.errors import guarded, reject_unknown, sentence
from temwidgets.widgets.messages import Message
from temwidgets.widgets.products import describe
from temwidgets.widgets.status import StatusLine
from temwidgets.widgets.store import is_workspace
from temwidgets.widgets.style import row, style_sheet
from temwidgets.widgets.workspace import Workspace


class Explorer(widgets.VBox):
    """From an image to linked plots: steps on top, the image left, plots and table right.

    Parameters
    ----------
    source : DataArray, path, Workspace or None
        An image, the file of an image or of a workspace, or a workspace; None starts at "Load".
    columns : Dataset, dim column, optional
        Columns of the image to start from.
    step : {"Load", "Prepare", "Find", "Fit", "Intensity", "Lattice", "Sublattices", \
"Displacement", "Strain", "Compare", "Count", "Vacancies"}
        The step whose controls are shown.
    plot : {"Histogram", "Scatter", "Table", "Cell", "Arrows", "Polar", "Strain map", "Profile", \
"Order"}
        What is shown beside the image.

    Attributes
    ----------
    workspace : Workspace
        Products, selection, history and job; shared by all parts.
    image_view, histogram, scatter, table, cell, arrows, polar, strain_map, profile, order
        The image and the views beside it; these are made when first used.
    load, prepare, find, fit, intensity, lattice, sublattices, displacement, strain,
    compare, count, vacancies
        The panels of the steps.

    Raises
    ------
    TypeError
        If `source` is none of these.
    """

    step = traitlets.Enum(STEPS, "Find")
    plot = traitlets.Enum(VIEWS, "Histogram")
    load, prepare, find = panel("Load"), panel("Prepare"), panel("Find")
    fit, intensity, lattice = panel("Fit"), panel("Intensity"), panel("Lattice")
    sublattices, displacement = panel("Sublattices"), panel("Displacement")
    strain, compare = panel("Strain"), panel("Compare")
    count, vacancies = panel("Count"), panel("Vacancies")
    histogram, scatter, table = view("Histogram"), view("Scatter"), view("Table")
    cell, arrows, polar = view("Cell"), view("Arrows"), view("Polar")
    strain_map, profile = view("Strain map"), view("Profile")
    order = view("Order")
    _following = False

    def __init__(
        self, source: Any = None, columns: xr.Dataset | None = None, **options: Any
    ) -> None:
        reject_unknown("Explorer", options, ["step", "plot", "layout"])
        self.workspace = _workspace(source, columns)
        options.setdefault("step", "Load" if self.workspace.image is None else "Find")
        super().__init__(**options)
        self.add_class("temwidgets-view")
        self.add_class("tem-explorer")
        self.parts = Parts(self.workspace)
        self.image_view = self.parts.image_view
        self._tabs()
        # Over the image, where it is seen on every screen; its room is kept free.
        self.status = StatusLine(self.workspace)
        self.status.layout.min_height = "36px"
        self._body = widgets.HBox()
        self._body.add_class("tem-body")
        bar = self._bar()
        self.children = [
            style_sheet(), bar, self._file, self._script, self._steps, self.status, self._body,
        ]  # fmt: skip
        self._undone(None)
        self._imaged(None)
        self._heard = {
            self._undone: ("can_undo", "can_redo"),
            self._imaged: ("image", "columns"),
            self._script_shown: ("history",),
        }
        for act, names in self._heard.items():
            self.workspace.observe(act, list(names))
        self._following = True

    def show_error(self, error: BaseException) -> None:
        """Show the sentence of an exception in the status line."""
        self.workspace.message = Message("error", sentence(error))

    def close(self) -> None:
        """Close all parts and let go of the workspace."""
        if self._following:
            self._following = False
            for act, names in self._heard.items():
                self.workspace.unobserve(act, list(names))
            self.parts.close()
            self.status.close()
        super().close()

    def _tabs(self) -> None:
        titles = [f"{number} {name}" for number, name in enumerate(STEPS, 1)]
        self._steps = widgets.Tab([widgets.VBox() for _ in STEPS], titles=titles)
        self._steps.selected_index = STEPS.index(self.step)
        _link_tab(self, self._steps)
        self._choice = widgets.ToggleButtons(
            options=list(VIEWS), value=self.plot, tooltips=[hint(name) for name in VIEWS],
            style={"button_width": "auto"}, tooltip="What is shown beside the image",
        )  # fmt: skip
        self._plots = widgets.VBox()
        self._plots.add_class("tem-plots")
        traitlets.link((self, "plot"), (self._choice, "value"))
        self.observe(self._show_plot, "plot")
        self._show_plot(None)

    def _bar(self) -> widgets.HBox:
        self._title = widgets.HTML(layout={"flex": "1 1 200px"})
        self._title.add_class("tem-title")
        self.undo = button("Undo", "Take the last step back", icon="undo")
        self.redo = button("Redo", "Do the step again that was undone", icon="repeat")
        self.undo.on_click(lambda _: self.workspace.undo())
        self.redo.on_click(lambda _: self.workspace.redo())
        self._script = widgets.VBox(layout={"display": "none"})
        self.show_script = widgets.ToggleButton(
            description="Script", icon="code", tooltip="The Python that repeats all steps",
            layout={"width": "auto"},
        )  # fmt: skip
        self.show_script.observe(self._script_shown, "value")
        return row(self._title, self.undo, self.redo, *self._file_buttons(), self.show_script)

    def _file_buttons(self) -> list[widgets.Widget]:
        self.path = widgets.Text(
            value="workspace.nc", description="Workspace file", tooltip="A netCDF file (.nc)",
            layout={"width": "auto", "flex": "1 1 300px", "max_width": "600px"},
            style={"description_width": "auto"},
        )  # fmt: skip
        self.save = button("Save", "Write products, selection and history to this file")
        self.open = button("Open", "Go on with the workspace in this file")
        self.save.on_click(self._save)
        self.open.on_click(self._open)
        self._file = row(self.path, self.save, self.open)
        self._file.layout.display = "none"
        toggle = widgets.ToggleButton(
            description="File", icon="floppy-o", tooltip="Save or open the whole workspace",
            layout={"width": "auto"},
        )  # fmt: skip
        toggle.observe(
            lambda c: setattr(self._file.layout, "display", "" if c["new"] else "none"), "value"
        )
        return [toggle]

    @guarded
    def _show_plot(self, _: Any) -> None:
        """Put in the one view that is wanted."""
        self._plots.children = [self._choice, self.parts.show(self.plot)]

    @guarded
    def _save(self, _: Any) -> None:
        self.workspace.save(self.path.value)

    @guarded
    def _open(self, _: Any) -> None:
        self.workspace.restore(self.path.value)

    @guarded
    def _script_shown(self, _: Any) -> None:
        shown = self.show_script.value
        self._script.layout.display = "" if shown else "none"
        if not shown:
            return
        text = self.workspace.script()
        code = widgets.HTML(f'<pre class="tem-script" tabindex="0">{escape(text)}</pre>')
        save = DownloadButton(
            lambda: ("analysis.py", text), description="Save script", mime="text/x-python",
            tooltip="Save these lines as a Python file", on_error=self.show_error,
        )  # fmt: skip
        self._script.children = [code, save]

    @guarded
    def _undone(self, _: Any) -> None:
        self.undo.disabled = not self.workspace.can_undo
        self.redo.disabled = not self.workspace.can_redo

    @guarded
    def _imaged(self, _: Any) -> None:
        image, columns = self.workspace.image, self.workspace.columns
        shown = () if image is None else (self.image_view, self._plots)
        if self._body.children != shown:  # without an image there is nothing to look at
            self._body.children = shown
        if image is None:
            self._title.value = "<b>temwidgets</b> Load an image to begin."
            return
        name = image.attrs.get("title") or image.attrs.get("source") or "Image"
        count = f", {describe(columns)}" if columns is not None else ""
        self._title.value = f"<b>{escape(str(name))}</b> {escape(describe(image) + count)}"


def explore(source: Any = None, columns: xr.Dataset | None = None, **options: Any) -> Explorer:
    """Open an image in an `Explorer`; arguments are those of `Explorer`."""
    return Explorer(source, columns, **options)


def _workspace(source: Any, columns: xr.Dataset | None) -> Workspace:
    if isinstance(source, Workspace):
        if columns is not None:
            raise TypeError("A Workspace has its own columns; give columns only with an image.")
        return source
    if source is None or isinstance(source, xr.DataArray):
        return Workspace(source, columns)
    if isinstance(source, str | os.PathLike):
        path = os.fspath(Path(source).expanduser())
        if is_workspace(path):
            return _workspace(Workspace.open(path), columns)
        workspace = Workspace()
        workspace.run(tw.read, into="image", path=path, clears=("columns",), wait=True)
        if columns is not None:
            workspace.columns = columns
        return workspace
    raise TypeError(
        "Explorer opens an image (DataArray), the path of a file or a Workspace, but a"
        f" {type(source).__name__} came. Wrap an array with temwidgets.make_image(array)."
    )


def _link_tab(owner: Explorer, tabs: widgets.Tab) -> None:
    """Keep tab and trait alike; the cells are drawn while one works on the lattice.

    Only the tab that is seen holds its panel, for bqplot cannot draw in a hidden one.
    """

    def put(step: str) -> None:
        for name, tab in zip(STEPS, tabs.children, strict=True):
            tab.children = [owner.parts.panels[name]] if name == step else []
        owner.lattice.active = step == "Lattice"

    def from_tab(change: Any) -> None:
        if change["new"] is not None:
            owner.step = STEPS[change["new"]]

    def from_trait(change: Any) -> None:
        tabs.selected_index = STEPS.index(change["new"])
        put(change["new"])

    put(owner.step)
    tabs.observe(from_tab, "selected_index")
    owner.observe(from_trait, "step")
