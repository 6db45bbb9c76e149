"""Where the frames of a stack lie, and their scan lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr

from temwidgets.conventions import PixelGrid, check_image, pixel_grid, quantity

Report = Callable[[float], None] | None
_ROUGH = 0.2  # share of the time


def measure_drift(
    stack: xr.DataArray,
    *,
    reference: str | int = "mean",
    rows: bool = False,
    report: Report = None,
) -> xr.Dataset:
    """Measure where each frame of a stack lies, and each scan line if wanted.

    Parameters
    ----------
    stack : DataArray, (frame, y, x)
        Frames of the same region; NaN where a pixel is missing.
    reference : "mean" or int
        What has not moved: the mean place of all frames, or a frame, by its number.
    rows : bool
        Also compare each scan line with the mean of the aligned frames. Lines run along x.
    report : callable, optional
        Told the fraction done; it may raise `CancelledError` to stop.

    Returns
    -------
    Dataset, (frame,)
        ``drift_y`` and ``drift_x`` in the image's length unit, each with ``_std``: what belongs at
        (y, x) lies at (y + drift_y, x + drift_x) in the frame. A frame without structure keeps
        the drift of its neighbour and its ``_std`` is NaN. With `rows` also ``offset`` and
        ``offset_std`` (frame, y): what belongs at x + drift_x lies at x + drift_x + offset in that
        line; offsets have mean 0 in each frame, and are 0 with ``_std`` NaN in lines that tell
        nothing. attrs: reference.

    Raises
    ------
    TypeError, ValueError
        If the image is no stack of two frames or more, a frame has no finite pixel, or the
        reference is no frame.

    Notes
    -----
    Frames are placed one after the other by cross-correlation, with sub-pixel phase correlation
    [1]_, and then fitted by the mean of all aligned frames [2]_ until nothing moves. A perfect
    crystal tells a drift but for a lattice vector: of shifts that fit alike the one nearest to
    the drift of the frame before is taken, so frames have to follow each other within half a cell.
    Distortions that all frames share, as of a steady drift while each is scanned, are part of the
    mean and not seen; so is 1/sqrt(frames) of the offsets of lines, which ``offset_std`` includes.

    References
    ----------
    .. [1] M. Guizar-Sicairos, S. T. Thurman, J. R. Fienup, Opt. Lett. 33 (2008) 156.
    .. [2] B. D. Lucas, T. Kanade, Proc. IJCAI (1981) 674; lines: L. Jones et al., Adv. Struct.
       Chem. Imaging 1 (2015) 8.
    """
    from temwidgets.kernels.missing import fill_missing
    from temwidgets.kernels.stack_drift import rough_drift
    from temwidgets.kernels.stack_refine import refine

    check_stack(stack)
    at = _reference(stack, reference)
    values = np.asarray(stack.values, np.float32)
    _check_filled(stack, values)
    filled = np.stack([fill_missing(frame) for frame in values])
    rough = rough_drift(filled, max(at, 0), part_of(report, 0.0, _ROUGH))
    motion = refine(values, rough, rows=rows, report=part_of(report, _ROUGH, 1.0))
    origin = motion.drift.mean(axis=0) if at < 0 else motion.drift[at]
    return _described(stack, motion.drift - origin, motion, reference)


def check_stack(stack: Any) -> xr.DataArray:
    """Check that an image is a stack of two frames or more, and return it."""
    check_image(stack, ndim=3)
    if stack.sizes["frame"] < 2:
        raise ValueError("A stack has two frames or more, but this one has one: nothing moves.")
    return stack


def _reference(stack: xr.DataArray, reference: str | int) -> int:
    """Place of the reference frame among the frames; -1 for the mean."""
    if isinstance(reference, str):
        if reference != "mean":
            raise ValueError(f'reference is "mean" or the number of a frame, not {reference!r}.')
        return -1
    numbers = stack["frame"].values
    if reference not in numbers:
        raise ValueError(
            f"There is no frame {reference} to refer to; frames {numbers[0]} to {numbers[-1]}"
            " exist."
        )
    return int(np.flatnonzero(numbers == reference)[0])


def _check_filled(stack: xr.DataArray, values: np.ndarray) -> None:
    empty = np.flatnonzero(~np.isfinite(values).any(axis=(1, 2)))
    if empty.size:
        raise ValueError(
            f"Frame {stack['frame'].values[empty[0]]} has no finite pixel, so that its drift cannot"
            " be measured. Leave it out with stack.drop_sel(frame=...)."
        )


def part_of(report: Report, low: float, high: float) -> Report:
    """Return what tells of a part of the work as a share of the whole."""
    return None if report is None else lambda done: report(low + (high - low) * min(done, 1.0))


def _described(
    stack: xr.DataArray, drift: np.ndarray, motion: Any, reference: str | int
) -> xr.Dataset:
    grid = pixel_grid(stack)
    made: dict[str, xr.Variable] = {}
    for k, name in enumerate("yx"):
        step, text = grid.sampling[k], f"drift along {name}"
        made |= _with_error(
            f"drift_{name}", "frame", drift[:, k] * step, motion.error[:, k] * step, grid, text
        )
    if motion.lines is not None:
        error = np.where(np.isfinite(motion.line_error), motion.line_error, np.nan)
        step, text = grid.sampling.x, "offset of the scan line along x"
        both = ("frame", "y")
        made |= _with_error("offset", both, motion.lines * step, error * step, grid, text)
    coords = {"frame": stack["frame"]}
    if motion.lines is not None:
        coords["y"] = stack["y"]
    return xr.Dataset(made, coords=coords, attrs={"reference": str(reference)})


def _with_error(
    name: str,
    dims: str | tuple[str, ...],
    values: np.ndarray,
    errors: np.ndarray,
    grid: PixelGrid,
    text: str,
) -> dict[str, xr.Variable]:
    std = f"{name}_std"
    return {
        name: quantity(dims, values, grid.units, text, ancillary_variables=std),
        std: quantity(dims, errors, grid.units, f"standard error of {text}"),
    }


def drift_of(drift: xr.Dataset, frames: np.ndarray, unit: str) -> np.ndarray:
    """Return drifts (frame, 2) of these frames; raise when they are of other frames or units.

    Raises
    ------
    TypeError, ValueError
        If `drift` is not what `measure_drift` returns, or not of these frames and this unit.
    """
    if not isinstance(drift, xr.Dataset) or not {"drift_y", "drift_x"} <= set(drift):
        raise TypeError(
            "drift is a Dataset with drift_y and drift_x over frame, as of"
            f" temwidgets.measure_drift, but a {type(drift).__name__} came."
        )
    if "frame" not in drift.indexes or not np.isin(frames, drift["frame"].values).all():
        raise ValueError(
            f"The drift does not tell of all frames {frames[0]} to {frames[-1]}. Measure it in this"
            " stack with temwidgets.measure_drift."
        )
    theirs = str(drift["drift_y"].attrs.get("units", unit))
    if theirs != unit:
        raise ValueError(f"The drift is in {theirs}, but lengths here are in {unit}.")
    chosen = drift.sel(frame=frames)
    return np.column_stack([chosen["drift_y"].values, chosen["drift_x"].values]).astype(float)
