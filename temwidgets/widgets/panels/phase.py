"""Geometric phase: strain relative to a region that is dragged, and Burgers vectors."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets
import traitlets

import temwidgets as tw
from temwidgets.analysis.fourier.strain_displacement import add_displacement
from temwidgets.analysis.lattice_data import vectors_of
from temwidgets.conventions import length_unit
from temwidgets.widgets.controls import dropdown, number, offer
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.panels._burgers_loop import BurgersLoop
from temwidgets.widgets.panels._chain import Chain
from temwidgets.widgets.panels._panel import Panel
from temwidgets.widgets.panels._phase_words import direction, strain_table
from temwidgets.widgets.panels._reflection_choice import ReflectionChoice
from temwidgets.widgets.style import row, together
from temwidgets.widgets.views._map_words import reflection_names
from temwidgets.widgets.views._region_drawing import RegionDrawing, describe_region

_AGAINST = [("the mean lattice", "mean"), ("a region", "region")]
_MEASURES = [("elongation (Biot)", "finite"), ("small strain (grad u)", "small")]
_COLOUR = "#ffd23f"
_SHARE = 0.25
"""Of the sides of the view: a region that is drawn for the first time."""
_SCREEN = 384
"""Pixels along one side of a preview."""
_RELATIVE = (
    "Strain here is relative: it is zero in the reference. d-spacings from Spacing are absolute."
)


class PhasePanel(Panel):
    """Reflections, reference and axes of `temwidgets.geometric_phase`; Burgers vectors.

    Parameters
    ----------
    workspace : Workspace or DataArray
        The workspace to act on.
    view : ImageView, optional
        The view on which the reference region and the loop are dragged.
    status : bool
        Show messages and progress in the panel itself.

    Attributes
    ----------
    active : bool
        While False neither region nor loop is drawn, for another step is being worked on.
    reflections : ReflectionChoice
        Which reflections are measured.
    against : Dropdown
        "mean" (the mean lattice of the crystal) or "region".
    reference : RegionDrawing
        The reference region: set ``reference.region`` from Python, or drag its handles.
    burgers : BurgersLoop
        The loop whose Burgers vector is told: ``burgers.switch``, ``burgers.drawing.region``.
    along : Dropdown
        The direction that the x axis of the strain is laid along.
    angle : FloatText
        That direction, degrees from +x towards +y.
    measure : Dropdown
        "finite" (elongation, exact at any rotation) or "small" (gradient of the displacement).
    sigma : FloatText
        Width of the Gaussian window, in the length unit; 0: from noise and strain.
    """

    active = traitlets.Bool(True)

    def _build(self) -> list[widgets.Widget]:
        self.chain = Chain(self)
        self.reflections = ReflectionChoice(self, least=2)
        self.against = dropdown("Strain against", "Where strain is zero", _AGAINST)
        self.along = dropdown("x axis along", "Direction that e_xx is measured along")
        self.angle = number("at", "Direction of the x axis, from right towards down")
        self.sigma = number(
            "Sigma", "Width of the Gaussian window: wider is quieter and less sharp; 0: automatic"
        )
        self.unit = widgets.Label("nm")
        self.measure = dropdown("as", "Which measure of strain", _MEASURES)
        measure = self.action("Measure", "Phases and strain, with errors", self._run)
        self.displace = self.action(
            "Displacement", "Unwrap the phases; dislocations are left as they are", self._displace
        )
        self.size, self.table = widgets.Label(), widgets.HTML()
        self.table.add_class("tem-stats")
        meaning = widgets.HTML(f'<div class="tem-info">{_RELATIVE}</div>')
        meaning.add_class("tem-note")
        self.reference = None
        if self.view is not None:
            self.reference = RegionDrawing(self.view, "reference", _COLOUR, self.show_error)
        self.burgers = BurgersLoop(self)
        self._observe()
        self._offer(None)
        self._arrange(None)
        self._shown(None)
        turn = together(self.along, self.angle, widgets.Label("°"))
        return [
            row(self.reflections.box(), together(self.sigma, self.unit), measure, self.displace),
            row(together(self.against, self.size), turn, self.measure, self.burgers.switch),
            meaning,
            self.table,
            self.burgers.words,
        ]

    def _observe(self) -> None:
        self.against.observe(self._arrange, "value")
        self.along.observe(self._along_chosen, "value")
        self.angle.observe(self._turned, "value")
        self.measure.observe(self._again, "value")
        self.observe(self._arrange, "active")
        if self.reference is not None:
            self.reference.observe(self._moved, "region")
            self.reference.observe(self._put_down, "moving")
        self.watch(self.workspace, self._offer, ["reflections", "lattice"])
        self.watch(self.workspace, self._shown, ["strain", "image"])

    def close(self) -> None:
        """Close the widget, let go of workspace and view, and take the regions off the image."""
        if self.reference is not None:
            self.reference.close()
        self.burgers.close()
        super().close()

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of `temwidgets.geometric_phase` that the controls stand for."""
        options: dict[str, Any] = {}
        if self.sigma.value > 0:
            options["sigma"] = self.sigma.value
        if self.against.value == "region":
            options["reference"] = self._region()
        if self.angle.value:
            options["axis_angle"] = self.angle.value
        if self.measure.value != "finite":
            options["measure"] = self.measure.value
        return options

    def part_of_view(self) -> tuple[float, float, float, float]:
        """Return a rectangle (y0, y1, x0, x1) in the middle of what the view shows."""
        (left, right), (top, bottom) = self.view.stage.ranges
        (low_x, high_x), (low_y, high_y) = self.view.stage.extent
        left, right, top, bottom = (
            max(left, low_x), min(right, high_x), max(top, low_y), min(bottom, high_y)
        )  # fmt: skip
        dy, dx = 0.5 * _SHARE * (bottom - top), 0.5 * _SHARE * (right - left)
        y, x = (top + bottom) / 2, (left + right) / 2
        return y - dy, y + dy, x - dx, x + dx

    def _region(self) -> Any:
        region = None if self.reference is None else self.reference.region
        if region is None:
            raise ValueError(
                "There is no reference region: give the panel an image view to drag it on, or take"
                " the mean lattice."
            )
        return region

    @guarded
    def _run(self, _: Any) -> None:
        workspace = self.workspace
        if workspace.reflections is not None:
            self._measure()
            return
        self.chain.set("find_reflections", ("geometric_phase", lambda: self._measure(follows=True)))
        workspace.run(tw.find_reflections, into="reflections")

    @guarded
    def _displace(self, _: Any) -> None:
        self._add_displacement(follows=False)

    def _add_displacement(self, *, follows: bool = True) -> None:
        self.workspace.run(add_displacement, into="strain", follows=follows)

    def _measure(self, *, amend: bool = False, follows: bool = False) -> None:
        """Measure; a displacement that was there is worked out anew."""
        strain = self.workspace.strain
        if strain is not None and "displacement" in strain:
            self.chain.set("geometric_phase", ("add_displacement", self._add_displacement))
        chosen = self.reflections.arguments(self.workspace.reflections)
        self.workspace.run(
            tw.geometric_phase, into="strain", amend=amend, follows=follows,
            **chosen, **self.arguments(),
        )  # fmt: skip

    @guarded
    def _moved(self, _: Any) -> None:
        """Show the strain against the region as it is under the mouse."""
        self._describe()
        workspace, plane = self.workspace, self.workspace.plane
        if workspace.strain is None or plane is None or self.against.value != "region":
            return
        if self.reference is None or not self.reference.moving:
            self._again(None)
            return
        found = workspace.reflections
        chosen = {} if found is None else {
            "reflections": found.sel(reflection=self.reflections.taken(found))
        }  # fmt: skip
        stride = max(1, -(-max(plane.shape) // _SCREEN))
        workspace.preview.run(
            tw.geometric_phase, image=plane, stride=stride, **chosen, **self.arguments()
        )

    @guarded
    def _put_down(self, change: Any) -> None:
        """Measure in full once the region has been put down."""
        if not change["new"]:
            self._again(None)

    @guarded
    def _arrange(self, change: Any) -> None:
        """Draw the region while it is wanted."""
        wanted = self.against.value == "region" and self.active
        if self.reference is not None:
            if wanted and self.reference.region is None:
                self.reference.region = self.part_of_view()
            self.reference.shown = wanted
        self._describe()
        if change is not None and change["owner"] is self.against:
            self._again(None)

    @guarded
    def _again(self, _: Any) -> None:
        """Measure anew what has been measured: phases are kept, so it is quick."""
        if self.workspace.strain is not None:
            self._measure(amend=True)

    def _describe(self) -> None:
        region = None if self.reference is None else self.reference.region
        there = region is not None and self.against.value == "region"
        self.size.value = describe_region(region, self.unit.value) if there else ""

    @guarded
    def _offer(self, _: Any) -> None:
        """Offer directions to lay the x axis along."""
        options: list[tuple[str, Any]] = [("image x", 0.0)]
        reflections, lattice = self.workspace.reflections, self.workspace.lattice
        if reflections is not None:
            g = reflections["g"].transpose("reflection", "component").values
            names = [name for name, _ in reflection_names(reflections)]
            options += [(f"g, {n}", direction(v)) for n, v in zip(names, g, strict=True)]
        if lattice is not None:
            vectors = zip("ab", vectors_of(lattice), strict=True)
            options += [(f"lattice {name}", direction(v)) for name, v in vectors]
        options.append(("an angle", None))
        near = [v for _, v in options[:-1] if abs(v - self.angle.value) < 1e-3]
        offer(self.along, options, near[0] if near else None)

    @guarded
    def _along_chosen(self, change: Any) -> None:
        if isinstance(change["new"], float):
            self.angle.value = round(change["new"], 3)

    @guarded
    def _turned(self, _: Any) -> None:
        along = self.along.value
        if isinstance(along, float) and abs(along - self.angle.value) > 1e-3:
            self.along.value = ""  # an angle of its own
        self._again(None)

    @guarded
    def _shown(self, _: Any) -> None:
        image, strain = self.workspace.image, self.workspace.strain
        self.unit.value = "nm" if image is None else length_unit(image)
        self._describe()
        self.table.value = "" if strain is None else strain_table(strain)
        self.displace.layout.display = "none" if strain is None else ""
