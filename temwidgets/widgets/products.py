"""The products of a workspace: what they are, how they follow from each other, how to name them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from temwidgets.analysis.cell_parameters import cell_parameters
from temwidgets.analysis.lattice_data import check_lattice
from temwidgets.conventions import check_columns, check_image, pixel_grid
from temwidgets.recipes.recipe import PRODUCTS
from temwidgets.widgets.comparisons import (
    comparison_stays,
    describe_comparison,
    is_comparison,
)
from temwidgets.widgets.fourier import describe_fourier, fourier_product
from temwidgets.widgets.movies import describe_movie, movie_product, what_frames_told
from temwidgets.widgets.orders import describe_order, is_order, order_stays
from temwidgets.widgets.traits import Trait

if TYPE_CHECKING:
    from temwidgets.widgets.history import Step

__all__ = [
    "DERIVED",
    "PRODUCTS",
    "Product",
    "State",
    "describe",
    "destination",
    "next_state",
    "plane",
]

_CHECKED = ("image", "columns", "model", "residual", "lattice", "filtered")
_OF_THE_IMAGE = ("spectrum", "reflections", "filtered", "local_spacing", "strain", "domains")
DERIVED = ("model", "residual")
"""Products that follow from the others: undo passes over the steps that made them."""

State = Mapping[str, Any]


class Product(Trait):
    """An xarray product or None; compared by identity, for == on arrays is no truth value."""

    default_value = None
    info_text = "an xarray object or None"

    def validate(self, obj: Any, value: Any) -> Any:
        """Check against the conventions."""
        if value is None or self.name not in _CHECKED:
            return value
        if self.name == "lattice":
            return check_lattice(value)
        return check_columns(value) if self.name == "columns" else check_image(value, ndim=None)

    def set(self, obj: Any, value: Any) -> None:
        """Store, and notify when the object is another one."""
        new = self._validate(obj, value)
        old = obj._trait_values.get(self.name)
        obj._trait_values[self.name] = new
        if old is not new:
            obj._notify_trait(self.name, old, new)


def plane(image: xr.DataArray | None, frame: int) -> xr.DataArray | None:
    """Return one frame of a stack, and a single image as it is."""
    return image.isel(frame=frame) if image is not None and image.ndim == 3 else image


def destination(name: str, result: Any) -> str:
    """Tell which product a function's result is.

    Raises
    ------
    TypeError
        If it is no product.
    """
    known = fourier_product(result) or movie_product(result)
    if known:
        return known
    if isinstance(result, xr.DataArray):
        return "image"
    if isinstance(result, xr.Dataset) and "column" in result.dims:
        return "columns"
    if isinstance(result, xr.Dataset) and "along_a" in result.dims:
        return "cell"
    if is_order(result):
        return "order"
    if is_comparison(result):
        return "comparison"
    if isinstance(result, xr.Dataset) and {"vectors", "origin"} <= set(result.variables):
        return "lattice"
    raise TypeError(
        f"{name} returned a {type(result).__name__}, which is no image, columns, lattice or cell."
        f" Say where it belongs with into=, one of {', '.join(PRODUCTS)}."
    )


def next_state(state: State, step: Step, result: Any) -> dict[str, Any]:
    """Put what a step made into a state and drop what no longer follows."""
    dropped = set(step.clears)
    if step.into in ("image", "columns"):
        dropped |= {"model", "residual"}
        dropped |= {"mixture"} - set(step.inputs)
    if step.into == "image":
        dropped |= {"candidates", "cell", *_OF_THE_IMAGE}
        dropped |= {"lattice"} if step.carries or "columns" in step.clears else set()
    dropped |= what_frames_told(step.into, state, result)
    if step.into == "lattice" and not _same_cell(state.get("lattice"), result):
        dropped.add("cell")
    new = {**state, **dict.fromkeys(dropped), step.into: result}
    if step.into == "model" and result is not None:
        new["residual"] = plane(state["image"], step.frame or 0) - result
    if not order_stays(new.get("order"), state.get("columns"), new.get("columns")):
        new["order"] = None
    if not comparison_stays(new.get("comparison"), state.get("columns"), new.get("columns")):
        new["comparison"] = None
    return new


def _same_cell(before: Any, after: Any) -> bool:
    """Whether a lattice only differs in its sites, so that its mean cell still holds."""
    if before is None or after is None:
        return False
    return all(np.array_equal(before[n].values, after[n].values) for n in ("vectors", "origin"))


def describe(product: Any) -> str:
    """Say in a few words what a product is, e.g. "1,234 columns"."""
    if isinstance(product, xr.Dataset) and "along_a" in product.dims:
        return f"the mean of {int(product['n_cells']):,} cells"
    if isinstance(product, xr.Dataset) and "vectors" in product:
        return _cell_text(product)
    if is_order(product):
        return describe_order(product)
    if movie_product(product):
        return describe_movie(product)
    if fourier_product(product):
        return describe_fourier(product)
    if is_comparison(product):
        return describe_comparison(product)
    if isinstance(product, xr.Dataset) and "column" not in product.dims:
        return f"{product.sizes.get('population', 0)} populations"
    if isinstance(product, xr.Dataset):
        return f"{product.sizes['column']:,} columns"
    if isinstance(product, xr.DataArray) and {"y", "x"} <= set(product.dims):
        grid = pixel_grid(product)
        frames = f"{product.sizes['frame']} frames of " if "frame" in product.dims else ""
        size = f"{frames}{grid.shape[0]} x {grid.shape[1]} px"
        if grid.units == "px":
            return f"{size}, not calibrated"
        return f"{size}, {grid.sampling.y:.4g} {grid.units}/px"
    return "nothing" if product is None else type(product).__name__


def _cell_text(lattice: xr.Dataset) -> str:
    found = cell_parameters(lattice)
    units, sites = found["a"].attrs["units"], lattice.sizes["site"]
    return (
        f"a {float(found['a']):.4g} {units}, b {float(found['b']):.4g} {units},"
        f" {float(found['angle']):.4g}° between them, {sites} site{'s' if sites > 1 else ''}"
    )
