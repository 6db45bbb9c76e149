"""Calls of analysis functions: what they get, and the line they stand in; one runs at a time."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from temwidgets.analysis.frame_results import FrameResults
from temwidgets.analysis.framewise import each_frame
from temwidgets.widgets.history import WHOLE, Step, make_step
from temwidgets.widgets.of_frames import OfFrames
from temwidgets.widgets.products import DERIVED, State, plane


@dataclass(frozen=True, eq=False)
class Call:
    """A call as ``Workspace.run`` takes it."""

    function: Callable[..., Any]
    arguments: dict[str, Any]
    into: str = ""
    amend: bool = False
    clears: tuple[str, ...] = ()
    carries: bool = False
    follows: bool = False
    shortcut: Callable[..., Any] | None = None
    using: Mapping[str, str] | None = None
    scheduler: Any = None
    folder: Any = None

    @property
    def each(self) -> bool:
        """Whether the function runs on every frame of the stack."""
        return self.scheduler is not None or self.folder is not None

    @property
    def name(self) -> str:
        """The function's name."""
        return self.function.__name__

    @property
    def target(self) -> str:
        """The function as "module:name"."""
        return f"{self.function.__module__}:{self.function.__qualname__}"

    @property
    def gives_way(self) -> bool:
        """Whether another call may be queued behind this one rather than be refused."""
        return self.amend or self.stops

    @property
    def stops(self) -> bool:
        """Whether this call is given up when another comes: it can be made up for later."""
        return self.follows or self.into in DERIVED

    def step(self, state: State, frame: int, of_frames: OfFrames) -> Step:
        """Describe the call as a step from `state`.

        Raises
        ------
        ValueError
            If a product that the function needs is missing, or there is no stack to run it on.
        """
        image = state.get("image")
        framed = image is not None and image.ndim == 3 and self.into != "image"
        step = make_step(
            self.function,
            self.arguments,
            state,
            self.using,
            into=self.into,
            clears=self.clears,
            carries=self.carries and state.get("columns") is not None,
            follows=self.follows,
            amends=self.amend,
            frame=frame if framed else None,
        )
        return self._of_each(step, state, of_frames) if self.each else step

    def _of_each(self, step: Step, state: State, of_frames: OfFrames) -> Step:
        """Complete a step that runs on every frame of the stack, or of earlier results."""
        known = [n for n, p in step.inputs.items() if of_frames.known(p, state[p]) is not None]
        image = next((name for name, product in step.inputs.items() if product == "image"), "")
        stack = state.get("image")
        runs = stack is not None and stack.ndim == 3 and self.into != "image" and (image or known)
        if not runs:
            raise ValueError(
                f"{self.name} can run on all frames only where the image is a stack, where it makes"
                " no image of it, and where what it takes was made for all frames. Leave scheduler"
                " and folder out."
            )
        return replace(step, each=True, of_frames=tuple(known))

    def execute(
        self, step: Step, state: State, report: Callable[[float], None], of_frames: OfFrames
    ) -> Any:
        """Call the function with the products of `state`; on every frame where it shall."""
        if self.each:
            return self._on_each(step, state, report, of_frames)
        inputs = {name: state[product] for name, product in step.inputs.items()}
        for name, product in step.inputs.items():
            if step.frame is not None and product == "image" and name != WHOLE:
                inputs[name] = plane(inputs[name], step.frame)
        if "report" in inspect.signature(self.function).parameters:
            inputs["report"] = report
        return (self.shortcut or self.function)(**inputs, **self.arguments)

    def _on_each(
        self, step: Step, state: State, report: Callable[[float], None], of_frames: OfFrames
    ) -> FrameResults:
        inputs: dict[str, Any] = {
            name: of_frames.known(product, state[product]) or state[product]
            for name, product in step.inputs.items()
        }
        source = inputs.pop(step.on_frames_of)
        return each_frame(
            self.function, source, scheduler=self.scheduler, folder=self.folder,
            report=report, **inputs, **self.arguments,
        )  # fmt: skip


class Line:
    """The call that runs and those that wait; whoever uses it holds the workspace's lock."""

    def __init__(self) -> None:
        self.running: Call | None = None
        self.waiting: list[Call] = []

    def refusal(self, call: Call) -> str:
        """Say why `call` may not join; "" when it may."""
        if self.running is None or self.running.gives_way:
            return ""
        return f"{self.running.name} is still running: wait until it is done, or cancel it."

    def join(self, call: Call) -> bool:
        """Begin now (True) or wait; of calls that amend the same step only the newest waits."""
        if self.running is None:
            self.running = call
            return True
        others = [c for c in self.waiting if not (c.gives_way and c.target == call.target)]
        self.waiting = [*others, call]
        return False

    def advance(self) -> Call | None:
        """End the running call and return the next, which now runs."""
        self.running = self.waiting.pop(0) if self.waiting else None
        return self.running
