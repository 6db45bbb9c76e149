"""The arguments of an analysis that runs on every frame, by name; one of them is the frame."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any

import xarray as xr

from temwidgets.analysis.frame_results import FrameResults, frame_part
from temwidgets.analysis.frame_source import Source


class _Stand(Enum):
    """What stands among the arguments for something else; an Enum, for it is sent to workers."""

    FRAME = 1


FRAME = _Stand.FRAME
"""Stands among the arguments for the frame."""


def call_by_name(function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    """Call with arguments by name, those first that may only be given by place."""
    parameters = inspect.signature(function).parameters
    places = [
        arguments.pop(p.name) for p in parameters.values()
        if p.kind is p.POSITIONAL_ONLY and p.name in arguments
    ]  # fmt: skip
    return function(*places, **arguments)


def bind_arguments(
    function: Callable[..., Any], source: Source, args: Sequence[Any], options: dict[str, Any]
) -> dict[str, Any]:
    """Return the arguments by name; the image's is a stand-in."""
    if not callable(function):
        raise TypeError(f"function is an analysis to run, but a {type(function).__name__} came.")
    if not hasattr(function, "__qualname__"):
        raise TypeError("function needs a name of its own: define it with def.")
    signature = inspect.signature(function)
    parameters = signature.parameters
    name = source.parameter(function)
    if name is None:
        raise TypeError(f"{name_of(function)} takes no image, so it cannot run on frames.")
    before = list(parameters).index(name)
    places = [*args[:before], FRAME, *args[before:]] if len(args) >= before else list(args)
    named = options if len(args) >= before else {**options, name: FRAME}
    try:
        bound = signature.bind(*places, **named)
    except TypeError as error:
        raise TypeError(f"{name_of(function)} does not take these arguments: {error}.") from None
    return by_name(bound)


def by_name(bound: inspect.BoundArguments) -> dict[str, Any]:
    """Return all arguments by name."""
    given = dict(bound.arguments)
    for parameter in bound.signature.parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            given |= given.pop(parameter.name, {})
        elif parameter.kind is parameter.VAR_POSITIONAL and given.get(parameter.name):
            raise TypeError(f"Arguments in *{parameter.name} need names to run on frames.")
    return given


def for_frame(given: dict[str, Any], number: int) -> dict[str, Any]:
    """Return the arguments of one frame.

    Raises
    ------
    ValueError
        If one of them has nothing for this frame.
    """
    return {name: _of_frame(value, number) for name, value in given.items()}


def _of_frame(value: Any, number: int) -> Any:
    """Take what belongs to one frame of an argument that differs from frame to frame."""
    if isinstance(value, FrameResults):
        if number not in value:
            raise ValueError(f"{value.name} gave no result on this frame to go on from.")
        return value[number]
    if isinstance(value, xr.DataArray | xr.Dataset) and "frame" in value.dims:
        return frame_part(value, number)
    return value


def shared_dims(given: dict[str, Any]) -> set[str]:
    """Dims that an argument labels alike for all frames."""
    arrays = [v for v in given.values() if isinstance(v, xr.DataArray | xr.Dataset)]
    return {str(dim) for array in arrays for dim in array.dims if dim in array.coords} - {"frame"}


def name_of(function: Any) -> str:
    """Return the name to call a function by in a sentence."""
    return getattr(function, "__name__", type(function).__name__)
