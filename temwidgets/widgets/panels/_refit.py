"""Which neighbourhoods of a fit are out of date because columns were edited by hand."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import xarray as xr

import temwidgets as tw
from temwidgets.widgets.history import Step
from temwidgets.widgets.jobs import start_thread

EDITS = ("add_columns", "move_columns", "delete_columns")

_log = logging.getLogger("temwidgets")
_rehearsed: set[str] = set()


class Outdated:
    """Collects labels and places of edits until a refit has taken account of them."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Forget all edits."""
        self._labels: list[int] = []
        self._places: list[tuple[float, float]] = []

    def note(self, step: Step | None, before: xr.Dataset | None, after: xr.Dataset | None) -> None:
        """Take note of the step that turned the columns `before` into `after`."""
        if step is None or step.name not in EDITS or before is None or not is_fitted(after):
            self.forget()
            return
        assert after is not None
        given = np.atleast_1d(np.asarray(step.arguments.get("labels", ()), np.int64))
        old, new = before["column"].values, after["column"].values
        self._labels += [*given.tolist(), *np.setdiff1d(new, old).tolist()]
        left = before.sel(column=given[np.isin(given, old)])
        places = np.stack([left["y"].values, left["x"].values], axis=1)
        self._places += [(float(y), float(x)) for y, x in places]

    def arguments(self, columns: xr.Dataset) -> dict[str, Any]:
        """Return the arguments of `temwidgets.refit_columns`; empty when nothing is to be done."""
        known = set(columns["column"].values.tolist())
        labels = sorted({label for label in self._labels if label in known})
        given = {"labels": labels, "around": list(self._places)}
        return {name: value for name, value in given.items() if value}


def is_fitted(columns: xr.Dataset | None) -> bool:
    """Tell whether columns come from a fit that can be repeated in part."""
    return columns is not None and {"amplitude", "background_spline"} <= set(columns.variables)


def rehearse(image: xr.DataArray, columns: xr.Dataset) -> None:
    """Refit one column in the background and forget the result: the first refit compiles."""
    shape = str(columns.attrs.get("shape"))
    if shape in _rehearsed:
        return
    _rehearsed.add(shape)
    label = int(columns["column"].values[columns.sizes["column"] // 2])

    def work() -> None:
        try:
            tw.refit_columns(image, columns, [label])
        except Exception:
            _log.debug("the rehearsal of a refit failed", exc_info=True)

    start_thread(work, "temwidgets-rehearsal")
