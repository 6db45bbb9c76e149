"""Write the plain Python that repeats the steps of a workspace."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

import temwidgets
from temwidgets import files
from temwidgets.widgets.history import WHOLE, History, Step
from temwidgets.widgets.of_frames import frame_number
from temwidgets.widgets.origins import origin_call
from temwidgets.widgets.products import State

_SPACES = ("temwidgets.examples", "temwidgets.synthetic")
"""Modules whose functions are called by their module's name."""


class ScriptWriter:
    """Collects the lines of a script, its imports, and the products it reads from files."""

    def __init__(self, stem: str) -> None:
        self.stem = stem
        self.imports = ["import temwidgets as tw"]
        self.lines: list[str] = []
        self.files: dict[str, xr.DataArray | xr.Dataset] = {}
        self.before: State = {}

    def product(self, name: str, value: Any) -> str:
        """Return the expression that brings back a product (or argument) that was given."""
        if value is None:
            return "None"
        call = origin_call(value) if name == "image" else None
        if call is not None:
            return call
        known = next((path for path, other in self.files.items() if other is value), None)
        path = known or f"{self.stem}_{name}_{len(self.files) + 1}.nc"
        self.files[path] = value
        return f'tw.open_result("{path}")'

    def step(self, step: Step, result: Any) -> None:
        """Add the line of a step."""
        if not step.target:
            self.lines.append(f"{step.into} = {self.product(step.into, result)}")
            return
        if step.each:
            self._on_each(step)
            return
        arguments = ", ".join(self._arguments(step))
        if step.carries:
            self.lines.append("before = image")
        self.lines.append(f"{step.into} = {self._function(step)}({arguments})")
        if step.carries:
            self.lines.append("columns = tw.carry_columns(columns, before, image)")
        if step.into == "model":
            self.lines.append(f"residual = {_input('image', step)} - model")

    def _on_each(self, step: Step) -> None:
        """Write a step that was run on every frame, and which of its results is the product."""
        source = step.on_frames_of
        given: list[str] = []
        for name, product in step.inputs.items():
            value = f"{product}_of_frames" if name in step.of_frames else _input(product, step)
            place = 0 if name == source else len(given)
            given.insert(place, value if name == source else f"{name}={value}")
        arguments = ", ".join([*given, *self._options(step)])
        number = frame_number(self.before["image"], step.frame or 0)
        results = f"{step.into}_of_frames"
        self.lines.append(f"{results} = tw.each_frame({self._function(step)}, {arguments})")
        self.lines.append(f"{step.into} = {results}[{number}]")

    def text(self) -> str:
        """Join imports and lines."""
        return "\n".join([*sorted(self.imports, key=len), "", *self.lines, ""])

    def _function(self, step: Step) -> str:
        function = find_function(step)
        if function is not None and getattr(temwidgets, step.name, None) is function:
            return f"tw.{step.name}"
        module, _, name = step.target.partition(":")
        if module in _SPACES:
            return f"tw.{module.rpartition('.')[2]}.{name}"
        if module == "__main__" or function is None:
            name = name.rpartition(".")[2]
            self._import(f"# define {name} here, as in the notebook")
        else:
            self._import(f"from {module} import {name.partition('.')[0]}")
        return name

    def _arguments(self, step: Step) -> Iterator[str]:
        """Products first, by place while the function's order allows it, then keywords."""
        function = find_function(step)
        parameters = _parameters(step) if function is None else _parameters(function)
        by_place = True
        for parameter in parameters:
            by_place &= parameter.name in step.inputs and parameter.kind < parameter.KEYWORD_ONLY
            if parameter.name in step.inputs:
                product = step.inputs[parameter.name]
                value = product if parameter.name == WHOLE else _input(product, step)
                yield value if by_place else f"{parameter.name}={value}"
        yield from self._options(step)

    def _options(self, step: Step) -> Iterator[str]:
        function = find_function(step)
        parameters = _parameters(step) if function is None else _parameters(function)
        defaults = {p.name: p.default for p in parameters}
        for name, value in step.arguments.items():
            if not is_default(value, defaults.get(name, inspect.Parameter.empty)):
                yield f"{name}={self.literal(value)}"

    def literal(self, value: Any) -> str:
        """Write a value as Python that gives it back exactly."""
        if isinstance(value, xr.DataArray | xr.Dataset):
            return _part_of(self.before, value) or self.product("input", value)
        if isinstance(value, np.ndarray | np.generic):
            value = value.tolist()
        if isinstance(value, Enum):
            value = value.value
        if isinstance(value, Path):
            return repr(str(value))
        if isinstance(value, Mapping):
            return "{" + ", ".join(f"{k!r}: {self.literal(v)}" for k, v in value.items()) + "}"
        if isinstance(value, list | tuple):
            inner = ", ".join(map(self.literal, value))
            comma = "," if isinstance(value, tuple) and len(value) == 1 else ""
            return f"[{inner}]" if isinstance(value, list) else f"({inner}{comma})"
        if isinstance(value, float) and not np.isfinite(value):
            return f'float("{value}")'
        return repr(value)

    def _import(self, line: str) -> None:
        if line not in self.imports:
            self.imports.append(line)


