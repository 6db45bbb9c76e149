"""What the views of columns through all frames share: tracks, selection, and the frame shown."""

from __future__ import annotations

from typing import Any

import numpy as np
import traitlets

from temwidgets.conventions import frame_of
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.views._base import ColumnsView


class TracksView(ColumnsView):
    """A view whose `columns` are tracks (frame, column), and that knows which frame is shown.

    A subclass also draws in `_draw_frame`, when another frame is shown.
    """

    _product = "tracks"
    frame = traitlets.Int(0, min=0)

    def __init__(self, source: Any = None, **options: Any) -> None:
        super().__init__(source, **options)
        if self._workspace is not None:
            self.frame = self._workspace.frame
            self._link = traitlets.link((self._workspace, "frame"), (self, "frame"))
        self.observe(self._on_frame, "frame")
        self._draw_frame()

    def close(self) -> None:
        """Close the widget and let go of workspace and selection."""
        if self._following and self._workspace is not None:
            self._link.unlink()
        super().close()

    @property
    def number(self) -> int | None:
        """Number of the frame that is shown, as in the coordinate ``frame``; None without one."""
        if self._workspace is not None and self._workspace.plane is not None:
            return frame_of(self._workspace.plane)
        numbers = self._numbers()
        return int(numbers[min(self.frame, numbers.size - 1)]) if numbers.size else None

    def show_number(self, number: float) -> None:
        """Show the frame whose number is nearest."""
        image = None if self._workspace is None else self._workspace.image
        known = self._numbers() if image is None or image.ndim == 2 else image["frame"].values
        if known.size:
            self.frame = int(np.argmin(np.abs(known - number)))

    def _numbers(self) -> np.ndarray:
        empty = np.empty(0, int)
        return empty if self.columns is None else np.asarray(self.columns["frame"].values)

    def _draw_frame(self) -> None:
        raise NotImplementedError

    def _catch_up(self) -> None:
        stale = set(self._stale)
        super()._catch_up()
        if self.active and stale:
            self._draw_frame()

    @guarded
    def _on_frame(self, _: Any) -> None:
        if self.active:
            self._draw_frame()
