"""Which parts of a table are positions, and the way from the file's unit to nm or an image."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import xarray as xr

from temwidgets._files.found import UnreadableError
from temwidgets._files.parts import Part, put_together
from temwidgets._files.units import nm_per
from temwidgets.conventions import CALIBRATED, UNCALIBRATED, Sampling, pixel_grid

_PIXELS = ("px", "pix", "pixel", "pixels")
_NAMES = {
    axis: (axis, f"{axis}0", f"{axis}c", f"{axis}_pos", f"{axis}pos", f"{axis} position")
    for axis in "yx"
}


class Wanted(NamedTuple):
    """What the user says about positions in a file; see `temwidgets.read_columns`."""

    y: str | int | None = None
    x: str | int | None = None
    units: str | None = None
    image: xr.DataArray | None = None
    sampling: float | tuple[float, float] | None = None
    origin: tuple[float, float] | None = None
    first_pixel: float = 0.0


class Line(NamedTuple):
    """Position = start + factor x number, for y and x, in `units`."""

    factor: tuple[float, float]
    start: tuple[float, float]
    units: str


def columns_of_table(parts: list[Part], file: str, wanted: Wanted) -> xr.Dataset:
    """Find the positions among the parts of a table and make columns in nm or px.

    Raises
    ------
    UnreadableError
        If positions or their unit are not told, are not finite, or cannot be calibrated.
    """
    found = [_choose(parts, wanted.y, "y", file), _choose(parts, wanted.x, "x", file)]
    told = [_unit(part.units if wanted.units is None else wanted.units, file) for part in found]
    if told[0] != told[1]:
        raise UnreadableError(f"In {file} y is in {told[0]} but x is in {told[1]}.")
    line = _from_pixels(wanted) if told[0] == UNCALIBRATED else _from_lengths(told[0], wanted)
    rest = [p for p in parts if all(p is not part for part in found) and p.name not in ("y", "x")]
    if line.units == CALIBRATED:
        rest = [_in_nm(part, file, told[0]) for part in rest]
    places = [
        Part(axis, line.units, start + factor * _finite(part, file))
        for axis, part, factor, start in zip("yx", found, line.factor, line.start, strict=True)
    ]
    return put_together([*places, *rest], line.units)


def _choose(parts: list[Part], name: str | int | None, axis: str, file: str) -> Part:
    numbers = {part.name.casefold(): part for part in parts if part.values.dtype.kind in "fiu"}
    wanted = _NAMES[axis] if name is None else (str(name).casefold(),)
    part = next((numbers[text] for text in wanted if text in numbers), None)
    if part is None:
        raise UnreadableError(
            f"{file} has no numbers called {axis if name is None else name!r}. It has"
            f" {', '.join(repr(p.name) for p in parts) or 'none'}. Say which are the positions:"
            " read_columns(path, y=..., x=...)."
        )
    return part


def _unit(units: str, file: str) -> str:
    if units.casefold() in _PIXELS:
        return UNCALIBRATED
    if nm_per(units) is None:
        problem = f"are in {units!r}, which is no length" if units else "have no unit"
        raise UnreadableError(
            f'The positions in {file} {problem}. Say what they are: units="px" for pixels, or'
            ' units="nm".'
        )
    return units


def _from_pixels(wanted: Wanted) -> Line:
    if wanted.image is not None:
        grid = pixel_grid(wanted.image)
        factor, start, units = grid.sampling, grid.origin, grid.units
    elif wanted.sampling is not None:
        step = np.broadcast_to(np.asarray(wanted.sampling, float), (2,))
        if not (np.isfinite(step) & (step > 0)).all():
            raise UnreadableError(
                f"sampling is the length of a pixel in nm, one positive number or (y, x), but"
                f" {wanted.sampling!r} came."
            )
        factor, units = Sampling(*step.tolist()), CALIBRATED
        start = Sampling(*(wanted.origin or (0.0, 0.0)))
    else:
        factor, units = Sampling(1.0, 1.0), UNCALIBRATED
        start = Sampling(*(wanted.origin or (0.0, 0.0)))
    first = wanted.first_pixel
    corner = (start[0] - first * factor[0], start[1] - first * factor[1])
    return Line((factor[0], factor[1]), corner, units)


def _from_lengths(unit: str, wanted: Wanted) -> Line:
    if wanted.sampling is not None or wanted.first_pixel:
        raise UnreadableError(
            f"sampling and first_pixel are for positions in pixels, but these are in {unit}. Leave"
            ' them out, or say that they are pixels: units="px".'
        )
    if wanted.image is not None and pixel_grid(wanted.image).units != CALIBRATED:
        raise UnreadableError(
            f"The positions are in {unit}, but the image is not calibrated. Calibrate it with"
            " temwidgets.calibrate(image, sampling)."
        )
    nm = nm_per(unit) or 1.0
    return Line((nm, nm), wanted.origin or (0.0, 0.0), CALIBRATED)


def _in_nm(part: Part, file: str, unit: str) -> Part:
    """Bring another length than nm to nm; a length in px has no way there of its own."""
    if unit == UNCALIBRATED and UNCALIBRATED in part.units:
        raise UnreadableError(
            f"{part.name} in {file} is in {part.units}, which does not follow the calibration of"
            " the positions. Read the file without image or sampling, and bring the columns over"
            " with temwidgets.carry_columns(columns, image_in_px, calibrated_image)."
        )
    nm = nm_per(part.units) if part.values.dtype.kind in "fiu" else None
    return part if nm in (None, 1.0) else Part(part.name, CALIBRATED, nm * part.values)


def _finite(part: Part, file: str) -> np.ndarray:
    values = part.values.astype(float)
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        raise UnreadableError(
            f"{part.name} in row {bad[0] + 1} of {file} is no number ({bad.size} such rows). Take"
            " them out, or fill them in."
        )
    return values
