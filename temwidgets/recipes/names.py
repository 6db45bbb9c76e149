"""The functions that a recipe may call: analyses of temwidgets, and nothing else."""

from __future__ import annotations

import difflib
import importlib
import inspect
import re
from collections.abc import Callable
from typing import Any

_WITHIN = ("temwidgets.analysis", "temwidgets.networks.finding")
"""Where they live: they take data, give data and write no file."""
_DOTTED = re.compile(r"[a-z]\w*(\.[a-z]\w*)+")


def find_function(name: Any, where: str = "The recipe") -> Callable[..., Any]:
    """Return the analysis that a recipe names.

    Raises
    ------
    ValueError
        If it is not one of temwidgets.
    """
    import temwidgets

    known = [n for n, home in temwidgets._NAMES.items() if home.startswith(_WITHIN)]
    if name in known:
        return getattr(temwidgets, name)
    function = _dotted(str(name))
    if function is None:
        near = difflib.get_close_matches(str(name), known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ValueError(
            f"{where} calls {name!r}, which is no analysis of temwidgets; a recipe calls no"
            f" others.{hint}"
        )
    return function


def function_name(function: Callable[..., Any]) -> str | None:
    """Return the name that a recipe calls a function by; None when it may not call it."""
    import temwidgets

    name, home = function.__name__, temwidgets._NAMES.get(function.__name__, "")
    if home.startswith(_WITHIN) and getattr(temwidgets, name) is function:
        return name
    dotted = f"{function.__module__}.{name}".removeprefix("temwidgets.analysis.")
    return dotted if _dotted(dotted) is function else None


def _dotted(name: str) -> Callable[..., Any] | None:
    if not _DOTTED.fullmatch(name):
        return None
    module, _, last = f"temwidgets.analysis.{name}".rpartition(".")
    try:
        function = getattr(importlib.import_module(module), last)
    except (ImportError, AttributeError):
        return None
    home = getattr(function, "__module__", "")
    return function if inspect.isfunction(function) and home == module else None
