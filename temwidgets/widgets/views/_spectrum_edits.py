"""What the mouse asks for in a `SpectrumView`: choose, add, move and exclude reflections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import temwidgets as tw
from temwidgets.analysis.fourier.reflection_editing import (
    add_reflections,
    move_reflection,
    reflection_at,
)
from temwidgets.widgets.errors import guarded

if TYPE_CHECKING:
    from temwidgets.widgets.views.spectrum import SpectrumView

_NEAR = 12.0
"""Screen px within which a click finds a peak."""


class SpectrumEdits:
    """Turns the messages of the layer into choices and steps of the workspace."""

    def __init__(self, view: SpectrumView) -> None:
        self._view = view

    def show_error(self, error: BaseException) -> None:
        """Show the sentence of an exception under the spectrum."""
        self._view.show_error(error)

    def add(self, ky: float, kx: float) -> None:
        """Add the peak near a place, or choose the reflection that it already is."""
        view, work = self._view, self._view.workspace
        options = {"region": view.region, "reach": self._reach()}
        found = tw.snap_reflections(self._image(), [(float(ky), float(kx))], **options)
        bins = float(np.hypot(*found.attrs["bin"]))
        known = reflection_at(work.reflections, found["g"].values[0], tolerance=bins)
        if known is not None:
            view.chosen = (known,)
            return
        before = view.labels_known
        work.run(
            add_reflections, into="reflections", wait=True, points=[(float(ky), float(kx))],
            **options,
        )  # fmt: skip
        view.chosen = tuple(label for label in view.labels_known if label not in before)

    def moving(self, label: int, ky: float, kx: float) -> None:
        """Show a reflection elsewhere while it is dragged: no step yet."""
        view = self._view
        view.dragged = f"reflection {label}"
        moved = move_reflection(view.workspace.reflections, label, (float(ky), float(kx)))
        view.reflections = view.workspace.preview.reflections = moved

    def move(self, label: int, ky: float, kx: float) -> None:
        """Move a reflection, to the nearest peak if the view snaps."""
        view = self._view
        options: dict[str, Any] = {"label": int(label), "g": (float(ky), float(kx))}
        if view.snap:
            options |= {"region": view.region, "reach": self._reach()}
        else:
            options["image"] = None
        try:
            view.workspace.run(move_reflection, into="reflections", wait=True, **options)
        finally:
            view.dragged = ""
            view.workspace.preview.reflections = None
            view.reflections = view.workspace.reflections
        view.chosen = (int(label),)

    def exclude(self, labels: Any) -> None:
        """Take reflections away."""
        labels = [int(label) for label in labels]
        if not labels:
            raise ValueError("No reflection is chosen: click a ring, or a row of the table.")
        self._view.workspace.run(
            tw.exclude_reflections, into="reflections", wait=True, labels=labels
        )

    def _image(self) -> Any:
        image = self._view.workspace.plane
        if image is None:
            raise ValueError("There is no image yet. Load one first.")
        return image

    def _reach(self) -> float:
        """How far from a click a peak may lie: some screen px, and rounded, for the script."""
        low, high = self._view.stage.ranges[1]
        return float(f"{_NEAR * (high - low) / (self._view.height - 70):.2g}")

    @guarded
    def hear(self, _: Any, content: dict[str, Any], buffers: list[Any]) -> None:
        """Do what the browser asks for; after a failure it gets the reflections as they are."""
        if content.get("type") in ("shown", "handle", "ask"):
            return
        self._view.message = ""
        if content.get("type") == "select":
            self._select(np.frombuffer(buffers[0], np.uint8).astype(bool), content)
            return
        try:
            self._obey(content)
        except Exception:
            self._view.following.draw_reflections()
            raise

    def _obey(self, content: dict[str, Any]) -> None:
        kind, label = content.get("type"), content.get("label")
        if kind == "click" and label is None:
            self.add(content["y"], content["x"])
        elif kind in ("moving", "move") and label is not None:
            getattr(self, kind)(label, content["y"], content["x"])
        elif kind == "delete":
            self.exclude(self._view.chosen if label is None else [label])
        elif kind in ("undo", "redo"):
            getattr(self._view, kind)()

    def _select(self, mask: np.ndarray, content: dict[str, Any]) -> None:
        """Choose reflections of which one of the two rings was hit."""
        labels = np.array(self._view.labels_known)
        if mask.size != 2 * labels.size:
            return
        halves = mask.reshape(2, -1)
        hit = halves.any(axis=0)
        if content.get("mode") != "replace":
            # a ring that is let go takes its mate along
            old = np.isin(labels, self._view.chosen)
            hit = np.where(old & (halves.sum(axis=0) == 1), False, hit)
        self._view.chosen = tuple(int(n) for n in labels[hit])
