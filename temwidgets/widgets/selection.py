"""Which columns are selected, by label, and the rule that chose them; sharing one links views."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import traitlets
import xarray as xr

from temwidgets.widgets.traits import Trait

_NONE = np.empty(0, np.int64)
_NONE.setflags(write=False)


class Labels(Trait):
    """A sorted int64 array of distinct labels; read-only, so it is replaced and never mutated."""

    default_value = _NONE
    info_text = "column labels (whole numbers)"

    def validate(self, obj: Any, value: Any) -> np.ndarray:
        """Sort the labels, drop repeats, and refuse anything but whole numbers."""
        array = np.asarray(value if not isinstance(value, xr.DataArray) else value.values)
        if array.size and array.dtype.kind not in "iu":
            raise traitlets.TraitError(
                f"A selection holds column labels, whole numbers, but {array.dtype} values came."
                " Give columns['column'][condition], or workspace.selection.select(labels)."
            )
        labels = np.unique(array.astype(np.int64))
        labels.setflags(write=False)
        return labels

    def set(self, obj: Any, value: Any) -> None:
        """Store without traitlets' own comparison, which is ambiguous for arrays."""
        new = self._validate(obj, value)
        old = obj._trait_values.get(self.name, self.default_value)
        obj._trait_values[self.name] = new
        if not np.array_equal(old, new):
            obj._notify_trait(self.name, old, new)


class Selection(traitlets.HasTraits):
    """The selected columns, shared by the views that are to be linked.

    Attributes
    ----------
    labels : ndarray of int64
        Sorted labels; replaced, never changed in place. Empty: nothing is selected.
    rule : str
        What chose them, e.g. ``"4 <= intensity < 5"``.
    source : object
        The view that made the selection; None when it was made from Python.
    lock : RLock
        Held while the selection changes, so that views redraw one change at a time.
    """

    labels = Labels()
    rule = traitlets.Unicode("")
    source = traitlets.Any(None, allow_none=True)

    def __init__(self, labels: Any = (), *, rule: str = "") -> None:
        self.lock = threading.RLock()
        super().__init__()
        self.select(labels, rule=rule)

    def select(self, labels: Any, *, rule: str = "", source: Any = None) -> None:
        """Select columns by label.

        Parameters
        ----------
        labels : array_like of int
            Labels of the columns; order and repeats do not matter.
        rule : str
            What chose them, for the reader.
        source : object, optional
            The view that selects: every other view lets go of its own brush.
        """
        with self.lock, self.hold_trait_notifications():
            self.source = source
            self.rule = rule
            self.labels = labels

    def clear(self) -> None:
        """Select nothing."""
        self.select(())

    def keep(self, known: Any) -> None:
        """Leave out labels that are not among `known`; the rule stays."""
        kept = self.labels[np.isin(self.labels, known)]
        if kept.size < self.labels.size:
            self.select(kept, rule=self.rule, source=self.source)

    def some(self, how: str = "select some in a view first") -> np.ndarray:
        """Return the labels; raise ValueError, which says `how` to select, when there are none."""
        if not self.labels.size:
            raise ValueError(f"No column is selected: {how}.")
        return self.labels

    def mask(self, columns: xr.Dataset) -> np.ndarray:
        """Tell for each of `columns` whether it is selected (boolean array, column)."""
        return np.isin(columns["column"].values, self.labels)

    def __len__(self) -> int:
        return int(self.labels.size)
