"""Reflections, rings of phases and circles as the stage of a spectrum takes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from temwidgets.widgets.views import markers
from temwidgets.widgets.views._lengths import written
from temwidgets.widgets.views.markers import Colouring

CLASSES = ("family", "lattice", "harmonic")
"""Variables of reflections that are numbers of classes; -1 is none."""

VALUES = ("probability", "snr", "amplitude", "intensity", "sharpness", "d_spacing")
_MANY = 8
_FAINTEST = 0.005
"""Kinematical intensity, strongest 1, below which a ring of a phase is not drawn."""
_BAR = "\N{COMBINING OVERLINE}"
CORNERS = 180
"""Segments of a circle."""


def colour_choices(reflections: xr.Dataset | None) -> list[str]:
    """List the variables that the rings can be coloured by."""
    names = () if reflections is None else reflections
    return [name for name in (*CLASSES, *VALUES) if name in names]


def as_columns(reflections: xr.Dataset | None) -> xr.Dataset | None:
    """Make what the layer draws of reflections: first all g, then all -g.

    A ring has a label of its own; the variable `reflection` tells whose it is.
    """
    if reflections is None:
        return None
    g = reflections["g"].transpose("reflection", "component").values
    both = np.concatenate([g, -g])
    variables: dict[str, Any] = {"y": ("column", both[:, 0]), "x": ("column", both[:, 1])}
    for name in colour_choices(reflections):
        old = reflections[name]
        variables[name] = ("column", np.tile(old.values, 2), old.attrs)
    variables["reflection"] = ("column", np.tile(reflections["reflection"].values, 2))
    return xr.Dataset(variables, coords={"column": np.arange(len(both))})


def colouring(
    reflections: xr.Dataset | None, columns: xr.Dataset | None, name: str | None, cmap: str
) -> Colouring:
    """Colour the rings by a variable; classes are named by what they have in common."""
    if name not in colour_choices(reflections):
        name = None
    how = markers.colouring(columns, name, cmap)
    if reflections is None or name not in CLASSES:
        return how
    kinds = [int(kind) for kind in np.unique(reflections[name].values)]
    entries = [
        {"colour": colour_of(kind), "label": _class_name(reflections, name, kind)} for kind in kinds
    ]
    if len(entries) > _MANY:
        more = {"colour": "transparent", "label": f"and {len(entries) - _MANY} more"}
        entries = [*entries[:_MANY], more]
    title = {"family": "Family", "lattice": "Lattice", "harmonic": "Order in its row"}[str(name)]
    table = np.array([_rgb(colour_of(kind)) for kind in [*range(255), -1]], np.uint8)
    legend = {"title": title, "name": name, "entries": entries}
    return how._replace(mode="category", values=_whole(columns, name), table=table, legend=legend)


def colour_of(kind: int) -> str:
    """Return the colour of a class, light enough for the dark ground of a spectrum."""
    return _LIGHT[kind % len(_LIGHT)] if kind >= 0 else "#b0b0b0"


# palette.CATEGORIES, lifted: its blue vanishes on black.
_LIGHT = ("#4db3ff", "#ffb000", "#2fd19c", "#f08cc4", "#9be1ff", "#ff7f3f", "#b89cff")


def _whole(columns: xr.Dataset | None, name: str) -> np.ndarray:
    assert columns is not None
    return columns[name].values.astype(np.float32)


def _rgb(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))


def _class_name(reflections: xr.Dataset, name: str, kind: int) -> str:
    there = reflections[name].values == kind
    count = int(there.sum())
    if kind < 0 or (name == "harmonic" and kind == 0):
        return f"none ({count})"
    if name == "family":
        units = str(reflections["d_spacing"].attrs["units"])
        d = float(np.median(reflections["d_spacing"].values[there]))
        return f"{written(d, 4)} {units} ({count})"
    if name == "harmonic":
        return f"{'fundamental' if kind == 1 else f'{kind}. order'} ({count})"
    return f"{name} {kind} ({count})"


def circles(centres: Any, radii: Any) -> np.ndarray:
    """Return circles as segments (n, 4) y0, x0, y1, x1, one after another."""
    centres, radii = np.asarray(centres, float).reshape(-1, 1, 2), np.asarray(radii, float)
    turn = np.linspace(0, 2 * np.pi, CORNERS + 1)
    rim = centres + radii.reshape(-1, 1, 1) * np.stack([np.sin(turn), np.cos(turn)], axis=1)
    return np.concatenate([rim[:, :-1], rim[:, 1:]], axis=2).reshape(-1, 4)


def ring_table(rings: Any) -> list[tuple[str, float, str]]:
    """List phase, d-spacing and hkl of each ring that a phase, or a list of d-spacings, has.

    Raises
    ------
    ValueError
        If it is none of these.
    """
    if rings is None:
        return []
    if isinstance(rings, Mapping) and not isinstance(rings, xr.Dataset):
        return [(str(k), d, hkl) for k, v in rings.items() for _, d, hkl in ring_table(v)]
    if isinstance(rings, xr.Dataset) and {"d_spacing", "hkl", "intensity"} <= set(rings):
        seen = rings.isel(ring=~(rings["intensity"].values < _FAINTEST))
        rows = zip(seen["d_spacing"].values, seen["hkl"].values, strict=True)
        return [("", float(d), indices(hkl)) for d, hkl in rows]
    try:
        numbers = np.atleast_1d(np.asarray(rings, float))
    except (TypeError, ValueError):
        numbers = np.array([np.nan])
    if numbers.ndim != 1 or not (np.isfinite(numbers) & (numbers > 0)).all():
        raise ValueError(
            "Rings are a list of d-spacings such as [0.2027, 0.1433], a Dataset from"
            f" temwidgets.phase_rings, or a dict from names to these, but {rings!r} came."
        )
    return [("", float(v), "") for v in numbers]


def indices(hkl: Any) -> str:
    """Write Miller indices, e.g. "110", minus as an overline; "" where they are unknown."""
    whole = [int(h) for h in hkl]
    if not any(whole):
        return ""
    gap = " " if max(map(abs, whole)) > 9 else ""
    return gap.join(_BAR.join([*str(abs(h)), ""]) if h < 0 else str(h) for h in whole)


def phase_colour(index: int) -> str:
    """Return the colour of a phase's rings, apart from those of families."""
    return ("#ffe14d", "#7dffb0", "#ff9d9d", "#9dc8ff")[index % 4]
