"""Compare groups of columns that symmetry would make equal: difference, effect size, p-value."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets
import numpy as np
import xarray as xr

import temwidgets as tw
from temwidgets.widgets.controls import dropdown, offer
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.panels._compare_words import comparison_table, sentences
from temwidgets.widgets.panels._panel import Panel
from temwidgets.widgets.style import row
from temwidgets.widgets.views._base import note
from temwidgets.widgets.views._variables import categories, choices, numeric

_GROUPS = [
    ("motif sites", "site"),
    ("sublattices", "sublattice"),
    ("even and odd cells along a", "parity_a"),
    ("even and odd cells along b", "parity_b"),
    ("even and odd cells, chessboard", "parity_ab"),
    ("the selection and the rest", "selection"),
]
_BACKGROUNDS = [("neighbours", "local"), ("a smooth field", "smooth"), ("one mean", "none")]
_TESTS = [("Welch's t", "welch"), ("permutation", "permutation")]
_CORRECTIONS = [
    ("false discovery rate", "benjamini-hochberg"),
    ("any false one (Holm)", "holm"),
    ("none", "none"),
]
_ANGLES = ("theta", "displacement_direction")
_PLACES = ("y", "x", "n_a", "n_b")
_FIRST = ("intensity", "amplitude", "height")


class ComparePanel(Panel):
    """Groups and variables of `temwidgets.compare_sites`, and what the result means.

    Attributes
    ----------
    groups : Dropdown
        What is compared: sites, sublattices, cells of even and odd number, or the selected columns
        with the others of the same sites.
    site : Dropdown
        Motif site (or sublattice) whose cells are compared; "" compares within each.
    variables : SelectMultiple
        What they are compared in.
    background, test, correction : Dropdown
        See `temwidgets.compare_sites`.
    """

    def _build(self) -> list[widgets.Widget]:
        self._wanted: tuple[str, ...] = ()
        self._busy = False
        self.groups = dropdown("Compare", "Groups of columns", _GROUPS)
        self.site = dropdown("of", "Site whose cells are compared")
        self.background = dropdown("over", "What varies slowly and is taken off", _BACKGROUNDS)
        self.test = dropdown("Test", "Permutations for few columns, or odd values", _TESTS)
        self.correction = dropdown("corrected for", "For many tests at once", _CORRECTIONS)
        self.variables = widgets.SelectMultiple(
            description="in", rows=5, tooltip="Variables; Ctrl and Shift choose several",
            layout={"width": "auto", "min_width": "260px"}, style={"description_width": "auto"},
        )  # fmt: skip
        compare = self.action("Compare", "Difference, effect size and p-value", self._run)
        self.words, self.table = widgets.HTML(), widgets.HTML()
        self.remark = widgets.HTML()
        for part, name in (
            (self.words, "tem-stats"),
            (self.table, "tem-stats"),
            (self.remark, "tem-note"),
        ):
            part.add_class(name)
        self.groups.observe(self._chosen, "value")
        self.variables.observe(self._taken, "value")
        self.watch(self.workspace, self._shown, ["columns", "comparison"])
        self.watch(self.workspace.selection, self._chosen, "labels")
        self._shown(None)
        options = widgets.VBox(
            [
                row(self.groups, self.site),
                row(self.background, self.test),
                row(self.correction, compare),
            ]
        )
        return [row(options, self.variables), self.remark, self.words, self.table]

    def compare(self) -> None:
        """Compare as the controls say (a step of the workspace)."""
        self._run(None)

    @guarded
    def _run(self, _: Any) -> None:
        if not self.variables.value:
            raise ValueError("No variable is chosen: choose one or more in the list.")
        groups = self.groups.value
        options: dict[str, Any] = {
            "groups": self._selected() if groups == "selection" else groups,
            "background": self.background.value,
            "test": self.test.value,
            "correction": self.correction.value,
        }
        if groups.startswith("parity") and self.site.value not in (None, ""):
            options["site"] = self.site.value
        self.workspace.run(
            tw.compare_sites, into="comparison", amend=True, variables=list(self.variables.value),
            **options,
        )  # fmt: skip

    def _selected(self) -> dict[str, np.ndarray]:
        """Return the labels of the selection, and of the rest of the same sites."""
        columns, selected = self.workspace.columns, self.selected()
        if columns is None:
            raise ValueError("There are no columns yet: find columns first.")
        labels, name = columns["column"].values, _kind(columns)
        chosen = np.isin(labels, selected)
        kinds = np.zeros(chosen.size, int) if name is None else columns[name].values.astype(int)
        rest = ~chosen & np.isin(kinds, np.unique(kinds[chosen]))
        if not rest.any():
            raise ValueError("All columns of these sites are selected; there is no rest.")
        return {"selected": labels[chosen], "rest": labels[rest]}

    @guarded
    def _chosen(self, _: Any) -> None:
        sites = self._sites()
        parity = str(self.groups.value).startswith("parity")
        self.site.layout.display = "" if parity and len(sites) > 1 else "none"
        self.remark.value = note(self._advice(), "info")

    def _advice(self) -> str:
        columns, groups = self.workspace.columns, str(self.groups.value)
        if columns is None:
            return "There are no columns yet: find columns first."
        if groups.startswith("parity") and "n_a" not in columns:
            return "The cells are not numbered yet: find the lattice first."
        if groups == "site" and _kind(columns) is None:
            return "There are no sites yet: find the lattice, or sort into sublattices."
        if groups == "sublattice" and "sublattice" not in columns:
            return "There are no sublattices yet: sort by site or brightness first."
        if groups == "selection":
            count = self.workspace.selection.labels.size
            return f"{count:,} columns are selected." if count else "Select columns in a view."
        return ""

    def _sites(self) -> list[int]:
        columns = self.workspace.columns
        name = None if columns is None else _kind(columns)
        if columns is None or name is None:
            return []
        return [int(k) for k in np.unique(columns[name].values) if k >= 0]

    @guarded
    def _taken(self, change: Any) -> None:
        if not self._busy:
            self._wanted = tuple(change["new"])

    @guarded
    def _shown(self, _: Any) -> None:
        columns, comparison = self.workspace.columns, self.workspace.comparison
        self._offer(columns)
        sites = self._sites()
        word = "site" if columns is not None and "site" in columns else "sublattice"
        every = [("each site", None), *((f"{word} {k}", k) for k in sites)]
        kept = self.site.value if self.site.value in sites else None
        offer(self.site, every, kept)
        self._chosen(None)
        self.table.value = "" if comparison is None else comparison_table(comparison, columns)
        self.words.value = "" if comparison is None else sentences(comparison, columns)

    def _offer(self, columns: xr.Dataset | None) -> None:
        """Fill the list of variables; what was chosen stays chosen."""
        left_out = (*_ANGLES, *_PLACES, *categories(columns))
        names = [
            name for name in numeric(columns) if name not in left_out and not name.endswith("_std")
        ]
        first = [name for name in _FIRST if name in names][:1]
        kept = tuple(name for name in self._wanted if name in names) or tuple(first)
        options = tuple(choices(columns, names))
        if self.variables.options == options and self.variables.value == kept:
            return
        self._busy = True
        try:
            # The browser cannot have chosen what is no longer in its list.
            self.variables.value = ()
            self.variables.options, self.variables.value = options, kept
        finally:
            self._busy = False


def _kind(columns: xr.Dataset) -> str | None:
    return next((name for name in ("site", "sublattice") if name in columns), None)
