"""Results of a step that was run on every frame of a stack."""

from __future__ import annotations

from typing import Any

import xarray as xr

from temwidgets.analysis.frame_results import FrameResults
from temwidgets.widgets.history import Step
from temwidgets.widgets.products import State


class OfFrames:
    """Remembers of which results of all frames the present products are one."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[Any, FrameResults]] = {}

    def known(self, name: str, product: Any) -> FrameResults | None:
        """Return the results of all frames of which `product` is that of the frame shown."""
        chosen, results = self._kept.get(name, (None, None))
        return results if product is not None and chosen is product else None

    def shown(self, result: Any, state: State, frame: int | None) -> tuple[Any, str]:
        """Take the result of the frame that is shown, and say what there is besides.

        Raises
        ------
        ValueError
            If the step failed on that frame.
        """
        if not isinstance(result, FrameResults):
            return result, ""
        number = frame_number(state["image"], frame or 0)
        if number in result.failed:
            raise ValueError(
                f"{result.name} failed on frame {number}, which is shown: {result.failed[number]}"
            )
        note = f" All {len(result)} frames are done."
        if result.failed:
            listed = ", ".join(map(str, result.failed))
            first = next(iter(result.failed.values()))
            note = f" {len(result)} frames are done; {listed} failed: {first}"
        return result[number], note

    def keep(self, step: Step, product: Any, results: FrameResults) -> dict[str, FrameResults]:
        """Remember what a step gave, and return the results of all frames by product."""
        self._kept[step.into] = product, results
        return {name: kept for name, (_, kept) in self._kept.items()}


def frame_number(image: xr.DataArray, place: int) -> int:
    """Return the number that the frame at a place has in the coordinate ``frame``."""
    return int(image["frame"][place]) if "frame" in image.coords else place
