"""What is laid over a spectrum: rings of phases, the range of k, a mask."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from temwidgets.widgets.views._lengths import written
from temwidgets.widgets.views._spectrum_marks import CORNERS, circles, phase_colour, ring_table
from temwidgets.widgets.views._words import Words
from temwidgets.widgets.views.colormaps import rgb

_RINGS, _RANGE, _MASK = "phase rings", "range of k", "mask"
_TURNS, _SPREAD = (150.0, 180.0, -150.0, 120.0), 7.0
"""Directions (degrees) in which the rings of the first, second, ... phase are named, where
reflections are not; and how far apart neighbouring rings are."""


class SpectrumRings:
    """Draws what the traits `rings`, `k_range` and `mask` of a view say."""

    def __init__(self, view: Any) -> None:
        self._view = view

    def draw_rings(self) -> None:
        """Draw circles of radius 1/d and name them.

        Raises
        ------
        ValueError
            If `rings` is no list of d-spacings or phases.
        """
        table = ring_table(self._view.rings)
        extent = self._view.stage.extent
        most = float(np.abs(np.array(extent)).max()) if extent else np.inf
        table = [ring for ring in table if 1 / ring[1] <= most]
        names = list(dict.fromkeys(name for name, _, _ in table))
        if not table:
            self._view.clear_lines(_RINGS)
            self._view.stage.write("rings", [])
            return
        radii = [1 / d for _, d, _ in table]
        colours = [phase_colour(names.index(name)) for name, _, _ in table]
        shades = np.array([[*rgb(colour), 210] for colour in colours], np.uint8)
        self._view.set_lines(
            _RINGS, circles(np.zeros((len(radii), 2)), radii),
            colours=np.repeat(shades, CORNERS, axis=0), width=1.2,
        )  # fmt: skip
        turns = [_turn(names.index(name), place) for place, (name, _, _) in enumerate(table)]
        words = [
            self._words(ring, (radius, turn), colour, len(names) > 1)
            for ring, radius, colour, turn in zip(table, radii, colours, turns, strict=True)
        ]
        self._view.stage.write("rings", words)

    def _words(
        self, ring: tuple[str, float, str], place: tuple[float, float], colour: str, named: bool
    ) -> Words:
        name, d, hkl = ring
        k, turn = place
        units = self._view.stage.units.replace("1/", "")
        text = hkl or f"{written(d, 4)} {units}"
        text = f"{name} {text}" if named and name else text
        return Words(float(k * np.cos(turn)), float(k * np.sin(turn)), text, colour, -5.0)

    def draw_range(self) -> None:
        """Draw the circles between which reflections are looked for."""
        span = self._view.k_range
        if span is None:
            self._view.clear_lines(_RANGE)
            return
        radii = [k for k in span if k > 0]
        rims = circles(np.zeros((len(radii), 2)), radii)
        # every other pair of segments: dashes
        dashes = rims[np.arange(len(rims)) % 4 < 2]
        self._view.set_lines(_RANGE, dashes, colours=[255, 255, 255, 170], width=1.2)

    def draw_mask(self) -> None:
        """Darken what a mask takes away."""
        mask = self._view.mask
        if mask is None:
            self._view.clear_map(_MASK)
            return
        blocked = xr.where(mask < 0.5, 0.0, np.nan).rename(ky="y", kx="x")
        for name in ("y", "x"):
            blocked[name].attrs.update(mask[f"k{name}"].attrs)
        self._view.set_map(_MASK, blocked, "grey", (0, 1), 0.62, title="", smooth=False)


def _turn(phase: int, place: int) -> float:
    return float(np.deg2rad(_TURNS[phase % len(_TURNS)] + _SPREAD * (place % 3 - 1)))
