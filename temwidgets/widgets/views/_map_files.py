"""Files of a map: a table of its pixels, netCDF, and figures."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

import temwidgets as tw
from temwidgets.widgets.download import DownloadButton, plot_buttons
from temwidgets.widgets.views import export
from temwidgets.widgets.views._map_words import map_title
from temwidgets.widgets.views.scene import make_scene

_PRINT: dict[str, Any] = {"width": 1600, "dpi": 300.0}


class MapFiles:
    """The part of a view of maps that writes files; `dataset` tells of what."""

    data: Any
    image_view: Any

    def dataset(self) -> xr.Dataset:
        """Return the map that is shown, with its standard error where there is one.

        Raises
        ------
        ValueError
            If there is no map yet.
        """
        values, errors = self.data.values, self.data.errors
        if values is None:
            raise ValueError("There is no map yet: measure the local spacing or the strain first.")
        name = str(values.name)
        made: xr.Dataset = values.to_dataset(name=name)
        if errors is not None:
            made[str(errors.name)] = errors
            made[name].attrs["ancillary_variables"] = str(errors.name)
        return made

    def csv(self) -> str:
        """Return y, x, value (and error) of each pixel that has a value as CSV."""
        maps = self.dataset()
        name = next(iter(maps.data_vars))
        rows, cols = np.nonzero(np.isfinite(maps[name].values))
        table = {f"y ({_unit(maps['y'])})": maps["y"].values[rows]}
        table[f"x ({_unit(maps['x'])})"] = maps["x"].values[cols]
        for variable, values in maps.data_vars.items():
            table[f"{variable} ({_unit(values)})"] = values.values[rows, cols]
        text: str = pd.DataFrame(table).to_csv(index=False, float_format="%.7g")
        return f"# {map_title(maps[name])}\n{text}"

    def save_csv(self, path: str | Path) -> None:
        """Write y, x, value (and error) of each pixel that has a value as CSV."""
        Path(path).write_text(self.csv(), encoding="utf-8")

    def netcdf(self) -> bytes:
        """Return the map as the bytes of a netCDF file."""
        with tempfile.TemporaryDirectory() as folder:
            return tw.save(Path(folder) / "map.nc", self.dataset()).read_bytes()

    def save_netcdf(self, path: str | Path) -> None:
        """Write the map as netCDF, to be read by ``temwidgets.open_result``."""
        tw.save(path, self.dataset())

    def png(self) -> bytes:
        """Return image and map as a PNG with axes and colour bar."""
        return export.png(make_scene(self.image_view), **_PRINT)

    def svg(self) -> bytes:
        """Return image and map as an SVG with axes and colour bar."""
        return export.svg(make_scene(self.image_view), **_PRINT)


def map_buttons(view: Any, name: Callable[[], str]) -> list[DownloadButton]:
    """Return buttons that save a map as CSV, netCDF, PNG and SVG; `name` gives the file's, bare."""
    table, *figures = plot_buttons(view, name)
    table.tooltip = "Save the pixels of the map as CSV"
    grid = DownloadButton(
        lambda: (f"{name()}.nc", view.netcdf()),
        description="netCDF", tooltip="Save the map as netCDF, for temwidgets.open_result",
        mime="application/x-netcdf", on_error=view.show_error,
    )  # fmt: skip
    return [table, grid, *figures]


def _unit(values: xr.DataArray) -> str:
    return str(values.attrs.get("units", "1"))
