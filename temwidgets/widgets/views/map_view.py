"""Maps of local spacing and strain over the image, with a histogram that is brushed."""

from __future__ import annotations

from typing import Any

import traitlets
import xarray as xr

from temwidgets.analysis.fourier.shown_maps import (
    QUANTITIES,
    available,
    check_maps,
    map_at,
)
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.fourier import fourier_product
from temwidgets.widgets.selection import Selection
from temwidgets.widgets.style import beside, style_sheet
from temwidgets.widgets.traits import Interval
from temwidgets.widgets.views._base import ColumnsView
from temwidgets.widgets.views._map_controls import MapControls
from temwidgets.widgets.views._map_data import MapData
from temwidgets.widgets.views._map_files import MapFiles
from temwidgets.widgets.views._map_histogram import MapHistogram
from temwidgets.widgets.views._map_plots import MapPlots, inside
from temwidgets.widgets.views._map_words import (
    NAMES,
    SOURCES,
    map_title,
    meaning,
    unit,
)
from temwidgets.widgets.views._over_image import OverImage
from temwidgets.widgets.views.colormaps import NAMES as COLORMAPS
from temwidgets.widgets.views.image_view import ImageView
from temwidgets.widgets.views.map_profile import MapProfile

_NAME = "map"
_COLOURS = {"sequential": "viridis", "diverging": "diverging", "cyclic": "cyclic"}
_MOST_REGIONS = 7


