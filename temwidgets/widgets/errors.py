"""Errors shown where the user looks.

JupyterLab swallows what a widget's callback raises. Callbacks are therefore wrapped in
`guarded`: the exception's sentence goes to the widget's own message line.
"""

from __future__ import annotations

import difflib
import functools
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

_log = logging.getLogger(__name__)


def sentence(error: BaseException) -> str:
    """Return the sentence of an exception, its type put before it unless we wrote it ourselves."""
    text = str(error).strip()
    plain = isinstance(error, ValueError | TypeError | RuntimeError) and " " in text
    return text if plain else f"{type(error).__name__}: {text}".rstrip(": ")


def guarded(method: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a callback so that it never raises: its owner shows the sentence instead.

    The owner has ``show_error(exception)``, or a text trait ``message``.
    """

    @functools.wraps(method)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(self, *args, **kwargs)
        except Exception as error:
            _log.debug("callback %s failed", method.__qualname__, exc_info=True)
            if hasattr(self, "show_error"):
                self.show_error(error)
            else:
                self.message = sentence(error)
            return None

    return call


def reject_unknown(owner: str, given: Mapping[str, Any], known: Iterable[str]) -> None:
    """Refuse keyword arguments that `owner` does not know.

    Raises
    ------
    TypeError
        If a name in `given` is not in `known`; the nearest known name is suggested.
    """
    names = sorted(known)
    for name in given:
        if name in names:
            continue
        near = difflib.get_close_matches(name, names, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"It knows {', '.join(names)}."
        raise TypeError(f"{owner} has no option {name!r}. {hint}")
