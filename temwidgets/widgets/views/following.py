"""How an `ImageView` follows its workspace, its selection and its own options."""

from __future__ import annotations

from typing import Any

import numpy as np

from temwidgets.widgets.errors import guarded
from temwidgets.widgets.views._base import note
from temwidgets.widgets.views._picture_key import picture_legend
from temwidgets.widgets.views._variables import choices, numeric
from temwidgets.widgets.views.layer import SHOWS


class Following:
    """Hands what has changed to the stage, and to the controls that show it."""

    def __init__(self, view: Any) -> None:
        self._view = view
        workspace, watch = view.workspace, view.watch
        watch(workspace, self._image_changed, ["image", "frame"])
        watch(workspace, self._columns_changed, ["shown_columns", "candidates"])
        watch(workspace, self._shown_changed, ["model", "residual", "filtered"])
        watch(workspace, self._history_changed, ["can_undo", "can_redo"])
        watch(view.selection, self._selection_changed, "labels")
        watch(view, self._shown_changed, ["show", "cmap"])
        watch(view, self._colours_changed, ["color_by", "color_limits", "marker_cmap"])
        watch(view, self._contrast_changed, ["percentiles", "limits"])
        watch(view, self._explain, ["gamma", "legend"])
        self._image_changed(None)
        self._columns_changed(None)
        self._history_changed(None)

    def show_error(self, error: BaseException) -> None:
        """Show the sentence of an exception under the image."""
        self._view.show_error(error)

    def draw_columns(self) -> None:
        """Send the columns to the browser anew."""
        stage = self._view.stage
        with stage.layer.hold_sync():
            stage.put_columns(self._view.columns)
            self._colours_changed(None)
            self._selection_changed(None)

    @guarded
    def _image_changed(self, _: Any) -> None:
        view = self._view
        image = view.workspace.image
        stacked = image is not None and image.ndim == 3
        for control in (view.frames, view.play):
            control.layout.display = None if stacked else "none"
            if stacked:
                control.max = image.sizes["frame"] - 1
        view.astray.value = note(view.workspace.astray, "warning")
        self._shown_changed(None)

    @guarded
    def _shown_changed(self, change: Any) -> None:
        view = self._view
        ready = [name for name in SHOWS if view.product(name) is not None]
        if view.show not in (*ready, "image"):
            self._fall_back(asked=change is not None and change["name"] == "show")
            return
        view.toolbar.show.options = ready or ["image"]
        view.toolbar.show.value = view.show
        view.stage.colour("diverging" if view.show == "residual" else view.cmap)
        product = view.product(view.show)
        if product is not None:
            view.message = view.stage.put(view.show, product, view.frame) or view.message
        self._contrast_changed(None)

    def _fall_back(self, *, asked: bool) -> None:
        """Show the image, for what is asked for is not there."""
        missing, self._view.show = self._view.show, "image"
        if asked:
            if missing == "filtered":
                raise ValueError("There is no filtered image yet. Filter the image first.")
            raise ValueError(f"There is no {missing} yet. Fit the columns first.")

    @guarded
    def _columns_changed(self, _: Any) -> None:
        view = self._view
        view.astray.value = note(view.workspace.astray, "warning")
        names = numeric(view.columns)
        if view.color_by is not None and view.color_by not in names:
            view.color_by = None
        options = [("one colour", None), *choices(view.columns, names)]
        field = view.settings.color_by
        if list(field.options) != options:
            wanted = view.color_by
            field.options = options  # the first of them becomes the value, here and in the view
            view.color_by = wanted
        self.draw_columns()

    @guarded
    def _colours_changed(self, _: Any) -> None:
        view = self._view
        view.stage.paint(view.columns, view.color_by, view.marker_cmap, view.color_limits)

    @guarded
    def _selection_changed(self, _: Any) -> None:
        columns = self._view.columns
        mask = np.zeros(0, bool) if columns is None else self._view.selection.mask(columns)
        self._view.stage.mark(columns, mask)

    @guarded
    def _history_changed(self, _: Any) -> None:
        toolbar, workspace = self._view.toolbar, self._view.workspace
        toolbar.undo.disabled = not workspace.can_undo
        toolbar.redo.disabled = not workspace.can_redo

    @guarded
    def _contrast_changed(self, change: Any) -> None:
        view = self._view
        if change is not None and change["name"] == "percentiles":
            view.limits = None
        view.settings.show_levels(view.stage.levels(view.show))
        self._explain(None)

    @guarded
    def _explain(self, _: Any) -> None:
        self._view.stage.layer.picture_legend = picture_legend(self._view)
