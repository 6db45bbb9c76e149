"""Table of columns, linked through the selection."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ipywidgets as widgets
import numpy as np
import traitlets
import xarray as xr
from itables.widget import ITable

from temwidgets.widgets.download import DownloadButton
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.selection import Selection
from temwidgets.widgets.style import row, style_sheet
from temwidgets.widgets.views._base import ColumnsView
from temwidgets.widgets.views._header_clicks import HeaderClicks
from temwidgets.widgets.views._table_rows import LABEL, frame, shown_variables, sort_order

PAGE = 100
"""Rows the browser holds: the grid needs seconds for 30,000, so Python sorts and pages."""

_OPTIONS: dict[str, Any] = {
    "select": "os",
    "showIndex": False,
    "paging": False,
    "scrollY": "300px",
    "scrollX": True,
    "scrollCollapse": True,
    "layout": dict.fromkeys(("topStart", "topEnd", "bottomStart", "bottomEnd")),
    "maxBytes": 0,
    # Else the grid gets functions, which it cannot read when it is shown a second time.
    "format_floats_in_python": False,
    "classes": "display compact nowrap",
    "style": "width:100%;margin:0",
}


class ColumnTable(ColumnsView):
    """A table of columns; click rows to select, headings to sort.

    Parameters
    ----------
    source : Workspace or Dataset
        A workspace to follow, or columns (dim column).
    selection : Selection, optional
        Share one between views to link them; by default that of the workspace.
    variables : tuple of str, optional
        Variables shown, in this order; by default all with one number for each column, and flags
        in words.
    sort_by : str
        Variable to sort by; "column" is the label.
    descending : bool
        Largest first.
    only_selected : bool
        Show the selected columns alone.
    page : int
        Which hundred of rows is shown, from 0.

    Raises
    ------
    TypeError
        If `source` is neither a Workspace nor a Dataset, or an option is unknown.
    """

    variables = traitlets.Tuple(allow_none=True, default_value=None)
    sort_by = traitlets.Unicode(LABEL)
    descending = traitlets.Bool(False)
    only_selected = traitlets.Bool(False)
    page = traitlets.Int(0, min=0)

    def __init__(
        self, source: Any = None, *, selection: Selection | None = None, **options: Any
    ) -> None:
        super().__init__(source, selection=selection, **options)
        self.observe(self._on_option, ["variables", "sort_by", "descending", "only_selected"])
        self.observe(self._on_page, "page")

    def csv(self) -> str:
        """Return the rows as CSV in the order shown, in full precision; flags in words."""
        if self.columns is None:
            return ""
        rows = self.columns.isel(column=self._order())
        return frame(rows, shown_variables(rows, self.variables), digits=None).to_csv()

    def save_csv(self, path: str | Path) -> None:
        """Write the rows shown (all pages) as CSV."""
        Path(path).write_text(self.csv(), encoding="utf-8")

    def _build(self) -> None:
        self._window = np.empty(0, np.int64)
        self._busy = False
        self._table: ITable | None = None
        self._place = widgets.VBox(layout={"min_height": "120px", "width": "100%"})
        self._clicks = HeaderClicks()
        self._clicks.on_msg(self._heading_clicked)
        self._only = widgets.Checkbox(
            description="selected only", tooltip="Show the selected columns alone", indent=False,
            layout={"width": "auto"},
        )  # fmt: skip
        traitlets.link((self, "only_selected"), (self._only, "value"))
        self._back = widgets.Button(
            icon="chevron-left", tooltip="Previous rows", layout={"width": "36px"}
        )
        self._forth = widgets.Button(
            icon="chevron-right", tooltip="Next rows", layout={"width": "36px"}
        )
        self._back.on_click(lambda _: setattr(self, "page", max(0, self.page - 1)))
        self._forth.on_click(lambda _: setattr(self, "page", self.page + 1))
        self._where = widgets.Label()
        csv = DownloadButton(
            lambda: ("columns.csv", self.csv()),
            tooltip="Save the rows of all pages as CSV", on_error=self.show_error,
        )  # fmt: skip
        bar = row(self._back, self._where, self._forth, self._only, csv)
        self.children = [style_sheet(), bar, self._place, self._note, self._clicks]

    def _draw(self) -> None:
        if self.columns is None:
            self._place.children = []
            self._where.value = "no rows"
            self.remark("No columns yet: find columns first.")
            return
        order = self._order()
        pages = max(1, -(-order.size // PAGE))
        self.page = min(self.page, pages - 1)
        first = self.page * PAGE
        self._fill(self.columns.isel(column=order[first : first + PAGE]))
        last = min(first + PAGE, order.size)
        self._where.value = f"{min(first + 1, last):,} to {last:,} of {order.size:,}"
        self._back.disabled, self._forth.disabled = self.page == 0, self.page >= pages - 1
        self.remark("")

    def _fill(self, rows: xr.Dataset) -> None:
        assert self.columns is not None
        names = shown_variables(self.columns, self.variables)
        self._window = rows[LABEL].values
        sorted_by = names.index(self.sort_by) + 1 if self.sort_by in names else 0
        options = _OPTIONS | {
            "order": [[sorted_by, "desc" if self.descending else "asc"]],
            "selected_rows": self._selected_rows(),
        }
        self._busy = True
        try:
            data = frame(rows, names, digits=6).reset_index()
            if self._table is None:
                self._table = ITable(data, **options)
                self._table.observe(self._rows_clicked, "selected_rows")
            else:
                self._table.update(data, **options)
            self._place.children = [self._table]
        finally:
            self._busy = False

    def _draw_selection(self) -> None:
        if self.only_selected:
            self._draw()
        elif self._table is not None and self.columns is not None:
            self._busy = True
            try:
                self._table.selected_rows = self._selected_rows()
            finally:
                self._busy = False

    def _selected_rows(self) -> list[int]:
        return np.flatnonzero(np.isin(self._window, self.selection.labels)).tolist()

    def _order(self) -> np.ndarray:
        assert self.columns is not None
        order = sort_order(self.columns, self.sort_by, self.descending)
        return order[self.selection.mask(self.columns)[order]] if self.only_selected else order

    @guarded
    def _on_option(self, _: Any) -> None:
        self.page = 0
        self._draw()

    @guarded
    def _on_page(self, _: Any) -> None:
        self._draw()

    @guarded
    def _heading_clicked(self, _: Any, content: dict[str, Any], buffers: Any) -> None:
        if self.columns is None or content.get("kind") != "sort":
            return
        name = [LABEL, *shown_variables(self.columns, self.variables)][content["index"]]
        with self.hold_trait_notifications():
            self.descending = name == self.sort_by and not self.descending
            self.sort_by = name

    @guarded
    def _rows_clicked(self, change: Any) -> None:
        """One row clicked alone replaces the selection; more rows join what other pages hold."""
        if self._busy:
            return
        chosen = self._window[change["new"]]
        if len(chosen) != 1 and not self.only_selected:
            others = self.selection.labels[~np.isin(self.selection.labels, self._window)]
            chosen = np.concatenate([others, chosen])
        self.selection.select(chosen, rule="rows of the table", source=self)
