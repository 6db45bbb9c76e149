"""The one background job of a workspace: a thread with progress, time left and cancel."""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable

import traitlets

from temwidgets.conventions import CancelledError

_PERIOD = 0.05


class Job(traitlets.HasTraits):
    """What a workspace is computing now.

    Attributes
    ----------
    running : bool
        Whether a function runs.
    name : str
        Its name.
    fraction : float
        How far it has come, 0 to 1; stays 0 when the function does not tell.
    seconds_left : float or None
        By the pace since the first report, for what comes before it may be slow (functions are
        compiled); None while nothing is known.
    note : str
        What else there is to say while it runs; whoever began the job may set it.
    """

    running = traitlets.Bool(False)
    name = traitlets.Unicode("")
    fraction = traitlets.Float(0.0)
    seconds_left = traitlets.Float(None, allow_none=True)
    note = traitlets.Unicode("")

    def __init__(self) -> None:
        super().__init__()
        self._cancelled = threading.Event()
        self._idle = threading.Event()
        self._idle.set()
        self._told = 0.0
        self._first: tuple[float, float] | None = None

    @property
    def cancelled(self) -> bool:
        """Whether somebody asked this job to stop."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """Ask the running function to stop; what it would have made is thrown away."""
        self._cancelled.set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until nothing runs; False when `timeout` seconds passed first."""
        return self._idle.wait(timeout)

    def begin(self, name: str) -> None:
        """Mark the job as running."""
        self._cancelled.clear()
        self._idle.clear()
        self._told, self._first = time.monotonic(), None
        with self.hold_trait_notifications():
            self.name, self.fraction, self.seconds_left, self.running = name, 0.0, None, True
            self.note = ""

    def end(self) -> None:
        """Mark the job as over."""
        try:
            with self.hold_trait_notifications():
                self.fraction, self.seconds_left, self.running = 1.0, None, False
        finally:
            if not self.running:  # whoever heard of the end may have begun another
                self._idle.set()

    def report(self, fraction: float) -> None:
        """Take note of progress, at most 20 times a second; stop the caller if cancelled.

        Raises
        ------
        CancelledError
            If `cancel` was called.
        """
        if self.cancelled:
            raise CancelledError("cancelled")
        now, fraction = time.monotonic(), min(max(float(fraction), 0.0), 1.0)
        began, before = self._first = self._first or (now, fraction)
        if now - self._told < _PERIOD:
            return
        self._told, done = now, fraction - before
        with self.hold_trait_notifications():
            self.fraction = fraction
            self.seconds_left = (now - began) * (1 - fraction) / done if done > 0 else None


def start_thread(work: Callable[[], None], name: str) -> threading.Thread:
    """Run `work` in a daemon thread that keeps the caller's context.

    ipykernel looks up the cell that messages and prints belong to in context variables, which a
    bare thread starts without.
    """
    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(work,), name=name, daemon=True)
    thread.start()
    return thread
