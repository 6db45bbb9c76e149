"""Polar histogram of a vector of columns, linked through the selection."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ipywidgets as widgets
import numpy as np
import traitlets
import xarray as xr

from temwidgets.analysis.polar_histogram import (
    in_sector,
    polar_histogram,
    vector_names,
    vector_statistics,
    vector_values,
)
from temwidgets.widgets import palette
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.selection import Selection
from temwidgets.widgets.traits import Trait
from temwidgets.widgets.views._base import ColumnsView
from temwidgets.widgets.views._lengths import readable_unit, written
from temwidgets.widgets.views._polar_controls import PolarControls
from temwidgets.widgets.views._polar_figure import PolarFigure
from temwidgets.widgets.views._polar_print import polar_png, polar_svg
from temwidgets.widgets.views._polar_record import record
from temwidgets.widgets.views._print import WIDTH
from temwidgets.widgets.views._readout import vectors_line
from temwidgets.widgets.views._variables import significant

KINDS = ("magnitude", "rose")


class Sector(Trait):
    """None, or ((from, to) in degrees, (low, high) in the vector's unit); high may be infinite."""

    default_value = None
    info_text = "None or ((from, to), (low, high))"

    def validate(self, obj: Any, value: Any) -> tuple | None:
        """Put the first direction into -180 to 180 and sort the magnitudes."""
        if value is None:
            return None
        try:
            (start, end), magnitudes = (tuple(map(float, pair)) for pair in value)
            low, high = sorted(magnitudes)
        except (TypeError, ValueError):
            start = end = low = high = float("nan")
        if not np.isfinite([start, end, low]).all() or np.isnan(high):
            raise traitlets.TraitError(
                f"{self.name} is None or ((from, to), (low, high)): two directions in degrees and"
                f" two magnitudes, but {value!r} came."
            )
        turn = 360.0 if abs(end - start) >= 360 else (end - start) % 360
        first = (start + 180) % 360 - 180
        return (first, first + turn), (max(low, 0.0), high)


class PolarHistogram(ColumnsView):
    """Vectors of columns by direction and magnitude; drag over a sector to select columns.

    0 degrees points to the right and 90 degrees down, as in the image; the rim has the colours of
    a `DisplacementMap`. Selected columns are the pink part of each bin.

    Parameters
    ----------
    source : Workspace or Dataset
        A workspace to follow, or columns (dim column).
    vector : str
        The vector, e.g. "displacement" from ``temwidgets.displacements``.
    selection : Selection, optional
        Share one between views to link them; by default that of the workspace.
    kind : {"magnitude", "rose"}
        Bins of direction and magnitude, or the directions alone, the area of a petal being the
        number of columns.
    sectors, rings : int
        Number of bins.
    limit : float, optional
        Magnitude at the rim, in the vector's unit; a round number when not given.
    threshold : float
        Shorter vectors are left out, for their direction is noise.
    height : int
        Height of the plot in screen px.

    Attributes
    ----------
    brush : ((from, to), (low, high)) or None
        The sector selected: directions in degrees, magnitudes in the vector's unit (high may be
        infinite); setting it selects as the mouse does.

    Raises
    ------
    ValueError
        If bare columns do not have `vector`.
    TypeError
        If `source` is neither a Workspace nor a Dataset, or an option is unknown.
    """

    vector = traitlets.Unicode("displacement")
    kind = traitlets.Enum(KINDS, "magnitude")
    sectors = traitlets.Int(24, min=2, max=180)
    rings = traitlets.Int(8, min=1, max=50)
    limit = traitlets.Float(None, allow_none=True)
    threshold = traitlets.Float(0.0, min=0.0)
    height = traitlets.Int(320, min=120)
    brush = Sector()

    def __init__(
        self,
        source: Any = None,
        vector: str = "displacement",
        *,
        selection: Selection | None = None,
        **options: Any,
    ) -> None:
        if isinstance(source, xr.Dataset):
            vector_values(source, vector)
        brush = options.pop("brush", None)
        super().__init__(source, selection=selection, vector=vector, **options)
        self.observe(self._on_option, ["vector", "kind", "sectors", "rings", "limit", "threshold"])
        self.observe(self._on_brush, "brush")
        self.brush = brush

    @property
    def shown(self) -> str | None:
        """The vector shown: `vector`, or another one there is; None without any."""
        names = [] if self.columns is None else vector_names(self.columns)
        return self.vector if self.vector in names else next(iter(names), None)

    @property
    def counts(self) -> xr.Dataset | None:
        """Bins and counts shown, as ``temwidgets.polar_histogram`` returns them."""
        return self._whole

    def csv(self) -> str:
        """Return the bins with the counts of all and of the selected columns as CSV."""
        if self._whole is None:
            return ""
        whole, part = self._whole, self._counted(self.selection.labels)
        around, rings = whole["direction_edges"].values, whole["magnitude_edges"].values
        lines = [f"# {self.shown} ({whole['magnitude'].attrs['units']})"]
        lines += ["direction_from,direction_to,magnitude_low,magnitude_high,count,selected"]
        for i, j in np.ndindex(*whole["count"].shape):
            ends = map(repr, map(float, (*around[i : i + 2], *rings[j : j + 2])))
            numbers = (int(c["count"].values[i, j]) for c in (whole, part))
            lines.append(",".join([*ends, *map(str, numbers)]))
        return "\n".join(lines) + "\n"

    def png(self, *, width: float = WIDTH, dpi: float = 600) -> bytes:
        """Return a figure for print, `width` mm wide, as PNG."""
        return polar_png(self.figure, width, dpi)

    def svg(self, *, width: float = WIDTH) -> bytes:
        """Return a figure for print, `width` mm wide, as SVG."""
        return polar_svg(self.figure, width)

    def save_csv(self, path: str | Path) -> None:
        """Write the counts as CSV."""
        Path(path).write_text(self.csv(), encoding="utf-8")

    def save_png(self, path: str | Path, *, width: float = WIDTH, dpi: float = 600) -> None:
        """Write a figure for print as PNG, `width` mm wide."""
        Path(path).write_bytes(self.png(width=width, dpi=dpi))

    def save_svg(self, path: str | Path, *, width: float = WIDTH) -> None:
        """Write a figure for print as SVG, `width` mm wide."""
        Path(path).write_bytes(self.svg(width=width))

    def _build(self) -> None:
        self._whole: xr.Dataset | None = None
        self.figure = PolarFigure()
        traitlets.link((self, "height"), (self.figure, "height"))
        self.figure.on_msg(self._heard)
        self._readout = widgets.HTML()
        self._readout.add_class("tem-stats")
        self._controls = PolarControls(self)
        self.children = self._controls.arrange(self.figure, self._readout, self._note)

    def _draw(self) -> None:
        self._whole = None if self.shown is None else self._counted(None)
        with self.figure.hold_sync():
            self.figure.part = []
            self.figure.bins = {} if self._whole is None else record(self._whole, self.kind)
            self._draw_brush()
        self._controls.refresh()
        self._explain()

    def _draw_selection(self) -> None:
        if self._whole is None:
            self._readout.value = ""
            return
        labels = self.selection.labels
        counted = self._counted(labels)["rose" if self.kind == "rose" else "count"]
        self.figure.part = counted.values.ravel().tolist() if labels.size else []
        self._readout.value = self._line("all", None, palette.ALL) + (
            self._line("selected", labels, palette.SELECTED) if labels.size else ""
        )

    def _counted(self, labels: Any) -> xr.Dataset:
        assert self.shown is not None
        return polar_histogram(
            self.columns,
            self.shown,
            sectors=self.sectors,
            rings=self.rings,
            limit=self.limit,
            threshold=self.threshold,
            labels=labels,
        )

    def _line(self, name: str, labels: Any, colour: str) -> str:
        assert self.shown is not None
        found = vector_statistics(self.columns, self.shown, labels=labels, threshold=self.threshold)
        return vectors_line(name, found, colour)

    def _explain(self) -> None:
        if self.columns is None:
            self.remark("No columns yet: find columns first.")
        elif self._whole is None:
            self.remark(f"These columns have no {self.vector} yet: measure it first.")
        else:
            self.remark(_shortcomings(self._whole, self.kind))

    def _draw_brush(self) -> None:
        if self.brush is None or self._whole is None:
            self.figure.brush = None
            return
        directions, (low, high) = self.brush
        limit = float(self._whole["magnitude_edges"][-1])
        end = None if not high < limit else high / limit
        self.figure.brush = [*directions, min(low / limit, 1.0), end]

    @guarded
    def _heard(self, _: Any, content: dict[str, Any], __: Any) -> None:
        if content.get("type") == "clear":
            self.brush = None
        elif content.get("type") == "brush" and self._whole is not None:
            limit = float(self._whole["magnitude_edges"][-1])
            low, high = content["share"]
            self.brush = (
                content["direction"],
                (significant(low * limit), np.inf if high is None else significant(high * limit)),
            )

    @guarded
    def _on_option(self, change: Any) -> None:
        if change["name"] == "vector":
            self._drop_brush()
        self._draw()
        self._draw_selection()

    @guarded
    def _on_brush(self, change: Any) -> None:
        self._draw_brush()
        self._controls.refresh_brush()
        if change["new"] is None:
            if self.selection.source is self:
                self.selection.select((), source=self)
            return
        if self.columns is None or self.shown is None:
            return
        directions, (low, high) = change["new"]
        magnitudes = (max(low, self.threshold), high)
        chosen = in_sector(self.columns, self.shown, directions, magnitudes)
        labels = self.columns["column"].values[chosen]
        self.selection.select(labels, rule=self._rule(directions, magnitudes), source=self)

    def _rule(self, directions: tuple[float, float], magnitudes: tuple[float, float]) -> str:
        low, high = magnitudes
        words = [f"{directions[0]:.4g} <= {self.shown}_direction < {directions[1]:.4g}"]
        if low > 0 or np.isfinite(high):
            end = f" < {high:.4g}" if np.isfinite(high) else ""
            words.append(f"{low:.4g} <= {self.shown}_magnitude{end}")
        return " and ".join(words)

    def _drop_brush(self) -> None:
        """Let go of the brush without touching the selection that another view has made."""
        self.unobserve(self._on_brush, "brush")
        self.brush = None
        self.observe(self._on_brush, "brush")
        self._draw_brush()
        self._controls.refresh_brush()


def _shortcomings(whole: xr.Dataset, kind: str) -> str:
    parts, beyond = [], int(whole["beyond"])
    if beyond and kind != "rose":
        limit = float(whole["magnitude_edges"][-1])
        units, factor = readable_unit(whole["magnitude"].attrs["units"], limit)
        parts.append(f"Longer than {written(limit * factor)} {units}: {beyond:,}.")
    if int(whole["without"]):
        parts.append(f"Without a vector: {int(whole['without']):,} columns.")
    return " ".join(parts)
