"""What the views of columns share: they follow a workspace or bare columns, and a selection."""

from __future__ import annotations

from html import escape
from typing import Any

import ipywidgets as widgets
import traitlets
import xarray as xr

from temwidgets.widgets.errors import guarded, reject_unknown, sentence
from temwidgets.widgets.products import Product
from temwidgets.widgets.selection import Selection
from temwidgets.widgets.workspace import Workspace

_LEVELS = {"error": "tem-error", "warning": "tem-warning", "info": "tem-info"}


class ColumnsView(widgets.VBox):
    """A widget that shows columns and takes part in a selection.

    A subclass draws in `_draw` (the columns or an option changed) and `_draw_selection`, and
    forgets its own brush in `_drop_brush`. While `active` is False (nobody sees the view) nothing
    is drawn; it catches up when it is seen again.
    """

    columns = Product()
    selection = traitlets.Instance(Selection)
    active = traitlets.Bool(True)
    message = traitlets.Unicode("")
    _workspace: Workspace | None = None
    _product = "shown_columns"
    _following = False
    _tone = "info"

    def __init__(self, source: Any = None, *, selection: Selection | None = None, **options: Any):
        reject_unknown(type(self).__name__, options, self._options())
        workspace = source if isinstance(source, Workspace) else None
        columns = _columns_of(type(self).__name__, source, self._product)
        if selection is None:
            selection = workspace.selection if workspace is not None else Selection()
        super().__init__(columns=columns, selection=selection, **options)
        self.add_class("temwidgets-view")
        self._note = widgets.HTML()
        self._note.add_class("tem-note")
        self.observe(self._on_message, "message")
        self._build()
        self._draw()
        self._draw_selection()
        self._workspace = workspace
        self._stale: set[str] = set()
        self.observe(self._on_columns, "columns")
        self.observe(self._on_active, "active")
        selection.observe(self._on_selection, "labels")
        selection.observe(self._on_source, "source")
        if workspace is not None:
            workspace.observe(self._on_product, self._product)
        self._following = True

    @classmethod
    def _options(cls) -> list[str]:
        inherited = set(ColumnsView.class_trait_names())
        return [name for name in cls.class_trait_names() if name not in inherited] + ["layout"]

    def show_error(self, error: BaseException) -> None:
        """Show the sentence of an exception under the view."""
        self._tone = "error"
        self.message = sentence(error)

    def remark(self, text: str) -> None:
        """Show a remark under the view."""
        self._tone = "info"
        self.message = text

    def close(self) -> None:
        """Close the widget and let go of workspace and selection."""
        if self._following:
            self._following = False
            self.selection.unobserve(self._on_selection, "labels")
            self.selection.unobserve(self._on_source, "source")
            if self._workspace is not None:
                self._workspace.unobserve(self._on_product, self._product)
        super().close()

    def _build(self) -> None:
        raise NotImplementedError

    def _draw(self) -> None:
        raise NotImplementedError

    def _draw_selection(self) -> None:
        raise NotImplementedError

    def _drop_brush(self) -> None:
        """Forget the brush of this view, for another one has selected."""

    @guarded
    def _on_product(self, change: Any) -> None:
        self.columns = change["new"]

    @guarded
    def _on_columns(self, _: Any) -> None:
        self._stale |= {"columns", "selection"}
        self._catch_up()

    @guarded
    def _on_selection(self, _: Any) -> None:
        self._stale.add("selection")
        self._catch_up()

    @guarded
    def _on_active(self, _: Any) -> None:
        self._catch_up()

    def _catch_up(self) -> None:
        if not self.active:
            return
        stale, self._stale = self._stale, set()
        if "columns" in stale:
            self._draw()
        if "selection" in stale:
            self._draw_selection()

    @guarded
    def _on_source(self, change: Any) -> None:
        if change["new"] is not self:
            self._drop_brush()

    def _on_message(self, change: Any) -> None:
        self._note.value = note(change["new"], self._tone)


def note(text: str, level: str) -> str:
    """Write a message line as HTML that screen readers announce."""
    return f'<div role="status" class="{_LEVELS[level]}">{escape(text)}</div>' if text else ""


def _columns_of(owner: str, source: Any, product: str) -> xr.Dataset | None:
    if isinstance(source, Workspace):
        columns: xr.Dataset | None = getattr(source, product)
        return columns
    if source is None or isinstance(source, xr.Dataset):
        return source
    raise TypeError(
        f"{owner} shows columns: give it a Workspace, or a Dataset such as"
        f" temwidgets.find_columns(image) returns, not a {type(source).__name__}."
    )
