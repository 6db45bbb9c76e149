"""Arrows of a vector over the image, coloured by direction and linked through the selection."""

from __future__ import annotations

from typing import Any

import numpy as np
import traitlets
import xarray as xr

from temwidgets.analysis.arrows import arrows
from temwidgets.analysis.overlay_maps import arrow_maps
from temwidgets.analysis.polar_histogram import vector_names
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.selection import Selection
from temwidgets.widgets.views._base import ColumnsView
from temwidgets.widgets.views._displacement_controls import DisplacementControls
from temwidgets.widgets.views._lengths import readable_unit, written
from temwidgets.widgets.views._map_files import MapFiles
from temwidgets.widgets.views._over_image import OverImage
from temwidgets.widgets.views._wheel import WheelLegend
from temwidgets.widgets.views.image_view import ImageView

_NAME = "displacement map"
_FADED = 70
"""Opacity (of 255) of the arrows beside selected ones."""


class DisplacementMap(MapFiles, OverImage, ColumnsView):
    """Arrows over the image: where columns are displaced to, in the colours of a direction wheel.

    Parameters
    ----------
    source : Workspace, or DataArray (y, x)
        A workspace to follow, or an image.
    columns : Dataset, dim column, optional
        Columns of a bare image, with a vector such as ``temwidgets.displacements`` adds.
    view : ImageView, optional
        Draw over this image; a view of its own is shown when not given.
    selection : Selection, optional
        Share one between views to link them; that of the workspace when not given.
    vector : str
        The vector.
    of : int or None
        Sublattice whose arrows are drawn; all when None.
    scale : float or None
        Times the arrows are longer than the vectors; None makes long ones reach the next column.
    subtract_mean : bool
        Draw the difference from the mean of all arrows.
    width : float
        Width of the arrows in screen px.
    legend : bool
        Show the colour wheel.

    Attributes
    ----------
    image_view : ImageView
        The image under the arrows, with all its options.
    arrows : Dataset or None
        What is drawn, as ``temwidgets.analysis.arrows.arrows`` returns it.

    Raises
    ------
    TypeError
        If `source` is neither, or an option is unknown.
    """

    vector = traitlets.Unicode("displacement")
    of = traitlets.Int(None, allow_none=True)
    scale = traitlets.Float(None, allow_none=True)
    subtract_mean = traitlets.Bool(False)
    width = traitlets.Float(2.0, min=0.5)
    legend = traitlets.Bool(True)

    def __init__(
        self,
        source: Any,
        columns: xr.Dataset | None = None,
        *,
        view: ImageView | None = None,
        selection: Selection | None = None,
        **options: Any,
    ) -> None:
        workspace = self._place(source, columns, view, selection, marker_size=5.0)
        super().__init__(workspace, selection=selection, **options)
        self.observe(self._on_option, ["vector", "of", "scale", "subtract_mean", "width"])
        self.observe(self._on_legend, "legend")

    @traitlets.validate("scale")
    def _check_scale(self, proposal: Any) -> float | None:
        scale = proposal["value"]
        if scale is not None and not 0 < scale < np.inf:
            raise traitlets.TraitError(f"scale is a positive number or None, but {scale!r} came.")
        return scale

    @property
    def arrows(self) -> xr.Dataset | None:
        """What is drawn, or None."""
        return self._arrows

    def dataset(self) -> xr.Dataset:
        """Return the vectors that are drawn, linear between columns, on the pixels of a map.

        Raises
        ------
        ValueError
            If there is no vector yet, or too few columns have one.
        """
        columns, image = self.columns, self.image_view.workspace.image
        if columns is None or self._arrows is None or image is None:
            raise ValueError(f"There is no {self.vector} of columns to save yet: measure it first.")
        maps = arrow_maps(columns, self._arrows, image, self.vector)
        mean = [float(v) for v in self._arrows.attrs["mean"]]
        return maps.assign_attrs(vector=self.vector, subtracted_mean_y_x=mean)

    def _build(self) -> None:
        self._arrows: xr.Dataset | None = None
        self._wheel = WheelLegend()
        self._controls = DisplacementControls(self)
        self._lay_out(self._controls.arrange(), self._wheel)

    def _draw(self) -> None:
        columns, self._arrows = self.columns, None
        self._controls.refresh()
        if columns is None or self.vector not in vector_names(columns):
            self._clear()
            self.remark(f"There is no {self.vector} of columns yet: measure it first.")
            return
        self._arrows = arrows(
            columns, self.vector, scale=self.scale, subtract_mean=self.subtract_mean, of=self.of
        )
        self._controls.refresh_scale()
        self._on_legend(None)
        self._explain(self._arrows)

    def _draw_selection(self) -> None:
        if self._arrows is None or self.columns is None:
            return
        chosen = self.selection.mask(self.columns)
        alpha = np.where(chosen | ~chosen.any(), 255, _FADED).astype(np.uint8)
        colours = np.column_stack([self._arrows["colour"].values, alpha])
        segments = self._arrows["segment"].values
        self.image_view.set_lines(_NAME, segments, colours=colours, width=self.width, heads=True)

    def _clear(self) -> None:
        self.image_view.clear_lines(_NAME)
        self._wheel.show(None, "")

    def _explain(self, drawn: xr.Dataset) -> None:
        mean, parts = drawn.attrs["mean"], []
        units, factor = readable_unit(drawn["segment"].attrs["units"], float(np.hypot(*mean)))
        if self.subtract_mean:
            y, x = (written(factor * float(v)) for v in mean)
            parts.append(f"Mean taken off: x {x}, y {y} {units}.")
        if drawn.attrs["left_out"]:
            parts.append(f"Too long to be true and not drawn: {drawn.attrs['left_out']:,}.")
        if not np.isfinite(drawn["magnitude"].values).any():
            parts.append("No column has a vector to draw.")
        self.remark(" ".join(parts))

    @guarded
    def _on_option(self, _: Any) -> None:
        self._draw()
        self._draw_selection()

    @guarded
    def _on_legend(self, _: Any) -> None:
        shown = self._arrows is not None and self.legend
        units = "" if self._arrows is None else self._arrows["segment"].attrs["units"]
        self._wheel.show(self._arrows.attrs if shown and self._arrows is not None else None, units)
