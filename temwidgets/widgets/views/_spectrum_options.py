"""What a `SpectrumView` shows and how, as traits."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets
import traitlets
from ipywidgets import TypedTuple

from temwidgets.widgets.products import Product
from temwidgets.widgets.traits import Interval, Region
from temwidgets.widgets.views._spectrum_marks import CLASSES, VALUES
from temwidgets.widgets.views.colormaps import NAMES

TOOLS = ("pan", "zoom", "rectangle", "lasso", "delete")
WINDOWS = ("hann", "tukey", "gaussian", "none")

LINKED = (
    "percentiles",
    "limits",
    "gamma",
    "smooth",
    "scale_bar",
    "show_markers",
    "marker_size",
    "tool",
)
"""Options that the layer in the browser has under the same name."""


class SpectrumOptions(widgets.VBox):
    """The options of a `SpectrumView`; it says what they mean."""

    region = Region()
    window = traitlets.Enum(WINDOWS, "hann")
    average = traitlets.Int(1, min=1, max=16)
    chosen = TypedTuple(traitlets.Int())
    linked = traitlets.Bool(True)
    snap = traitlets.Bool(True)
    k_range = Interval()
    rings = Product()
    mask = Product()
    color_by = traitlets.Enum((None, *CLASSES, *VALUES), "family", allow_none=True)
    labels = traitlets.Bool(True)
    show_markers = traitlets.Bool(True)
    marker_size = traitlets.Float(20.0, min=4.0)
    marker_cmap = traitlets.Enum(NAMES, "viridis")
    cmap = traitlets.Enum(NAMES, "grey")
    percentiles = traitlets.Tuple(traitlets.Float(), traitlets.Float(), default_value=(45.0, 99.97))
    limits = Interval()
    gamma = traitlets.Float(1.0, min=0.01)
    smooth = traitlets.Bool(False)
    scale_bar = traitlets.Bool(True)
    kx_range = Interval()
    ky_range = Interval()
    tool = traitlets.Enum(TOOLS, "pan")
    profile = traitlets.Bool(False)
    height = traitlets.Int(480, min=200)
    active = traitlets.Bool(True)

    @classmethod
    def option_names(cls) -> list[str]:
        """Return what may be given as an option."""
        own = set(SpectrumOptions.class_trait_names()) - set(widgets.VBox.class_trait_names())
        return [*own, "layout"]

    @property
    def labels_known(self) -> tuple[int, ...]:
        """Labels of the reflections there are."""
        raise NotImplementedError

    @traitlets.validate("chosen")
    def _check_chosen(self, proposal: Any) -> tuple[int, ...]:
        return checked_choice(proposal["value"], self.labels_known)


def checked_choice(chosen: Any, known: tuple[int, ...]) -> tuple[int, ...]:
    """Sort labels of reflections.

    Raises
    ------
    TraitError
        If one of them is not among the known.
    """
    unknown = [label for label in chosen if label not in known]
    if unknown:
        there = ", ".join(map(str, known)) or "none"
        raise traitlets.TraitError(f"There is no reflection {unknown[0]}; there are {there}.")
    return tuple(sorted(set(chosen)))
