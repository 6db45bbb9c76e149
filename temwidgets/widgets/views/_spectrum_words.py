"""What there is to say of reflections: d-spacings with errors, angles between them."""

from __future__ import annotations

from html import escape

import numpy as np
import xarray as xr

from temwidgets.widgets.views._lengths import written
from temwidgets.widgets.views._spectrum_marks import colour_of, indices
from temwidgets.widgets.views._variables import measured
from temwidgets.widgets.views._words import Words


def with_error(value: float, error: float, units: str = "") -> str:
    """Write value ± error and unit; the value alone where the error is not known."""
    text = measured(value, error) if error > 0 else written(value, 5)
    return f"{text}{units if units == '°' else f' {units}' if units else ''}"


def chosen_words(reflections: xr.Dataset | None, chosen: tuple[int, ...]) -> str:
    """Describe the chosen reflections as HTML: one in full, two with what lies between them."""
    count = 0 if reflections is None else reflections.sizes["reflection"]
    if reflections is None or not count:
        return "<div>No reflections yet: click a spot to measure and add it, or find them.</div>"
    if not chosen:
        return f"<div>{count} reflection{'' if count == 1 else 's'}; click a ring to choose.</div>"
    rows = reflections.sel(reflection=list(chosen))
    lines = [_line(rows.isel(reflection=n)) for n in range(min(len(chosen), 3))]
    if len(chosen) > 3:
        lines.append(f"<div>and {len(chosen) - 3} more</div>")
    if len(chosen) == 2:
        lines.append(f"<div><b>between</b>{escape(_between(rows))}</div>")
    return "".join(lines)


def _line(one: xr.Dataset) -> str:
    units = str(one["d_spacing"].attrs["units"])
    parts = [
        f"d {with_error(float(one['d_spacing']), float(one['d_spacing_std']), units)}",
        f"angle {with_error(float(one['angle']), float(one['angle_std']), '°')}",
    ]
    if "amplitude" in one:
        counts = str(one["amplitude"].attrs.get("units", "counts"))
        parts.append(f"amplitude {written(float(one['amplitude']))} {counts}")
    if "snr" in one:
        parts.append(f"signal to noise {written(float(one['snr']))}")
    if "probability" in one:
        parts.append(f"probability {float(one['probability']):.3f}")
    if "harmonic" in one and int(one["harmonic"]) > 1:
        parts.append(f"{int(one['harmonic'])}. order of another")
    if "phase" in one and str(one["phase"].values):
        parts.append(f"{one['phase'].item()} {indices(one['hkl'].values)}".strip())
    family = int(one["family"]) if "family" in one else -1
    swatch = f'<i class="tem-swatch" style="background:{colour_of(family)}"></i>'
    text = ", ".join(parts).replace("-", "\N{MINUS SIGN}")
    return f"<div>{swatch}<b>reflection {int(one['reflection'])}</b>{escape(text)}</div>"


def _between(two: xr.Dataset) -> str:
    """Angle and ratio of two reflections, errors taken as independent."""
    angles, errors = two["angle"].values, two["angle_std"].values
    turn = abs(float(angles[1] - angles[0]))
    turn = min(turn, 180 - turn)
    d, spread = two["d_spacing"].values, two["d_spacing_std"].values
    ratio = float(d.max() / d.min())
    error = ratio * float(np.hypot(*(spread / d)))
    return f"{with_error(turn, float(np.hypot(*errors)), '°')}, d ratio {with_error(ratio, error)}"


def d_labels(reflections: xr.Dataset | None, chosen: tuple[int, ...]) -> list[Words]:
    """Write d, and hkl if known, beside each reflection: the chosen first, then the strongest."""
    if reflections is None:
        return []
    strength = reflections.get("snr", -reflections["d_spacing"]).values
    order = np.lexsort((-strength, ~np.isin(reflections["reflection"].values, chosen)))
    units = str(reflections["d_spacing"].attrs["units"])
    g, d = reflections["g"].values[order], reflections["d_spacing"].values[order]
    indexed = "hkl" in reflections
    planes = (
        [indices(hkl) for hkl in reflections["hkl"].values[order]] if indexed else [""] * d.size
    )
    return [
        Words(float(x), float(y), f"{plane} {written(float(one), 4)} {units}".strip())
        for (y, x), one, plane in zip(g, d, planes, strict=True)
    ]
