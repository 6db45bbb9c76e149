"""The controls of a view of domains; each has a trait of the view behind it."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets
import traitlets

from temwidgets.analysis.fourier.domain_maps import QUANTITIES
from temwidgets.widgets.controls import button, checkbox, dropdown
from temwidgets.widgets.download import DownloadButton
from temwidgets.widgets.style import row
from temwidgets.widgets.views._domain_words import NAMES

COLOURS = ("domain", *QUANTITIES)


class DomainControls:
    """Dropdowns, boxes and buttons of one view."""

    def __init__(self, view: Any) -> None:
        named = [(NAMES[name], name) for name in QUANTITIES]
        self.colour = dropdown("Colour by", "What the colours mean", [("Domain", "domain"), *named])
        self.counted = dropdown("Histogram of", "What the histogram counts", named)
        self.outlines = checkbox("Outlines", "Draw the outlines of the domains", True)
        self.opacity = widgets.FloatSlider(
            min=0, max=1, step=0.05, description="Opacity", readout=False, tooltip="Of the colours",
            layout={"width": "170px"}, style={"description_width": "auto"},
        )  # fmt: skip
        self.exclude = button("Exclude", "Take the chosen domains away; the others keep labels")
        self.columns = button("Select columns", "Select the columns inside the chosen domains")
        self.csv = DownloadButton(
            lambda: ("domains.csv", view.csv()), tooltip="Save the table as CSV",
            on_error=view.show_error,
        )  # fmt: skip
        for name, control in (
            ("colour_by", self.colour), ("quantity", self.counted), ("alpha", self.opacity),
            ("outlines", self.outlines),
        ):  # fmt: skip
            traitlets.link((view, name), (control, "value"))
        self.exclude.on_click(lambda _: view.exclude())
        self.columns.on_click(lambda _: view.select_columns())

    def over(self) -> widgets.Widget:
        """Return what stands over the image."""
        return row(self.colour, self.opacity, self.outlines)

    def under(self) -> widgets.Widget:
        """Return what stands over table and histogram."""
        return row(self.exclude, self.columns, self.csv, self.counted)
