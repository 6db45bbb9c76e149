"""What a recipe is, and its text: readable YAML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PRODUCTS = (
    *("image", "candidates", "columns", "model", "residual", "mixture"),
    *("lattice", "cell", "order", "comparison"),
    *("spectrum", "reflections", "filtered", "local_spacing", "strain", "domains"),
    *("drift", "tracks", "events"),
)
"""Names of what a step makes and takes."""


@dataclass(frozen=True)
class RecipeStep:
    """One call.

    Attributes
    ----------
    function : str
        A public name of temwidgets, or the dotted place of one below ``temwidgets.analysis``.
    takes : mapping
        Parameter to the product that fills it.
    options : mapping
        The other arguments.
    into : str
        The product that the result is.
    carries : bool
        Columns are carried into the frame of the new image.
    """

    function: str
    into: str
    takes: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    carries: bool = False


@dataclass(frozen=True)
class Recipe:
    """Steps to repeat on other images.

    Attributes
    ----------
    steps : tuple of RecipeStep
        In their order.
    frame : int or None
        Place of the frame of a stack that is analysed; None: each by itself.
    read : mapping
        ``sampling`` and ``dataset`` for `temwidgets.read`.
    products : tuple of str
        What is kept.
    notes : tuple of str
        What the comments in its head say.
    """

    steps: tuple[RecipeStep, ...]
    frame: int | None = None
    read: Mapping[str, Any] = field(default_factory=dict)
    products: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def text(self) -> str:
        """Write it as YAML."""
        import yaml

        from temwidgets import __version__

        steps = [_plain_step(step) for step in self.steps]
        content: dict[str, Any] = {"temwidgets": __version__}
        content["frame"] = "each" if self.frame is None else self.frame
        content |= {"read": dict(self.read)} if self.read else {}
        content |= {"steps": steps, "products": list(self.products)}
        body = yaml.safe_dump(
            content, sort_keys=False, default_flow_style=None, allow_unicode=True, width=100
        )
        return "".join(f"# {line}\n" for line in self.notes) + body


def _plain_step(step: RecipeStep) -> dict[str, Any]:
    named = all(name == product for name, product in step.takes.items())
    plain: dict[str, Any] = {"function": step.function}
    plain["takes"] = list(step.takes) if named else dict(step.takes)
    plain |= {"options": dict(step.options)} if step.options else {}
    plain |= {"into": step.into}
    return plain | ({"carries": True} if step.carries else {})
