"""Which motif site (or sublattice) of columns is looked at, where there are several."""

from __future__ import annotations

import numpy as np
import xarray as xr

from temwidgets.widgets.views._kinds import kind_title


def site_options(columns: xr.Dataset | None) -> list[tuple[str, int]]:
    """Return title and number of each site, for a menu; none where there is one only."""
    name = next((n for n in ("site", "sublattice") if n in (columns or ())), None)
    if columns is None or name is None:
        return []
    numbers = [int(k) for k in np.unique(columns[name].values) if k >= 0]
    return [(kind_title(columns, name, k), k) for k in numbers] if len(numbers) > 1 else []


def chosen_site(columns: xr.Dataset | None, wanted: int | None) -> int | None:
    """Return the site to look at: the one wanted, else the first; None where there is only one."""
    options = [value for _, value in site_options(columns)]
    if not options:
        return None
    return wanted if wanted is not None else options[0]
