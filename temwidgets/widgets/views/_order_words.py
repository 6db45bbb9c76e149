"""Order in words: the table of superlattice peaks, and what the chosen one means."""

from __future__ import annotations

from fractions import Fraction
from html import escape

import xarray as xr

from temwidgets.analysis.shown_units import in_shown_unit
from temwidgets.widgets import palette
from temwidgets.widgets.orders import fraction, place_text, probability, significant_peaks
from temwidgets.widgets.views._variables import measured


def hint(columns: xr.Dataset | None, spectrum: xr.Dataset | None) -> str:
    """Say what has to be done before there is a spectrum; "" once there is one."""
    if columns is None:
        return "No columns yet: find columns first."
    if "n_a" not in columns:
        return "The columns are not numbered yet: find the lattice first."
    if spectrum is None:
        return "Press Find order to look for order over several cells."
    return ""


def peak_names(spectrum: xr.Dataset | None) -> list[tuple[str, int]]:
    """Return the entries of a menu of peaks."""
    if spectrum is None:
        return []
    return [(f"{int(k)}: {place_text(spectrum.sel(peak=k))}", int(k)) for k in spectrum["peak"]]


def peak_table(spectrum: xr.Dataset, chosen: int | None) -> str:
    """Write place, p-value, amplitude and wavelength of every peak as an HTML table."""
    spectrum = in_shown_unit(spectrum, spectrum.attrs["variable"], "amplitude", "amplitude_std")
    unit = _unit(spectrum)
    waves = "wavelength" in spectrum
    heads = ["Peak", "q_a, q_b", "p-value", f"Amplitude{f' ({unit})' if unit else ''}"]
    heads += [f"Wavelength ({spectrum['wavelength'].attrs['units']})"] if waves else []
    rows = []
    for k in spectrum["peak"].values:
        one = spectrum.sel(peak=k)
        cells = [
            str(int(k)),
            place_text(one),
            probability(float(one["log10_p"])),
            measured(float(one["amplitude"]), float(one["amplitude_std"])),
            *([f"{float(one['wavelength']):.4g}"] if waves else []),
        ]
        style = f' style="color:{palette.SELECTED};font-weight:600"' if k == chosen else ""
        rows.append(f"<tr{style}>{''.join(f'<td>{escape(c)}</td>' for c in cells)}</tr>")
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    return f'<table class="tem-table"><tr>{head}</tr>{"".join(rows)}</table>'


def finding(spectrum: xr.Dataset) -> str:
    """Say whether there is order, and of which period the strongest is."""
    first = spectrum.isel(peak=0)
    chance, number = probability(float(first["log10_p"])), int(spectrum.attrs["n_columns"])
    if not significant_peaks(spectrum)[0]:
        return (
            f"No order beyond chance in {number:,} columns: in random order they show a peak this"
            f" strong somewhere with p = {chance}."
        )
    return (
        f"Order in {number:,} columns: {period(first)}. In random order they show so strong a peak"
        f" anywhere with p = {chance} only."
    )


def period(peak: xr.Dataset) -> str:
    """Say how often a wave repeats, e.g. "every 2 cells along a"."""
    near = {name: q for name in ("a", "b") if (q := fraction(peak, name)) is not None}
    if len(near) < 2:
        waves = f", wavelength {float(peak['wavelength']):.4g}" if "wavelength" in peak else ""
        unit = f" {peak['wavelength'].attrs['units']}" if waves else ""
        return f"a wave at {place_text(peak)} that fits no small number of cells{waves}{unit}"
    if {abs(q) for q in near.values()} == {Fraction(1, 2)}:
        return "a chessboard of cells (2 along a and 2 along b)"
    parts = [f"every {q.denominator} cells along {name}" for name, q in near.items() if q]
    text = " and ".join(parts) or "nothing but the mean"
    return f"it repeats {text}"


def _unit(spectrum: xr.Dataset) -> str:
    unit = str(spectrum["amplitude"].attrs.get("units", ""))
    return "" if unit in ("", "1") else unit.replace("^2", "²")
