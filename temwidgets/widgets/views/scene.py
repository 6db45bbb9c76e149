"""What an `ImageView` shows at this moment, for drawing it without a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from temwidgets.conventions import pixel_grid
from temwidgets.widgets.palette import SELECTED
from temwidgets.widgets.products import plane
from temwidgets.widgets.views._keys import Key, map_key, marker_key
from temwidgets.widgets.views._picture_key import picture_key
from temwidgets.widgets.views._wheel import WheelLegend
from temwidgets.widgets.views.colormaps import colour_table, rgb
from temwidgets.widgets.views.markers import colouring, colours, places
from temwidgets.widgets.views.raster import Scene, Spots

if TYPE_CHECKING:
    from temwidgets.widgets.views.image_view import ImageView


def make_scene(view: ImageView) -> Scene:
    """Collect image, ranges, contrast, markers and what explains the colours of a view.

    Raises
    ------
    ValueError
        If there is no image yet.
    """
    image = plane(view.product(view.show), view.frame)
    if image is None:
        raise ValueError("There is no image to draw yet. Load one first.")
    table = colour_table("diverging" if view.show == "residual" else view.cmap)
    (x_range, y_range) = view.stage.ranges
    limits = view.stage.levels(view.show)
    spots = _spots(view, image) if view.show_markers else None
    return Scene(
        image,
        x_range,
        y_range,
        limits,
        view.gamma,
        table,
        view.smooth,
        view.scale_bar,
        spots,
        tuple(view.lines.values()),
        tuple(view.maps.values()),
        _keys(view),
    )


def _keys(view: ImageView) -> tuple[Key, ...]:
    """Return what is to be explained: picture, maps, arrows by direction, colours of markers."""
    found: list[Key | None] = [picture_key(view)]
    found += [map_key(made) for made in view.maps.values()]
    found += [child.key for child in view.stage.children if isinstance(child, WheelLegend)]
    if view.legend and view.show_markers and view.columns is not None:
        how = colouring(view.columns, view.color_by, view.marker_cmap, view.color_limits)
        found.append(marker_key(how))
    return tuple(key for key in found if key is not None)


def _spots(view: ImageView, image: xr.DataArray) -> Spots | None:
    columns = view.columns
    if columns is None or not columns.sizes["column"]:
        return None
    sent = places(columns, pixel_grid(image).origin)
    rows = np.frombuffer(sent["places"], np.float32).reshape(-1, 5)
    how = colouring(columns, view.color_by, view.marker_cmap, view.color_limits)
    return Spots(
        columns["x"].values, columns["y"].values, rows[:, 2:],
        colours(how, len(rows), view.marker_color), how.mode != "plain",
        view.selection.mask(columns), rgb(SELECTED), view.marker_size, view.marker_opacity,
        sent["spacing"], view.ellipses,
    )  # fmt: skip
