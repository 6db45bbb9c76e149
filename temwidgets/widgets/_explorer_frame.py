"""The frame of the explorers: steps on top, the image left, one view beside it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path
from types import MappingProxyType
from typing import Any

import ipywidgets as widgets
import traitlets
import xarray as xr

import temwidgets as tw
from temwidgets.widgets._explorer_parts import Parts
from temwidgets.widgets._explorer_results import Result, Results
from temwidgets.widgets.controls import button, text
from temwidgets.widgets.download import DownloadButton
from temwidgets.widgets.errors import guarded, reject_unknown, sentence
from temwidgets.widgets.messages import Message
from temwidgets.widgets.products import describe
from temwidgets.widgets.status import StatusLine
from temwidgets.widgets.store import is_workspace
from temwidgets.widgets.style import row, style_sheet
from temwidgets.widgets.workspace import Workspace


class ExplorerFrame(widgets.VBox):
    """What explorers share: bar, tabs of steps, status, the image and the views beside it.

    A subclass has the traits `step` and `plot`, says in `_parts` what there is, where to begin in
    `_begin`, in `_results` the views that steps open, and in `_of_stacks` what to know of stacks.
    """

    step: Any
    plot: Any
    _parts: Callable[[Workspace], Parts]
    _begin = "Find"
    _results: Mapping[str, Result] = MappingProxyType({})
    _of_stacks = ""
    _following = False

    def __init__(
        self, source: Any = None, columns: xr.Dataset | None = None, **options: Any
    ) -> None:
        reject_unknown(type(self).__name__, options, ["step", "plot", "layout"])
        self.workspace = _workspace(type(self).__name__, source, columns)
        options.setdefault("step", "Load" if self.workspace.image is None else self._begin)
        super().__init__(**options)
        self.add_class("temwidgets-view")
        self.add_class("tem-explorer")
        self.parts = type(self)._parts(self.workspace)
        self.image_view = self.parts.image_view
        self._tabs()
        # Over the image, where it is seen on every screen.
        self.status = StatusLine(self.workspace)
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
        self._shower = Results(self, self._results)
        self._shower.show(plot="plot" not in options)
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
            self._shower.close()
            self.parts.close()
            self.status.close()
        super().close()

    def _tabs(self) -> None:
        steps, views = self.parts.steps, self.parts.hints
        titles = [f"{number} {name}" for number, name in enumerate(steps, 1)]
        self._steps = widgets.Tab([widgets.VBox() for _ in steps], titles=titles)
        self._steps.selected_index = steps.index(self.step)
        _link_tab(self, self._steps)
        self._choice = widgets.ToggleButtons(
            options=list(views), value=self.plot, tooltips=list(views.values()),
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
        self._title.layout.min_height = "36px"  # two lines: it grows with the columns
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
        self.path = text(
            "Workspace file", "A netCDF file (.nc)", "workspace.nc",
            flex="1 1 300px", max_width="600px",
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
        script = self.workspace.script()
        code = widgets.HTML(f'<pre class="tem-script" tabindex="0">{escape(script)}</pre>')
        save = DownloadButton(
            lambda: ("analysis.py", script), description="Save script", mime="text/x-python",
            tooltip="Save these lines as a Python file", on_error=self.show_error,
        )  # fmt: skip
        self._script.children = [code, row(save, self._recipe_button())]

    def _recipe_button(self) -> DownloadButton:
        """Save what can be repeated; the file's comments name what cannot."""
        return DownloadButton(
            lambda: ("recipe.yaml", self.workspace.recipe(leave_out=True)),
            description="Save recipe", mime="application/yaml", on_error=self.show_error,
            tooltip="Save the steps for other images: temwidgets run recipe.yaml FILES... -o OUT",
        )  # fmt: skip

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
        # What is told of it stays in one piece: its last word alone would wrap to a second line.
        told = f'<span class="tem-piece">{escape(describe(image) + count)}</span>'
        more = f". {self._of_stacks}" if image.sizes.get("frame", 1) > 1 and self._of_stacks else ""
        self._title.value = f"<b>{escape(str(name))}</b> {told}{more}"


def _workspace(owner: str, source: Any, columns: xr.Dataset | None) -> Workspace:
    if isinstance(source, Workspace):
        if columns is not None:
            raise TypeError("A Workspace has its own columns; give columns only with an image.")
        return source
    if source is None or isinstance(source, xr.DataArray):
        return Workspace(source, columns)
    if isinstance(source, str | os.PathLike):
        path = os.fspath(Path(source).expanduser())
        if is_workspace(path):
            return _workspace(owner, Workspace.open(path), columns)
        workspace = Workspace()
        workspace.run(tw.read, into="image", path=path, clears=("columns",), wait=True)
        if columns is not None:
            workspace.columns = columns
        return workspace
    raise TypeError(
        f"{owner} opens an image (DataArray), the path of a file or a Workspace, but a"
        f" {type(source).__name__} came. Wrap an array with temwidgets.make_image(array)."
    )


def _link_tab(owner: ExplorerFrame, tabs: widgets.Tab) -> None:
    """Keep tab and trait alike; only the tab that is seen holds its panel, and that is active.

    bqplot cannot draw in a hidden tab; panels that draw over the image do so while they are seen.
    """
    steps = owner.parts.steps

    def put(step: str) -> None:
        for name, tab in zip(steps, tabs.children, strict=True):
            shown = owner.parts.panels[name]
            tab.children = [shown] if name == step else []
            if hasattr(shown, "active"):
                shown.active = name == step

    def from_tab(change: Any) -> None:
        if change["new"] is not None:
            owner.step = steps[change["new"]]

    def from_trait(change: Any) -> None:
        tabs.selected_index = steps.index(change["new"])
        put(change["new"])

    put(owner.step)
    tabs.observe(from_tab, "selected_index")
    owner.observe(from_trait, "step")
