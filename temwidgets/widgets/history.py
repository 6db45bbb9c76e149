"""The steps that made the products, and the states between them."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from temwidgets.widgets.products import DERIVED, PRODUCTS, State

WHOLE = "stack"
"""Parameter that takes all frames of the image; others named for the image take one of them."""


@dataclass(frozen=True, eq=False)
class Step:
    """One call that made a product, or a product that was given (then `target` is "").

    Attributes
    ----------
    target : str
        The function as "module:name".
    inputs : mapping
        Parameter name -> product that was filled in, in the function's own order.
    arguments : mapping
        The other arguments, as given.
    into : str
        The product the result went to.
    frame : int or None
        The frame of a stack that was handed on as the image.
    clears : tuple of str
        Products that no longer fit and were dropped.
    carries : bool
        The columns were carried into the frame of the new image.
    follows : bool
        The step completes the one before it (a refit after an edit): undo takes both back.
    amends : bool
        The step stands for a control that is still being moved: the next of its kind replaces it.
    each : bool
        The function was run on every frame of the stack; the product is that of `frame`.
    of_frames : tuple of str
        Parameters that then got what an earlier such step gave for each frame.
    """

    target: str
    into: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    arguments: Mapping[str, Any] = field(default_factory=dict)
    frame: int | None = None
    clears: tuple[str, ...] = ()
    carries: bool = False
    follows: bool = False
    amends: bool = False
    each: bool = False
    of_frames: tuple[str, ...] = ()

    @property
    def derived(self) -> bool:
        """Whether the step only shows what follows from the other products."""
        return self.into in DERIVED

    @property
    def on_frames_of(self) -> str:
        """The parameter that takes the frames, where the step ran on each."""
        image = [name for name, product in self.inputs.items() if product == "image"]
        return [*image, *self.of_frames][0]

    @property
    def name(self) -> str:
        """The function's own name, e.g. "fit_columns"; "given" for a product from memory."""
        return self.target.partition(":")[2].rpartition(".")[2] or "given"

    def function(self) -> Callable[..., Any]:
        """Import the function of this step."""
        module, _, name = self.target.partition(":")
        function: Any = importlib.import_module(module)
        for part in name.split("."):
            function = getattr(function, part)
        return function


def make_step(
    function: Callable[..., Any],
    arguments: Mapping[str, Any],
    state: State,
    using: Mapping[str, str] | None = None,
    **options: Any,
) -> Step:
    """Describe a call: products fill the parameters named like them that were not given.

    `using` says which product fills a parameter of another name.
    """
    parameters = inspect.signature(function).parameters
    named = {WHOLE: "image", **(using or {})}
    inputs = {
        name: named.get(name, name)
        for name in parameters
        if name in (*named, *PRODUCTS)
        and name not in arguments
        and (
            state.get(named.get(name, name)) is not None
            or parameters[name].default is inspect.Parameter.empty
        )
    }
    missing = [product for product in inputs.values() if state.get(product) is None]
    if missing:
        raise ValueError(f"{function.__name__} needs {_products(missing)}; {_cure(missing[0])}")
    target = f"{function.__module__}:{function.__qualname__}"
    return Step(target=target, inputs=inputs, arguments=dict(arguments), **options)


def _products(names: list[str]) -> str:
    articles = {
        **{"image": "an image", "lattice": "a lattice", "cell": "a mean cell"},
        "order": "an order spectrum",
        "spectrum": "a spectrum",
    }
    return " and ".join(articles.get(name, name) for name in names)


def _cure(name: str) -> str:
    return {
        "image": "load one first, e.g. workspace.image = temwidgets.read(path).",
        "columns": "find columns first.",
        "model": "fit the columns first.",
        "lattice": "find the lattice first.",
        "cell": "average the unit cells first.",
        "order": "look for order first.",
        "spectrum": "compute the power spectrum first.",
        "reflections": "find reflections first.",
        "local_spacing": "measure the local spacing first.",
        "strain": "map the geometric phase first.",
        "domains": "segment the domains first.",
        "drift": "measure the drift of the frames first.",
        "tracks": "fit the columns in all frames first.",
        "events": "look for events first.",
    }.get(name, f"make {name} first.")


class History:
    """States in order and the steps between them, with a position that undo and redo move."""

    def __init__(self, first: State) -> None:
        self.states: list[State] = [dict(first)]
        self.steps: list[Step] = []
        self.position = 0

    @property
    def done(self) -> tuple[Step, ...]:
        """The steps that led to the present state."""
        return tuple(self.steps[: self.position])

    @property
    def present(self) -> State:
        """The products as they are now."""
        return self.states[self.position]

    @property
    def can_undo(self) -> bool:
        """Whether a step lies behind."""
        return any(not step.derived for step in self.steps[: self.position])

    @property
    def can_redo(self) -> bool:
        """Whether an undone step lies ahead."""
        return self.position < len(self.steps)

    def before(self, target: str, into: str, amend: bool) -> State:
        """Return the state a new step starts from; an amending one passes over its forerunner."""
        return (
            self.states[self.position - 1] if self._replaces(target, into, amend) else self.present
        )

    def add(self, step: Step, state: State) -> None:
        """Append a step (or replace the one it amends) and forget what was undone."""
        keep = self.position - self._replaces(step.target, step.into, step.amends)
        self.steps = [*self.steps[:keep], step]
        self.states = [*self.states[: keep + 1], dict(state)]
        self.position = keep + 1

    def undo(self) -> State:
        """Go back one step, with those that hang on it, and return the state there."""
        while self.position and self._hangs_on(self.position - 1):
            self.position -= 1
        self.position = max(self.position - 1, 0)
        return self.present

    def redo(self) -> State:
        """Go forth one step, with those that hang on it, and return the state there."""
        self.position = min(self.position + 1, len(self.steps))
        while self.can_redo and self._hangs_on(self.position):
            self.position += 1
        return self.present

    def _hangs_on(self, index: int) -> bool:
        """Whether a step is undone and redone together with the one before it."""
        return self.steps[index].derived or self.steps[index].follows

    def _replaces(self, target: str, into: str, amend: bool) -> bool:
        if not (amend and self.position):
            return False
        last = self.steps[self.position - 1]
        return last.amends and last.target == target and into in ("", last.into)
