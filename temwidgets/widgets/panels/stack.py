"""The steps of a stack: drift, mean, columns in all frames, and what happens to them."""

from __future__ import annotations

from html import escape
from typing import Any

import ipywidgets as widgets
import numpy as np

import temwidgets as tw
from temwidgets.widgets.controls import checkbox, dropdown, number
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.movies import describe_movie
from temwidgets.widgets.panels._panel import Panel
from temwidgets.widgets.style import row, together

_EXTENTS = [("all frames", "all"), ("what all frames show", "common")]
_MOTIONS = [
    ("shift of the frame", "shift"), ("shift, stretch and turn", "linear"),
    ("drift within the frame", "local"),
]  # fmt: skip
_LISTED = 6


class StackPanel(Panel):
    """Drift, alignment and mean of a stack; columns in all frames, their motion and events.

    Attributes
    ----------
    lines : Checkbox
        Also tell the offset of each scan line.
    extent : Dropdown
        What aligned frames cover, "all" or "common".
    separation : FloatText
        Of the columns of the mean, in the length unit; 0: estimated.
    motion : Dropdown
        What a displacement is without: "shift", "linear" or "local".
    fdr : FloatText
        Expected fraction of false ones among the events.
    """

    def _build(self) -> list[widgets.Widget]:
        workspace = self.workspace
        self.lines = checkbox("scan lines too", "Tell the offset of each scan line as well")
        self.extent = dropdown("over", "What the aligned frames cover", _EXTENTS)
        self.separation = number("Separation", "Of the columns of the mean; 0: estimated")
        self.unit = widgets.Label("px")
        self.motion = dropdown(
            "without", "What all columns of a frame, or neighbours, have in common", _MOTIONS
        )
        self.fdr = number("false ones", "Expected fraction of false ones among the events", 0.05)
        drift = self.action("Measure drift", "Where each frame lies", self._measure)
        align = self.action(
            "Align", "Lay all frames on one grid; the image becomes that stack", self._align,
            leads=False,
        )  # fmt: skip
        mean = self.action(
            "Average", "Average the frames; the image becomes their mean",
            lambda _: workspace.run(tw.mean_frame, into="image"), leads=False,
        )  # fmt: skip
        find = self.action(
            "Columns of the mean", "Find and fit columns in the mean of the aligned frames",
            self._find,
        )  # fmt: skip
        fit = self.action(
            "Fit all frames", "Fit these columns in every frame",
            lambda _: workspace.run(tw.fit_frames, into="tracks"),
        )  # fmt: skip
        free = self.action(
            "Displacement", "How far each column is from its mean place, free of drift",
            lambda _: workspace.run(tw.drift_free, into="tracks", motion=self.motion.value),
            leads=False,
        )  # fmt: skip
        events = self.action(
            "Events", "Columns that vanish, come, hop or change in intensity", self._look,
            leads=False,
        )  # fmt: skip
        take = self.action(
            "Take this frame", "Go on with the columns of the frame shown, in all other steps",
            self._take, leads=False,
        )  # fmt: skip
        self.table = widgets.HTML()
        self.table.add_class("tem-stats")
        self.watch(workspace, self._shown, ["image", "drift", "tracks", "events"])
        self._shown(None)
        return [
            row(drift, self.lines, together(align, self.extent), mean),
            row(together(self.separation, self.unit), find, fit),
            row(together(free, self.motion), together(events, self.fdr), take),
            self.table,
        ]

    @guarded
    def _measure(self, _: Any) -> None:
        self.workspace.run(tw.measure_drift, into="drift", rows=self.lines.value)

    @guarded
    def _align(self, _: Any) -> None:
        self.workspace.run(tw.align_frames, into="image", extent=self.extent.value)

    @guarded
    def _find(self, _: Any) -> None:
        options = {"separation": self.separation.value} if self.separation.value else {}
        self.workspace.run(tw.fit_mean, into="columns", **options)

    @guarded
    def _look(self, _: Any) -> None:
        self.workspace.run(tw.column_events, into="events", fdr=self.fdr.value)

    @guarded
    def _take(self, _: Any) -> None:
        plane = self.workspace.plane
        if plane is None or "frame" not in plane.coords:
            raise ValueError("This image is no stack: there is no frame to take columns of.")
        self.workspace.run(tw.frame_columns, into="columns", frame=int(plane["frame"]))

    @guarded
    def _shown(self, _: Any) -> None:
        workspace = self.workspace
        if workspace.image is not None:
            self.unit.value = str(workspace.image["y"].attrs.get("units", "px"))
        known = {"Drift": workspace.drift, "Columns": workspace.tracks, "Events": workspace.events}
        lines = [
            f"<div><b>{name}</b>{escape(describe_movie(product))}</div>"
            for name, product in known.items()
            if product is not None
        ]
        self.table.value = "".join(lines) + _listed(workspace.events)


def _listed(events: Any) -> str:
    """Write the first events, one a line."""
    if events is None:
        return ""
    lines = []
    for k in range(min(_LISTED, events.sizes["event"])):
        one = events.isel(event=k)
        hop = np.isfinite(float(one["distance"]))
        units = str(events["distance"].attrs["units"])
        size = f"{float(one['distance']):.3g} {units}" if hop else f"{float(one['change']):+.0%}"
        text = f"frame {int(one['event_frame'])}, column {int(one['label'])}, {size}"
        lines.append(f"<div><b>{escape(str(one['kind'].values))}</b>{escape(text)}</div>")
    more = events.sizes["event"] - len(lines)
    return "".join(lines) + (f"<div>and {more} more</div>" if more else "")
