"""Reflections as a Dataset: how they are made and checked."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from temwidgets.conventions import CALIBRATED, quantity
from temwidgets.conventions.grid import finite_numbers


def make_reflections(
    g: Any,
    *,
    g_std: Any = None,
    units: str = CALIBRATED,
    labels: Any = None,
    **variables: Any,
) -> xr.Dataset:
    """Wrap reciprocal vectors as reflections, one row for each Friedel pair.

    Parameters
    ----------
    g : array_like, (reflection, 2)
        Reciprocal vectors (y, x) in cycles per length (1/nm, no 2 pi). Of g and -g the one with
        x > 0 (or x = 0 and y > 0) is kept.
    g_std : array_like, (reflection, 2), optional
        Standard errors of the components; NaN when not given.
    units : str
        Length unit of the image: "nm", or "px" when uncalibrated.
    labels : sequence of int, optional
        Labels of the reflections; 0, 1, ... when not given.
    **variables : Variable, (reflection,)
        Further variables, such as ``amplitude``, ``snr``, ``probability``, ``family``.

    Returns
    -------
    Dataset, (reflection,)
        ``g`` (component y, x), ``d_spacing`` = 1/|g|, ``angle`` of g (degrees from +x towards +y,
        above -90 to 90), each with ``_std``, and `variables`.

    Raises
    ------
    ValueError
        If `g` is no list of finite vectors other than zero.

    Notes
    -----
    Errors are propagated to first order, components taken as independent.
    """
    vectors = finite_numbers(g)
    if vectors is None or vectors.size == 0:
        vectors = np.zeros((0, 2)) if np.size(g) == 0 else None
    if vectors is None or vectors.ndim != 2 or vectors.shape[1] != 2:
        raise ValueError(
            "g is a list of reciprocal vectors (y, x), cycles per length, such as"
            f" [(0.0, 4.9), (4.9, 0.0)], but {g!r} came."
        )
    length = np.hypot(*vectors.T)
    if not (length > 0).all():
        raise ValueError("A reciprocal vector has a length above 0, but (0, 0) came.")
    errors = np.full_like(vectors, np.nan) if g_std is None else np.asarray(g_std, float)
    errors = np.broadcast_to(errors, vectors.shape)
    vectors = _half_plane(vectors)
    along = np.hypot(*(vectors * errors).T) / length
    across = np.hypot(vectors[:, 0] * errors[:, 1], vectors[:, 1] * errors[:, 0]) / length
    angle = np.rad2deg(np.arctan2(vectors[:, 0], vectors[:, 1]))
    inverse, row = f"1/{units}", "reflection"
    pairs: dict[str, tuple[Any, np.ndarray, np.ndarray, str, str]] = {
        "g": ((row, "component"), vectors, errors, inverse, "reciprocal vector"),
        "d_spacing": (row, 1 / length, along / length**2, units, "d-spacing"),
        "angle": (row, angle, np.rad2deg(across / length), "deg", "direction of g from +x to +y"),
    }
    labels = np.arange(len(vectors)) if labels is None else np.asarray(labels)
    made = xr.Dataset(
        coords={
            row: quantity(row, labels, "1", "reflection"),
            "component": ("component", ["y", "x"], {"units": "1", "long_name": "component"}),
        }
    )
    for name, (dims, values, std, unit, text) in pairs.items():
        made[name] = quantity(dims, values, unit, text, ancillary_variables=f"{name}_std")
        made[f"{name}_std"] = quantity(dims, std, unit, f"standard error of {text}")
    return made.assign(variables)


def check_reflections(reflections: Any, *, least: int = 0, units: str | None = None) -> xr.Dataset:
    """Check that `reflections` are some, at least so many, in this length unit; return them.

    Raises
    ------
    TypeError
        If they are no Dataset of reflections.
    ValueError
        If there are too few, or they belong to an image with another length unit.
    """
    if not isinstance(reflections, xr.Dataset) or not {"g", "d_spacing"} <= set(reflections):
        raise TypeError(
            "Reflections from temwidgets.find_reflections or temwidgets.make_reflections were"
            f" expected, but a {type(reflections).__name__} came."
        )
    count = reflections.sizes["reflection"]
    if count < least:
        raise ValueError(
            f"{least} or more reflections are needed, but {count} came. Lower the sensitivity's"
            " threshold in find_reflections, or give vectors with make_reflections."
        )
    theirs = str(reflections["d_spacing"].attrs.get("units", ""))
    if units is not None and theirs != units:
        raise ValueError(
            f"The image is in {units} but the reflections are in {theirs}. Find them in this image,"
            " or calibrate both alike."
        )
    return reflections


def _half_plane(g: np.ndarray) -> np.ndarray:
    y, x = g.T
    return np.where(((x < 0) | ((x == 0) & (y < 0)))[:, None], -g, g) + 0.0
