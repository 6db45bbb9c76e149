"""Which motif site (or sublattice) of columns is looked at, where there are several."""

from __future__ import annotations

import numpy as np
import xarray as xr

from temwidgets.widgets.views._kinds import kind_title
from temwidgets.widgets.views._variables import column_variable, numeric


def site_options(columns: xr.Dataset | None) -> list[tuple[str, int]]:
    """Return title and number of each site, for a menu; none where there is one only."""
    name = next((n for n in ("site", "sublattice") if n in (columns or ())), None)
    if columns is None or name is None:
        return []
    numbers = [int(k) for k in np.unique(columns[name].values) if k >= 0]
    return [(kind_title(columns, name, k), k) for k in numbers] if len(numbers) > 1 else []


def chosen_site(columns: xr.Dataset | None, wanted: int | None, variable: str | None) -> int | None:
    """Return the site to look at, None where there is only one.

    The one wanted, else the first; but where it has no values of the variable, as a displacement
    of other sites has none, the first that has.
    """
    options = [value for _, value in site_options(columns)]
    if columns is None or not options:
        return None
    first = options[0] if wanted is None else wanted
    if first not in options or variable not in numeric(columns):
        return first
    known = np.isfinite(column_variable(columns, str(variable)).values.astype(float))
    name = "site" if "site" in columns else "sublattice"
    filled = [k for k in options if known[columns[name].values == k].any()]
    return first if first in filled or not filled else filled[0]
