"""Read a recipe, and say what is wrong with it before anything runs."""

from __future__ import annotations

import difflib
import inspect
import os
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from temwidgets.recipes.names import find_function
from temwidgets.recipes.recipe import PRODUCTS, Recipe, RecipeStep

_SHIPPED = Path(__file__).parent
_KEYS = ("temwidgets", "frame", "read", "steps", "products")
_STEP = ("function", "takes", "options", "into", "carries")
_READ = ("dataset", "sampling")
_ALL_FRAMES = {"stack": "image"}
"""The parameter that takes all frames of the image."""


def shipped() -> tuple[str, ...]:
    """Return the names of the recipes that come with temwidgets."""
    return tuple(sorted(file.stem for file in _SHIPPED.glob("*.yaml")))


def read_recipe(recipe: str | os.PathLike[str] | Recipe) -> Recipe:
    """Read a recipe and check that each of its steps can be called.

    Parameters
    ----------
    recipe : str, path-like or Recipe
        Name of one that comes along ("fit", "lattice"), or a YAML file.

    Returns
    -------
    Recipe

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no recipe: not YAML, an unknown key, a function that temwidgets does not have, an
        option that the function does not take, or a product that no step before has made.

    Notes
    -----
    A recipe can call analyses of temwidgets, which take data and give data, and nothing else.
    """
    if isinstance(recipe, Recipe):
        return recipe
    path = Path(recipe).expanduser()
    if not path.exists() and str(recipe) in shipped():
        path = _SHIPPED / f"{recipe}.yaml"
    if not path.is_file():
        raise FileNotFoundError(
            f"There is no recipe {recipe}. Write one with workspace.recipe(path), or take one that"
            f" comes along: {', '.join(shipped())}."
        )
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ValueError(f"{path.name} is no recipe: it is not a text.") from None
    return parse_recipe(text, path.name)


def parse_recipe(text: str, name: str = "the recipe") -> Recipe:
    """Make a recipe from its text; errors are those of `read_recipe`."""
    content = _load(text, name)
    _check_keys(name, content, _KEYS)
    read = content.get("read") or {}
    if not isinstance(read, dict):
        raise ValueError(f"In {name}, read holds sampling and dataset, but {read!r} came.")
    _check_keys(f"read in {name}", read, _READ)
    listed = content.get("steps")
    if not isinstance(listed, list) or not listed:
        raise ValueError(f"{name} has no steps. Add a list steps: with function: and into:.")
    steps: list[RecipeStep] = []
    for number, entry in enumerate(listed, 1):
        made = {"image", *(step.into for step in steps)}
        steps.append(_step(entry, f"Step {number} of {name}", made))
    products = _products(content.get("products"), [step.into for step in steps], name)
    return Recipe(tuple(steps), _frame(content.get("frame", "each"), name), read, products)


def _load(text: str, name: str) -> dict[str, Any]:
    import yaml

    class Loader(yaml.SafeLoader):
        """Knows 1e-3 as a number, which YAML 1.1 takes for a text."""

    Loader.add_implicit_resolver(
        "tag:yaml.org,2002:float",
        re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+$"),
        list("-+0123456789"),
    )
    try:
        content = yaml.load(text, Loader)  # a SafeLoader: it makes plain values alone
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"{name} is not YAML: {reason}.") from None
    if not isinstance(content, dict):
        raise ValueError(f"{name} is no recipe: it has no steps.")
    return content


def _check_keys(name: str, given: Mapping[Any, Any], known: Iterable[str]) -> None:
    for key in given:
        if key not in known:
            near = difflib.get_close_matches(str(key), list(known), n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(known)}."
            raise ValueError(f"{name} has {key!r}, which means nothing. {hint}")


def _frame(value: Any, name: str) -> int | None:
    if value == "each":
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(
            f"In {name}, frame is the place of a frame from 0, or each, but {value!r} came."
        )
    return value


def _products(value: Any, made: list[str], name: str) -> tuple[str, ...]:
    if value is None:
        return tuple(dict.fromkeys(made))
    listed = value if isinstance(value, list) else [value]
    missing = [one for one in listed if one not in made]
    if missing:
        raise ValueError(
            f"{name} shall keep {missing[0]!r}, which no step makes. Steps make"
            f" {', '.join(dict.fromkeys(made))}."
        )
    return tuple(listed)


def _step(entry: Any, where: str, made: set[str]) -> RecipeStep:
    if not isinstance(entry, dict):
        raise ValueError(f"{where} needs function: and into:, but {entry!r} came.")
    _check_keys(where, entry, _STEP)
    if "function" not in entry or entry.get("into") not in PRODUCTS:
        raise ValueError(
            f"{where} needs function: NAME and into: PRODUCT, one of {', '.join(PRODUCTS)}."
        )
    function = find_function(entry["function"], where)
    options = entry.get("options") or {}
    if not isinstance(options, dict):
        raise ValueError(f"The options of {where} are names and values, but {options!r} came.")
    takes = _takes(entry.get("takes"), function, made, options, where)
    _check_call(function, takes, options, where)
    return RecipeStep(
        entry["function"], entry["into"], takes, options, bool(entry.get("carries", False))
    )


def _takes(
    value: Any, function: Callable[..., Any], made: set[str], options: Mapping[str, Any], where: str
) -> dict[str, str]:
    """Which product fills which parameter; told by their names when it is not written."""
    if value is None:
        parameters = inspect.signature(function).parameters
        named = {name: _ALL_FRAMES.get(name, name) for name in parameters if name not in options}
        return {name: product for name, product in named.items() if product in made}
    if not isinstance(value, dict | list):
        raise ValueError(f"{where} takes a list of products, but {value!r} came.")
    takes = value if isinstance(value, dict) else {name: name for name in value}
    for product in takes.values():
        if product not in made:
            raise ValueError(
                f"{where} takes {product!r}, which no step before it makes. There are"
                f" {', '.join(sorted(made))}."
            )
    return dict(takes)


def _check_call(
    function: Callable[..., Any], takes: Mapping[str, str], options: Mapping[str, Any], where: str
) -> None:
    signature = inspect.signature(function)
    names = [n for n, p in signature.parameters.items() if p.kind is not p.VAR_KEYWORD]
    if len(names) == len(signature.parameters):
        _check_keys(f"{where}, {function.__name__},", {**takes, **options}, names)
    try:
        signature.bind(**{**takes, **options})
    except TypeError as error:
        raise ValueError(f"{where} cannot call {function.__name__}: {error}.") from None
