"""Spectra of order as products: what they are, in words, and when they still hold."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import xarray as xr

from temwidgets.analysis.variables import numeric_variable

_CELLS = ("n_a", "n_b", "site", "sublattice", "lattice_domain")
_LARGEST_PERIOD = 8
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def is_order(product: Any) -> bool:
    """Tell whether a product is what `temwidgets.order_spectrum` returns."""
    return isinstance(product, xr.Dataset) and {"power", "peak_q_a"} <= set(product.variables)


def order_stays(spectrum: Any, before: Any, after: Any) -> bool:
    """Tell whether a spectrum of the columns `before` is one of the columns `after` too."""
    return spectrum is None or unchanged(before, after, [str(spectrum.attrs["variable"])])


def unchanged(before: Any, after: Any, variables: list[str]) -> bool:
    """Tell whether variables, cells and sites of columns are the same as before."""
    if before is after:
        return True
    if before is None or after is None or before.sizes["column"] != after.sizes["column"]:
        return False
    names = [name for name in _CELLS if name in before or name in after]
    try:
        pairs = [
            [numeric_variable(columns, name) for columns in (before, after)]
            for name in (*names, *variables)
        ]
    except ValueError:
        return False
    return all(np.array_equal(old, new, equal_nan=True) for old, new in pairs)


def describe_order(spectrum: xr.Dataset) -> str:
    """Say in a few words what was found, e.g. "order at (1/2, 0) with p = 3 × 10⁻¹²"."""
    first = spectrum.isel(peak=0)
    place, chance = place_text(first), probability(float(first["log10_p"]))
    if not significant_peaks(spectrum)[0]:
        return f"no order of {spectrum.attrs['variable']} beyond chance, p = {chance}"
    return f"order of {spectrum.attrs['variable']} at {place} with p = {chance}"


def significant_peaks(spectrum: xr.Dataset) -> np.ndarray:
    """Tell which peaks are below the level the spectrum was searched at, (peak,)."""
    return spectrum["p_value"].values <= float(spectrum.attrs["level"])


def place_text(peak: xr.Dataset) -> str:
    """Write where a peak lies, e.g. "(1/2, 0)" or "(0.213, 1/3)"."""
    return f"({', '.join(_component(peak, name) for name in ('a', 'b'))})"


def _component(peak: xr.Dataset, name: str) -> str:
    near = fraction(peak, name)
    if near is not None:
        return str(near).replace("-", "\N{MINUS SIGN}")
    return f"{float(peak[f'peak_q_{name}']):.3f}".replace("-", "\N{MINUS SIGN}")


def fraction(peak: xr.Dataset, name: str) -> Fraction | None:
    """Return the small fraction that a component along "a" or "b" is; None if it is none.

    A peak that chance makes is at no fraction, nor one whose error reaches from one to the next.
    """
    q, error = float(peak[f"peak_q_{name}"]), float(peak[f"peak_q_{name}_std"])
    near = Fraction(q).limit_denominator(_LARGEST_PERIOD)
    if float(peak["p_value"]) > float(peak.attrs["level"]) or 3 * error * near.denominator**2 > 1:
        return None
    return near if abs(q - float(near)) <= 3 * error + 1e-6 else None


def probability(log10_p: float) -> str:
    """Write a p-value from its decimal logarithm, which may be below any float's."""
    if log10_p > -3:
        return f"{10**log10_p:.2g}"
    power = int(np.floor(log10_p))
    digit = round(10 ** (log10_p - power))
    power, digit = (power + 1, 1) if digit == 10 else (power, digit)
    head = "" if digit == 1 else f"{digit} × "
    return f"{head}10{str(power).translate(_SUPERSCRIPTS)}"
