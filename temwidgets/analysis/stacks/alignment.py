"""Bring the frames of a stack onto one grid."""

from __future__ import annotations

import numpy as np
import xarray as xr

from temwidgets.analysis.stacks.drift import Report, check_stack, drift_of
from temwidgets.conventions import make_image, pixel_grid

EXTENTS = ("all", "common")


def align_frames(
    stack: xr.DataArray, drift: xr.Dataset, *, extent: str = "all", report: Report = None
) -> xr.DataArray:
    """Lay all frames of a stack where they belong, on one grid of pixels.

    Parameters
    ----------
    stack : DataArray, (frame, y, x)
        NaN pixels stay missing.
    drift : Dataset, (frame,)
        From `measure_drift`; offsets of scan lines are taken off too where it has them.
    extent : {"all", "common"}
        The grid holds what any frame shows, or what all frames show.
    report : callable, optional
        Told the fraction done; it may raise `CancelledError` to stop.

    Returns
    -------
    DataArray, (frame, y, x), float32
        Pixels as large as before; NaN where a frame does not reach. `mean_frame` averages it.
        attrs: aligned, the extent.

    Raises
    ------
    TypeError, ValueError
        If the drift is not that of these frames, the extent is unknown, or frames have too little
        in common.

    Notes
    -----
    Frames move by fractions of a pixel in Fourier space, over a mirrored continuation. Noise then
    keeps its variance, and that of neighbouring pixels stays as independent as it was: a fit of an
    aligned frame has the right errors, which interpolation by splines, a smoothing, would make too
    small. Counts are no whole numbers any more, those near 0 may be negative, and where the image
    has jumps from pixel to pixel they ring.
    """
    from temwidgets.kernels.missing import fill_missing
    from temwidgets.kernels.stack_canvas import canvas_of, lay

    check_stack(stack)
    if extent not in EXTENTS:
        raise ValueError(f"extent is one of {', '.join(EXTENTS)}, but {extent!r} came.")
    grid = pixel_grid(stack)
    step = np.array(grid.sampling)
    shifts = drift_of(drift, stack["frame"].values, grid.units) / step
    lines = _lines(drift, stack)
    canvas = canvas_of(grid.shape, shifts, lines, common=extent == "common")
    if min(canvas.shape) < 2:
        raise ValueError(
            "All frames together have no 2 x 2 pixels in common. Use extent='all', or fewer frames."
        )
    out = np.empty((len(shifts), *canvas.shape), np.float32)
    for k, frame in enumerate(np.asarray(stack.values, np.float32)):
        along = None if lines is None else lines[k]
        out[k] = lay(fill_missing(frame), np.isfinite(frame), shifts[k], along, canvas)
        if report is not None:
            report((k + 1) / len(shifts))
    origin = np.array(grid.origin) + step * canvas.origin
    aligned = make_image(
        out,
        sampling=(grid.sampling.y, grid.sampling.x),
        origin=(float(origin[0]), float(origin[1])),
        units=grid.units,
        attrs={**stack.attrs, "aligned": extent},
    )
    return aligned.assign_coords(frame=stack["frame"]).rename(stack.name)


def _lines(drift: xr.Dataset, stack: xr.DataArray) -> np.ndarray | None:
    """Offsets of lines, px, (frame, y); None when there are none."""
    if "offset" not in drift:
        return None
    offsets = drift["offset"].sel(frame=stack["frame"]).transpose("frame", "y")
    if offsets.shape != stack.shape[:2] or not np.allclose(offsets["y"], stack["y"], rtol=1e-6):
        raise ValueError(
            "The offsets of scan lines in the drift are not those of the lines of this stack."
            " Measure the drift in this stack, or leave them out: drift.drop_vars('offset')."
        )
    return np.nan_to_num(np.asarray(offsets.values, float)) / pixel_grid(stack).sampling.x
