"""Repeat a recipe on an image."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping
from typing import Any

import xarray as xr

from temwidgets.analysis.carrying import carry_columns
from temwidgets.analysis.frame_jobs import told
from temwidgets.conventions import CancelledError, check_image
from temwidgets.recipes.names import find_function
from temwidgets.recipes.reading import read_recipe
from temwidgets.recipes.recipe import Recipe, RecipeStep

Report = Callable[[float], None]


class StepError(ValueError):
    """A step failed; `made` holds what the steps before it have made."""

    def __init__(self, sentence: str, made: dict[str, Any]) -> None:
        super().__init__(sentence, made)
        self.made = made

    def __str__(self) -> str:
        return str(self.args[0])


def run_recipe(
    recipe: str | os.PathLike[str] | Recipe, image: xr.DataArray, *, report: Report | None = None
) -> dict[str, Any]:
    """Repeat the steps of a recipe on an image.

    Parameters
    ----------
    recipe : str, path-like or Recipe
        As `read_recipe` takes it: what ``workspace.recipe(path)`` wrote, or the name of one that
        comes along.
    image : DataArray, (y, x) or (frame, y, x)
        Of a stack, the recipe's frame is analysed. A recipe for each frame takes one at a time.
    report : callable, optional
        Called with the fraction done; raises `CancelledError` to stop.

    Returns
    -------
    dict
        Name of each product that the recipe keeps (columns, lattice, strain, ...) to what it is.

    Raises
    ------
    ValueError
        If the recipe is none, the image is not one or a stack where one image is wanted, or a step
        fails; the sentence begins with the step.
    """
    recipe = read_recipe(recipe)
    check_image(image, ndim=None)
    if image.ndim == 3 and recipe.frame is None:
        raise ValueError(
            "The recipe is for each frame by itself. Give one, image.isel(frame=0), or run it on"
            " the file: temwidgets.run_files(recipe, [path], folder)."
        )
    if image.ndim == 3 and recipe.frame is not None and recipe.frame >= image.sizes["frame"]:
        raise ValueError(
            f"The recipe analyses frame {recipe.frame}, but the stack has {image.sizes['frame']}."
        )
    made: dict[str, Any] = {"image": image}
    for number, step in enumerate(recipe.steps):
        _do(step, number, made, recipe, report)
    return {name: made[name] for name in recipe.products}


def _do(
    step: RecipeStep, number: int, made: dict[str, Any], recipe: Recipe, report: Report | None
) -> None:
    function = find_function(step.function)
    arguments = {name: made[product] for name, product in step.takes.items()}
    if step.into != "image":
        arguments = {
            # a parameter of this name wants all frames
            name: _plane(value, recipe.frame)
            if step.takes[name] == "image" and name != "stack"
            else value
            for name, value in arguments.items()
        }
    if report is not None:
        report(number / len(recipe.steps))
    try:
        result = function(**arguments, **step.options, **_told(function, number, recipe, report))
        if step.carries and "columns" in made:
            made["columns"] = carry_columns(made["columns"], made["image"], result)
    except CancelledError:
        raise
    except Exception as error:
        so_far = {name: made[name] for name in recipe.products if name in made and name != "image"}
        raise StepError(f"Step {number + 1}, {step.function}: {told(error)}", so_far) from error
    made[step.into] = result


def _told(
    function: Callable[..., Any], number: int, recipe: Recipe, report: Report | None
) -> Mapping[str, Any]:
    if report is None or "report" not in inspect.signature(function).parameters:
        return {}
    return {"report": lambda fraction: report((number + fraction) / len(recipe.steps))}


def _plane(image: xr.DataArray, frame: int | None) -> xr.DataArray:
    return image.isel(frame=frame or 0) if image.ndim == 3 else image
