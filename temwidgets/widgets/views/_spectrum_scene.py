"""What a `SpectrumView` shows at this moment, for drawing it without a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from temwidgets.widgets.palette import SELECTED
from temwidgets.widgets.views._keys import Key, map_key, marker_key
from temwidgets.widgets.views._spectrum_marks import as_columns, colouring
from temwidgets.widgets.views._words import with_room
from temwidgets.widgets.views.colormaps import colour_table, rgb
from temwidgets.widgets.views.markers import colours
from temwidgets.widgets.views.raster import Scene, Spots

if TYPE_CHECKING:
    from temwidgets.widgets.views.spectrum import SpectrumView


def spectrum_scene(view: SpectrumView) -> Scene:
    """Collect spectrum, ranges, contrast, rings and words of a view.

    Raises
    ------
    ValueError
        If there is no image yet.
    """
    if view.spectrum is None:
        raise ValueError("There is no spectrum to draw yet. Load an image first.")
    image = view.spectrum.rename(ky="y", kx="x")
    x_range, y_range = view.stage.ranges
    words = [one for group in view.stage.words.values() for one in group]
    return Scene(
        image, x_range, y_range, view.stage.levels("image"), view.gamma, colour_table(view.cmap),
        view.smooth, view.scale_bar, _spots(view) if view.show_markers else None,
        tuple(view.lines.values()), tuple(view.maps.values()), _keys(view),
        tuple(with_room(words, view.stage.pixels)), ("k_x", "k_y"),
    )  # fmt: skip


def _keys(view: SpectrumView) -> tuple[Key, ...]:
    found: list[Key | None] = [map_key(made) for made in view.maps.values()]
    columns = as_columns(view.reflections)
    if view.show_markers and columns is not None:
        found.append(marker_key(colouring(view.reflections, columns, view.color_by, "viridis")))
    return tuple(key for key in found if key is not None)


def _spots(view: SpectrumView) -> Spots | None:
    columns = as_columns(view.reflections)
    if columns is None or not columns.sizes["column"]:
        return None
    how = colouring(view.reflections, columns, view.color_by, view.marker_cmap)
    count = columns.sizes["column"]
    rims = colours(how, count, view.stage.layer.marker_color).copy()
    rims[np.isin(columns["reflection"].values, view.chosen)] = 255
    return Spots(
        columns["x"].values, columns["y"].values, np.zeros((count, 3)), rims, False,
        np.zeros(count, bool), rgb(SELECTED), view.marker_size, 1.0, 0.0, False,
    )  # fmt: skip
