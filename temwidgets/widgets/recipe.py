"""Write the recipe that repeats the steps of a workspace on other images."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from temwidgets.recipes.names import function_name
from temwidgets.recipes.recipe import Recipe, RecipeStep
from temwidgets.widgets.history import History, Step
from temwidgets.widgets.products import State
from temwidgets.widgets.script import find_function, is_default

_BY_HAND = (
    *("add_columns", "move_columns", "delete_columns", "set_sublattice", "refit_columns"),
    *("make_lattice", "move_origin", "move_site", "delete_site", "add_reflections"),
    *("move_reflection", "snap_reflections", "exclude_reflections", "exclude_domains"),
    *("order_modulation", "make_reflections"),
)
"""What names columns, sites, reflections or places of one image by their labels or positions."""

_FORMS = {
    "read": "Repeat on other images: temwidgets run RECIPE FILES... -o OUT",
    "left out": "Left out, for it cannot be repeated on other images: ",
}


@dataclass
class _Draft:
    """The recipe so far."""

    leave_out: bool
    steps: list[RecipeStep] = field(default_factory=list)
    made: set[str] = field(default_factory=lambda: {"image"})
    read: dict[str, Any] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)


class _UnrepeatableError(Exception):
    """Why a step cannot be repeated on another image."""


def write(history: History, path: str | Path | None, *, leave_out: bool) -> str:
    """Return the recipe of a history as YAML; with `path`, write it there.

    Raises
    ------
    ValueError
        If a step cannot be repeated on other images and is not to be left out, or nothing remains.
    """
    text = recipe_of(history, leave_out=leave_out).text()
    if path is not None:
        Path(path).expanduser().write_text(text, encoding="utf-8")
    return text


def recipe_of(history: History, *, leave_out: bool) -> Recipe:
    """Return the recipe of a history; errors are those of `write`."""
    steps = list(zip(history.done, history.states, strict=False))
    first = max((i for i, (step, _) in enumerate(steps) if _brings_image(step)), default=-1)
    draft = _Draft(leave_out)
    if first >= 0:
        draft.read = _reading(steps[first][0])
    for number, (step, before) in enumerate(steps[first + 1 :], first + 2):
        if not step.derived:
            _add(draft, step, before, number)
    if draft.refused and not leave_out:
        raise ValueError(
            "This cannot be repeated on other images: " + "; ".join(draft.refused) + ". Undo it, or"
            " leave it out with workspace.recipe(leave_out=True)."
        )
    if not draft.steps:
        why = f" ({'; '.join(draft.refused)})" if draft.refused else ""
        raise ValueError(f"There is no step yet that could be repeated on other images{why}.")
    kept = dict.fromkeys(step.into for step in draft.steps)
    products = tuple(name for name in kept if history.present.get(name) is not None)
    notes = (_FORMS["read"], *(_FORMS["left out"] + text for text in draft.refused))
    return Recipe(tuple(draft.steps), _frame(steps[first + 1 :], history), draft.read, products,
                  notes)  # fmt: skip


def _brings_image(step: Step) -> bool:
    """Whether the step brings another image, so that the recipe begins after it."""
    return step.into == "image" and not step.inputs


def _reading(step: Step) -> dict[str, Any]:
    """How a file was read, but for its name."""
    if step.name != "read":
        return {}
    chosen = {name: step.arguments.get(name) for name in ("dataset", "sampling")}
    return {name: _plain(value) for name, value in chosen.items() if value is not None}


def _frame(steps: list[tuple[Step, State]], history: History) -> int | None:
    """The frame of a stack that was analysed; None when it was one image, or all of them."""
    if any(step.each for step, _ in steps):
        return None
    image = steps[0][1].get("image") if steps else None
    if image is None or image.ndim != 3:
        return None
    return max((step.frame for step, _ in steps if step.frame is not None), default=0)


def _add(draft: _Draft, step: Step, before: State, number: int) -> None:
    try:
        made = _step(step, before, draft)
    except _UnrepeatableError as reason:
        draft.refused.append(f"step {number}, {step.name} {reason}")
        return
    draft.steps.append(made)
    draft.made.add(step.into)


def _step(step: Step, before: State, draft: _Draft) -> RecipeStep:
    if not step.target:
        raise _UnrepeatableError(f"({step.into} from memory)")
    if step.name in _BY_HAND:
        raise _UnrepeatableError("(done by hand in this image)")
    function = find_function(step)
    name = None if function is None else function_name(function)
    if function is None or name is None:
        raise _UnrepeatableError("(no analysis of temwidgets)")
    missing = [product for product in step.inputs.values() if product not in draft.made]
    if missing:
        raise _UnrepeatableError(f"(it takes {missing[0]}, which no step before it makes)")
    options = _options(step, function, draft)
    return RecipeStep(name, step.into, dict(step.inputs), options, step.carries)


def _options(step: Step, function: Callable[..., Any], draft: _Draft) -> dict[str, Any]:
    parameters = inspect.signature(function).parameters
    options = {}
    for name, value in step.arguments.items():
        default = parameters[name].default if name in parameters else inspect.Parameter.empty
        if is_default(value, default):
            continue
        if isinstance(value, xr.DataArray | xr.Dataset):
            if not draft.leave_out or default is inspect.Parameter.empty:
                raise _UnrepeatableError(f"(its {name} were chosen in this image)")
            draft.refused.append(f"the {name} chosen for {step.name}")
            continue
        options[name] = _plain(value)
    return options


def _plain(value: Any) -> Any:
    """Write a value as YAML knows it."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Enum):
        return _plain(value.value)
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {_plain(key): _plain(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise _UnrepeatableError(f"(an argument is a {type(value).__name__})")
