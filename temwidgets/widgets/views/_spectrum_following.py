"""How a `SpectrumView` follows its workspace, the region on the image and its own options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

import temwidgets as tw
from temwidgets.conventions import pixel_grid
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.preview import Preview
from temwidgets.widgets.views._base import note
from temwidgets.widgets.views._region_drawing import corners_of
from temwidgets.widgets.views._spectrum_profile import reach_of
from temwidgets.widgets.views._spectrum_words import chosen_words, d_labels

if TYPE_CHECKING:
    from temwidgets.widgets.views.spectrum import SpectrumView

_LIVE, _STILL = 512, 2048
"""Bins along a side that are sent at most: while the region is dragged, and at rest."""
_QUICK = 1024
"""Pixels along a side that are transformed while the region is dragged, if that does."""


class SpectrumFollowing:
    """Transforms the region when it changes, and hands what has changed to stage and controls."""

    def __init__(self, view: SpectrumView) -> None:
        self._view = view
        self.preview = Preview()
        self._binned: tuple[int, int, xr.DataArray] | None = None
        work, watch = view.workspace, view.watch
        watch(work, self._imaged, ["image", "frame"])
        watch(work, self._reflected, "reflections")
        watch(work, self._undone, ["can_undo", "can_redo"])
        watch(view, self._transformed, ["region", "window", "average"])
        watch(view, self._redrawn, ["reflections", "color_by", "marker_cmap", "labels"])
        watch(view, self._chosen, "chosen")
        watch(view, self._overlaid, ["k_range", "rings", "mask"])
        watch(view, self._plotted, "profile")
        watch(view, self._ranged, ["kx_range", "ky_range"])
        watch(view, self._limited, "percentiles")
        watch(view, self._told, "message")
        watch(view, self._activated, "active")
        watch(view, self._sized, "height")
        watch(view, self._coloured, "cmap")
        watch(view.stage, self._moved, "ranges")
        watch(view.drawing, self._drawn, "region")
        watch(view.drawing, self._let_go, "moving")
        watch(self.preview, self._glimpsed, "maps")
        watch(self.preview, self._failed, "error")
        self._coloured(None)
        self._undone(None)
        self._imaged(None)
        self.draw_reflections()

    def show_error(self, error: BaseException) -> None:
        """Show the sentence of an exception under the spectrum."""
        self._view.show_error(error)

    def draw_reflections(self) -> None:
        """Draw rings, words and ticks anew."""
        view, shown = self._view, self._view.reflections
        view.stage.put_reflections(shown, view.color_by, view.marker_cmap)
        view.settings.refresh()
        self._draw_chosen()
        if view.profile:
            view.plot.mark(shown)

    def _draw_chosen(self) -> None:
        view, shown = self._view, self._view.reflections
        view.stage.choose(shown, view.chosen)
        view.stage.write("reflections", d_labels(shown, view.chosen) if view.labels else [])
        view.words.value = chosen_words(shown, view.chosen)
        view.toolbar.trash.disabled = not view.chosen
        view.spot.refresh()

    @guarded
    def _imaged(self, _: Any) -> None:
        """Transform another image; a region that reaches beyond it is given up."""
        view, image = self._view, self._view.workspace.plane
        if image is not None and view.region is not None and not _inside(view, view.region):
            view.region = None
        self._transformed(None)

    @guarded
    def _transformed(self, _: Any) -> None:
        view, image = self._view, self._view.workspace.plane
        view.drawing.region = view.region
        if image is None or not view.active:
            return
        options = {"region": view.region, "window": view.window, "average": view.average}
        if view.drawing.moving:
            self.preview.run(tw.power_spectrum, image=self._quick(image), **options)
            return
        view.controls.refresh()
        self._binned = None
        self.preview.clear()
        self._show(tw.power_spectrum(image, **options), live=False)
        view.message = ""

    def _quick(self, image: xr.DataArray) -> xr.DataArray:
        """Return the image with its pixels binned where all k that is shown survives it."""
        grid, ranges = pixel_grid(image), np.abs(self._view.stage.ranges)
        size = np.ptp(corners_of(self._view.region), axis=0) / grid.sampling
        factor = int(np.ceil(size.max() / _QUICK))
        if factor < 2 or ranges.max() > 0.5 / max(grid.sampling) / factor:
            return image
        if self._binned is None or self._binned[:2] != (id(image), factor):
            self._binned = (id(image), factor, tw.bin_pixels(image, factor, method="mean"))
        return self._binned[2]

    def _show(self, spectrum: xr.DataArray, *, live: bool) -> None:
        view = self._view
        view.stage.put_spectrum(spectrum, _LIVE if live else _STILL)
        view.spectrum = spectrum
        if not live and view.stage.reaches(spectrum):
            view.zoom_in()
            view.over.draw_rings()
        if view.profile:
            view.plot.show(spectrum, self._reach())

    def _reach(self) -> float:
        return reach_of(self._view.spectrum, self._view.workspace.reflections)

    @guarded
    def _glimpsed(self, change: Any) -> None:
        """Show what is transformed while the region is dragged."""
        if change["new"] is not None:
            self._show(change["new"], live=True)

    @guarded
    def _failed(self, change: Any) -> None:
        self._view.message = change["new"]

    @guarded
    def _drawn(self, change: Any) -> None:
        self._view.region = change["new"]

    @guarded
    def _let_go(self, change: Any) -> None:
        if not change["new"]:
            self._transformed(None)

    @guarded
    def _reflected(self, change: Any) -> None:
        view = self._view
        kept = tuple(label for label in view.chosen if label in view.labels_known)
        view.reflections = change["new"]
        view.chosen = kept

    @guarded
    def _redrawn(self, change: Any) -> None:
        if self._view.active:
            self.draw_reflections()

    @guarded
    def _chosen(self, _: Any) -> None:
        if self._view.active:
            self._draw_chosen()

    @guarded
    def _overlaid(self, change: Any) -> None:
        view = self._view
        draw = {"k_range": view.over.draw_range, "rings": view.over.draw_rings}
        draw.get(change["name"], view.over.draw_mask)()
        if change["name"] == "k_range" and view.profile:
            view.plot.choose(view.k_range)

    @guarded
    def _plotted(self, _: Any) -> None:
        """Put the plot in only while it is seen: bqplot cannot draw where it is hidden."""
        view = self._view
        view.place.children = [view.plot] if view.profile else []
        if view.profile and view.spectrum is not None:
            view.plot.show(view.spectrum, self._reach())
            view.plot.mark(view.reflections)
            view.plot.choose(view.k_range)

    @guarded
    def _moved(self, change: Any) -> None:
        x, y = change["new"]
        with self._view.hold_trait_notifications():
            self._view.kx_range, self._view.ky_range = x, y

    @guarded
    def _ranged(self, change: Any) -> None:
        view, asked, axis = self._view, change["new"], change["name"][1]
        if asked is None:
            view.stage.home()
        elif asked != view.stage.ranges["xy".index(axis)]:
            view.stage.ask(**{f"{axis}_range": asked})

    @guarded
    def _limited(self, _: Any) -> None:
        self._view.limits = None

    @guarded
    def _activated(self, _: Any) -> None:
        view = self._view
        view.drawing.shown = view.active
        if view.active:
            self._transformed(None)
            self.draw_reflections()

    @guarded
    def _undone(self, _: Any) -> None:
        toolbar, workspace = self._view.toolbar, self._view.workspace
        toolbar.undo.disabled = not workspace.can_undo
        toolbar.redo.disabled = not workspace.can_redo

    @guarded
    def _coloured(self, _: Any) -> None:
        self._view.stage.colour(self._view.cmap)

    def _sized(self, _: Any) -> None:
        self._view.stage.layout.height = f"{self._view.height}px"

    def _told(self, change: Any) -> None:
        self._view.note.value = note(change["new"], "warning")


def _inside(view: SpectrumView, region: Any) -> bool:
    """Tell whether a region lies on the image."""
    extent = view.image_view.stage.extent
    if extent is None:
        return False
    corners, ((left, right), (top, bottom)) = corners_of(region), extent
    low, high = np.array([top, left]), np.array([bottom, right])
    slack = 1e-6 * (high - low)
    return bool(((corners >= low - slack) & (corners <= high + slack)).all())
