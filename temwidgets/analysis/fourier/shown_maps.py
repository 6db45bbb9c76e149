"""Maps of local spacing and strain as they are shown: one quantity, its unit, its scale."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
import xarray as xr

from temwidgets.analysis.polar_histogram import round_limit
from temwidgets.analysis.variables import STRAINS
from temwidgets.conventions import pixel_grid, quantity

OF_REFLECTIONS = ("d_spacing", "angle", "phase", "amplitude")
DISPLACEMENTS = ("displacement_x", "displacement_y")
QUANTITIES = (*OF_REFLECTIONS, *STRAINS, *DISPLACEMENTS)
"""What a map may show, in the order of a menu."""

Kind = Literal["sequential", "diverging", "cyclic"]

_PERCENT = 100.0
_NEARLY_ALL = (1.0, 99.0)  # per cent
_LOCAL = 45.0
"""Degrees: directions nearer than this to that of the reflection do not need the whole circle."""
_HALF_TURN = 180.0
_SAMPLED = 1 << 18
"""As many pixels tell a percentile well enough."""


class Scale(NamedTuple):
    """Kind of colours, and the values of the first and the last."""

    kind: Kind
    low: float
    high: float


class Summary(NamedTuple):
    """Number of pixels, mean, standard deviation, and area (the square of the length unit)."""

    pixels: int
    mean: float
    deviation: float
    area: float


def check_maps(maps: Any) -> xr.Dataset:
    """Check that `maps` are some and return them.

    Raises
    ------
    TypeError
        If they are no Dataset of maps.
    """
    if isinstance(maps, xr.Dataset) and available(maps) and {"y", "x"} <= set(maps.dims):
        return maps
    raise TypeError(
        "Maps from temwidgets.local_spacing or temwidgets.geometric_phase were expected, but a"
        f" {type(maps).__name__} came."
    )


def available(maps: xr.Dataset | None) -> list[str]:
    """List the quantities that maps have, in the order of a menu."""
    return [] if maps is None else [name for name in QUANTITIES if _of(name) in maps]


def has_error(maps: xr.Dataset | None, name: str | None) -> bool:
    """Whether maps tell the standard error of a quantity."""
    return maps is not None and name is not None and f"{_of(name)}_std" in maps


def shown_map(
    maps: xr.Dataset,
    name: str,
    *,
    reflection: int | None = None,
    error: bool = False,
    masked: bool = True,
) -> xr.DataArray:
    """Return one quantity of maps as it is shown.

    Parameters
    ----------
    maps : Dataset, (reflection, y, x) and (y, x)
        From `local_spacing` or `geometric_phase`.
    name : str
        "d_spacing", "angle", "phase", "amplitude", "e_xx", "e_yy", "e_xy", "rotation",
        "dilatation", "displacement_x" or "displacement_y".
    reflection : int, optional
        Label of the reflection; the first when not given.
    error : bool
        Its standard error instead.
    masked : bool
        NaN where ``mask`` is False.

    Returns
    -------
    DataArray, (y, x)
        float32. Strains are in %. Directions run on from that of the reflection where nearly all
        lie near it, so that +90 and -90 degrees do not part what is one grain.

    Raises
    ------
    TypeError
        If `maps` are none.
    ValueError
        If they have no such quantity, error or reflection.
    """
    variable = f"{name}_std" if error else name
    check_maps(maps)
    if not (has_error(maps, name) if error else _of(name) in maps):
        raise ValueError(
            f"The maps have no {variable!r}; they have {', '.join(available(maps)) or 'none'}."
        )
    found, label = maps[f"{_of(name)}_std" if error else _of(name)], None
    if "component" in found.dims:
        found = found.sel(component=name[-1])
    if "reflection" in found.dims:
        label = _label(found, reflection)
        found = found.sel(reflection=label)
    values = np.asarray(found.transpose("y", "x").values, np.float32)
    if masked and "mask" in maps:
        values = np.where(maps["mask"].values, values, np.float32(np.nan))
    if name == "angle" and not error:
        values = _run_on(values, _direction(maps if label is None else maps.sel(reflection=label)))
    units = str(found.attrs.get("units", "1"))
    if name in STRAINS and units == "1":
        values, units = np.float32(_PERCENT) * values, "%"
    long_name = str(found.attrs.get("long_name", variable))
    places = {axis: found[axis] for axis in ("y", "x")}
    return xr.DataArray(
        quantity(("y", "x"), values, units, long_name), coords=places, name=variable
    )


def map_scale(values: xr.DataArray) -> Scale:
    """Return which colours suit a map from `shown_map`, and the values of their ends.

    Strain, rotation and displacement diverge from zero, phases and directions all round the circle
    are cyclic, everything else runs from low to high. The ends are round numbers about the central
    98 %.
    """
    name = str(values.name)
    base = name.removesuffix("_std")
    if name == "phase":
        return Scale("cyclic", -np.pi, np.pi)
    low, high = _nearly_all(values.values)
    if not np.isfinite(low):
        return Scale("sequential", 0.0, 1.0)
    if name == "angle" and high - low > 2 * _LOCAL:
        return Scale("cyclic", -_HALF_TURN / 2, _HALF_TURN / 2)
    if base in (*STRAINS, *DISPLACEMENTS) and base == name:
        reach = round_limit(np.array([max(abs(low), abs(high))]))
        return Scale("diverging", -reach, reach)
    if base != name or name == "amplitude":
        return Scale("sequential", 0.0, round_limit(np.array([high])) if high > 0 else 1.0)
    return Scale("sequential", *_rounded(low, high))


def circle_of(name: str) -> float | None:
    """Return the period of a quantity in its unit; None where it has none."""
    return {"phase": 2 * np.pi, "angle": _HALF_TURN}.get(name)


def summarise(values: xr.DataArray, part: np.ndarray | None = None) -> Summary:
    """Return number, mean and standard deviation of a map's pixels, and their area.

    Parameters
    ----------
    values : DataArray, (y, x)
        From `shown_map`; NaN is left out.
    part : ndarray of bool, (y, x), optional
        Only these pixels.

    Notes
    -----
    Phases, and directions all round the circle, get the mean and standard deviation of the circle
    (Mardia and Jupp, *Directional Statistics*, 2000, sections 2.2 and 2.3).
    """
    plain = values.values if part is None else values.values[part]
    known = np.isfinite(plain)
    finite = plain if known.all() else plain[known]
    grid = pixel_grid(values)
    area = finite.size * abs(grid.sampling.y * grid.sampling.x)
    period = circle_of(str(values.name))
    if not finite.size:
        return Summary(0, np.nan, np.nan, 0.0)
    if period is None or (str(values.name) == "angle" and np.ptp(finite) < period / 2):
        centre = float(finite.mean(dtype=float))
        apart = finite - centre  # float32 still: a map may have 16 million pixels
        variance = float(np.square(apart, out=apart).mean(dtype=float))
        return Summary(finite.size, centre, float(np.sqrt(variance)), area)
    mean = np.mean(np.exp(2j * np.pi / period * finite))
    spread = np.sqrt(-2 * np.log(max(abs(mean), 1e-12)))
    turn = period / (2 * np.pi)
    return Summary(finite.size, float(np.angle(mean) * turn), float(spread * turn), area)


def _of(name: str) -> str:
    """Return the variable that a quantity is, or is a component of."""
    return "displacement" if name in DISPLACEMENTS else name


def _label(found: xr.DataArray, wanted: int | None) -> int:
    known = [int(v) for v in found["reflection"].values]
    if not known:
        raise ValueError("The maps are of no reflection.")
    if wanted is None:
        return known[0]
    if wanted not in known:
        there = ", ".join(map(str, known))
        raise ValueError(f"The maps have no reflection {wanted}; they have {there}.")
    return wanted


def _direction(maps: xr.Dataset) -> float:
    """Return the direction of the reference g, degrees; of the values where there is none."""
    if "g" in maps:
        y, x = maps["g"].values
        return float(np.rad2deg(np.arctan2(y, x)))
    turn = np.exp(2j * np.deg2rad(maps["angle"].values))
    return float(np.rad2deg(np.angle(np.nanmean(turn))) / 2)


def _run_on(values: np.ndarray, direction: float) -> np.ndarray:
    """Let directions run on from that of the reflection unless they go all round the circle."""
    apart = np.mod(values - direction + _HALF_TURN / 2, _HALF_TURN) - _HALF_TURN / 2
    low, high = _nearly_all(apart)
    return (direction + apart).astype(np.float32) if max(-low, high) < _LOCAL else values


def _nearly_all(values: np.ndarray) -> tuple[float, float]:
    """Return the ends of the central 98 % of the finite values; NaN without any."""
    flat = values.reshape(-1)
    # An odd stride walks over rows and columns alike, so that no pattern is sampled in step.
    flat = flat[:: max(1, flat.size // _SAMPLED) | 1]
    flat = flat[np.isfinite(flat)]
    if not flat.size:
        return np.nan, np.nan
    low, high = np.percentile(flat, _NEARLY_ALL)
    return float(low), float(high)


def _rounded(low: float, high: float) -> tuple[float, float]:
    """Round outwards to a fiftieth of the range, or of the value where all are the same."""
    if high - low <= 1e-6 * abs(high):
        half = 0.01 * abs(low) or 1.0
        low, high = low - half, high + half
    step = 10.0 ** np.floor(np.log10((high - low) / 5))
    first, last = np.floor(low / step + 1e-9), np.ceil(high / step - 1e-9)
    return float(f"{first * step:.12g}"), float(f"{last * step:.12g}")


def map_at(values: xr.DataArray, y: Any, x: Any) -> np.ndarray:
    """Return the map's value at each place (lengths), that of the pixel there; NaN outside."""
    grid = pixel_grid(values)
    row, col = (np.rint(v) for v in grid.to_pixels(y, x))
    inside = (row >= 0) & (row < grid.shape[0]) & (col >= 0) & (col < grid.shape[1])
    found = np.full(np.shape(row), np.nan, np.float32)
    found[inside] = values.values[row[inside].astype(int), col[inside].astype(int)]
    return found
