"""Crystalline domains over the image, in a table and in a histogram, all of them linked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ipywidgets as widgets
import numpy as np
import traitlets
import xarray as xr
from ipywidgets import TypedTuple

import temwidgets as tw
from temwidgets.analysis.fourier.domain_maps import (
    QUANTITIES,
    domain_at,
    domain_map,
    domain_quantity,
    outline_segments,
)
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.palette import SELECTED, category
from temwidgets.widgets.products import Product
from temwidgets.widgets.selection import Selection
from temwidgets.widgets.views._base import ColumnsView
from temwidgets.widgets.views._domain_controls import COLOURS, DomainControls
from temwidgets.widgets.views._domain_words import advice, chosen_text, rows, title, totals
from temwidgets.widgets.views._over_image import OverImage
from temwidgets.widgets.views.colormaps import CATEGORICAL, rgb
from temwidgets.widgets.views.image_view import ImageView
from temwidgets.widgets.views.row_histogram import RowHistogram
from temwidgets.widgets.views.row_table import RowTable

_NAME = "domains"
_PLAIN, _THIN, _THICK = 230, 1.5, 3.5


class DomainView(OverImage, ColumnsView):
    """Domains in colour over the image; click one to choose it, and exclude what is none.

    Parameters
    ----------
    source : Workspace, or DataArray (y, x)
        A workspace to follow, or an image.
    domains : Dataset, optional
        Domains of a bare image, from ``temwidgets.segment_domains``.
    view : ImageView, optional
        Draw over this image; a view of its own is shown when not given.
    selection : Selection, optional
        Selection of columns; that of the workspace when not given.
    chosen : tuple of int
        Labels of the chosen domains: framed, marked in table and histogram.
    colour_by : {"domain", "area", "diameter", "d_spacing", "orientation", "confidence"}
        What the colours mean.
    quantity : {"area", "diameter", "d_spacing", "orientation", "confidence"}
        What the histogram counts; brushing it chooses domains.
    alpha : float
        Opacity of the colours, 0 to 1.
    outlines : bool
        Draw outlines.

    Attributes
    ----------
    domains : Dataset or None
        What is shown.
    image_view, table, histogram
        The parts.

    Raises
    ------
    TypeError
        If `source` is neither, or an option is unknown.
    """

    domains = Product()
    chosen = TypedTuple(traitlets.Int())
    colour_by = traitlets.Enum(COLOURS, "domain")
    quantity = traitlets.Enum(QUANTITIES, "area")
    alpha = traitlets.Float(0.45, min=0.0, max=1.0)
    outlines = traitlets.Bool(True)

    def __init__(
        self,
        source: Any,
        domains: xr.Dataset | None = None,
        *,
        view: ImageView | None = None,
        selection: Selection | None = None,
        **options: Any,
    ) -> None:
        workspace = self._place(source, None, view, selection, show_markers=False)
        if domains is not None:
            workspace.domains = domains
        self.workspace = workspace
        chosen = options.pop("chosen", ())
        super().__init__(workspace, selection=selection, **options)
        self.observe(self._on_option, ["colour_by", "alpha", "outlines", "quantity"])
        self.observe(self._on_chosen, "chosen")
        workspace.observe(self._on_domains, "domains")
        self.image_view.observe(self._clicked, "clicked")
        self.chosen = chosen

    def exclude(self) -> None:
        """Take the chosen domains away (a step of the workspace)."""
        self._exclude()

    def select_columns(self) -> None:
        """Select the columns inside the chosen domains."""
        self._select_columns()

    def csv(self) -> str:
        """Return the table as CSV."""
        return "" if self.domains is None else rows(self.domains).to_csv()

    def save_csv(self, path: str | Path) -> None:
        """Write the table as CSV."""
        Path(path).write_text(self.csv(), encoding="utf-8")

    def close(self) -> None:
        """Close the widget, let go of the workspace and take the domains off the image."""
        if self._following:
            self.workspace.unobserve(self._on_domains, "domains")
            self.image_view.unobserve(self._clicked, "clicked")
        super().close()

    @traitlets.validate("chosen")
    def _check_chosen(self, proposal: Any) -> tuple[int, ...]:
        known = () if self.domains is None else tuple(self.domains["domain"].values.tolist())
        unknown = [label for label in proposal["value"] if label not in known]
        if unknown:
            there = ", ".join(map(str, known)) or "none"
            raise traitlets.TraitError(f"There is no domain {unknown[0]}; there are {there}.")
        return tuple(sorted(set(proposal["value"])))

    def _build(self) -> None:
        self.domains = self.workspace.domains
        self.table, self.histogram = RowTable(), RowHistogram("Domains")
        self._totals, self._words = widgets.HTML(), widgets.HTML()
        for words in (self._totals, self._words):
            words.add_class("tem-stats")
        self._controls = DomainControls(self)
        for part in (self.table, self.histogram):
            part.observe(self._chosen_in_part, "chosen")
        self._lay_out([self._controls.over()], None)
        self.children = [
            *self.children[:-1], self._totals, self._words, self._controls.under(), self.table,
            self.histogram, self.children[-1],
        ]  # fmt: skip

    def _draw(self) -> None:
        domains = self.domains
        if domains is None:
            self._clear()
            self._totals.value = self._words.value = ""
            self.remark("There are no domains yet: segment the image first.")
            return
        self.remark("")
        self._totals.value = f"<div>{totals(domains)}</div>{advice(domains)}"
        self.table.show(rows(domains))
        self._count()
        self._draw_map()
        self._draw_chosen()

    def _draw_selection(self) -> None:
        """Columns that are selected show in the image."""

    def _count(self) -> None:
        domains = self.domains
        some = domains is not None and domains.sizes["domain"] > 0
        self.histogram.layout.display = "" if some else "none"
        if domains is not None and some:
            values = domain_quantity(domains, self.quantity).values
            self.histogram.show(domains["domain"].values, values, title(domains, self.quantity))

    def _draw_map(self) -> None:
        domains, view = self.domains, self.image_view
        if domains is None or not domains.sizes["domain"]:
            self._clear()
            return
        if self.colour_by == "domain":
            entries = domain_map(domains) % 256
            view.set_map(_NAME, entries, CATEGORICAL, (0, 255), self.alpha, title="", smooth=False)
        else:
            values = domain_map(domains, self.colour_by)
            view.set_map(
                _NAME, values, "viridis", None, self.alpha, smooth=False,
                title=title(domains, self.colour_by),
            )  # fmt: skip

    def _draw_chosen(self) -> None:
        domains, view = self.domains, self.image_view
        self._controls.exclude.disabled = self._controls.columns.disabled = not self.chosen
        if domains is None:
            return
        self._words.value = f"<div>{chosen_text(domains, self.chosen)}</div>"
        segments, owner = outline_segments(domains)
        colours = np.array([[*rgb(category(int(n) % 256)), _PLAIN] for n in owner])
        colours = colours.reshape(-1, 4)
        framed = np.isin(owner, self.chosen)
        view.set_lines(
            _NAME, segments[~framed], colours=colours[~framed], width=_THIN, shown=self.outlines
        )
        view.set_lines(f"chosen {_NAME}", segments[framed], colours=SELECTED, width=_THICK)

    def _clear(self) -> None:
        self.image_view.clear_map(_NAME)
        self.image_view.clear_lines(_NAME)
        self.image_view.clear_lines(f"chosen {_NAME}")

    @guarded
    def _exclude(self) -> None:
        if not self.chosen:
            raise ValueError("No domain is chosen: click one in the image or the table first.")
        self.workspace.run(tw.exclude_domains, into="domains", wait=True, labels=list(self.chosen))

    @guarded
    def _select_columns(self) -> None:
        if self.domains is None or not self.chosen:
            raise ValueError("No domain is chosen: click one in the image or the table first.")
        if self.columns is None:
            raise ValueError("There are no columns yet: find columns first.")
        inside = tw.columns_in_domains(self.columns, self.domains)
        mask = np.isin(inside["domain"].values, self.chosen)
        names = ", ".join(map(str, self.chosen))
        labels = inside["column"].values[mask]
        self.selection.select(labels, rule=f"domain in ({names})", source=self)

    @guarded
    def _on_domains(self, change: Any) -> None:
        known = () if change["new"] is None else change["new"]["domain"].values
        kept = tuple(label for label in self.chosen if label in known)
        self.domains = change["new"]
        self.chosen = kept
        self._stale.add("columns")
        self._catch_up()

    @guarded
    def _on_option(self, change: Any) -> None:
        if change["name"] == "quantity":
            self._count()
        elif change["name"] == "outlines":
            self._draw_chosen()
        else:
            self._draw_map()

    @guarded
    def _on_chosen(self, _: Any) -> None:
        self.table.chosen = self.histogram.chosen = self.chosen
        if self.active:
            self._draw_chosen()

    @guarded
    def _chosen_in_part(self, change: Any) -> None:
        if change["new"] == self.chosen:  # it was told so itself
            return
        if change["owner"] is not self.histogram:
            self.histogram.drop_brush()
        self.chosen = change["new"]

    @guarded
    def _clicked(self, change: Any) -> None:
        """Choose what is clicked in the image; a second click lets it go."""
        if change["new"] is None or self.domains is None or not self.active:
            return
        label = domain_at(self.domains, *change["new"])
        self.histogram.drop_brush()
        self.chosen = () if label < 0 or self.chosen == (label,) else (label,)
