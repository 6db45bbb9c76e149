"""A line for each site of the motif: its name, where it lies, how bright it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as widgets
import numpy as np
import xarray as xr

from temwidgets.widgets import palette
from temwidgets.widgets.style import row
from temwidgets.widgets.views._variables import measured


class SiteLines(widgets.VBox):
    """Fields that rename sites, buttons that delete them."""

    children: Any

    def __init__(self, rename: Callable[[int, str], None], delete: Callable[[int], None]) -> None:
        self._rename, self._delete = rename, delete
        self.lines: tuple[SiteLine, ...] = ()
        super().__init__()

    def show(self, lattice: xr.Dataset | None) -> None:
        """Write the sites of a lattice; fields that are there are used again."""
        count = 0 if lattice is None else lattice.sizes["site"]
        while len(self.lines) < count:
            self.lines = (*self.lines, SiteLine(len(self.lines), self._rename, self._delete))
        for site in range(count):
            self.lines[site].show(lattice, only=count == 1)
        shown = tuple(line.box for line in self.lines[:count])
        if self.children != shown:
            self.children = shown


class SiteLine:
    """One site."""

    def __init__(
        self, site: int, rename: Callable[[int, str], None], delete: Callable[[int], None]
    ) -> None:
        self._site, self._busy = site, False
        swatch = widgets.HTML(
            f'<i class="tem-swatch" style="background:{palette.category(site)}"></i>'
        )
        self.name = widgets.Text(
            placeholder=f"site {site}", continuous_update=False, tooltip=f"Name of site {site}",
            layout={"width": "90px", "flex": "0 0 auto"},
        )  # fmt: skip
        self.place = widgets.HTML(layout={"flex": "1 1 220px"})
        self.place.add_class("tem-note")
        self.delete = widgets.Button(
            icon="trash", tooltip=f"Delete site {site}", layout={"width": "34px"}
        )
        self.delete.add_class("tem-button")
        self.delete.on_click(lambda _: delete(site))
        self.name.observe(self._renamed(rename), "value")
        self.box = row(swatch, self.name, self.place, self.delete)

    def _renamed(self, rename: Callable[[int, str], None]) -> Callable[[Any], None]:
        def tell(change: Any) -> None:
            if not self._busy:
                rename(self._site, change["new"])

        return tell

    def show(self, lattice: Any, *, only: bool) -> None:
        """Write name, fractions and amplitude."""
        self._busy = True
        self.name.value = str(lattice["site_name"].values[self._site])
        self._busy = False
        self.place.value = _describe(lattice, self._site)
        self.delete.layout.display = "none" if only else ""


def _describe(lattice: xr.Dataset, site: int) -> str:
    a, b = (_number(lattice, "site_position", (site, axis)) for axis in (0, 1))
    text = f"at ({a}) a + ({b}) b"
    if "site_amplitude" in lattice:
        units = lattice["site_amplitude"].attrs.get("units", "")
        text += f"<br>amplitude {_number(lattice, 'site_amplitude', (site,))} {units}"
    return text


def _number(lattice: xr.Dataset, name: str, index: tuple[int, ...]) -> str:
    value, error = (float(lattice[n].values[index]) for n in (name, f"{name}_std"))
    return measured(value, error) if error > 0 and np.isfinite(error) else f"{value:.4g}"
