"""The pairs of a `LabelPanel`, a line for each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as widgets
import numpy as np

from temwidgets.widgets.controls import button
from temwidgets.widgets.style import row


class PairRow:
    """The line of one pair.

    Attributes
    ----------
    words : Label
        Its size and number of columns.
    remove : Button
        Takes the pair out of the list.
    """

    def __init__(self, number: int, remove: Callable[[int], None]) -> None:
        self.words = widgets.Label(layout={"width": "auto", "min_width": "260px"})
        self.remove = button("Remove", f"Take pair {number + 1} out of the list", icon="trash")
        self.remove.on_click(lambda _: remove(number))
        self.box = row(self.words, self.remove)


class PairList(widgets.VBox):
    """A line for each pair; `remove` is told the number of the one to take out."""

    def __init__(self, remove: Callable[[int], None]) -> None:
        self._lines: list[PairRow] = []
        self._remove = remove
        self.rows: list[PairRow] = []
        self._none = widgets.Label("No pair is saved yet.")
        # two lines from the start, so that what is below does not move when they come
        layout = {"min_height": "68px", "max_height": "200px", "overflow": "auto"}
        super().__init__([self._none], layout=layout)

    def show(self, pairs: list[Any]) -> None:
        """Write the lines anew; those that are there are used again, so that focus stays."""
        while len(self._lines) < len(pairs):
            self._lines.append(PairRow(len(self._lines), self._remove))
        self.rows = self._lines[: len(pairs)]
        for number, (line, pair) in enumerate(zip(self.rows, pairs, strict=True), 1):
            line.words.value = f"{number}. {describe_pair(pair)}"
        self.children = [line.box for line in self.rows] or [self._none]


def describe_pair(pair: Any) -> str:
    """Say how large a pair is, e.g. "160 x 180 px, 280 columns of 2 species"."""
    ny, nx = pair.image.shape
    text = f"{ny} x {nx} px, {len(pair.columns):,} columns"
    if pair.species is None:
        return text
    return f"{text} of {np.unique(pair.species).size} species"
