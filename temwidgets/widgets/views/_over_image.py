"""What the views share that draw columns' quantities over an image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ipywidgets as widgets
import xarray as xr

from temwidgets.widgets.errors import guarded
from temwidgets.widgets.selection import Selection
from temwidgets.widgets.style import style_sheet
from temwidgets.widgets.views.image_view import ImageView
from temwidgets.widgets.workspace import Workspace


class OverImage:
    """The part of a view that has an `ImageView` of its own, or draws over somebody else's.

    While the view is not `active` nothing is drawn over the image.
    """

    image_view: ImageView
    _own: bool
    active: bool
    children: Any
    _note: widgets.HTML
    _stale: set[str]
    _legend: widgets.Widget | None = None

    def _place(
        self,
        source: Any,
        columns: xr.Dataset | None,
        view: ImageView | None,
        selection: Selection | None,
        **options: Any,
    ) -> Workspace:
        """Make or take the image view; return the workspace to follow."""
        if view is not None and (not isinstance(view, ImageView) or columns is not None):
            raise TypeError("view is an ImageView, whose workspace has the columns.")
        self._own = view is None
        if view is None:
            view = ImageView(source, columns, selection=selection, **options)
        self.image_view = view
        return source if isinstance(source, Workspace) else view.workspace

    def _lay_out(self, controls: list[widgets.Widget], legend: widgets.Widget | None) -> None:
        images = [self.image_view] if self._own else []
        self.children = [style_sheet(), *controls, *images, self._note]
        self._legend = legend
        if legend is not None:
            stage = self.image_view.stage
            stage.children = [*stage.children, legend]

    def save_png(self, path: str | Path, **options: Any) -> None:
        """Write image, overlay, axes and legend as PNG; options as of `ImageView.save_png`."""
        self.image_view.save_png(path, **options)

    def save_svg(self, path: str | Path, **options: Any) -> None:
        """Write image, overlay, axes and legend as SVG; options as of `ImageView.save_png`."""
        self.image_view.save_svg(path, **options)

    def close(self) -> None:
        """Close the widget and take what it drew off the image."""
        if getattr(self, "_following", False):
            self._clear()
            stage = self.image_view.stage
            stage.children = [child for child in stage.children if child is not self._legend]
            if self._own:
                self.image_view.close()
        super().close()  # type: ignore[misc]

    def _clear(self) -> None:
        """Take off the image what this view drew."""
        raise NotImplementedError

    @guarded
    def _on_active(self, _: Any) -> None:
        if self.active:
            self._stale = {"columns", "selection"}
            self._catch_up()  # type: ignore[attr-defined]
        else:
            self._clear()
