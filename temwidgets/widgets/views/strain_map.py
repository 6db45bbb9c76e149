"""Strain over the image in diverging colours, linked through the selection."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets
import numpy as np
import traitlets
import xarray as xr

from temwidgets.analysis.overlay_maps import overlay_map, overlay_maps, symmetric_limit
from temwidgets.analysis.shown_units import shown_unit
from temwidgets.analysis.variables import STRAINS
from temwidgets.widgets import palette
from temwidgets.widgets.controls import button, dropdown, number
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.selection import Selection
from temwidgets.widgets.style import row, together
from temwidgets.widgets.views._base import ColumnsView
from temwidgets.widgets.views._map_files import MapFiles, map_buttons
from temwidgets.widgets.views._over_image import OverImage
from temwidgets.widgets.views._strain_words import NAMES, component_line
from temwidgets.widgets.views._variables import significant
from temwidgets.widgets.views.image_view import ImageView

_NAME = "strain map"
_STYLES = [("smooth map", "map"), ("each column", "columns")]


class StrainMap(MapFiles, OverImage, ColumnsView):
    """A strain component over the image, zero in the middle of the colours.

    Parameters
    ----------
    source : Workspace, or DataArray (y, x)
        A workspace to follow, or an image.
    columns : Dataset, dim column, optional
        Columns of a bare image, with strains from ``temwidgets.column_strain``.
    view : ImageView, optional
        Draw over this image; a view of its own is shown when not given.
    selection : Selection, optional
        Share one between views to link them; that of the workspace when not given.
    component : {"e_xx", "e_yy", "e_xy", "rotation", "dilatation"}
        What is shown.
    style : {"map", "columns"}
        Interpolated, or each column's own value round it.
    limit : float or None
        Colours reach from -limit to limit: % for strains, degrees for the rotation; a round number
        above nearly all when None.
    alpha : float
        Opacity, 0 to 1.

    Attributes
    ----------
    image_view : ImageView
        The image under the map, with all its options.

    Raises
    ------
    TypeError
        If `source` is neither, or an option is unknown.
    """

    component = traitlets.Enum(STRAINS, "e_xx")
    style = traitlets.Enum(("map", "columns"), "map")
    limit = traitlets.Float(None, allow_none=True)
    alpha = traitlets.Float(0.75, min=0.0, max=1.0)

    def __init__(
        self,
        source: Any,
        columns: xr.Dataset | None = None,
        *,
        view: ImageView | None = None,
        selection: Selection | None = None,
        **options: Any,
    ) -> None:
        workspace = self._place(source, columns, view, selection, show_markers=False)
        super().__init__(workspace, selection=selection, **options)
        self.observe(self._on_option, ["component", "style", "limit", "alpha"])

    @traitlets.validate("limit")
    def _check_limit(self, proposal: Any) -> float | None:
        limit = proposal["value"]
        if limit is not None and not 0 < limit < np.inf:
            raise traitlets.TraitError(f"limit is a positive number or None, but {limit!r} came.")
        return limit

    def dataset(self) -> xr.Dataset:
        """Return all components that there are, with standard errors, on the pixels of the map.

        Strains are in %, as shown; between columns the errors are upper bounds.

        Raises
        ------
        ValueError
            If there is no strain yet.
        """
        columns, image = self.columns, self.image_view.workspace.image
        if columns is None or self.component not in columns or image is None:
            raise ValueError("There is no strain of columns to save yet: measure it first.")
        known = [name for name in STRAINS if name in columns]
        names = [n for name in known for n in (name, f"{name}_std") if n in columns]
        names.sort(key=lambda name: name.removesuffix("_std") != self.component)
        maps = overlay_maps(columns, image, names, style=self.style)
        for name in (n for n in known if f"{n}_std" in names):
            maps[name].attrs["ancillary_variables"] = f"{name}_std"
        return maps.assign_attrs(style=self.style)

    def _build(self) -> None:
        self._map: tuple[Any, ...] = ()
        self._markers: bool | None = None  # whether the view showed them before
        self._busy = False
        options = [(NAMES[name], name) for name in STRAINS]
        self._component = dropdown("", "Component that is shown", options)
        self._style = dropdown("as", "Between columns, or column by column", _STYLES)
        self._limit = number("Colours up to ±", "Value of the last colour")
        self._unit = widgets.Label("%")
        auto = button("Auto", "A round number above nearly all values")
        auto.on_click(lambda _: setattr(self, "limit", None))
        self._opacity = widgets.FloatSlider(
            value=self.alpha, min=0, max=1, step=0.05, description="Opacity", readout=False,
            tooltip="Opacity of the map", layout={"width": "170px"},
            style={"description_width": "auto"},
        )  # fmt: skip
        self._readout = widgets.HTML()
        self._readout.add_class("tem-stats")
        traitlets.link((self, "component"), (self._component, "value"))
        traitlets.link((self, "style"), (self._style, "value"))
        traitlets.link((self, "alpha"), (self._opacity, "value"))
        self._limit.observe(self._limit_set, "value")
        limits = together(self._limit, self._unit, auto)
        files = map_buttons(self, lambda: f"strain_{self.component}")
        top = row(self._component, self._style, limits, self._opacity, together(*files))
        self._lay_out([top], None)
        self.children = [*self.children[:-1], self._readout, self.children[-1]]

    def _draw(self) -> None:
        columns, image = self.columns, self.image_view.workspace.image
        if columns is None or self.component not in columns or image is None:
            self._clear()
            self.remark("There is no strain of columns yet: measure it first.")
            return
        self.remark("")
        limit = symmetric_limit(columns, self.component) if self.limit is None else self.limit
        self._show_limit(limit, shown_unit(columns, self.component)[0])
        values = self._values(columns, image)
        self.image_view.set_map(
            _NAME, values, "diverging", (-limit, limit), self.alpha,
            title=f"{NAMES[self.component]} ({values.attrs['units']})",
        )  # fmt: skip

    def _values(self, columns: xr.Dataset, image: xr.DataArray) -> xr.DataArray:
        """Return the map; the last one is kept, for opacity and limits change while dragged."""
        key = (columns, image, self.component, self.style)
        if len(self._map) != 5 or any(a is not b for a, b in zip(key, self._map, strict=False)):
            self._map = (*key, overlay_map(columns, image, self.component, style=self.style))
        return self._map[-1]

    def _show_limit(self, limit: float, units: str) -> None:
        self._busy = True
        self._limit.value, self._unit.value = significant(limit), units
        self._busy = False

    def _draw_selection(self) -> None:
        columns = self.columns
        if columns is None or self.component not in columns:
            self._readout.value = ""
            return
        every, chosen = np.ones(columns.sizes["column"], bool), self.selection.mask(columns)
        lines = [component_line(columns, self.component, every, "all", palette.ALL)]
        self._spare_markers(bool(chosen.any()))
        if chosen.any():
            lines += [component_line(columns, self.component, chosen, "selected", palette.SELECTED)]
        self._readout.value = "".join(lines)

    def _spare_markers(self, some: bool) -> None:
        """Draw markers only where some are selected: else they would hide the colours."""
        if self._markers is None:
            self._markers = self.image_view.show_markers
        self.image_view.show_markers = some

    def _clear(self) -> None:
        self.image_view.clear_map(_NAME)
        if self._markers is not None and not self._own:
            self.image_view.show_markers, self._markers = self._markers, None

    @guarded
    def _on_option(self, change: Any) -> None:
        if change["name"] == "component" and self.limit is not None:
            self.limit = None  # another quantity, another size
            return
        self._draw()
        self._draw_selection()

    @guarded
    def _limit_set(self, change: Any) -> None:
        if not self._busy:
            self.limit = change["new"]
