"""Reasons to look twice at a column, as bits of one integer."""

from __future__ import annotations

from enum import IntFlag
from typing import Any

import numpy as np
import xarray as xr


class Flag(IntFlag):
    """Reasons to look twice at a fitted column (CF ``flag_masks`` / ``flag_meanings``)."""

    not_converged = 1
    at_bound = 2
    cut_by_edge = 4
    overlap = 8
    saturated = 16
    failed = 32
    duplicate = 64
    low_signal = 128
    edited = 256


FLAG_SENTENCES: dict[Flag, str] = {
    Flag.not_converged: "the fit had not settled when the iterations ran out",
    Flag.at_bound: "a parameter stopped at its bound",
    Flag.cut_by_edge: "the image edge cuts through the column",
    Flag.overlap: "a neighbour lies so close that the two are hardly told apart",
    Flag.saturated: "pixels of the column sit at the detector's highest value",
    Flag.failed: "the fit found no column here; its values are NaN",
    Flag.duplicate: "another column started at the same place; its values are NaN",
    Flag.low_signal: "the amplitude is below three times its standard error",
    Flag.edited: "placed or moved by hand after the last fit",
}


def flag_variable(values: Any) -> xr.Variable:
    """Make the ``flags`` variable of a columns Dataset from integer bit sums."""
    return xr.Variable(
        "column",
        np.asarray(values, np.int32),
        {
            "long_name": "flags",
            "units": "1",
            "flag_masks": np.array([int(f) for f in Flag], np.int32),
            "flag_meanings": " ".join(str(f.name) for f in Flag),
        },
    )


def flagged(columns: xr.Dataset, flag: Flag) -> xr.DataArray:
    """Tell which columns carry any of the bits in `flag` (dims column, boolean)."""
    return (columns["flags"] & int(flag)) != 0


def describe_flags(value: int) -> str:
    """Say in words what a flag value means; "" when no bit is set."""
    return "; ".join(FLAG_SENTENCES[flag] for flag in Flag if value & flag)
