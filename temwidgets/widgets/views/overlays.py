"""What is laid over an image: line sets and arrows, maps with a colour bar, handles to drag."""

from __future__ import annotations

from typing import Any

import numpy as np
import traitlets
import xarray as xr

from temwidgets.widgets.errors import guarded
from temwidgets.widgets.views._line_record import Lines, line_ends, rgba
from temwidgets.widgets.views._map_record import make_map, map_look, map_values


class Overlays(traitlets.HasTraits):
    """The part of an `ImageView` that lays lines, maps and handles over the image.

    Attributes
    ----------
    lines : dict
        Name to `Lines`, drawn in this order: plain lines under the markers, arrows over them.
    maps : dict
        Name to `Map`, drawn between image and markers.
    handles : dict
        Name to place (y, x) of points that the mouse (or the arrow keys) can drag; a drag replaces
        the dict, and so may Python.
    dragged : str
        Name of the handle that is being dragged; "" when the mouse is up.
    """

    lines = traitlets.Dict()
    maps = traitlets.Dict()
    handles = traitlets.Dict()
    dragged = traitlets.Unicode("")
    stage: Any

    def set_lines(
        self,
        name: str,
        segments: Any,
        *,
        colours: Any = "#ffd23f",
        width: float = 1.5,
        heads: bool = False,
        shown: bool = True,
    ) -> None:
        """Draw a set of lines or arrows, in place of the set of that name.

        Parameters
        ----------
        name : str
            Name of the set.
        segments : array_like, (n, 4)
            y0, x0, y1, x1 of each in the image's length unit; rows with NaN are not drawn.
        colours : str or array_like of uint8, (n, 4) or (4,)
            "#rrggbb", or red, green, blue, alpha from 0 to 255.
        width : float
            Width in screen px.
        heads : bool
            Put an arrow head at y1, x1.
        shown : bool
            Draw it now; `show_lines` changes that.

        Raises
        ------
        ValueError
            If the segments or colours have another shape.
        """
        ends = np.asarray(segments, float)
        if ends.size == 0:
            ends = ends.reshape(0, 4)
        if ends.ndim != 2 or ends.shape[1] != 4:
            raise ValueError(
                f"Segments are rows of y0, x0, y1, x1, shape (n, 4), but shape {ends.shape} came."
            )
        made = Lines(ends, rgba(colours, len(ends)), float(width), bool(heads), bool(shown))
        self.lines = {**self.lines, name: made}

    def clear_lines(self, name: str | None = None) -> None:
        """Remove a set of lines; all sets without a name."""
        self.lines = {} if name is None else {k: v for k, v in self.lines.items() if k != name}

    def show_lines(self, name: str, shown: bool = True) -> None:
        """Show or hide a set of lines.

        Raises
        ------
        ValueError
            If there is no set of that name.
        """
        if name not in self.lines:
            known = ", ".join(self.lines) or "none"
            raise ValueError(f"There are no lines {name!r}; the view has {known}.")
        self.lines = {**self.lines, name: self.lines[name]._replace(shown=bool(shown))}

    def set_map(
        self,
        name: str,
        values: xr.DataArray,
        colormap: str = "diverging",
        limits: tuple[float, float] | None = None,
        alpha: float = 0.6,
        *,
        title: str | None = None,
        smooth: bool = True,
        lit: tuple[float, float] | None = None,
    ) -> None:
        """Lay values over the image, with a colour bar.

        Parameters
        ----------
        name : str
            Name of the map; one of that name is replaced.
        values : DataArray, (y, x)
            Its coordinates are those of the image, its pixels may be coarser; NaN is not drawn.
        colormap : str
            A colour map of the views; "diverging" is centred on zero when `limits` is not given.
        limits : (float, float), optional
            Values of the first and last colour; the 1st to 99th percentile when not given.
        alpha : float
            Opacity, 0 to 1.
        title : str, optional
            Over the colour bar; the long_name and units of the values when not given; without
            a colour bar when "".
        smooth : bool
            Interpolate between the map's pixels; not for labels.
        lit : (float, float), optional
            Only values in this range are drawn fully, see `light_map`.

        Raises
        ------
        ValueError
            If the values are no map (y, x), or the colour map is unknown.
        """
        if not isinstance(values, xr.DataArray) or values.dims != ("y", "x"):
            came = getattr(values, "dims", type(values).__name__)
            raise ValueError(f"A map is a DataArray with dims (y, x), but {came} came.")
        made = make_map(values, colormap, limits, alpha, title=title, smooth=smooth, lit=lit)
        self.maps = {**self.maps, name: made}

    def light_map(self, name: str, lit: tuple[float, float] | None) -> None:
        """Draw only values with ``low <= value < high`` fully, the others faintly; None: all.

        Raises
        ------
        ValueError
            If there is no map of that name.
        """
        if name not in self.maps:
            known = ", ".join(self.maps) or "none"
            raise ValueError(f"There is no map {name!r}; the view has {known}.")
        span = None if lit is None else (float(lit[0]), float(lit[1]))
        self.maps = {**self.maps, name: self.maps[name]._replace(lit=span)}

    def clear_map(self, name: str | None = None) -> None:
        """Remove a map; all maps without a name."""
        self.maps = {} if name is None else {k: v for k, v in self.maps.items() if k != name}

    def set_handle(
        self, name: str, y: float, x: float, colour: str = "#ffd23f", *, label: str | None = None
    ) -> None:
        """Put a named point that can be dragged at (y, x) in the image's length unit.

        Its place is ``handles[name]``, also while it is dragged; `dragged` tells when it is let go.
        `label` is written beside it, its name when not given.
        """
        looks = {"colour": colour, "label": name if label is None else label}
        if self._looks.get(name) != looks:
            self._looks = {**self._looks, name: looks}
            self._handles_set(None)
        self.handles = {**self.handles, name: (float(y), float(x))}

    def clear_handles(self, *names: str) -> None:
        """Remove handles; all without a name."""
        self.handles = {k: v for k, v in self.handles.items() if names and k not in names}

    _looks: dict[str, dict[str, str]] = {}  # noqa: RUF012 - replaced, never changed in place
    _versions = 0

    @traitlets.observe("lines")
    def _lines_set(self, change: Any) -> None:
        known, layer = change["old"] or {}, self.stage.layer
        records = {}
        for name, made in self.lines.items():
            same = known.get(name)
            record = layer.lines.get(name)
            if record is None or same is None or same.segments is not made.segments or (
                same.colours is not made.colours
            ):  # fmt: skip
                self._versions += 1
                record = {**line_ends(made), "version": self._versions}
            records[name] = {
                **record, "width": made.width, "heads": made.heads, "shown": made.shown,
            }  # fmt: skip
        layer.lines = records

    @traitlets.observe("maps")
    def _maps_set(self, change: Any) -> None:
        known, layer = change["old"] or {}, self.stage.layer
        records = {}
        for name, made in self.maps.items():
            same, record = known.get(name), layer.maps.get(name)
            if record is None or same is None or same.values is not made.values or (
                same.smooth is not made.smooth
            ):  # fmt: skip
                self._versions += 1
                record = map_values(made.values, smooth=made.smooth) | {"version": self._versions}
            records[name] = record
        with layer.hold_sync():
            layer.maps = records
            layer.map_looks = {name: map_look(made) for name, made in self.maps.items()}

    @traitlets.observe("handles")
    def _handles_set(self, _: Any) -> None:
        self.stage.layer.handles = {
            name: {"y": y, "x": x, "colour": "#ffd23f", "label": name, **self._looks.get(name, {})}
            for name, (y, x) in self.handles.items()
        }

    @guarded
    def _hear_handle(self, _: Any, content: dict[str, Any], __: Any) -> None:
        """Take over where the mouse has a handle."""
        if content.get("type") != "handle" or content.get("name") not in self.handles:
            return
        name = content["name"]
        if not content["final"]:
            self.dragged = name
        self.handles = {**self.handles, name: (float(content["y"]), float(content["x"]))}
        if content["final"]:
            self.dragged = ""
