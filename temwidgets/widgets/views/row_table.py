"""A small table whose rows have labels and are chosen by click."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets
import numpy as np
import pandas as pd
from ipywidgets import TypedTuple
from itables.widget import ITable
from traitlets import Int

from temwidgets.widgets.errors import guarded

_OPTIONS: dict[str, Any] = {
    "select": "os",
    "showIndex": False,
    "paging": False,
    "scrollY": "240px",
    "scrollX": True,
    "scrollCollapse": True,
    "layout": dict.fromkeys(("topStart", "topEnd", "bottomStart", "bottomEnd")),
    "maxBytes": 0,
    "format_floats_in_python": False,
    "classes": "display compact nowrap",
    "style": "width:100%;margin:0",
}


class RowTable(widgets.VBox):
    """Rows of some tens to hundreds of things; headings sort, clicks choose (Ctrl, Shift: more).

    Attributes
    ----------
    chosen : tuple of int
        Labels of the rows that are chosen, in ascending order.
    """

    chosen = TypedTuple(Int())

    def __init__(self) -> None:
        super().__init__(layout={"width": "100%"})
        self.add_class("tem-rows")
        self._labels = np.empty(0, np.int64)
        self._table: ITable | None = None
        self._busy = False
        self.observe(self._mark, "chosen")

    def show(self, rows: pd.DataFrame) -> None:
        """Show a data frame whose index are the labels; nothing where it has no row."""
        self._labels = rows.index.to_numpy(np.int64)
        if not len(rows):
            self.children = []
            return
        data = rows.reset_index()
        options = _OPTIONS | {"selected_rows": self._places()}
        self._busy = True
        try:
            if self._table is None:
                self._table = ITable(data, **options)
                self._table.observe(self._clicked, "selected_rows")
            else:
                self._table.update(data, **options)
            self.children = [self._table]
        finally:
            self._busy = False

    def _places(self) -> list[int]:
        return np.flatnonzero(np.isin(self._labels, self.chosen)).tolist()

    @guarded
    def _mark(self, _: Any) -> None:
        if self._table is None or self._busy:
            return
        self._busy = True
        try:
            self._table.selected_rows = self._places()
        finally:
            self._busy = False

    @guarded
    def _clicked(self, change: Any) -> None:
        if self._busy:
            return
        self._busy = True
        try:
            self.chosen = tuple(sorted(int(v) for v in self._labels[change["new"]]))
        finally:
            self._busy = False
