"""Find the crystalline domains of an image."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets

import temwidgets as tw
from temwidgets.conventions import length_unit
from temwidgets.widgets.controls import dropdown, number
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.panels._panel import Panel
from temwidgets.widgets.style import row, together
from temwidgets.widgets.views._domain_words import advice, group_table, totals

_METHODS = [
    ("reflection pursuit", "pursuit"),
    ("filter and cluster", "filter"),
    ("clusters of local spectra", "spectra"),
]
_HINTS = {
    "pursuit": "Each strongest reflection with the region where it is; nothing need be known.",
    "filter": "Images of groups of reflections, their bright pixels clustered (DBSCAN).",
    "spectra": "Pieces of the image clustered by their spectra: for weak, broad reflections.",
}

_HIGH = "116px"


class DomainPanel(Panel):
    """Method and sensitivity of `temwidgets.segment_domains`; shown by a `DomainView`.

    Attributes
    ----------
    method : Dropdown
        "pursuit", "filter" or "spectra".
    sensitivity : FloatSlider
        0 to 1; higher finds weaker domains. Moved once there are domains, it finds them anew.
    smallest : FloatText
        Area of the smallest domain, in the length unit squared; 0: automatic.
    d_low, d_high : FloatText
        Range of d-spacings that are looked at, in the length unit; 0: no limit.
    """

    def _build(self) -> list[widgets.Widget]:
        self.method = dropdown("Domains by", "How domains are found", _METHODS)
        self.sensitivity = widgets.FloatSlider(
            value=0.5, min=0, max=1, step=0.05, description="Sensitivity", continuous_update=False,
            tooltip="Higher finds weaker domains", layout={"width": "260px"},
            style={"description_width": "auto"},
        )  # fmt: skip
        self.smallest = number("Area from", "Smallest domain; 0: automatic")
        self.d_low = number("d from", "Smallest d-spacing looked at; 0: no limit")
        self.d_high = number("to", "Largest d-spacing looked at; 0: no limit")
        self.area, self.unit = widgets.Label(), widgets.Label()
        segment = self.action("Segment", "Find the domains", self._run)
        number_columns = self.action(
            "Number columns", "Give each column the number of its domain", self._number
        )
        self.hint, self.words = widgets.HTML(), widgets.HTML()
        self.hint.add_class("tem-note")
        self.words.add_class("tem-stats")
        # Kept free from the start, so that the image below stays where it is.
        self.words.layout.height, self.words.layout.overflow = _HIGH, "auto"
        self.sensitivity.observe(self._again, "value")
        self.method.observe(self._explain, "value")
        self.watch(self.workspace, self._shown, ["domains", "image"])
        self._explain(None)
        self._shown(None)
        return [
            row(self.method, self.sensitivity, segment, number_columns),
            row(together(self.smallest, self.area), together(self.d_low, self.d_high, self.unit)),
            self.hint,
            self.words,
        ]

    @guarded
    def _run(self, _: Any) -> None:
        low, high = self.d_low.value or None, self.d_high.value or None
        options: dict[str, Any] = {"smallest": self.smallest.value} if self.smallest.value else {}
        if low or high:
            options["d_range"] = (low, high)
        self.workspace.run(
            tw.segment_domains, into="domains", amend=True, method=self.method.value,
            sensitivity=self.sensitivity.value, **options,
        )  # fmt: skip

    @guarded
    def _number(self, _: Any) -> None:
        self.workspace.run(tw.columns_in_domains, into="columns")

    @guarded
    def _again(self, _: Any) -> None:
        if self.workspace.domains is not None:
            self._run(None)

    @guarded
    def _explain(self, _: Any) -> None:
        self.hint.value = f'<div class="tem-info">{_HINTS[self.method.value]}</div>'

    @guarded
    def _shown(self, _: Any) -> None:
        image, domains = self.workspace.image, self.workspace.domains
        units = "nm" if image is None else length_unit(image)
        self.unit.value, self.area.value = units, f"{units}²"
        self.words.value = '<div class="tem-info">No domains yet: press Segment.</div>'
        if domains is not None:
            self.words.value = (
                f"<div>{totals(domains)}</div>{advice(domains)}{group_table(domains)}"
            )