def write(history: History, path: str | Path | None) -> str:
    """Return the script of a history; with `path`, write it and the products it reads."""
    target = None if path is None else Path(path)
    writer = ScriptWriter("workspace" if target is None else target.stem)
    steps = list(zip(history.done, history.states[1:], strict=False))
    first = max((i for i, (step, _) in enumerate(steps) if _is_origin(step)), default=None)
    if first is None:
        for name, value in history.states[0].items():
            if value is not None and name in ("image", "columns"):
                writer.lines.append(f"{name} = {writer.product(name, value)}")
    last_derived = max((i for i, (s, _) in enumerate(steps) if not s.derived), default=-1)
    for index, (step, state) in enumerate(steps[first or 0 :], first or 0):
        if not step.derived or index > last_derived:
            writer.before = history.states[index]
            writer.step(step, state[step.into])
    text = _note(writer, target) + writer.text()
    if target is not None:
        target.write_text(text, encoding="utf-8")
        for name, value in writer.files.items():
            files.save(target.parent / name, value)
    return text


def _note(writer: ScriptWriter, target: Path | None) -> str:
    if not writer.files or target is not None:
        return ""
    names = ", ".join(writer.files)
    return f"# workspace.script(path) writes this script with the files it reads: {names}\n"


def find_function(step: Step) -> Callable[..., Any] | None:
    """Return the function of a step; None for one that lives in a notebook only."""
    try:
        return step.function()
    except (ImportError, AttributeError):
        return None


def _part_of(state: State, value: Any) -> str | None:
    """Write chosen reflections as the rows of the product they are, where they are."""
    whole = state.get("reflections")
    if whole is None or not isinstance(value, xr.Dataset) or "reflection" not in value.dims:
        return None
    labels = value["reflection"].values
    if not np.isin(labels, whole["reflection"].values).all():
        return None
    if not whole.sel(reflection=labels).identical(value):
        return None
    return f"reflections.sel(reflection={labels.tolist()})"


def _parameters(source: Step | Callable[..., Any]) -> list[inspect.Parameter]:
    if not isinstance(source, Step):
        return list(inspect.signature(source).parameters.values())
    kind = inspect.Parameter.KEYWORD_ONLY
    return [inspect.Parameter(name, kind) for name in source.inputs]


def _is_origin(step: Step) -> bool:
    """Whether nothing before the step matters for what comes after it."""
    return step.into == "image" and not step.inputs and "columns" in step.clears


def _input(product: str, step: Step) -> str:
    framed = product == "image" and step.frame is not None and not step.each
    return f"image.isel(frame={step.frame})" if framed else product


def is_default(value: Any, default: Any) -> bool:
    """Tell whether an argument need not be written."""
    if type(value) is not type(default) or isinstance(
        value, np.ndarray | xr.DataArray | xr.Dataset
    ):
        return False
    return value is default or bool(value == default)
