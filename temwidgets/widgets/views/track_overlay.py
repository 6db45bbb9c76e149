"""The ways of columns through the frames, as lines over the image."""

from __future__ import annotations

from html import escape
from typing import Any

import ipywidgets as widgets
import numpy as np
import traitlets
import xarray as xr

from temwidgets.analysis.stacks.trails import trails
from temwidgets.widgets.controls import checkbox, number, whole_number
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.selection import Selection
from temwidgets.widgets.style import row, together
from temwidgets.widgets.views._over_image import OverImage
from temwidgets.widgets.views._tracks_view import TracksView
from temwidgets.widgets.views.colormaps import colour_table
from temwidgets.widgets.views.image_view import ImageView

_NAME = "tracks"
_FADED = 60
"""Opacity (of 255) of the ways beside selected ones."""

_TABLE = "viridis"


class TrackOverlay(OverImage, TracksView):
    """Trajectories over the image, from dark (first frame) to bright (last frame).

    Parameters
    ----------
    source : Workspace or DataArray, (frame, y, x)
        A workspace whose tracks are followed, or a stack.
    tracks : Dataset, (frame, column), optional
        Tracks of a bare stack.
    view : ImageView, optional
        Draw over this image; a view of its own is shown when not given.
    selection : Selection, optional
        Share one between views to link them; that of the workspace when not given.
    scale : float
        Times that steps are enlarged, without the motion of the frames.
    motion : bool
        Draw the motion of the frames too.
    tail : int
        Only so many frames up to the one shown; 0 draws all.
    width : float
        Width of the lines in screen px.

    Attributes
    ----------
    image_view : ImageView
        The image under the lines.
    trails : Dataset or None
        What is drawn, as ``temwidgets.analysis.stacks.trails.trails`` returns it.

    Raises
    ------
    TypeError
        If `source` is neither, or an option is unknown.
    """

    scale = traitlets.Float(1.0)
    motion = traitlets.Bool(False)
    tail = traitlets.Int(0, min=0)
    width = traitlets.Float(1.5, min=0.5)

    def __init__(
        self,
        source: Any,
        tracks: xr.Dataset | None = None,
        *,
        view: ImageView | None = None,
        selection: Selection | None = None,
        **options: Any,
    ) -> None:
        workspace = self._place(source, None, view, selection, marker_size=5.0)
        if tracks is not None:
            workspace.tracks = tracks
        super().__init__(workspace, selection=selection, **options)
        self.observe(self._on_option, ["scale", "motion", "tail", "width"])

    @traitlets.validate("scale")
    def _check_scale(self, proposal: Any) -> float:
        scale = proposal["value"]
        if not 0 < scale < np.inf:
            raise traitlets.TraitError(f"scale is a positive number, but {scale!r} came.")
        return float(scale)

    @property
    def trails(self) -> xr.Dataset | None:
        """What is drawn, or None."""
        return self._trails

    def _build(self) -> None:
        self._trails: xr.Dataset | None = None
        self._scale = number("Enlarged", "Times that steps are longer than they are", 1.0)
        self._motion = checkbox("with the drift", "Draw what the whole frame moved, too")
        self._tail = whole_number("Tail", "Frames up to the one shown; 0: all", 0, 0, 100_000)
        self._legend_words = widgets.HTML()
        for name, control in (
            ("scale", self._scale), ("motion", self._motion), ("tail", self._tail),
        ):  # fmt: skip
            traitlets.link((self, name), (control, "value"))
        times = together(self._scale, widgets.Label("times"))
        self._lay_out([row(times, self._motion, self._tail, self._legend_words)], None)

    def _draw(self) -> None:
        self.remark("" if self.columns is not None else
                    "No columns in all frames yet: fit them first.")  # fmt: skip

    def _draw_selection(self) -> None:
        """Drawn with the frame."""

    def _draw_frame(self) -> None:
        number, tracks = self.number, self.columns
        self._trails = None
        if tracks is None or number is None or number not in tracks["frame"].values:
            self._clear()
            return
        found = trails(
            tracks, number, scale=1.0 if self.motion else self.scale, motion=self.motion,
            tail=self.tail,
        )  # fmt: skip
        self._trails = found
        numbers = tracks["frame"].values
        share = (found["frame_after"].values - numbers[0]) / max(float(np.ptp(numbers)), 1.0)
        colours = colour_table(_TABLE)[np.rint(255 * share).astype(int)]
        chosen = np.isin(found["label"].values, self.selection.labels)
        alpha = np.where(chosen | ~chosen.any(), 255, _FADED).astype(np.uint8)
        self.image_view.set_lines(
            _NAME, found["segment"].values, colours=np.column_stack([colours, alpha]),
            width=self.width,
        )  # fmt: skip
        self._legend_words.value = _legend(int(numbers[0]), int(numbers[-1]))

    def _clear(self) -> None:
        self.image_view.clear_lines(_NAME)
        self._legend_words.value = ""

    @guarded
    def _on_option(self, _: Any) -> None:
        if self.active:
            self._draw_frame()


def _legend(first: int, last: int) -> str:
    """Write which colour is which frame."""
    table = colour_table(_TABLE)[:: 255 // 8]
    ramp = ", ".join(f"rgb({red} {green} {blue})" for red, green, blue in table)
    bar = (
        '<i role="img" aria-label="Colours of frames" style="display:inline-block;width:80px;'
        f'height:10px;margin:0 6px;background:linear-gradient(to right, {ramp})"></i>'
    )
    return f'<span class="tem-note">frame {escape(str(first))}{bar}{escape(str(last))}</span>'
