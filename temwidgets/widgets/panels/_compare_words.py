"""Comparisons in words: a table, and a sentence for what each difference means."""

from __future__ import annotations

from html import escape

import numpy as np
import xarray as xr

from temwidgets.analysis.shown_units import percent_factor
from temwidgets.widgets.orders import probability
from temwidgets.widgets.views._lengths import readable_unit
from temwidgets.widgets.views._variables import measured, title

_MOST = 8
"""Sentences written; the table has all."""

_MINUS = "\N{MINUS SIGN}"


def comparison_table(comparison: xr.Dataset, columns: xr.Dataset | None) -> str:
    """Write groups, difference ± error, effect size and corrected p as an HTML table."""
    heads = ("Variable", "Groups", "n", "Difference ± error", "Effect size", "p (corrected)")
    rows = []
    for one in _rows(comparison):
        cells = (
            _called(one, columns),
            f"{one['first'].item()} − {one['second'].item()}",
            f"{int(one['first_count']):,} − {int(one['second_count']):,}".replace(" − ", ", "),
            _difference(one),
            _signed(measured(float(one["effect_size"]), float(one["effect_size_std"]))),
            _chance(one),
        )
        style = ' style="font-weight:600"' if bool(one["significant"]) else ""
        rows.append(f"<tr{style}>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>")
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    return f'<table class="tem-table"><tr>{head}</tr>{"".join(rows)}</table>'


def sentences(comparison: xr.Dataset, columns: xr.Dataset | None) -> str:
    """Say what the differences mean, the significant ones first, as HTML."""
    rows = sorted(_rows(comparison), key=lambda one: (_rank(one), float(one["p_adjusted"])))
    lines = [_sentence(one, columns) for one in rows[:_MOST]]
    if len(rows) > _MOST:
        lines.append(f"And {len(rows) - _MOST} more, see the table.")
    return "".join(f"<div>{escape(line)}</div>" for line in lines)


def _rows(comparison: xr.Dataset) -> list[xr.Dataset]:
    return [comparison.isel(comparison=i) for i in range(comparison.sizes["comparison"])]


def _rank(one: xr.Dataset) -> int:
    known = np.isfinite(float(one["p_adjusted"]))
    return 0 if bool(one["significant"]) else 1 if known else 2


def _sentence(one: xr.Dataset, columns: xr.Dataset | None) -> str:
    name, first, second = _called(one, columns), one["first"].item(), one["second"].item()
    difference = float(one["difference"])
    if not np.isfinite(float(one["p_adjusted"])):
        return (
            f"{name}, {first} and {second}: cannot be told. A group has too few values, or the"
            " background holds the whole difference; compare over one mean then."
        )
    if not bool(one["significant"]):
        units, factor = _readable(one)
        most = factor * (abs(difference) + 2 * float(one["difference_std"]))
        return (
            f"{name}, {first} and {second}: no difference beyond chance ({_odds(one)});"
            f" one of up to {most:.2g} {_plain(units)}".rstrip()
            + " remains possible."
        )
    more = "larger" if difference > 0 else "smaller"
    return (
        f"{name} is {more} in {first} than in {second} by {_difference(one).lstrip(_MINUS)}"
        f" ({_odds(one)}), {_size(float(one['effect_size']))}."
    )


def _size(effect: float) -> str:
    size = abs(effect)
    if size < 0.2:
        return f"{size:.2f} times the spread of single columns, so hidden in each of them"
    if size < 1:
        return f"{size:.2f} times the spread of single columns, so that the two groups overlap"
    return f"{size:.2g} times the spread of single columns"


def _difference(one: xr.Dataset) -> str:
    difference, error = float(one["difference"]), float(one["difference_std"])
    units, factor = _readable(one)
    if not np.isfinite(difference):
        return "?"
    text = _signed(measured(factor * difference, factor * error))
    return f"{text} {_plain(units)}".rstrip()


def _readable(one: xr.Dataset) -> tuple[str, float]:
    """Return unit and factor to write a difference in."""
    factor = percent_factor(one["variable"].item(), one["unit"].item())
    if factor != 1:
        return "%", factor
    return readable_unit(one["unit"].item(), float(one["difference"]))


def _plain(units: str) -> str:
    return "" if units == "1" else units.replace("^2", "²")


def _signed(text: str) -> str:
    return "?" if "nan" in text else text.replace("-", _MINUS)


def _odds(one: xr.Dataset) -> str:
    chance = _chance(one)
    return f"p {chance}" if chance.startswith("<") else f"p = {chance}"


def _chance(one: xr.Dataset) -> str:
    p = float(one["p_adjusted"])
    if not np.isfinite(p):
        return "?"
    return probability(float(np.log10(p))) if p > 0 else "< 10⁻³⁰⁰"


def _called(one: xr.Dataset, columns: xr.Dataset | None) -> str:
    name = one["variable"].item()
    if columns is None:
        return name
    text = title(columns, name)
    return text.rpartition(" (")[0] if text.endswith(")") else text
