"""What an `ImageView` shows, as an array and as files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from temwidgets.widgets.views import export
from temwidgets.widgets.views.raster import Scene, draw
from temwidgets.widgets.views.scene import make_scene

if TYPE_CHECKING:
    from temwidgets.widgets.views.image_view import ImageView


class Exported:
    """The part of an `ImageView` that draws without a browser."""

    def render_view(self, width: int = 1200) -> np.ndarray:
        """Draw what is shown without a browser: uint8 (height, width, 3)."""
        return draw(self._scene(), width)

    def save_png(
        self,
        path: str | Path,
        *,
        width: int = 1600,
        dpi: float = 300,
        axes: bool = True,
        legend: bool = True,
    ) -> None:
        """Write what is shown as PNG, a figure for print.

        Parameters
        ----------
        path : str or Path
            The file.
        width : int
            Width of the whole figure in pixels.
        dpi : float
            Pixels an inch in print; words are 8 points high there.
        axes : bool
            Draw axes with ticks and units.
        legend : bool
            Explain the colours: a bar for each map and for markers with a value, names of kinds,
            the wheel of directions with an arrow of a round length.
        """
        options: dict[str, Any] = {"width": width, "dpi": dpi, "axes": axes, "legend": legend}
        Path(path).write_bytes(export.png(self._scene(), **options))

    def save_svg(
        self,
        path: str | Path,
        *,
        width: int = 1600,
        dpi: float = 300,
        axes: bool = True,
        legend: bool = True,
    ) -> None:
        """Write what is shown as SVG: `save_png` with words, markers and arrows as shapes."""
        options: dict[str, Any] = {"width": width, "dpi": dpi, "axes": axes, "legend": legend}
        Path(path).write_bytes(export.svg(self._scene(), **options))

    def _scene(self) -> Scene:
        return make_scene(cast("ImageView", self))
