"""What the colours of a picture mean that is no image: a model, a residual, a filtered image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from temwidgets.widgets.products import plane
from temwidgets.widgets.views._keys import Bar, beyond
from temwidgets.widgets.views._map_record import written_ends
from temwidgets.widgets.views.colormaps import colour_table, hex_colour

if TYPE_CHECKING:
    from temwidgets.widgets.views.image_view import ImageView


def picture_legend(view: ImageView) -> dict[str, Any]:
    """Return the colour bar of what a view shows, for the browser; {} for an image."""
    if not _explained(view):
        return {}
    table, limits = _table(view), view.stage.levels(view.show)
    low, high = written_ends(*limits)
    colours = [hex_colour(table[i]) for i in np.linspace(0, 255, 9).astype(int)]
    return {"title": _title(view), "gradient": colours, "low": low, "high": high}


def picture_key(view: ImageView) -> Bar | None:
    """Return the same for print; None for an image."""
    if not _explained(view):
        return None
    limits = view.stage.levels(view.show)
    values = np.asarray(plane(view.product(view.show), view.frame), float)
    return Bar(_title(view), _table(view), limits, *beyond(values, limits))


def _explained(view: ImageView) -> bool:
    return view.legend and view.show != "image" and view.product(view.show) is not None


def _table(view: ImageView) -> np.ndarray:
    """Return the colours from the lowest to the highest value, as the exponent bends them."""
    table = colour_table("diverging" if view.show == "residual" else view.cmap)
    bent = np.linspace(0, 1, len(table)) ** view.gamma
    return table[np.rint(bent * (len(table) - 1)).astype(int)]


def _title(view: ImageView) -> str:
    product = view.product(view.show)
    units = "" if product is None else str(product.attrs.get("units", "counts"))
    name = {"filtered": "Filtered image"}.get(view.show, view.show.capitalize())
    return name if units in ("", "1") else f"{name} ({units.replace('^2', '²')})"