class MapView(MapFiles, OverImage, ColumnsView):
    """A map over the image with the histogram of its pixels; brush it to see where values are.

    Pixels in the range that is brushed stay as they are and all others fade; columns that lie in
    them are selected. Maps are those of ``temwidgets.local_spacing``, where d-spacing and direction
    are absolute, and ``temwidgets.geometric_phase``, where strain is relative to a region.

    Parameters
    ----------
    source : Workspace, or DataArray (y, x)
        A workspace to follow, or an image.
    maps : Dataset, optional
        Maps of a bare image.
    view : ImageView, optional
        Draw over this image; a view of its own is shown when not given.
    selection : Selection, optional
        Share one between views to link them; that of the workspace when not given.
    quantity : {"d_spacing", "angle", "phase", "amplitude", "e_xx", "e_yy", "e_xy", "rotation", \
"dilatation", "displacement_x", "displacement_y"}
        What is shown; the first that there is while there is none of it.
    reflection : int or None
        Label of the reflection whose d-spacing, direction, phase or amplitude is shown; None: the
        first.
    product : {"local_spacing", "strain"} or None
        Where a quantity is taken from that both have; None: the local spacing.
    error : bool
        Show the standard error instead.
    limits : (float, float) or None
        Values of the first and the last colour (strain in %); None: round numbers about nearly all.
    colormap : str or None
        Colour map; None: one that suits the quantity.
    alpha : float
        Opacity, 0 to 1.
    masked : bool
        Leave out pixels that are no crystal.
    blocks : int
        Average square blocks of so many pixels; 0 for none.
    regions : bool
        Histogram and statistics of each domain of the workspace.
    brush : (float, float) or None
        The range of values chosen, low <= value < high.

    Attributes
    ----------
    image_view, histogram, profile
        The parts; the profile is made when "Profile" is pressed.
    data : MapData
        What is shown: ``data.values``, and ``data.errors`` where there are some.
    drawn : int
        Grows when another map is shown.

    Raises
    ------
    TypeError
        If `source` is neither, `maps` are none, or an option is unknown.
    """

    quantity = traitlets.Enum(QUANTITIES, "d_spacing")
    reflection = traitlets.Int(None, allow_none=True)
    product = traitlets.Enum((None, *SOURCES), None)
    error = traitlets.Bool(False)
    limits = Interval()
    colormap = traitlets.Enum((None, *COLORMAPS), None)
    alpha = traitlets.Float(0.75, min=0.0, max=1.0)
    masked = traitlets.Bool(True)
    blocks = traitlets.Int(0, min=0)
    regions = traitlets.Bool(False)
    brush = Interval()
    drawn = traitlets.Int(0)

    def __init__(
        self,
        source: Any,
        maps: xr.Dataset | None = None,
        *,
        view: ImageView | None = None,
        selection: Selection | None = None,
        **options: Any,
    ) -> None:
        workspace = self._place(source, None, view, selection, show_markers=False)
        if maps is not None:
            setattr(workspace, fourier_product(check_maps(maps)), maps)
        self.workspace = workspace
        brush = options.pop("brush", None)
        super().__init__(workspace, selection=selection, **options)
        self.observe(self._on_what, ["quantity", "reflection", "product", "error"])
        self.observe(self._on_option, ["masked", "blocks", "regions"])
        self.observe(self._on_look, ["limits", "colormap", "alpha"])
        self.observe(self._on_brush, "brush")
        workspace.observe(self._on_maps, [*SOURCES, "domains"])
        workspace.preview.observe(self._on_maps, "maps")
        self.brush = brush

    def close(self) -> None:
        """Close the widget, let go of the workspace and take the map off the image."""
        if self._following:
            self.workspace.unobserve(self._on_maps, [*SOURCES, "domains"])
            self.workspace.preview.unobserve(self._on_maps, "maps")
            self.plots.close()
        super().close()

    @property
    def histogram(self) -> MapHistogram:
        """The histogram of the pixels; brush it."""
        return self.plots.histogram

    @property
    def profile(self) -> MapProfile | None:
        """The values along a line, once "Profile" has been pressed."""
        return self.plots.profile

    def _build(self) -> None:
        self._letting_go = False
        self.data = MapData(self)
        self.plots = MapPlots(self, self._note)
        traitlets.link((self, "brush"), (self.histogram, "brush"))
        self._controls = MapControls(self)
        self._controls.profile.observe(self.plots.switch_profile, "value")
        body = beside(self.image_view, self.plots) if self._own else self.plots
        self.children = [style_sheet(), *self._controls.head(), body]

    def _draw(self) -> None:
        self.data.refresh()
        self._explain()
        if self.data.values is None:
            self._clear()
        else:
            self._draw_map()
        self.plots.show()
        self._controls.refresh()
        self.drawn += 1

    def _draw_map(self) -> None:
        data = self.data
        if data.drawn is None:
            return
        kind, low, high = data.scale
        self.image_view.set_map(
            _NAME, data.drawn, self.colormap or _COLOURS[kind], self.limits or (low, high),
            self.alpha, title=map_title(data.drawn), smooth=kind != "cyclic" and self.blocks < 2,
            lit=self.brush,
        )  # fmt: skip

    def _draw_selection(self) -> None:
        """Columns that are selected show in the image."""

    def _explain(self) -> None:
        data = self.data
        if not data.products:
            self.remark("There is no map yet: measure the local spacing or the strain first.")
        elif data.values is None or data.source is None or data.quantity is None:
            self.remark("No crystal found, so there is nothing to show.")
        else:
            text = meaning(data.source, data.products[data.source])
            if data.quantity != self.quantity:
                text = f"There is no {NAMES[self.quantity]} yet. {text}"
            self.remark(text)

    def _clear(self) -> None:
        self.image_view.clear_map(_NAME)

    @guarded
    def _on_maps(self, change: Any) -> None:
        name, new = change["name"], change["new"]
        if name in SOURCES and change["old"] is None and new is not None and (
            self.quantity not in available(new) or self.data.quantity != self.quantity
        ):  # fmt: skip
            self._turn_to(name)
        self._stale.add("columns")
        self._catch_up()

    def _turn_to(self, product: str) -> None:
        """Show what has just been measured, where it has nothing of what is shown."""
        if self.quantity not in available(getattr(self.workspace, product)):
            self.quantity = {"local_spacing": "d_spacing", "strain": "e_xx"}[product]
        self.product = product

    @guarded
    def _on_what(self, change: Any) -> None:
        """Another quantity has other limits and another range to choose."""
        self.brush = None
        with self.hold_trait_notifications():
            self.limits = None
        self._redraw()

    @guarded
    def _on_option(self, _: Any) -> None:
        self._redraw()

    @guarded
    def _on_look(self, _: Any) -> None:
        if self.active:
            self._controls.refresh()
            self._draw_map()

    def _redraw(self) -> None:
        self._stale.add("columns")
        self._catch_up()

    @guarded
    def _on_brush(self, _: Any) -> None:
        if self.data.values is None or not self.active:
            return
        self.image_view.light_map(_NAME, self.brush)
        self.plots.read_out()
        if not self._letting_go:
            self._select()

    def _select(self) -> None:
        """Select the columns that lie in the pixels that are brushed."""
        values, columns = self.data.values, self.columns
        if self.brush is None:
            if self.selection.source is self:
                self.selection.select((), source=self)
            return
        if columns is None or values is None:
            return
        at = map_at(values, columns["y"].values, columns["x"].values)
        low, high = self.brush
        chosen = columns["column"].values[inside(at, self.brush)]
        rule = f"{low:.6g} <= {values.name} < {high:.6g} {unit(values)}".rstrip()
        self.selection.select(chosen, rule=rule, source=self)

    def _drop_brush(self) -> None:
        """Let go of the brush without touching the selection that another view has made."""
        self._letting_go = True
        self.brush = None
        self._letting_go = False
