"""What a control that is being moved would give: quick, coarse, and no step of the history."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import traitlets

from temwidgets.widgets.errors import sentence
from temwidgets.widgets.jobs import start_thread
from temwidgets.widgets.products import Product


class Preview(traitlets.HasTraits):
    """Maps that views show in place of the workspace's while something is dragged.

    Attributes
    ----------
    maps : Dataset or None
        What is shown; None: the products.
    reflections : Dataset or None
        The reflections while one of them is dragged; None: the product.
    error : str
        The sentence of the last call that failed, "" after one that did not.
    """

    maps = Product()
    reflections = Product()
    error = traitlets.Unicode("")

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.RLock()
        self._waiting: Callable[[], Any] | None = None
        self._running = False
        self._round = 0
        self._idle = threading.Event()
        self._idle.set()

    def run(self, function: Callable[..., Any], **arguments: Any) -> None:
        """Show what `function` gives; of several calls that pile up only the newest runs."""
        with self._lock:
            self._waiting = lambda: function(**arguments)
            if self._running:
                return
            self._running = True
            self._idle.clear()
        start_thread(self._work, "temwidgets-preview")

    def clear(self) -> None:
        """Show the products again; what is being computed is thrown away."""
        with self._lock:
            self._round += 1
            self._waiting = None
        self.maps = None

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until nothing runs; False when `timeout` seconds passed first."""
        return self._idle.wait(timeout)

    def _work(self) -> None:
        while True:
            with self._lock:
                act, self._waiting = self._waiting, None
                if act is None:
                    self._running = False
                    self._idle.set()
                    return
                began = self._round
            self._perform(act, began)

    def _perform(self, act: Callable[[], Any], began: int) -> None:
        try:
            made, text = act(), ""
        except Exception as error:
            made, text = None, sentence(error)
        with self._lock:
            if began != self._round:
                return
        self.error = text
        if made is not None:
            self.maps = made
