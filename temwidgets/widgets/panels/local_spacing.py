"""Measure d-spacing, direction and amplitude of the fringes at every pixel."""

from __future__ import annotations

from html import escape
from typing import Any

import ipywidgets as widgets

import temwidgets as tw
from temwidgets.analysis.fourier.masking import mask_crystal
from temwidgets.conventions import length_unit
from temwidgets.widgets.controls import checkbox, dropdown, number, whole_number
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.panels._chain import Chain
from temwidgets.widgets.panels._panel import Panel
from temwidgets.widgets.panels._reflection_choice import ReflectionChoice
from temwidgets.widgets.panels._spacing_words import spacing_table, spacing_words
from temwidgets.widgets.style import row, together

_ENGINES = [("phase gradient (quick)", "phase"), ("rolling window", "windowed")]
_FITS = [("log-parabola (quick)", "parabola"), ("2-D Gaussian", "gaussian")]
_MASKS = [
    ("where fringes are found", "found"),
    ("above the noise", "noise"),
    ("above Otsu's threshold", "otsu"),
    ("above a threshold", "threshold"),
]
_THRESHOLDS = {"noise": 5.0, "threshold": 0.5}
_SCREEN = 384
"""Pixels along one side of a preview: as many as are told apart while the mouse moves."""


class LocalSpacingPanel(Panel):
    """Reflections, engine and mask of `temwidgets.local_spacing`.

    The phase engine is live: while a reflection is dragged in the spectrum, coarse maps follow it.

    Attributes
    ----------
    reflections : ReflectionChoice
        Which reflections are measured.
    engine, fit : Dropdown
        "phase" or "windowed"; how a spot is located in the rolling window.
    sigma : FloatText
        Width of the Gaussian window of the phase engine, in the length unit; 0: from the noise.
    window, stride : BoundedIntText
        Of the rolling window, in px; 0: 128, and every pixel of images up to 512 px.
    angle, distance : FloatText
        How far a spot may lie from its reflection: degrees, and % of |g|.
    live : Checkbox
        Follow reflections that are dragged.
    masking : Dropdown
        How crystal is told from amorphous material.
    threshold, smallest : FloatText
        Of the mask; diameter of the smallest piece of crystal, in the length unit.
    blocks : BoundedIntText
        Side of the squares that "Average" averages, in px.
    """

    def _build(self) -> list[widgets.Widget]:
        self._busy, self._before = False, None
        self.chain = Chain(self)
        self.reflections = ReflectionChoice(self)
        self._make_engine()
        self._make_mask()
        self.words, self.table = widgets.HTML(), widgets.HTML()
        self.words.add_class("tem-note")
        self.table.add_class("tem-stats")
        self.table.layout.max_height, self.table.layout.overflow = "240px", "auto"
        self._observe()
        self._engine_chosen(None)
        self._shown(None)
        measure = self.action("Measure", "Maps of d, direction and amplitude", self._run)
        return [
            row(self.reflections.box(), self.engine, self.live, measure),
            row(self._phase, self._windowed),
            self._after,
            self.words,
            self.table,
        ]

    def _make_engine(self) -> None:
        self.engine = dropdown("by", "How spacings are measured", _ENGINES)
        self.live = checkbox("live", "Follow reflections dragged in the spectrum", value=True)
        self.sigma = number(
            "Sigma", "Width of the Gaussian window: wider is quieter and less sharp; 0: automatic"
        )
        self.window = whole_number("Window", "Side of the rolling window; 0: 128", 0, 0, 4096)
        self.stride = whole_number(
            "Every", "Measure every so many pixels; 0: as many as are quick", 0, 0, 512
        )
        self.fit = dropdown("Spot by", "How a spot is located between bins", _FITS)
        self.angle = number("within ±", "Largest deviation from the reflection's direction", 5.0)
        self.distance = number("° and ±", "Largest deviation from its distance |g|", 10.0)
        self.unit = widgets.Label("nm")
        self._phase = row(together(self.sigma, self.unit))
        self._windowed = row(
            together(self.window, widgets.Label("px")), together(self.stride, widgets.Label("px")),
            self.fit, together(self.angle, self.distance, widgets.Label("% of |g|")),
        )  # fmt: skip

    def _make_mask(self) -> None:
        self.masking = dropdown("Crystal is", "How crystal is told from amorphous parts", _MASKS)
        self.threshold = number(
            "Threshold", "Amplitude over its noise, or over that of the strong crystal", 5.0
        )
        self.smallest = number(
            "Pieces from", "Diameter of the smallest piece; 0: the window's width"
        )
        self.length = widgets.Label("nm")
        self.blocks = whole_number("Blocks of", "Side of squares that are averaged", 10, 2, 999)
        average = self.action("Average", "Average the maps over squares, a step", self._average)
        self._pieces = together(self.smallest, self.length)
        blocks = together(self.blocks, widgets.Label("px"), average)
        self._after = row(together(self.masking, self.threshold), self._pieces, blocks)
        self._arrange_mask()

    def _observe(self) -> None:
        self.engine.observe(self._engine_chosen, "value")
        self.masking.observe(self._method_chosen, "value")
        for field in (self.threshold, self.smallest):
            field.observe(self._mask, "value")
        workspace = self.workspace
        self.watch(workspace, self._shown, ["local_spacing", "image"])
        self.watch(workspace.preview, self._dragged, ["reflections"])

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of `temwidgets.local_spacing` that the controls stand for."""
        options: dict[str, Any] = {"engine": self.engine.value}
        if self.engine.value == "phase":
            return options | ({"sigma": self.sigma.value} if self.sigma.value > 0 else {})
        options |= {"fit": self.fit.value, "angle_tolerance": self.angle.value}
        options["distance_tolerance"] = self.distance.value / 100
        if self.window.value:
            options["window"] = self.window.value
        plane = self.workspace.plane
        if self.stride.value:
            options["stride"] = self.stride.value
        elif plane is not None:
            options["stride"] = max(1, -(-max(plane.shape) // 512))
        return options

    @guarded
    def _run(self, _: Any) -> None:
        self._measure()

    def _measure(self, *, follows: bool = False) -> None:
        """Measure; the reflections are found before it and the mask comes after it."""
        workspace = self.workspace
        mask = [("mask_crystal", self._run_mask)] if self.masking.value != "found" else []
        if workspace.reflections is None:
            again = ("local_spacing", lambda: self._begin(follows=True))
            self.chain.set("find_reflections", again, *mask)
            workspace.run(tw.find_reflections, into="reflections")
            return
        self.chain.set("local_spacing", *mask)
        self._begin(follows=follows)

    def _begin(self, *, follows: bool) -> None:
        options = self.arguments() | self.reflections.arguments(self.workspace.reflections)
        self.workspace.run(tw.local_spacing, into="local_spacing", follows=follows, **options)

    @guarded
    def _mask(self, _: Any) -> None:
        """Mask what is there anew; what is found by the engine has to be measured again."""
        if self._busy or self.workspace.local_spacing is None:
            return
        if self.masking.value == "found":
            self._measure()
        else:
            self._run_mask(amend=True)

    def _run_mask(self, *, amend: bool = False) -> None:
        options: dict[str, Any] = {"method": self.masking.value}
        if self.masking.value in _THRESHOLDS:
            options["threshold"] = self.threshold.value
        if self.smallest.value > 0:
            options["smallest"] = self.smallest.value
        self.workspace.run(
            mask_crystal, into="local_spacing", using={"maps": "local_spacing"}, amend=amend,
            follows=not amend, **options,
        )  # fmt: skip

    @guarded
    def _average(self, _: Any) -> None:
        self.workspace.run(
            tw.block_average, into="local_spacing", using={"map": "local_spacing"},
            size_px=self.blocks.value,
        )  # fmt: skip

    @guarded
    def _dragged(self, change: Any) -> None:
        """Show coarse maps of the reflections as they are under the mouse."""
        moved, plane = change["new"], self.workspace.plane
        if moved is None:
            self._put_down()
        elif plane is not None and self.follows_mouse:
            if self._before is None:
                self._before = self.workspace.reflections
            labels = self.reflections.taken(moved)
            options = self.arguments() | {"stride": max(1, -(-max(plane.shape) // _SCREEN))}
            self.workspace.preview.run(
                tw.local_spacing, image=plane, reflections=moved.sel(reflection=labels), **options
            )

    def _put_down(self) -> None:
        """Measure in full once the reflection that was dragged has been put down elsewhere."""
        before, self._before = self._before, None
        if before is None:
            return
        if before is self.workspace.reflections:
            self.workspace.preview.clear()
            return
        step = self.workspace.history[-1].name
        self.chain.set(step, ("local_spacing", lambda: self._measure(follows=True)))
        self.chain.go()

    @property
    def follows_mouse(self) -> bool:
        """Whether coarse maps are shown while a reflection is dragged."""
        known = self.workspace.local_spacing is not None
        return bool(self.live.value and self.engine.value == "phase" and known)

    @guarded
    def _engine_chosen(self, _: Any) -> None:
        phase = self.engine.value == "phase"
        self._phase.layout.display = self.live.layout.display = "" if phase else "none"
        self._windowed.layout.display = "none" if phase else ""

    @guarded
    def _method_chosen(self, _: Any) -> None:
        self._busy = True
        method = self.masking.value
        self.threshold.value = _THRESHOLDS.get(method, 0.0)
        self._busy = False
        self._arrange_mask()
        self._mask(None)

    def _arrange_mask(self) -> None:
        method = self.masking.value
        self.threshold.layout.display = "" if method in _THRESHOLDS else "none"
        self._pieces.layout.display = "none" if method == "found" else ""

    @guarded
    def _shown(self, _: Any) -> None:
        image, maps = self.workspace.image, self.workspace.local_spacing
        self.unit.value = self.length.value = "nm" if image is None else length_unit(image)
        self.words.value = ""
        self.table.value = "" if maps is None else spacing_table(maps)
        if maps is not None:
            self.words.value = f'<div class="tem-info">{escape(spacing_words(maps))}</div>'
        self._after.layout.display = "none" if maps is None else ""
