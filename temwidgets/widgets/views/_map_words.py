"""Maps in words: names of quantities, reflections, statistics."""

from __future__ import annotations

from html import escape

import numpy as np
import xarray as xr

from temwidgets.analysis.fourier.shown_maps import Summary, summarise
from temwidgets.widgets import palette
from temwidgets.widgets.views._strain_words import NAMES as STRAIN_NAMES
from temwidgets.widgets.views._variables import measured

NAMES = {
    "d_spacing": "d-spacing",
    "angle": "direction of g",
    "phase": "geometric phase",
    "amplitude": "fringe amplitude",
    **STRAIN_NAMES,
    "displacement_x": "displacement along x",
    "displacement_y": "displacement along y",
}
SOURCES = {"local_spacing": "local spacing", "strain": "geometric phase"}


def meaning(source: str, product: xr.Dataset) -> str:
    """Say what maps are relative to."""
    if source == "strain":
        return "Strain is relative to the reference region, where it is zero."
    text = "d-spacing and direction are absolute, as far as the image is calibrated"
    since = str(product["e_xx"].attrs["long_name"]) if "e_xx" in product else ""
    since = since.partition(" relative to ")[2]
    return f"{text}; strain is relative to {since}." if since else f"{text}."


def unit(values: xr.DataArray) -> str:
    """Return the unit as it is written: "°" for degrees, "" for a plain number."""
    units = str(values.attrs.get("units", ""))
    return {"deg": "°", "1": ""}.get(units, units.replace("^2", "²"))


def map_title(values: xr.DataArray) -> str:
    """Return name and unit of a map from `shown_map`, e.g. "d-spacing (nm)"."""
    name = str(values.name)
    base = name.removesuffix("_std")
    text = NAMES.get(base, base) if base == name else f"error of {NAMES.get(base, base)}"
    return f"{text} ({unit(values)})" if unit(values) else text


def reflection_name(g: np.ndarray, units: str) -> str:
    """Write a reflection, given its vector (y, x) and the length unit: "d = 0.2027 nm, 45.0°"."""
    y, x = (float(v) for v in g)
    d, angle = 1 / np.hypot(y, x), np.rad2deg(np.arctan2(y, x))
    text = f"d = {d:#.4g} {units}, {round(angle, 1) + 0.0:.1f}°"  # no -0.0
    return text.replace("-", "\N{MINUS SIGN}")


def reflection_names(found: xr.Dataset | None) -> list[tuple[str, int]]:
    """Return name and label of each reflection of maps, or of a list of reflections."""
    if found is None or "g" not in found or "reflection" not in found.dims:
        return []
    units = str(found["g"].attrs.get("units", "1/px")).removeprefix("1/")
    labels = [int(v) for v in found["reflection"].values]
    names = [reflection_name(g, units) for g in found["g"].transpose(..., "component").values]
    return [
        (f"{name} (no. {label})" if names.count(name) > 1 else name, label)
        for name, label in zip(names, labels, strict=True)
    ]


def statistics_lines(
    values: xr.DataArray, groups: list[tuple[str, np.ndarray, str]], label: np.ndarray | None
) -> str:
    """Write a line for the whole map, and one for each domain."""
    lines = [_line("all", summarise(values), values, palette.ALL)]
    for name, _, colour in () if label is None else groups:
        part = np.asarray(label == int(name.split()[1]))
        lines.append(_line(name, summarise(values, part), values, colour))
    return "".join(lines)


def selected_line(values: xr.DataArray, chosen: np.ndarray) -> str:
    """Write a line for the pixels chosen."""
    return _line("selected", summarise(values, chosen), values, palette.SELECTED)


def _line(name: str, found: Summary, values: xr.DataArray, colour: str) -> str:
    """Write swatch, name, mean ± deviation, number of pixels and area as a line of HTML."""
    swatch = f'<i class="tem-swatch" style="background:{colour}"></i>'
    return f"<div>{swatch}<b>{escape(name)}</b> {escape(_summary(found, values))}</div>"


def _summary(found: Summary, values: xr.DataArray) -> str:
    if not found.pixels:
        return "no pixel has a value"
    mean = measured(found.mean, found.deviation) if found.deviation > 0 else f"{found.mean:.5g}"
    parts = [f"{mean} {unit(values)}".rstrip(), f"{found.pixels:,} px"]
    length = str(values["y"].attrs.get("units", "px"))
    if length != "px":
        parts.append(f"{found.area:.4g} {length}²")
    return ", ".join(parts).replace("-", "\N{MINUS SIGN}").replace(" °", "°")
