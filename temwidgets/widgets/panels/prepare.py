"""Prepare an image: crop, turn, calibrate, take away background and noise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import ipywidgets as widgets
import numpy as np

import temwidgets as tw
from temwidgets.conventions import length_unit, pixel_grid
from temwidgets.widgets.controls import button, checkbox, dropdown, number, whole_number
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.panels._panel import Panel
from temwidgets.widgets.style import row, together
from temwidgets.widgets.views._variables import significant

_BACKGROUNDS = [("rolling ball", "rolling"), ("Gaussian mean", "gaussian"), ("plane", "plane")]
_NOISE = [("Gaussian", "gaussian"), ("Wiener", "wiener"), ("non-local means", "nonlocal")]
_NOISE += [("total variation", "tv")]
_NORMS = [("percentiles to 0 and 1", "percentile"), ("mean to 1", "mean")]
_NORMS += [("mean 0, deviation 1", "standard")]
_EXTENTS = [("largest full rectangle", "inside"), ("same field", "same"), ("everything", "all")]


class _Way(NamedTuple):
    title: str
    function: str
    controls: tuple[widgets.Widget, ...]
    arguments: Callable[[], dict[str, Any]]
    carries: bool = False


class PreparePanel(Panel):
    """One preparation at a time; each is a step that undo takes back.

    Parameters
    ----------
    workspace : Workspace or DataArray
        The workspace to act on.
    view : ImageView, optional
        The view whose field "Crop" takes.
    status : bool
        Show messages and progress in the panel itself.
    """

    def _build(self) -> list[widgets.Widget]:
        self.ways = {way.function: way for way in self._ways()}
        self.way = dropdown("", "What to do", [(w.title, n) for n, w in self.ways.items()])
        self.apply = self.action("Apply", "Do it; Undo takes it back", self._apply)
        self.options = row()
        self.way.observe(self._chosen, "value")
        self.watch(self.workspace, self._imaged, "image")
        if self.view is not None:
            self.watch(self.view, self._moved, ["x_range", "y_range"])
        self._imaged(None)
        self._chosen(None)
        return [row(self.way, self.options, self.apply)]

    def _ways(self) -> list[_Way]:
        return [self._crop(), *self._turns(), *self._pixels(), self._calibration(), *self._stack()]

    def _crop(self) -> _Way:
        names = (("x from", "left"), ("to", "right"), ("y from", "top"), ("to", "bottom"))
        self.edges = tuple(number(text, f"The {side} side kept") for text, side in names)
        self.take = button("Take the view", "Set the four sides to what the image view shows")
        self.take.on_click(self._take_view)
        self.take.layout.display = "none" if self.view is None else ""
        left, right, top, bottom = self.edges
        return _Way(
            "Crop", "crop", (*self.edges, self.take),
            lambda: {"y": (top.value, bottom.value), "x": (left.value, right.value)},
        )  # fmt: skip

    def _turns(self) -> list[_Way]:
        angle = number("by", "Degrees, clockwise as displayed")
        extent = dropdown("keep", "What of the turned image is kept", _EXTENTS)
        extent2 = dropdown("keep", "What of the turned image is kept", _EXTENTS)
        degrees = widgets.Label("degrees")
        return [
            _Way(
                "Rotate", "rotate", (together(angle, degrees), extent),
                lambda: {"angle": angle.value, "extent": extent.value}, carries=True,
            ),
            _Way(
                "Rotate to the lattice", "rotate_to_lattice", (extent2,),
                lambda: {"extent": extent2.value}, carries=True,
            ),
        ]  # fmt: skip

    def _pixels(self) -> list[_Way]:
        ground = dropdown("by", "How the background is found", _BACKGROUNDS)
        size = self._length("scale", "Radius of the ball or sigma; 0: from the image")
        mean = checkbox("keep the mean", "Flatten only: counts stay positive")
        noise = dropdown("by", "Method", _NOISE)
        blur = self._length("scale", "Sigma or window (Gaussian, Wiener); 0: from the image")
        norm = dropdown("", "Scale of the result", _NORMS)
        factor = whole_number("by", "Pixels along each side that become one", 2, 2, 64)
        flat = ("rolling", "gaussian")
        return [
            _Way(
                "Subtract background", "subtract_background", (ground, together(*size), mean),
                lambda: {"method": ground.value, "keep_mean": mean.value}
                | _given(scale=size[0].value if ground.value in flat else 0),
            ),
            _Way(
                "Denoise", "denoise", (noise, together(*blur)),
                lambda: {"method": noise.value}
                | _given(scale=blur[0].value if noise.value in ("gaussian", "wiener") else 0),
            ),
            _Way("Normalise", "normalise", (norm,), lambda: {"method": norm.value}),
            _Way("Bin pixels", "bin_pixels", (factor,), lambda: {"factor": factor.value}),
        ]  # fmt: skip

    def _calibration(self) -> _Way:
        by = dropdown(
            "by", "How the length is known", [("pixel size", "s"), ("known spacing", "k")]
        )
        step = number("", "Length of a pixel in nm", 0.02)
        shown, true = number("shown", "Spacing as the image shows it"), number("true", "In nm")
        nm = widgets.Label("nm")

        def arrange(_: Any) -> None:
            for control in (shown, true):
                control.layout.display = "" if by.value == "k" else "none"
            step.layout.display = "" if by.value == "s" else "none"

        by.observe(arrange, "value")
        arrange(None)

        def arguments() -> dict[str, Any]:
            if by.value == "s":
                return {"sampling": step.value}
            return {"measured": shown.value, "true": true.value}

        return _Way("Calibrate", "calibrate", (by, step, shown, true, nm), arguments, carries=True)

    def _stack(self) -> list[_Way]:
        return [
            _Way("Average the frames", "mean_frame", (), dict),
            _Way("Take this frame", "select_frame", (), lambda: {"frame": self._frame()}),
        ]

    def _length(self, text: str, tooltip: str) -> tuple[widgets.FloatText, widgets.Label]:
        field, unit = number(text, tooltip), widgets.Label("nm")
        self.watch(self.workspace, lambda _: self._set_unit(unit), "image")
        self._set_unit(unit)
        return field, unit

    def _set_unit(self, label: widgets.Label) -> None:
        image = self.workspace.image
        label.value = "nm" if image is None else length_unit(image)

    def _frame(self) -> int:
        image = self.workspace.image
        has_frames = image is not None and "frame" in image.dims
        return int(image["frame"].values[self.workspace.frame]) if has_frames else 0

    @guarded
    def _chosen(self, _: Any) -> None:
        self.options.children = self.ways[self.way.value].controls

    @guarded
    def _imaged(self, _: Any) -> None:
        if self.workspace.image is not None:
            self._set_edges(*self._extent())

    @guarded
    def _take_view(self, _: Any) -> None:
        if self.view.x_range is None or self.workspace.image is None:
            raise ValueError("The view shows no image yet.")
        self._moved(None)

    @guarded
    def _moved(self, _: Any) -> None:
        """Take the part of the image that is in view."""
        if self.view.x_range is None or self.workspace.image is None:
            return
        x, y = self._extent()
        self._set_edges(np.clip(self.view.x_range, *x), np.clip(self.view.y_range, *y))

    def _extent(self) -> tuple[tuple[float, float], tuple[float, float]]:
        grid = pixel_grid(self.workspace.image)
        y, x = grid.to_lengths([0, grid.shape[0] - 1], [0, grid.shape[1] - 1])
        return tuple(x), tuple(y)

    def _set_edges(self, x: Any, y: Any) -> None:
        for field, value in zip(self.edges, (*x, *y), strict=True):
            field.value = significant(float(value))

    @guarded
    def _apply(self, _: Any) -> None:
        way = self.ways[self.way.value]
        function = getattr(tw, way.function)
        self.workspace.run(function, into="image", carries=way.carries, **way.arguments())


def _given(**values: float) -> dict[str, float]:
    return {name: value for name, value in values.items() if value}
