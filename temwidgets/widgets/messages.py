"""What the user is told of a step."""

from __future__ import annotations

from typing import Any, NamedTuple

from temwidgets.conventions import UNCALIBRATED, frame_of, length_unit
from temwidgets.widgets.history import Step
from temwidgets.widgets.products import describe

ASTRAY = "These columns belong to frame"
"""How the sentence on columns of another frame begins."""


class Message(NamedTuple):
    """A sentence for the user; `level` is "info", "warning" or "error"."""

    level: str = "info"
    text: str = ""


def made(step: Step, before: Any, result: Any) -> Message:
    """Tell what a step has made; `before` are the columns it started from."""
    text = f"{step.name}: {describe(result)}{_grown(step, before, result)}."
    moved = _moved(step, before, result)
    if moved:
        return Message("warning", text + moved)
    if step.into == "image" and length_unit(result) == UNCALIBRATED:
        cure = " Load it with its pixel size, or calibrate it, to have lengths in nm."
        return Message("warning", text + cure)
    return Message("info", text)


def _moved(step: Step, before: Any, columns: Any) -> str:
    if step.into != "columns" or "columns" not in step.inputs:
        return ""
    old, new = frame_of(before), frame_of(columns)
    if None in (old, new) or old == new:
        return ""
    return f" They belong to frame {new} now; they started from those of frame {old}."


def _grown(step: Step, before: Any, columns: Any) -> str:
    if step.into != "columns" or "columns" not in step.inputs:
        return ""
    more = columns.sizes["column"] - before.sizes["column"]
    if more:
        return f", {more:,} of them new" if more > 0 else f", {-more:,} fewer"
    return ", none of them new" if step.name == "find_in_residual" else ""


def strayed(placed: int, shown: int | None) -> str:
    """Say that columns, and what was fitted to them, are not of the frame shown."""
    return (
        f"{ASTRAY} {placed}, and frame {shown} is shown. Find columns in this frame, fit these to"
        f" it, or go back to frame {placed}."
    )
