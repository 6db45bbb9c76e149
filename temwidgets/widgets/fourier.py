"""Products of the Fourier transform of an image: what they are, and in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr


def fourier_product(result: Any) -> str:
    """Tell which product of Fourier space a result is; "" when it is none."""
    if isinstance(result, xr.DataArray):
        if result.dims == ("ky", "kx"):
            return "spectrum"
        return "filtered" if result.name == "filtered" else ""
    if not isinstance(result, xr.Dataset):
        return ""
    names = set(result.variables)
    if {"d_spacing", "y", "x", "reflection"} <= names:
        return "local_spacing"
    if {"e_xx", "phase", "reflection"} <= names:
        return "strain"
    if {"label", "domain"} <= names:
        return "domains"
    return "reflections" if {"g", "d_spacing", "reflection"} <= names else ""


def describe_fourier(product: xr.DataArray | xr.Dataset) -> str:
    """Say in a few words what a product of Fourier space is, e.g. "6 reflections"."""
    return _WORDS[fourier_product(product)](product)


def _spectrum(spectrum: xr.DataArray) -> str:
    return f"spectrum of {spectrum.sizes['ky']} x {spectrum.sizes['kx']} bins"


def _filtered(image: xr.DataArray) -> str:
    return f"filtered image of {image.sizes['y']} x {image.sizes['x']} px"


def _reflections(reflections: xr.Dataset) -> str:
    count = reflections.sizes["reflection"]
    return f"{count} reflection{'' if count == 1 else 's'}"


def _spacing(spacing: xr.Dataset) -> str:
    units = str(spacing["d_spacing"].attrs["units"])
    middle = spacing["d_spacing"].median(("y", "x"), skipna=True).values
    if not np.isfinite(middle).any():
        return "no crystal found"
    return "median d " + ", ".join(f"{d:.4g}" for d in middle) + f" {units}"


def _strain(strain: xr.Dataset) -> str:
    known = float(np.isfinite(strain["e_xx"]).mean())
    return f"strain at {known:.0%} of the pixels"


def _domains(domains: xr.Dataset) -> str:
    count = domains.sizes["domain"]
    if not count:
        return "no crystal found"
    share = float((domains["label"] >= 0).mean())
    return f"{count} domain{'' if count == 1 else 's'}, {share:.0%} of the image crystalline"


_WORDS: dict[str, Callable[[Any], str]] = {
    "spectrum": _spectrum,
    "filtered": _filtered,
    "reflections": _reflections,
    "local_spacing": _spacing,
    "strain": _strain,
    "domains": _domains,
}
