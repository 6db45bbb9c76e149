"""Sliders that ask for a step, and follow what steps before made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import ipywidgets as widgets


class Following:
    """Keeps what the hand asks for apart from what a step tells.

    A step ends in a thread of its own, maybe while the hand moves on: that it puts the sliders
    where it cut must neither be taken for a wish nor take back a newer one.

    Parameters
    ----------
    panel : Panel
        Its workspace is watched.
    asked, settled : callable
        What to do when the hand moved a slider; and when nothing runs any more of what was asked.
    *sliders : Widget
        Widgets with a value.

    Attributes
    ----------
    waiting : bool
        Set by `asked` when it began a step; until that has ended the sliders stay.
    """

    def __init__(
        self,
        panel: Any,
        asked: Callable[[], None],
        settled: Callable[[], None],
        *sliders: widgets.Widget,
    ) -> None:
        self._lock, self._asked, self._settled = panel.workspace.lock, asked, settled
        self._quiet = self.waiting = False
        for slider in sliders:
            slider.observe(self._moved, "value")
        panel.watch(panel.workspace.job, self._ended, "running")

    @contextmanager
    def quietly(self) -> Iterator[None]:
        """Let sliders be set without taking that for a wish."""
        with self._lock:
            before, self._quiet = self._quiet, True
            try:
                yield
            finally:
                self._quiet = before

    def _moved(self, change: Any) -> None:
        with self._lock:
            if self._quiet:
                return
            if change["owner"].value != change["new"]:  # a step ended in between
                with self.quietly():
                    change["owner"].value = change["new"]
            self._asked()

    def _ended(self, change: Any) -> None:
        if not change["new"] and self.waiting:
            self.waiting = False
            self._settled()
