"""How a training goes: its loss at each step, and F1 on what was held back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import bqplot
import ipywidgets as widgets
import numpy as np

from temwidgets.widgets import palette
from temwidgets.widgets.style import style_sheet
from temwidgets.widgets.views._axes import MARGIN, decade_ticks, horizontal, set_range, vertical
from temwidgets.widgets.views._figure_label import FigureLabel

_MOST = 1500
"""Points of a curve that are drawn at most: more cannot be told apart."""

_EACH = palette.CATEGORIES[-1]
"""Colour of the loss of each step: grey, behind its mean."""


class TrainingCurve(widgets.VBox):
    """Loss (left axis, logarithmic) and F1 (right axis) against steps.

    Attributes
    ----------
    losses : ndarray
        What is drawn, of each step.
    scores : ndarray, (n, 2)
        Steps and F1.
    """

    def __init__(self, height: int = 260) -> None:
        self.losses, self.scores = np.empty(0), np.empty((0, 2))
        self._x, self._loss = bqplot.LinearScale(), bqplot.LogScale()
        self._f1 = bqplot.LinearScale()
        self._axes = [horizontal(self._x), vertical(self._loss, "Loss"), vertical(self._f1, "F1")]
        self._axes[0].label = "Step"
        self._axes[2].side, self._axes[2].grid_lines = "right", "none"
        self._lines = self._marks()
        self.figure = self._figure(height)
        self.label = FigureLabel()
        self.key = widgets.HTML()
        self.key.add_class("tem-note")
        super().__init__([style_sheet(), self.figure, self.key, self.label])
        self.add_class("temwidgets-view")
        self.show((), (), 1)

    def show(
        self,
        losses: Sequence[float],
        scores: Sequence[Any],
        steps: int,
        *,
        held_back: bool = True,
    ) -> None:
        """Draw losses of all steps so far and (step, F1) pairs, of `steps` steps in all.

        Without pairs that are `held_back` there is no axis of F1.
        """
        self.losses = np.array(losses, float)
        self.scores = np.array(scores, float).reshape(-1, 2)
        set_range(self._x, self._axes[0], 0, max(1, steps))
        self._show_losses()
        self._show_scores()
        self._axes[2].visible = held_back
        self.key.value = _key(held_back)
        self.label.text = self.words()

    def words(self) -> str:
        """Say what is seen, for those who do not see it."""
        if not self.losses.size:
            return "Loss against steps; nothing is trained yet."
        text = f"Loss against steps: {self.losses[-1]:.3g} after {self.losses.size} steps"
        return text + (f"; F1 {self.scores[-1, 1]:.3f}" if self.scores.size else "")

    def _show_losses(self) -> None:
        every = max(1, -(-self.losses.size // _MOST))
        steps = np.arange(1, self.losses.size + 1)
        mean = _running_mean(self.losses)
        for line, values in zip(self._lines[:2], (self.losses, mean), strict=True):
            with line.hold_sync():
                line.x, line.y = steps[::every].astype(float), values[::every]
        finite = self.losses[np.isfinite(self.losses) & (self.losses > 0)]
        low, high = (finite.min(), finite.max()) if finite.size else (0.1, 1.0)
        set_range(self._loss, self._axes[1], low / 1.2, high * 1.2)
        if high * 1.2 < 12 * low:  # too few powers of ten to read a curve by
            ticks = [
                m * t for t in decade_ticks(low / 20, high * 2) for m in (1, 1.5, 2, 3, 4, 5, 7)
            ]
            kept = [float(f"{t:.3g}") for t in ticks if low / 1.2 <= t <= high * 1.2]
            self._axes[1].tick_values = np.array(kept)

    def _show_scores(self) -> None:
        for mark in self._lines[2:]:
            with mark.hold_sync():
                mark.x, mark.y = self.scores[:, 0], self.scores[:, 1]
            mark.visible = bool(self.scores.size)
        low = float(self.scores[:, 1].min()) if self.scores.size else 0.0
        set_range(self._f1, self._axes[2], np.floor(max(0.0, low - 0.05) * 10) / 10, 1.0)

    def _marks(self) -> list[Any]:
        loss, score = ({"x": self._x, "y": scale} for scale in (self._loss, self._f1))
        none = np.empty(0)
        return [
            bqplot.Lines(x=none, y=none, scales=loss, colors=[_EACH], stroke_width=1),
            bqplot.Lines(x=none, y=none, scales=loss, colors=[palette.ALL], stroke_width=2),
            bqplot.Lines(x=none, y=none, scales=score, colors=[palette.CURVE], stroke_width=2),
            bqplot.Scatter(
                x=none, y=none, scales=score, colors=[palette.CURVE], default_size=30, stroke=None
            ),
        ]

    def _figure(self, height: int) -> bqplot.Figure:
        return bqplot.Figure(
            marks=self._lines,
            axes=self._axes,
            fig_margin={**MARGIN, "right": 62},
            padding_x=0,
            padding_y=0,
            layout={"width": "100%", "height": f"{height}px", "min_width": "260px"},
            animation_duration=0,
            display_toolbar=False,
        )


def _running_mean(values: np.ndarray) -> np.ndarray:
    """Mean of the last twentieth of the steps so far."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(1, values.size + 1)
    starts = np.maximum(0, ends - np.maximum(5, ends // 20))
    return (total[ends] - total[starts]) / (ends - starts)


def _key(held_back: bool) -> str:
    entries = [(_EACH, "loss of each step"), (palette.ALL, "its running mean")]
    if held_back:
        entries.append((palette.CURVE, "F1 on the pairs held back"))
    words = "&emsp;".join(
        f'<span class="tem-swatch" style="background:{colour}"></span>{text}'
        for colour, text in entries
    )
    if not held_back:
        words += "&emsp;(no pair held back: no F1)"
    return f'<div class="tem-info">{words}</div>'
