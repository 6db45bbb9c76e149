"""Calls that run one after another in the background, and what is told of them."""

from __future__ import annotations

import logging
from typing import Any

import traitlets

from temwidgets.conventions import CancelledError
from temwidgets.widgets.calls import Call, Line
from temwidgets.widgets.errors import sentence
from temwidgets.widgets.jobs import Job, start_thread
from temwidgets.widgets.messages import Message

_log = logging.getLogger("temwidgets")

_PATIENCE = 30.0
"""Seconds that a step which shall run at once waits for one that gives way."""


class Runner(traitlets.HasTraits):
    """Runs one call at a time; a subclass does the work of it in `_compute`.

    Parameters
    ----------
    lock : RLock
        Held while the state changes.

    Attributes
    ----------
    message : Message
        The last thing to tell the user.
    job : Job
        What runs now.
    """

    message = traitlets.Instance(Message, default_value=Message())
    job = traitlets.Instance(Job, args=())

    def __init__(self, lock: Any, **traits: Any) -> None:
        super().__init__(**traits)
        self.lock = lock
        self._line = Line()

    def _compute(self, call: Call) -> None:
        raise NotImplementedError

    def _begin(self, call: Call, wait: bool) -> Job:
        """Begin or queue a call; with `wait` do it here and raise what it raises."""
        if not self._join(call, wait):
            return self.job
        if not wait:
            start_thread(lambda: self._work(call), "temwidgets")
            return self.job
        error, following = self._perform(call), self._next()
        if following is not None:
            start_thread(lambda: self._work(following), "temwidgets")
        if error is not None:
            raise error
        return self.job

    def _join(self, call: Call, wait: bool) -> bool:
        """Begin a call (True), queue it, or refuse it."""
        if wait:
            self._make_way()
        with self.lock:
            text = self._line.refusal(call)
            if text or (wait and self._line.running is not None):
                self.message = Message("warning", text or "Another step is still running.")
                if wait:
                    raise RuntimeError(self.message.text)
                return False
            begins = self._line.join(call)
            if begins:
                self.job.begin(call.name)
            elif self._line.running is not None and self._line.running.stops:
                self.job.cancel()
        return begins

    def _make_way(self) -> None:
        """Let a call that gives way end before one that shall run at once."""
        running = self._line.running
        if running is None or not running.gives_way:
            return
        if running.stops:
            self.job.cancel()
        self.job.wait(_PATIENCE)

    def _work(self, call: Call | None) -> None:
        while call is not None:
            self._perform(call)
            call = self._next()

    def _perform(self, call: Call) -> Exception | None:
        try:
            self._compute(call)
        except CancelledError:
            self.message = Message("info", f"{call.name} was cancelled; nothing was changed.")
        except Exception as error:
            _log.debug("%s failed", call.name, exc_info=True)
            self.message = Message("error", sentence(error))
            return error
        return None

    def _next(self) -> Call | None:
        """Take the next call from the queue; whoever hears of the end may start another."""
        with self.lock:
            call = self._line.advance()
            if call is None:
                self.job.end()
            else:
                self.job.begin(call.name)
        return call
