"""Reflections edited by hand: added at a place, moved."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from temwidgets.analysis.fourier.families import group_reflections
from temwidgets.analysis.fourier.reflection_data import check_reflections, make_reflections
from temwidgets.analysis.fourier.reflections import snap_reflections
from temwidgets.conventions import length_unit
from temwidgets.conventions.grid import finite_numbers

_SAME = 0.004
"""Of |g|: reflections that lie closer are one, unless their errors are larger."""


def reflection_at(
    reflections: xr.Dataset | None, g: Any, *, tolerance: float | None = None
) -> int | None:
    """Return the label of the reflection that lies at g or -g; None if there is none.

    Parameters
    ----------
    reflections : Dataset, (reflection,), or None
        Reflections to look among.
    g : (float, float)
        Reciprocal vector (y, x), cycles per length.
    tolerance : float, optional
        How far it may lie; 0.4 % of its length, or three times its error, when not given.
    """
    if reflections is None or not reflections.sizes["reflection"]:
        return None
    known = reflections["g"].transpose("reflection", "component").values
    wanted = _vector(g)
    away = np.minimum(np.hypot(*(known - wanted).T), np.hypot(*(known + wanted).T))
    if tolerance is None:
        error = reflections["g_std"].transpose("reflection", "component").values
        own = np.maximum(_SAME * np.hypot(*wanted), 3 * np.hypot(*np.nan_to_num(error).T))
        away = np.where(away <= own, away, np.inf)
    nearest = int(np.argmin(away))
    far = not np.isfinite(away[nearest]) or (tolerance is not None and away[nearest] > tolerance)
    return None if far else int(reflections["reflection"].values[nearest])


def add_reflections(
    image: xr.DataArray,
    points: Any,
    reflections: xr.Dataset | None = None,
    *,
    region: Any = None,
    reach: float | None = None,
    threshold: float = 0.5,
) -> xr.Dataset:
    """Add the peaks of the spectrum that lie nearest to points.

    Parameters
    ----------
    image : DataArray, (y, x)
        The image whose spectrum has the peaks.
    points : array_like, (n, 2)
        Places (ky, kx) in cycles per length, such as clicks.
    reflections : Dataset, (reflection,), optional
        Reflections to add to; they keep their labels.
    region, reach
        See ``temwidgets.snap_reflections``.
    threshold : float
        Smallest probability that a peak is none of noise. At 0 the strongest near a point is taken,
        whatever it is.

    Returns
    -------
    Dataset, (reflection,)
        Families, lattices and harmonics are found anew. A peak that is there already is not added.

    Raises
    ------
    ValueError
        If no peak near one of the points is as probable as `threshold`.
    """
    found = snap_reflections(image, points, region=region, reach=reach)
    sure = found["probability"].values
    if not (sure >= threshold).all():
        raise ValueError(
            f"No peak stands out of the noise there: that of the strongest nearby is one of noise"
            f" with a probability of {1 - sure.min():.2g}. Click the middle of a spot, or zoom in."
        )
    if reflections is None:
        return group_reflections(found)
    check_reflections(reflections, units=length_unit(image))
    out, bins = reflections, float(np.hypot(*found.attrs["bin"]))
    for place in range(found.sizes["reflection"]):
        one = found.isel(reflection=[place])
        if reflection_at(out, one["g"].values[0], tolerance=bins) is None:
            out = _with(out, one, int(out["reflection"].max(initial=-1)) + 1)
    return group_reflections(out)


def move_reflection(
    reflections: xr.Dataset,
    label: int,
    g: Any,
    image: xr.DataArray | None = None,
    *,
    region: Any = None,
    reach: float | None = None,
) -> xr.Dataset:
    """Move a reflection, to the peak nearest to a place if an image is given.

    Parameters
    ----------
    reflections : Dataset, (reflection,)
        The reflections.
    label : int
        Which one is moved; it keeps its label.
    g : (float, float)
        Where it is to lie (y, x), cycles per length.
    image : DataArray, (y, x), optional
        Image whose spectrum has the peak. Without one the reflection lies at `g` exactly, its
        errors, amplitude and so on are not known (NaN), and it keeps its family.
    region, reach
        See ``temwidgets.snap_reflections``.

    Returns
    -------
    Dataset, (reflection,)

    Raises
    ------
    ValueError
        If there is no such label, `g` is no vector, or there is no peak near it.
    """
    known = check_reflections(reflections)["reflection"].values
    if label not in known:
        there = ", ".join(map(str, known)) or "none"
        raise ValueError(f"There is no reflection {label}; there are {there}.")
    if image is None:
        units = str(reflections["d_spacing"].attrs["units"])
        return _with(reflections, make_reflections([_vector(g)], units=units), int(label))
    found = snap_reflections(image, [_vector(g)], region=region, reach=reach)
    check_reflections(reflections, units=length_unit(image))
    return group_reflections(_with(reflections, found, int(label)))


def _with(reflections: xr.Dataset, one: xr.Dataset, label: int) -> xr.Dataset:
    """Put the one reflection of `one` into the row of a label, which may be a new one."""
    labels = reflections["reflection"].values.tolist()
    out = reflections.copy(deep=True)
    if label not in labels:
        fill = {name: _missing(variable) for name, variable in out.data_vars.items()}
        out = out.reindex(reflection=[*labels, label], fill_value=fill)
        out["reflection"].attrs.update(reflections["reflection"].attrs)
        labels.append(label)
    place = {"reflection": labels.index(label)}
    for name, variable in one.data_vars.items():
        if "reflection" not in variable.dims:
            continue
        if name not in out:
            shape = (len(labels), *variable.shape[1:])
            empty = np.full(shape, _missing(variable), variable.dtype)
            out[name] = xr.Variable(variable.dims, empty, variable.attrs)
        out[name][place] = variable.isel(reflection=0).values
    for name, variable in out.data_vars.items():
        if name not in one and "reflection" in variable.dims and variable.dtype.kind == "f":
            variable[place] = np.nan
    return out


def _missing(variable: xr.DataArray) -> Any:
    kind = variable.dtype.kind
    if kind in "iu":
        return -1 if variable.name in ("family", "lattice") else 0
    return {"f": np.nan, "b": False}.get(kind, "")


def _vector(g: Any) -> np.ndarray:
    vector = finite_numbers(g)
    if vector is None or vector.shape != (2,) or not vector.any():
        raise ValueError(
            "g is a reciprocal vector (y, x), cycles per length, other than (0, 0), such as"
            f" (0.0, 4.93), but {g!r} came."
        )
    return vector
