"""Find the reflections of an image, cut them by their probability, and index them."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets
import xarray as xr

import temwidgets as tw
from temwidgets.analysis.fourier.reflections import cut_reflections, search_reflections
from temwidgets.conventions import length_unit
from temwidgets.widgets.controls import checkbox, number, whole_number
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.panels._family_chips import FamilyChips
from temwidgets.widgets.panels._following import Following
from temwidgets.widgets.panels._panel import Panel
from temwidgets.widgets.panels._phases import PhaseList
from temwidgets.widgets.style import row, together
from temwidgets.widgets.views._variables import significant

_STEP = 0.01
_SLIDER = "Smallest probability that a peak is a reflection and no noise"


class ReflectionPanel(Panel):
    """Options of `temwidgets.find_reflections`; families to choose; phases to index against.

    Attributes
    ----------
    threshold : FloatSlider
        Smallest probability; acts while it moves, once reflections were found.
    least, most : FloatText
        Range of k (1/nm), 0: no limit; drawn in the spectrum, where it can be brushed too.
    inside : Checkbox
        Only in the region whose spectrum is shown.
    limit : BoundedIntText
        At most so many reflections.
    families : FamilyChips
        A button for each family.
    phases : PhaseList
        The phases reflections are indexed against.
    """

    def _build(self) -> list[widgets.Widget]:
        self._busy = False
        self._known: tuple[Any, ...] = ()
        self._search: Any = None
        self.find = self.action(
            "Find reflections", "Look for spots in the spectrum that are no noise", self._find
        )
        self.least = number("k from", "Smallest |g| to look at; 0: no limit")
        self.most = number("to", "Largest |g| to look at; 0: no limit")
        self.unit = widgets.Label("1/nm")
        self.inside = checkbox(
            "in the region", "Only in the region of the image whose spectrum is shown"
        )
        self.limit = whole_number("at most", "The most significant are kept", 100, 1, 1000)
        self.threshold = widgets.FloatSlider(
            min=0, max=1, step=_STEP, value=0.5, description="Probability above",
            readout_format=".2f", tooltip=_SLIDER,
            layout={"width": "auto", "flex": "1 1 260px", "max_width": "520px"},
            style={"description_width": "auto"},
        )  # fmt: skip
        self.count = widgets.Label(layout={"width": "auto"})
        self.families = FamilyChips(self.workspace)
        self.phases = PhaseList(self)
        self._following = Following(self, self._cut, self._shown, self.threshold)
        for field in (self.least, self.most):
            field.observe(self._ranged, "value")
        self.watch(self.workspace, self._shown, ["image", "reflections"])
        self.watch(self.workspace.reciprocal, self._limited, ["k_range", "region"])
        self._limited(None)
        self._shown(None)
        return [
            row(
                self.find, together(self.least, self.most, self.unit), self.limit, self.inside
            ),
            row(self.threshold, self.count),
            self.families,
            self.phases,
        ]  # fmt: skip

    def close(self) -> None:
        """Close the widget and let go of the workspace."""
        self.families.stop()
        super().close()

    @guarded
    def _find(self, _: Any) -> None:
        self._run()

    @guarded
    def _cut(self) -> None:
        """Cut anew what was found; before that there is nothing to cut."""
        found = self.workspace.reflections
        if found is not None and "threshold" in found.attrs:
            self._run()
            self._following.waiting = True

    def _run(self) -> None:
        options: dict[str, Any] = {"threshold": round(self.threshold.value, 4)}
        low, high = self.least.value, self.most.value
        if low > 0 or high > 0:
            options["k_range"] = (low or None, high or None)
        if self.inside.value and self.workspace.reciprocal.region is not None:
            options["region"] = self.workspace.reciprocal.region
        if self.limit.value != 100:
            options["max_reflections"] = self.limit.value
        self.workspace.run(
            tw.find_reflections, into="reflections", amend=True, shortcut=self._shortcut, **options
        )

    def _shortcut(
        self,
        image: xr.DataArray,
        *,
        threshold: float,
        max_reflections: int = 100,
        report: Any,
        **options: Any,
    ) -> xr.Dataset:
        """Do as find_reflections does, but search only when anything but the cut changed."""
        known = (id(self.workspace.image), self.workspace.frame, tuple(options.items()))
        if self._search is None or self._known != known:
            self._search = search_reflections(image, report=report, **options)
            self._known = known
        return cut_reflections(self._search, threshold=threshold, max_reflections=max_reflections)

    @guarded
    def _ranged(self, _: Any) -> None:
        if self._busy:
            return
        low, high = max(self.least.value, 0.0), max(self.most.value, 0.0)
        known = high > low  # an open end cannot be drawn
        self.workspace.reciprocal.k_range = (low, high) if known else None

    @guarded
    def _limited(self, _: Any) -> None:
        span, region = self.workspace.reciprocal.k_range, self.workspace.reciprocal.region
        self._busy = True
        try:
            if span is not None:
                self.least.value, self.most.value = (significant(k, 4) for k in span)
            elif self.least.value > 0 and self.most.value > self.least.value:
                self.least.value = self.most.value = 0.0
        finally:
            self._busy = False
        self.inside.layout.display = "" if region is not None else "none"

    @guarded
    def _shown(self, _: Any = None) -> None:
        image, found = self.workspace.image, self.workspace.reflections
        self.unit.value = "1/nm" if image is None else f"1/{length_unit(image)}"
        self.count.value = "" if found is None else _counted(found)
        if found is not None and "threshold" in found.attrs and not self._following.waiting:
            with self._following.quietly():
                self.threshold.value = float(found.attrs["threshold"])


def _counted(found: Any) -> str:
    count = found.sizes["reflection"]
    if not count:
        return "no reflection: no crystal is seen"
    text = f"{count} reflection{'s' if count > 1 else ''}"
    if "lattice" in found:
        lattices = len(set(found["lattice"].values.tolist()) - {-1})
        text += f", {lattices} lattice{'s' if lattices != 1 else ''}"
    return text
