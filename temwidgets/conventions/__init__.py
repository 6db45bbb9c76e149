"""The xarray vocabulary of temwidgets: dims, coordinates, units, flags, and the checks on them.

Pixel coordinates sit at pixel centres and y points down. Lengths are nm when the image is
calibrated and px when it is not. Every coordinate and variable carries ``units`` and
``long_name``; an uncertainty of ``x`` is ``x_std`` and is named in ``x.attrs``
(``ancillary_variables``, CF conventions section 3.4).
"""

from __future__ import annotations

from temwidgets.conventions.columns import (
    check_columns,
    check_same_frame,
    frame_of,
    make_columns,
    with_frame_of,
)
from temwidgets.conventions.flags import (
    FLAG_SENTENCES,
    Flag,
    describe_flags,
    flag_variable,
    flagged,
)
from temwidgets.conventions.grid import (
    CALIBRATED,
    UNCALIBRATED,
    PixelGrid,
    Sampling,
    length_unit,
    pixel_grid,
    quantity,
)
from temwidgets.conventions.images import (
    check_image,
    make_image,
)

__all__ = [
    "CALIBRATED",
    "FLAG_SENTENCES",
    "UNCALIBRATED",
    "CancelledError",
    "Flag",
    "PixelGrid",
    "Sampling",
    "check_columns",
    "check_image",
    "check_same_frame",
    "describe_flags",
    "flag_variable",
    "flagged",
    "frame_of",
    "length_unit",
    "make_columns",
    "make_image",
    "pixel_grid",
    "quantity",
    "with_frame_of",
]


class CancelledError(Exception):
    """Raised by a ``report`` callback to stop the analysis that calls it."""
