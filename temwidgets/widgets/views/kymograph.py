"""The intensity along a line on the image against time."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import bqplot
import ipywidgets as widgets
import numpy as np
import traitlets
import xarray as xr
from PIL import Image

import temwidgets as tw
from temwidgets.widgets.controls import checkbox
from temwidgets.widgets.download import plot_buttons
from temwidgets.widgets.errors import guarded, reject_unknown
from temwidgets.widgets.style import row, style_sheet, together
from temwidgets.widgets.views._axes import set_range
from temwidgets.widgets.views._base import note
from temwidgets.widgets.views._figure_clicks import FigureClicks
from temwidgets.widgets.views._line_plot import LinePlot
from temwidgets.widgets.views._paper import Paper
from temwidgets.widgets.views._print import Plot

_OPTIONS = ("start", "end", "width", "follows", "active")
_RATIO = 0.62
_FINEST = 4
"""Screen pixels that a frame is at least drawn with."""


class Kymograph(LinePlot):
    """The line from A to B on the image in all frames: distance along x, frames upwards.

    Drag the ends of the line on the image; click the kymograph to show a frame.

    Parameters
    ----------
    view : ImageView
        The stack, and the image that the line is drawn on.
    start, end : (float, float), optional
        Ends (y, x) of the line on the frame shown, in lengths; across the middle when not given.
    width : float
        Over which is averaged across the line, in lengths; 0: one pixel.
    follows : bool
        Let the line go with the drift that was measured, so that it stays on the specimen.

    Attributes
    ----------
    active : bool
        While False nothing is drawn on the image.
    kymograph : DataArray or None
        What is shown, as ``temwidgets.kymograph`` returns it.

    Raises
    ------
    TypeError
        If `view` is no ImageView.
    """

    follows = traitlets.Bool(True)
    _following = False

    def __init__(self, view: Any, **options: Any) -> None:
        from temwidgets.widgets.views.image_view import ImageView

        if not isinstance(view, ImageView):
            raise TypeError(f"Kymograph follows an ImageView, but a {type(view).__name__} came.")
        reject_unknown("Kymograph", options, [*_OPTIONS, "layout"])
        self.view, self.workspace = view, view.workspace
        self.kymograph: xr.DataArray | None = None
        self._at = np.zeros(2)
        self._moving = False
        super().__init__(view, "kymograph", layout=options.pop("layout", {}))
        self._build()
        for name, value in options.items():
            setattr(self, name, value)
        self.observe(self._changed, ["start", "end", "width", "follows", "active"])
        self.workspace.observe(self._changed, ["image", "drift"])
        self.workspace.observe(self._framed, "frame")
        self._following = True
        self._changed(None)

    def close(self) -> None:
        """Close the widget and take the line off the image."""
        if self._following:
            self._following = False
            self.workspace.unobserve(self._changed, ["image", "drift"])
            self.workspace.unobserve(self._framed, "frame")
            self.drawing.close()
        super().close()

    def csv(self) -> str:
        """Return the intensity of each frame (rows) and distance (columns) as CSV."""
        if self.kymograph is None:
            return ""
        units = str(self.kymograph["distance"].attrs["units"])
        table: str = self.kymograph.to_pandas().to_csv()
        return f"# intensity by frame and distance ({units})\n{table}"

    def plot(self) -> Plot:
        """Return what is shown, to be printed."""
        if self.kymograph is None:
            raise ValueError("There is no kymograph to print yet: it takes a stack and a line.")
        return Plot(*self._printed_axes(), {}, self._print, _RATIO)

    def _print(self, paper: Paper, place: Any) -> None:
        """Draw runs of pixels of one grey as one rectangle."""
        found = self.kymograph
        if found is None:
            return
        grey = _greys(found.values)
        edges = np.linspace(0.0, float(found["distance"][-1]), grey.shape[1] + 1)
        for frame, shades in zip(found["frame"].values, grey, strict=True):
            ends = np.flatnonzero(np.diff(shades)) + 1
            for first, last in zip([0, *ends], [*ends, shades.size], strict=True):
                low, high = float(frame) - 0.5, float(frame) + 0.5
                corners = edges[[first, last, last, first]], np.array([low, low, high, high])
                paper.polygon(place(*corners), "#" + f"{shades[first]:02x}" * 3)

    def _build(self) -> None:
        self._make_axes("Frame")
        scales = {"x": self._x, "y": self._y}
        self._picture = bqplot.Image(image=widgets.Image(value=_png(np.zeros((2, 2)))),
                                     scales=scales, visible=False)  # fmt: skip
        self._cursor = bqplot.Lines(
            x=[0.0, 1.0], y=[0.0, 0.0], scales=scales, colors=["#e8467c"], stroke_width=1.5,
            visible=False,
        )  # fmt: skip
        self._make_figure([self._picture, self._cursor], 260)
        self._clicks = FigureClicks(axis="y")
        self._clicks.on_msg(self._clicked)
        self._follow = checkbox("follows the drift", "Keep the line on the specimen", True)
        traitlets.link((self, "follows"), (self._follow, "value"))
        files = plot_buttons(self, lambda: "kymograph")
        head = row(together(self._width, self._unit), self._follow, together(*files))
        self.children = [style_sheet(), head, self.figure, self.label, self._note, self._clicks]
        self.add_class("temwidgets-view")

    @property
    def _stack(self) -> xr.DataArray | None:
        image = self.workspace.image
        return image if image is not None and image.ndim == 3 and len(image) > 1 else None

    @property
    def _sticks(self) -> bool:
        """Whether the line goes with the drift."""
        return self.follows and self.workspace.drift is not None and self._stack is not None

    def _number(self) -> int:
        """Number of the frame shown."""
        stack = self._stack
        return 0 if stack is None else int(stack["frame"][self.workspace.frame])

    def _drift_at(self) -> np.ndarray:
        """Drift (2,) of the frame shown."""
        drift = self.workspace.drift.sel(frame=self._number())
        return np.array([float(drift["drift_y"]), float(drift["drift_x"])])

    @guarded
    def _changed(self, _: Any) -> None:
        """Measure the line in all frames anew."""
        if self._moving:
            return
        stack = self._stack
        if stack is not None and self.active:
            self.drawing.lay()
        self.drawing.shown = stack is not None and self.active
        if not self.active:
            return
        self.kymograph = None
        self._note.value = "" if stack is not None else note("This image has one frame.", "info")
        if stack is not None and self.start != self.end:
            options: dict[str, Any] = {"width": self.width or None}
            if self._sticks:
                options |= {"drift": self.workspace.drift, "frame": self._number()}
                self._at = self._drift_at()
            self.kymograph = tw.kymograph(stack, self.start, self.end, **options)
        self._draw()

    def _draw(self) -> None:
        found = self.kymograph
        self._picture.visible = self._cursor.visible = found is not None
        if found is None:
            return
        numbers = found["frame"].values.astype(float)
        length, units = float(found["distance"][-1]), str(found["distance"].attrs["units"])
        low, high = numbers[0] - 0.5, numbers[-1] + 0.5
        # the first row of a picture is on top
        self._picture.image = widgets.Image(value=_png(found.values[::-1]))
        with self._picture.hold_sync():
            self._picture.x, self._picture.y = [0.0, length], [low, high]
        self._show_distance(length, units)
        set_range(self._y, self._axes[1], low, high, whole=True)
        self.label.text = (
            "Kymograph: the intensity along the line from A to B on the image in each frame."
        )
        self._draw_cursor()

    def _draw_cursor(self) -> None:
        if self._stack is None or self.kymograph is None:
            return
        number = float(self._number())
        with self._cursor.hold_sync():
            self._cursor.x = [0.0, float(self.kymograph["distance"][-1])]
            self._cursor.y = [number, number]

    @guarded
    def _framed(self, _: Any) -> None:
        """Move the line with the specimen; what it shows stays the same."""
        if self.kymograph is not None and self._sticks:
            now = self._drift_at()
            step, self._at = now - self._at, now
            self._moving = True
            try:
                with self.hold_trait_notifications():
                    for name in ("start", "end"):
                        y, x = getattr(self, name)
                        setattr(self, name, (y + step[0], x + step[1]))
            finally:
                self._moving = False
        self._draw_cursor()

    @guarded
    def _clicked(self, _: Any, content: dict[str, Any], __: Any) -> None:
        stack = self._stack
        if content.get("kind") == "click" and self.kymograph is not None and stack is not None:
            low, high = self._y.min, self._y.max
            wanted = high - content["share"] * (high - low)
            self.workspace.frame = int(np.argmin(np.abs(stack["frame"].values - wanted)))


def _png(values: np.ndarray) -> bytes:
    """Draw values in grey, each frame some pixels high."""
    stream = BytesIO()
    Image.fromarray(np.repeat(_greys(values), _FINEST, axis=0)).save(stream, "PNG")
    return stream.getvalue()


def _greys(values: np.ndarray) -> np.ndarray:
    """Return values as grey levels, uint8; the lowest and highest half per cent are cut off."""
    finite = values[np.isfinite(values)]
    low, high = np.percentile(finite, (0.5, 99.5)) if finite.size else (0.0, 1.0)
    share = np.clip((np.nan_to_num(values, nan=low) - low) / max(high - low, 1e-12), 0, 1)
    return np.rint(255 * share).astype(np.uint8)
