"""Steps that follow one another: the next begins when the one before it has ended well."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from temwidgets.widgets.errors import guarded


class Chain:
    """What a panel has still to run."""

    def __init__(self, panel: Any) -> None:
        self._workspace = panel.workspace
        self.show_error = panel.show_error
        self._after = ""
        self._next: list[tuple[str, Callable[[], None]]] = []
        panel.watch(self._workspace.job, self._ran, ["running"])

    def set(self, after: str, *acts: tuple[str, Callable[[], None]]) -> None:
        """Let acts follow the step of the function named `after`; each has its own name."""
        self._after, self._next = after, list(acts)

    def go(self) -> None:
        """Begin with what is next, unless something runs that it has to wait for."""
        if not self._workspace.job.running:
            self._take()

    @guarded
    def _ran(self, _: Any) -> None:
        workspace = self._workspace
        job, steps = workspace.job, workspace.history
        if job.running or not self._next:
            return
        if job.cancelled or not steps or steps[-1].name != self._after:
            self._next = []
            return
        self._take()

    def _take(self) -> None:
        (self._after, act), *self._next = self._next
        act()
