"""What the user is told of a step."""

from __future__ import annotations

from typing import Any, NamedTuple

from temwidgets.conventions import UNCALIBRATED, length_unit
from temwidgets.widgets.history import Step
from temwidgets.widgets.products import describe

ASTRAY = "These columns belong to frame"
"""How the sentence on columns of another frame begins."""


class Message(NamedTuple):
    """A sentence for the user; `level` is "info", "warning" or "error"."""

    level: str = "info"
    text: str = ""


def made(step: Step, before: Any, result: Any, placed: int | None) -> Message:
    """Tell what a step has made; `before` are the columns it started from, `placed` their frame."""
    text = f"{step.name}: {describe(result)}{_grown(step, before, result)}."
    started = {"image", "columns"} <= set(step.inputs) and step.frame is not None
    if started and placed not in (None, step.frame):
        text += f" The frame was {step.frame}, and the columns it started from were of {placed}."
        return Message("warning", text)
    if step.into == "image" and length_unit(result) == UNCALIBRATED:
        cure = " Load it with its pixel size, or calibrate it, to have lengths in nm."
        return Message("warning", text + cure)
    return Message("info", text)


def _grown(step: Step, before: Any, columns: Any) -> str:
    if step.into != "columns" or "columns" not in step.inputs:
        return ""
    more = columns.sizes["column"] - before.sizes["column"]
    if more:
        return f", {more:,} of them new" if more > 0 else f", {-more:,} fewer"
    return ", none of them new" if step.name == "find_in_residual" else ""


def of_another_frame(placed: int | None, shown: int) -> str:
    """Say that columns, and what was fitted to them, are not of the frame shown."""
    return (
        f"{ASTRAY} {placed}, and frame {shown} is shown. Find columns in this frame, fit these to"
        f" it, or go back to frame {placed}."
    )
