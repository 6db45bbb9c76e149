"""Power against k: the radial profile of a spectrum, with a tick at each reflection."""

from __future__ import annotations

from typing import Any

import bqplot
import ipywidgets as widgets
import numpy as np
import xarray as xr

import temwidgets as tw
from temwidgets.widgets import palette
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.views._axes import horizontal, plot_figure, set_range, vertical
from temwidgets.widgets.views._figure_label import FigureLabel
from temwidgets.widgets.views._spectrum_marks import colour_of

_LARGEST = 1024
_RISE = 0.25
"""Decimal logarithm of the mean power over the background, or over that at the largest k, from
which on there is something to see in a ring."""


class SpectrumProfile(widgets.VBox):
    """A plot of the profile; a brush sets the `k_range` of a view."""

    def __init__(self, view: Any) -> None:
        self._view = view
        self._x, self._y = bqplot.LinearScale(), bqplot.LinearScale()
        self._axis, self._power = horizontal(self._x), vertical(self._y, "log power")
        scales = {"x": self._x, "y": self._y}
        self._mean, self._floor, self._ticks = (
            bqplot.Lines(x=[0, 1], y=[0, 0], scales=scales, colors=[colour], stroke_width=width)
            for colour, width in ((palette.ALL, 1.8), ("#909090", 1.2), (palette.CURVE, 1.5))
        )
        self._power.grid_lines = "none"
        self.brush = bqplot.interacts.BrushIntervalSelector(scale=self._x, color=palette.SELECTED)
        self.brush.observe(self._heard, "selected")
        self.figure = plot_figure(
            self.brush, 190, marks=[self._floor, self._mean, self._ticks],
            axes=[self._axis, self._power],
        )  # fmt: skip
        self.figure.fig_margin = {"top": 8, "bottom": 44, "left": 64, "right": 14}
        self._label = FigureLabel()
        self._label.text = "Power of the spectrum against spatial frequency"
        super().__init__([self.figure, self._label], layout={"width": "100%"})
        self.add_class("temwidgets-view")
        self.values: xr.Dataset | None = None

    def show(self, spectrum: xr.DataArray, reach: float) -> None:
        """Draw the profile of a spectrum up to k = `reach`."""
        self.values = profile = _profile(spectrum)
        k = profile["k"].values
        seen = (k > 0) & (k <= reach) & np.isfinite(profile["power"].values)
        for mark, name in ((self._mean, "power"), (self._floor, "background")):
            with mark.hold_sync():
                mark.x, mark.y = k[seen], profile[name].values[seen]
        self._axis.label = f"k ({profile['k'].attrs['units']})"
        self._power.label = "log₁₀ power"
        set_range(self._x, self._axis, 0, reach)
        values = np.concatenate([self._mean.y, self._floor.y])
        low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 1.0)
        room = 0.06 * (high - low or 1.0)
        set_range(self._y, self._power, low - room, high + room)

    def mark(self, reflections: xr.Dataset | None) -> None:
        """Draw a tick at each reflection, in the colour of its family."""
        if reflections is None or not reflections.sizes["reflection"]:
            self._ticks.visible = False
            return
        k = 1 / reflections["d_spacing"].values
        families = reflections.get("family", xr.zeros_like(reflections["reflection"])).values
        low, high = self._y.min or 0.0, self._y.max or 1.0
        with self._ticks.hold_sync():
            self._ticks.x = np.repeat(k[:, None], 2, axis=1)
            self._ticks.y = np.tile([low, low + 0.14 * (high - low)], (k.size, 1))
            self._ticks.colors = [colour_of(int(n)) for n in families]
            self._ticks.visible = True

    def choose(self, k_range: tuple[float, float] | None) -> None:
        """Show a range of k as the brush."""
        self.brush.unobserve(self._heard, "selected")
        self.brush.selected = None if k_range is None else np.array(k_range)
        self.brush.observe(self._heard, "selected")

    def show_error(self, error: BaseException) -> None:
        """Show the sentence of an exception under the spectrum."""
        self._view.show_error(error)

    @guarded
    def _heard(self, change: Any) -> None:
        selected = change["new"]
        whole = selected is not None and len(selected) == 2
        self._view.k_range = tuple(float(v) for v in selected) if whole else None


def reach_of(spectrum: xr.DataArray, reflections: xr.Dataset | None) -> float:
    """Return the k up to which there is something to see (1/nm)."""
    most = float(min(np.abs(spectrum[name].values).max() for name in ("ky", "kx")))
    if reflections is not None and reflections.sizes["reflection"]:
        return min(most, 1.4 * float(1 / reflections["d_spacing"].values.min()))
    profile = _profile(spectrum)
    k, power = profile["k"].values, profile["power"].values
    whole = k <= most
    floor = float(np.nanmedian(power[whole & (k > 0.9 * most)]))
    seen = whole & (profile["power"] - profile["background"] > _RISE).values
    seen = seen if seen.any() else whole & (power > floor + _RISE)
    return min(most, max(1.3 * float(k[seen].max(initial=0.0)), 0.1 * most)) if seen.any() else most


def _profile(spectrum: xr.DataArray) -> xr.Dataset:
    """Return the radial profile; of a large spectrum with wider bins, which is quick enough."""
    factor = -(-max(spectrum.shape) // _LARGEST)
    if factor > 1:
        power = (10.0**spectrum).coarsen(ky=factor, kx=factor, boundary="trim").mean()
        attrs = {**spectrum.attrs, "freedom": factor**2 * spectrum.attrs.get("freedom", 2.0)}
        spectrum = power.copy(data=np.log10(power.values)).assign_attrs(attrs)
    return tw.radial_profile(spectrum)
