"""Calls of analysis functions: what they get, and the line they stand in; one runs at a time."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from temwidgets.widgets.history import Step, make_step
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

    def step(self, state: State, frame: int) -> Step:
        """Describe the call as a step from `state`.

        Raises
        ------
        ValueError
            If a product that the function needs is missing.
        """
        image = state.get("image")
        framed = image is not None and image.ndim == 3 and self.into != "image"
        return make_step(
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

    def execute(self, step: Step, state: State, report: Callable[[float], None]) -> Any:
        """Call the function with the products of `state`."""
        inputs = {name: state[product] for name, product in step.inputs.items()}
        for name, product in step.inputs.items():
            if step.frame is not None and product == "image":
                inputs[name] = plane(inputs[name], step.frame)
        if "report" in inspect.signature(self.function).parameters:
            inputs["report"] = report
        return (self.shortcut or self.function)(**inputs, **self.arguments)


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
