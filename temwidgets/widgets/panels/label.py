"""Label images to train a network on: correct columns, assign species, collect pairs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ipywidgets as widgets
import numpy as np
import traitlets
import xarray as xr

import temwidgets as tw
from temwidgets.networks.pairs import make_pair, without_species
from temwidgets.widgets.controls import button, text, whole_number
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.messages import Message
from temwidgets.widgets.panels._pair_list import PairList
from temwidgets.widgets.panels._panel import Panel
from temwidgets.widgets.style import row, together
from temwidgets.widgets.views._base import note

_HINT = (
    "Correct the columns in the image: + adds, the hand moves, - removes. Select columns to assign"
    " their species. Then save image and columns as a pair."
)


class LabelPanel(Panel):
    """Collect pairs of an image and its columns, corrected by hand, to train a network on.

    Parameters
    ----------
    workspace : Workspace or DataArray
        The workspace to act on.
    view : ImageView, optional
        Where columns are corrected; it shows species by their colour once they are assigned.
    status : bool
        Show messages and progress in the panel itself.

    Attributes
    ----------
    pairs : list of temwidgets.networks.Pair
        What was saved, places in pixels; assign a new list to change it from Python.
    species : BoundedIntText
        Sublattice that `assign` gives to the selected columns; -1 takes it back.
    path : Text
        File of labels, .nc or .csv, to import or export.
    list : PairList
        A line for each pair: ``list.rows[0].remove`` is its button.
    """

    pairs = traitlets.List()

    def _build(self) -> list[widgets.Widget]:
        self.species = whole_number(
            "Species of selected", "Sublattice number of the selected columns; -1: none", 0, -1, 12
        )
        self.assign = self.action(
            "Assign", "Give the selected columns this species", self._assign, leads=False
        )
        self.save = self.action(
            "Save as a pair", "Keep image and columns to train on", self._save_pair
        )
        self.path = text(
            "Labels", "A netCDF (.nc) or CSV file of columns", "labels.nc", flex="0 1 320px"
        )
        self.load = self.action(
            "Import", "Read the columns of this image from it", self._import, leads=False
        )
        self.write = button("Export", "Write the columns of this image to it")
        self.write.on_click(self._export)
        self.remark = widgets.HTML(note(_HINT, "info"))
        self.remark.add_class("tem-note")
        self.list = PairList(self._remove)
        self.observe(lambda change: self.list.show(change["new"]), "pairs")
        self.watch(self.workspace, self._coloured, "columns")
        return [
            self.remark,
            row(together(self.species, self.assign), self.save, self.path,
                together(self.load, self.write)),
            self.list,
        ]  # fmt: skip

    @guarded
    def _assign(self, _: Any) -> None:
        self.put_selected(self.species.value)

    @guarded
    def _coloured(self, change: Any) -> None:
        """Colour by species when there are some for the first time."""
        old, new = change["old"], change["new"]
        if self.view is None or new is None or "sublattice" not in new:
            return
        if old is None or "sublattice" not in old:
            self.view.color_by = "sublattice"

    @guarded
    def _save_pair(self, _: Any) -> None:
        image, columns = self.workspace.plane, self.workspace.columns
        if image is None or columns is None:
            raise ValueError("There are no columns yet: find columns, or import labels first.")
        try:
            pair = make_pair(image, columns)
        except ValueError:
            self._point_out(columns)
            raise
        again = self._same(pair)
        if again is None:
            self.pairs = [*self.pairs, pair]
        else:
            self.pairs = [pair if k == again else old for k, old in enumerate(self.pairs)]
        number = len(self.pairs) if again is None else again + 1
        verb = "Saved as" if again is None else "Replaced"
        told = f"{verb} pair {number}: {len(pair.columns):,} columns."
        self.workspace.message = Message("info", told)

    def _point_out(self, columns: xr.Dataset) -> None:
        """Select the columns that have no species while others have one."""
        free = without_species(columns)
        if free.size:
            self.workspace.selection.select(free, rule="no species")

    def _same(self, pair: Any) -> int | None:
        """Return the number of the pair with the same image; saved again, it is replaced."""
        for number, old in enumerate(self.pairs):
            if old.image.shape == pair.image.shape and np.array_equal(
                old.image, pair.image, equal_nan=True
            ):
                return number
        return None

    @guarded
    def _remove(self, number: int) -> None:
        self.pairs = [pair for k, pair in enumerate(self.pairs) if k != number]
        self.workspace.message = Message("info", f"Removed pair {number + 1}.")

    @guarded
    def _import(self, _: Any) -> None:
        image = self.workspace.plane
        if image is None:
            raise ValueError("There is no image yet: load the one that these labels belong to.")
        path = self._file()
        # netCDF says itself where columns are; those of a table in px get the image's lengths
        options: dict[str, Any] = {"image": None} if path.lower().endswith(".nc") else {}
        self.workspace.run(tw.read_columns, into="columns", path=path, **options)

    @guarded
    def _export(self, _: Any) -> None:
        columns = self.workspace.columns
        if columns is None:
            raise ValueError("There are no columns to export yet: find columns first.")
        path = tw.save(self._file(), columns)
        self.workspace.message = Message("info", f"Labels are in {path.resolve()}.")

    def _file(self) -> str:
        path = Path(self.path.value.strip()).expanduser()
        if path.suffix.lower() not in (".nc", ".csv"):
            raise ValueError(
                f"Labels are in a .nc or .csv file, but {self.path.value.strip()!r} was named."
            )
        return str(path)
