"""Reflections as rows of a table, with units in the headings."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from temwidgets.widgets.views._spectrum_marks import indices
from temwidgets.widgets.views._table_rows import rounded

_HEADINGS = {
    "amplitude": "amplitude",
    "snr": "signal/noise",
    "probability": "probability",
    "family": "family",
    "lattice": "lattice",
    "harmonic": "order",
    "phase": "phase",
}
_FIGURES = 4


def reflection_rows(reflections: xr.Dataset, *, full: bool = False) -> pd.DataFrame:
    """Return one row for each reflection, its label as index; rounded unless `full`.

    Only what is known of some reflection has a column.
    """
    data: dict[str, np.ndarray] = {}
    for name, heading in (("d_spacing", "d"), ("angle", "angle")):
        units = str(reflections[name].attrs["units"]).replace("deg", "°")
        values, errors = reflections[name].values, reflections[f"{name}_std"].values
        data[f"{heading} ({units})"] = values if full else _to_error(values, errors)
        data[f"± {heading} ({units})"] = errors if full else rounded(errors, 2)
    for name, heading in _HEADINGS.items():
        if name in reflections and reflections[name].dims == ("reflection",):
            units = str(reflections[name].attrs.get("units", "1"))
            title = heading if units in ("", "1") else f"{heading} ({units})"
            data[title] = _values(reflections, name, None if full else _FIGURES)
    if "hkl" in reflections:
        data["hkl"] = np.array([indices(hkl) for hkl in reflections["hkl"].values], object)
        off = 100 * reflections["residual"].values
        data["d off (%)"] = off if full else np.round(off, 2)
    if full:
        g = reflections["g"].transpose("reflection", "component").values
        units = str(reflections["g"].attrs["units"])
        data |= {f"ky ({units})": g[:, 0], f"kx ({units})": g[:, 1]}
    labels = pd.Index(reflections["reflection"].values, name="reflection")
    return pd.DataFrame(data, index=labels)


def _to_error(values: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """Round values to the second figure of their errors; to six figures where there is none."""
    known = np.isfinite(errors) & (errors > 0)
    places = 1 - np.floor(np.log10(np.where(known, errors, 1.0)))
    power = 10.0 ** np.clip(places, 0, 12)
    return np.where(known, np.round(values * power) / power, rounded(values, 6))


def _values(reflections: xr.Dataset, name: str, figures: int | None) -> np.ndarray:
    values = reflections[name].values
    if figures is None or values.dtype.kind != "f":
        return values
    return rounded(values, figures)
