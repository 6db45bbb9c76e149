"""The words under a plot: statistics of what is shown, and what could not be shown."""

from __future__ import annotations

from html import escape

import numpy as np

from temwidgets.widgets.views._variables import spread


def statistics(rows: list[tuple[str, np.ndarray, str]], units: str) -> str:
    """Write a line with swatch, name, count, mean and deviation for each (name, values, colour)."""
    return "".join(
        f'<div><i class="tem-swatch" style="background:{colour}"></i><b>{escape(name)}</b>'
        f" {escape(spread(values, units) if values.size else 'none')}</div>"
        for name, values, colour in rows
    )


def shortcomings(
    variables: list[tuple[str, str | None]], finite: np.ndarray, outside: np.ndarray
) -> str:
    """Say which variables (wanted, shown) stand in for others, and how many are not seen."""
    parts = [
        f"These columns have no {wanted} yet; {shown} is shown."
        for wanted, shown in variables
        if wanted != shown
    ]
    bad = int((~finite).sum())
    if bad:
        parts.append(f"Without a value (NaN): {bad:,} of {finite.size:,} columns.")
    if outside.any():
        parts.append(f"Outside the range shown: {int(outside.sum()):,}.")
    return " ".join(parts)
