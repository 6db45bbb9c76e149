"""Order over several cells: the spectrum of a column variable, and its waves on the image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ipywidgets as widgets
import numpy as np
import traitlets
import xarray as xr

import temwidgets as tw
from temwidgets.analysis.overlay_maps import overlay_map
from temwidgets.analysis.shown_units import shown_unit
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.messages import Message
from temwidgets.widgets.products import Product
from temwidgets.widgets.selection import Selection
from temwidgets.widgets.status import StatusLine
from temwidgets.widgets.views._base import ColumnsView
from temwidgets.widgets.views._order_controls import OrderControls
from temwidgets.widgets.views._order_figure import SpectrumFigure, ramp
from temwidgets.widgets.views._order_words import finding, hint, peak_table
from temwidgets.widgets.views._variables import choose, numeric
from temwidgets.widgets.views.image_view import ImageView
from temwidgets.widgets.workspace import Workspace

_NAME = "order"
_OPTIONS = ("variable", "site", "noise", "trend")


class OrderView(ColumnsView):
    """Power spectrum of a column variable over the reciprocal cell; click a peak to see its wave.

    Order that repeats over several cells (2 x 1, chessboard, ...) gives a peak between the points
    of the reciprocal lattice, even where single columns are too noisy to show it. Columns are
    measured at once; in a workspace press "Find order", which makes a step of its history.

    Parameters
    ----------
    source : Workspace or Dataset
        A workspace to follow, or columns numbered by ``temwidgets.index_columns``.
    variable : str
        The variable, e.g. "intensity" or "displacement_y".
    lattice : Dataset, optional
        Lattice of bare columns; adds wavelengths.
    view : ImageView, optional
        Where the wave of the chosen peak is drawn.
    selection : Selection, optional
        Share one between views to link them; that of the workspace when not given.
    site : int or None
        Motif site (or sublattice) that is looked at; None: the first.
    noise : {"smooth", "white"}
        What peaks are compared with, see ``temwidgets.order_spectrum``: the level round each wave,
        for columns fitted together share noise with their neighbours and would often show a peak
        over white noise; or white noise, for independent values.
    trend : int
        Degree of the polynomial that counts as slow trend.
    peak : int or None
        The peak chosen, from 0. Its wave is the variable ``<variable>_modulation`` of the columns.
    alpha : float
        Opacity of the wave over the image, 0 to 1.
    status : bool
        Show messages and progress in the view itself.

    Attributes
    ----------
    order : Dataset or None
        What is shown, as ``temwidgets.order_spectrum`` returns it.
    workspace : Workspace
        Holds columns, spectrum and history, also where bare columns were given.

    Raises
    ------
    TypeError
        If `source` is neither a Workspace nor a Dataset, or an option is unknown.
    ValueError
        If bare columns are not numbered or do not have `variable`.
    """

    variable = traitlets.Unicode("intensity")
    site = traitlets.Int(None, allow_none=True)
    noise = traitlets.Enum(("smooth", "white"), "smooth")
    trend = traitlets.Int(4, min=0, max=12)
    peak = traitlets.Int(None, allow_none=True)
    alpha = traitlets.Float(0.5, min=0.0, max=1.0)
    order = Product()

    def __init__(
        self,
        source: Any = None,
        variable: str = "intensity",
        *,
        lattice: xr.Dataset | None = None,
        view: ImageView | None = None,
        selection: Selection | None = None,
        status: bool = True,
        **options: Any,
    ) -> None:
        bare = isinstance(source, xr.Dataset)
        given = source is not None and not bare
        workspace = source if given else Workspace(None, source, selection=selection)
        if bare and lattice is not None:
            workspace.lattice = lattice
        if view is not None and not isinstance(view, ImageView):
            raise TypeError(f"view is an ImageView, but a {type(view).__name__} came.")
        self.workspace, self.image_view, self._with_status = workspace, view, status
        peak = options.pop("peak", None)
        super().__init__(workspace, selection=selection, variable=variable, **options)
        self.observe(self._on_option, list(_OPTIONS))
        self.observe(self._on_peak, "peak")
        self.observe(self._on_alpha, "alpha")
        workspace.observe(self._on_spectrum, "order")
        if bare:
            self._measure(wait=True)
        self.peak = peak

    @property
    def shown(self) -> str | None:
        """The variable that is looked at: `variable`, or what stands in for it."""
        return choose(self.columns, self.variable)

    @property
    def modulation(self) -> str | None:
        """Name of the columns' variable with the wave of the chosen peak; None without one."""
        if self.peak is None or self.order is None:
            return None
        name = f"{self.order.attrs['variable']}_modulation"
        return name if self.columns is not None and name in self.columns else None

    @guarded
    def measure(self) -> None:
        """Look for order (a step of the workspace)."""
        self._measure()

    @guarded
    def select_crests(self) -> None:
        """Select the columns where the wave of the chosen peak is above zero."""
        if self.modulation is None or self.columns is None:
            raise ValueError("No peak is chosen: click one, or choose it in the list.")
        crests = self.columns["column"].values[self.columns[self.modulation].values > 0]
        self.selection.select(crests, rule=f"{self.modulation} > 0", source=self)

    def csv(self) -> str:
        """Return the peaks as CSV."""
        if self.order is None:
            return ""
        table = self.order.drop_dims(["q_a", "q_b"]).to_dataframe()
        return f"# order of {self.order.attrs['variable']}\n{table.to_csv()}"

    def save_csv(self, path: str | Path) -> None:
        """Write the peaks as CSV."""
        Path(path).write_text(self.csv(), encoding="utf-8")

    def close(self) -> None:
        """Close the widget, let go of the workspace and take the wave off the image."""
        if self._following:
            self.workspace.unobserve(self._on_spectrum, "order")
            self._clear()
            self._status.close()
        super().close()

    def _build(self) -> None:
        self.order = self.workspace.order
        self._take_over()
        self.figure = SpectrumFigure(self._picked)
        self._ramp, self._table = widgets.HTML(), widgets.HTML()
        self._words = widgets.HTML()
        for words in (self._words, self._table, self._ramp):
            words.add_class("tem-stats")
        self._controls = OrderControls(self)
        self._status = StatusLine(self.workspace) if self._with_status else widgets.VBox()
        self.children = self._controls.arrange(
            self.figure, [self._words, self._table, self._ramp], [self._status, self._note]
        )

    def _draw(self) -> None:
        spectrum = self.order
        self._controls.refresh()
        self.figure.show(spectrum)
        self._ramp.value = "" if spectrum is None else ramp(spectrum)
        self._words.value = "" if spectrum is None else finding(spectrum)
        self._draw_peak()
        self.remark(hint(self.columns, spectrum))

    def _draw_selection(self) -> None:
        """A spectrum is one of all columns; what is selected does not show in it."""

    def _draw_peak(self) -> None:
        spectrum = self.order
        self.figure.ring(spectrum, self.peak)
        self._table.value = "" if spectrum is None else peak_table(spectrum, self.peak)
        self._controls.refresh_peak()
        self._draw_wave()

    def _draw_wave(self) -> None:
        view, name = self.image_view, self.modulation
        image = None if view is None else view.workspace.image
        if view is None or image is None or name is None or not self.active:
            self._clear()
            return
        values = overlay_map(self.columns, image, name, style="columns")
        factor = shown_unit(self.columns, name)[2]
        reach = factor * float(np.nanmax(np.abs(self.columns[name].values))) or 1.0
        unit = str(values.attrs["units"]).replace("^2", "²")
        title = f"wave of peak {self.peak}" + (f" ({unit})" if unit not in ("", "1") else "")
        view.set_map(_NAME, values, "diverging", (-reach, reach), self.alpha, title=title)

    def _clear(self) -> None:
        if self.image_view is not None:
            self.image_view.clear_map(_NAME)

    def _measure(self, *, wait: bool = False) -> None:
        if self.columns is None:
            raise ValueError("No columns yet: find columns first.")
        if self.variable not in numeric(self.columns):
            raise ValueError(
                f"The columns have no {self.variable!r} with one number for each column; they have"
                f" {', '.join(numeric(self.columns))}."
            )
        options: dict[str, Any] = {"noise": self.noise, "trend": self.trend}
        site = self._controls.chosen_site()
        options |= {} if site is None else {"site": site}
        self.workspace.run(
            tw.order_spectrum, into="order", amend=True, wait=wait, variable=self.variable,
            **options,
        )  # fmt: skip

    def _picked(self, peak: int) -> None:
        self.peak = None if peak == self.peak else peak

    @guarded
    def _on_spectrum(self, change: Any) -> None:
        self.order = change["new"]
        self.unobserve(self._on_option, list(_OPTIONS))
        self._take_over()
        self.observe(self._on_option, list(_OPTIONS))
        self.peak = None
        self._stale.add("columns")
        self._catch_up()

    def _take_over(self) -> None:
        """Show the options of the spectrum, whoever measured it."""
        made = {} if self.order is None else self.order.attrs
        for name in _OPTIONS:
            if name in made:
                kind = str if name in ("variable", "noise") else int
                setattr(self, name, kind(made[name]))

    @guarded
    def _on_option(self, _: Any) -> None:
        spectrum = self.order
        self._controls.refresh()
        if spectrum is not None and not self._measured(spectrum):
            self._measure()

    def _measured(self, spectrum: xr.Dataset) -> bool:
        """Tell whether the spectrum is that of the options."""
        made = spectrum.attrs
        site = self._controls.chosen_site()
        return (made["variable"], made["noise"], made["trend"]) == (
            self.variable, self.noise, self.trend,
        ) and site in (None, made["site"])  # fmt: skip

    @guarded
    def _on_peak(self, change: Any) -> None:
        peak = change["new"]
        if peak is not None and (self.order is None or peak not in self.order["peak"].values):
            self.peak = None
            count = 0 if self.order is None else self.order.sizes["peak"]
            raise ValueError(f"There is no peak {peak}; there are {count}, from 0.")
        if peak is not None:
            self._modulate(peak)
        self._draw_peak()

    def _modulate(self, peak: int) -> None:
        try:
            self.workspace.run(
                tw.order_modulation, into="columns", amend=True, wait=True, peak=peak
            )
        except Exception:
            self.peak = None
            raise
        self.workspace.message = Message()  # nothing to tell: the wave is seen

    @guarded
    def _on_alpha(self, _: Any) -> None:
        self._draw_wave()

    @guarded
    def _on_active(self, _: Any) -> None:
        self._draw_wave()
        self._catch_up()
