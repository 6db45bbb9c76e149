"""The Dataset of local spacing: maps of d, direction and amplitude, mask, strain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from temwidgets.analysis.fourier.strain_data import STRAIN_TEXT
from temwidgets.conventions import length_unit, quantity

_DIMS = ("reflection", "y", "x")
_LEAST_SINE = 0.05  # of the angle between two reflections that together tell strain
STRAINS = ("e_xx", "e_yy", "e_xy", "rotation")
"""Strain that local spacing reports."""
COMPONENT = ("component", ["y", "x"], {"units": "1", "long_name": "component"})


def maps_text(image: xr.DataArray) -> dict[str, tuple[str, str]]:
    """Units and long names of the maps of each reflection."""
    return {
        "d_spacing": (length_unit(image), "local d-spacing (absolute)"),
        "angle": ("deg", "direction of local g from +x to +y"),
        "amplitude": (str(image.attrs.get("units", "1")), "amplitude of the fringes"),
    }


def empty_maps(
    image: xr.DataArray, reflections: xr.Dataset, g: np.ndarray, g_std: np.ndarray, stride: int = 1
) -> xr.Dataset:
    """Coordinates of maps at every `stride`-th pixel, and the reference vectors (lengths)."""
    unit = length_unit(image)
    made = xr.Dataset(
        coords={
            "reflection": reflections["reflection"],
            "component": COMPONENT,
            **{name: image[name][::stride] for name in ("y", "x")},
        }
    )
    both = ("reflection", "component")
    put(made, both, "g", g, g_std, f"1/{unit}", "reference g")
    return made


def put(
    made: xr.Dataset,
    dims: Any,
    name: str,
    values: np.ndarray,
    errors: np.ndarray,
    units: str,
    text: str,
) -> None:
    """Assign a variable and its standard error, named in its attributes."""
    made[name] = quantity(dims, values, units, text, ancillary_variables=f"{name}_std")
    made[f"{name}_std"] = quantity(dims, errors, units, f"standard error of {text}")


def put_spacings(made: xr.Dataset, image: xr.DataArray, maps: Mapping[str, np.ndarray]) -> None:
    """Assign d_spacing, angle and amplitude with errors (reflection, y, x)."""
    for name, (units, text) in maps_text(image).items():
        put(made, _DIMS, name, maps[name], maps[f"{name}_std"], units, text)


def put_strains(
    made: xr.Dataset, maps: Mapping[str, np.ndarray], names: tuple[str, ...], since: str
) -> None:
    """Assign strains (y, x) that are in `maps`; `since` says what they are relative to."""
    for name in names:
        if name not in maps:
            continue
        units, text = STRAIN_TEXT[name]
        errors = maps[f"{name}_std"]
        put(made, ("y", "x"), name, maps[name], errors, units, f"{text}, relative to {since}")


def put_mask(made: xr.Dataset, inside: np.ndarray) -> None:
    """Assign the mask (y, x), with a note where it is empty."""
    made["mask"] = quantity(("y", "x"), inside, "1", "crystal")
    if not inside.any():
        made.attrs["note"] = "No crystal found."


def lattices_of(reflections: xr.Dataset) -> np.ndarray:
    """Number of the lattice of each reflection; all are of one where none is told.

    A reflection that `find_reflections` gave to no lattice is one of its own. Strain takes two
    reflections that are not in line: where no lattice has them, such as two that were clicked, all
    are taken as one.
    """
    count = reflections.sizes["reflection"]
    if "lattice" not in reflections:
        return np.zeros(count, int)
    lattice = reflections["lattice"].values.astype(int)
    lattice = np.where(lattice < 0, lattice.max(initial=0) + 1 + np.arange(count), lattice)
    g = reflections["g"].transpose("reflection", "component").values
    several = any(_not_in_line(g[lattice == number]) for number in np.unique(lattice))
    return lattice if several else np.zeros(count, int)


def _not_in_line(g: np.ndarray) -> bool:
    cross = np.outer(g[:, 0], g[:, 1]) - np.outer(g[:, 1], g[:, 0])
    return bool((np.abs(cross) > _LEAST_SINE * np.outer(*[np.hypot(*g.T)] * 2)).any())


def no_maps(image: xr.DataArray, reflections: xr.Dataset, stride: int) -> xr.Dataset:
    """Local spacing of an image without a crystal: no reflections, a mask that is empty."""
    nothing = np.zeros((0, 2))
    made = empty_maps(image, reflections, nothing, nothing, stride)
    shape = (made.sizes["y"], made.sizes["x"])
    blank = np.zeros((0, *shape), np.float32)
    names = maps_text(image)
    put_spacings(made, image, {key: blank for n in names for key in (n, f"{n}_std")})
    put_mask(made, np.zeros(shape, bool))
    return made.assign_attrs(engine="phase", stride=stride)


def mask_pixels(mask: Any, image: xr.DataArray) -> np.ndarray:
    """Return a mask as an array of bool (y, x).

    Raises
    ------
    TypeError, ValueError
        If it is no DataArray of bool, or has another shape than the image.
    """
    if not isinstance(mask, xr.DataArray) or mask.dtype != bool or set(mask.dims) != {"y", "x"}:
        raise TypeError(
            "mask is a DataArray of bool with dims (y, x), such as temwidgets.crystal_mask gives,"
            f" but a {type(mask).__name__} came."
        )
    values = mask.transpose("y", "x").values
    if values.shape != image.shape:
        raise ValueError(
            f"mask has the shape {values.shape}, but the image has {image.shape}: it must cover"
            " every pixel."
        )
    return values
