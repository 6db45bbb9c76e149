"""Filter an image in Fourier space: spots, a ring, a half plane or a whole lattice."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets
import traitlets

import temwidgets as tw
from temwidgets.conventions import length_unit
from temwidgets.widgets.controls import checkbox, dropdown, number
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.panels._panel import Panel
from temwidgets.widgets.panels._reflection_choice import ReflectionChoice
from temwidgets.widgets.style import row, together
from temwidgets.widgets.views._variables import significant

_KINDS = [("spots", "spots"), ("lattice", "lattice"), ("ring", "ring"), ("half planes", "half")]
_LARGEST = 1024
"""Pixels along a side that the mask is drawn for; more would not be seen."""


class FilterPanel(Panel):
    """Mask and options of `temwidgets.fourier_filter`; the mask is seen in the spectrum.

    Once an image was filtered, it is filtered anew when an option changes.

    Parameters
    ----------
    workspace : Workspace or DataArray
        The workspace to act on.
    view : ImageView, optional
        The view that then shows the filtered image.
    status : bool
        Show messages and progress in the panel itself.

    Attributes
    ----------
    active : bool
        While False no mask is drawn, for another step is being worked on.
    kind : Dropdown
        "spots", "lattice", "ring" or "half".
    choice : ReflectionChoice
        The reflections whose spots pass, such as those of a family.
    radius : FloatText
        Of a spot, 1/nm; 0: chosen by the distance of the spots.
    soft : FloatSlider
        Share of the radius over which the edge falls.
    least, most : FloatText
        Ring, or distance of the half planes, 1/nm; most 0: no limit.
    angle : FloatText
        Direction of the half planes, degrees.
    remove : Checkbox
        Take away what the mask lets through.
    shown : Checkbox
        Darken in the spectrum what is blocked.
    """

    active = traitlets.Bool(True)

    def _build(self) -> list[widgets.Widget]:
        self._busy = False
        self.kind = dropdown("Let through", "Shape of the mask", _KINDS)
        self.choice = ReflectionChoice(self)
        self.choice.which.value = "all"
        self.area = self.choice.box()
        self.radius = number("Radius", "Of each spot; 0: chosen by their distances")
        self.soft = widgets.FloatSlider(
            value=0.5, min=0, max=1, step=0.05, description="Soft edge", readout_format=".2f",
            tooltip="Share of the radius (of the ring's width) over which the edge falls",
            layout={"width": "260px"}, style={"description_width": "auto"},
        )  # fmt: skip
        self.least, self.most = number("k from", "Smallest |k|"), number("to", "Largest; 0: all")
        self.angle = number("Direction", "Of the half planes, from +x towards +y")
        self.units = [widgets.Label("1/nm"), widgets.Label("1/nm")]
        self.remove = checkbox("take away", "Keep the rest instead of what the mask lets through")
        self.shown = checkbox("show the mask", "Darken in the spectrum what is blocked", True)
        self.filter = self.action(
            "Filter", "Compute the image that the mask lets through", self._go
        )
        self.size = together(self.radius, self.units[0])
        self.ring = together(self.least, self.most, self.units[1])
        self.turn = together(self.angle, widgets.Label("°"))
        for control in (
            self.kind, self.radius, self.soft, self.least, self.most, self.angle, self.remove,
            self.choice.which, self.choice.count,
        ):  # fmt: skip
            control.observe(self._changed, "value")
        self.shown.observe(self._draw, "value")
        self.observe(self._draw, "active")
        work = self.workspace
        self.watch(work, self._renewed, ["image", "reflections", "chosen_reflections"])
        self.watch(work, self._filtered, ["filtered"])
        self.watch(work.reciprocal, self._ranged, ["k_range"])
        self._ranged(None)
        self._renewed(None)
        return [
            row(self.kind, self.ring, self.turn, self.size, self.soft),
            self.area,
            row(self.remove, self.shown, self.filter),
        ]

    def close(self) -> None:
        """Close the widget, let go of the workspace and take the mask off the spectrum."""
        self.workspace.reciprocal.mask = None
        super().close()

    @guarded
    def _go(self, _: Any) -> None:
        self._run()

    def _run(self) -> None:
        options = self._mask_options()
        if self.remove.value:
            options["remove"] = True
        self.workspace.run(tw.fourier_filter, into="filtered", amend=True, **options)

    def _mask_options(self) -> dict[str, Any]:
        """Return the arguments of the mask that are not left to their defaults."""
        kind = self.kind.value
        options: dict[str, Any] = {} if kind == "spots" else {"kind": kind}
        if self.soft.value != 0.5:
            options["soft"] = round(self.soft.value, 3)
        if kind in ("spots", "lattice"):
            options |= self.choice.arguments(self.workspace.reflections)
            return options | ({"radius": self.radius.value} if self.radius.value else {})
        options |= {"reflections": None, "k_range": (self.least.value, self.most.value or None)}
        return options | ({"angle": self.angle.value} if kind == "half" else {})

    @guarded
    def _changed(self, _: Any) -> None:
        if self._busy:
            return
        self._arrange()
        self._draw(None)
        if self._made() and self._ready():
            self._run()

    def _made(self) -> bool:
        """Tell whether the last step was ours."""
        steps = self.workspace.history
        return bool(steps) and steps[-1].name == "fourier_filter"

    def _ready(self) -> bool:
        """Tell whether there is all that the mask needs."""
        if self.kind.value in ("spots", "lattice"):
            found, chosen = self.workspace.reflections, self.workspace.chosen_reflections
            some = found is not None and found.sizes["reflection"] > 0
            return some and (self.choice.which.value != "chosen" or bool(chosen))
        return self.kind.value == "half" or self.most.value > self.least.value

    def _arrange(self) -> None:
        kind = self.kind.value
        spots = kind in ("spots", "lattice")
        for box, wanted in (
            (self.size, spots), (self.area, spots), (self.ring, not spots),
            (self.turn, kind == "half"), (self.most, kind == "ring"),
        ):  # fmt: skip
            box.layout.display = "" if wanted else "none"

    @guarded
    def _draw(self, _: Any) -> None:
        """Show the mask in the spectrum while somebody works on it."""
        image, wanted = self.workspace.plane, self.shown.value and self.active
        if image is None or not wanted or not self._ready():
            self.workspace.reciprocal.mask = None
            return
        options = self._mask_options()
        known = options.setdefault("reflections", self.workspace.reflections)
        part = image.isel(y=slice(0, _LARGEST), x=slice(0, _LARGEST))
        self.workspace.reciprocal.mask = tw.fourier_mask(part, known, **_without(options))

    @guarded
    def _ranged(self, _: Any) -> None:
        """Take over the range brushed in the profile of a spectrum."""
        span = self.workspace.reciprocal.k_range
        if span is not None:
            self._busy = True
            self.least.value, self.most.value = (significant(k, 4) for k in span)
            self._busy = False
            self._changed(None)

    @guarded
    def _renewed(self, _: Any) -> None:
        image = self.workspace.image
        for label in self.units:
            label.value = "1/nm" if image is None else f"1/{length_unit(image)}"
        self._arrange()
        self._draw(None)

    @guarded
    def _filtered(self, change: Any) -> None:
        if change["new"] is not None and self.view is not None and self._made():
            self.view.show = "filtered"


def _without(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name != "reflections"}
