"""From a settled dataset to an image, with the reasons to look twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from temwidgets._files.fields import metadata_text
from temwidgets._files.found import READABLE, Found, UnreadableError
from temwidgets.conventions import UNCALIBRATED, length_unit, make_image

_REASONS = {
    "colour": "it is in colour. Make one grey of it first, e.g. with"
    " skimage.color.rgb2gray(array[..., :3]), and wrap that with"
    " temwidgets.make_image(grey, sampling=nm_per_pixel)",
    "diffraction": "its axes are reciprocal lengths or angles (a diffraction pattern or a Fourier"
    " transform), not positions in nm",
    "complex numbers": "it holds complex numbers, such as a Fourier transform",
    "table": "with fewer than 4 rows or columns it is a list or a line",
    "no numbers": "it does not hold numbers",
    "spectrum": "it is a spectrum or a map of spectra",
}
_DIMS = "an image has dims (y, x), a series (frame, y, x). Save one plane or series of it by itself"


def to_image(
    found: Found, path: Path, sampling: float | tuple[float, float] | None
) -> tuple[xr.DataArray, list[str]]:
    """Make the image, and say what is doubtful about it.

    Raises
    ------
    UnreadableError
        If the dataset is not an image.
    """
    if found.kind not in READABLE:
        raise UnreadableError(
            f"{found.name!r} in {path.name} (shape {found.values.shape}) cannot be read as an"
            f" image: {_REASONS.get(found.kind, _DIMS)}."
        )
    image = _assemble(found, path, sampling)
    image.encoding = {"source": str(path.absolute())}
    notes = [f"{path.name}: {found.doubt}"] if found.doubt else []
    if length_unit(image) == UNCALIBRATED:
        notes.append(_uncalibrated(found, path))
    looked_at = image.dtype.kind == "f" and image.chunks is None
    bad = int((~np.isfinite(image.values)).sum()) if looked_at else 0
    if bad:
        notes.append(
            f"{bad} of {image.size} pixels of {path.name} are NaN or infinite, which the analyses"
            " refuse. Crop them away, or fill them: image.fillna(image.median())."
        )
    return image, notes


def _assemble(
    found: Found, path: Path, sampling: float | tuple[float, float] | None
) -> xr.DataArray:
    if found.image is not None and sampling is None:
        image = found.image.copy(deep=False)
        image.attrs = {"source": path.name, **image.attrs}
        return image
    attrs: dict[str, Any] = {"source": path.name, **found.attrs}
    if found.metadata:
        attrs["metadata"] = metadata_text(found.metadata)
    step = sampling if sampling is not None else found.sampling
    if step is None:
        return make_image(found.values, attrs=attrs)
    pixel = np.broadcast_to(np.asarray(step, float), (2,)).copy()
    origin = [length * axis.origin for length, axis in zip(pixel, found.axes[-2:], strict=True)]
    attrs |= {"pixel_size": pixel, "pixel_size_units": "nm"}
    return make_image(found.values, sampling=step, origin=(origin[0], origin[1]), attrs=attrs)


def _uncalibrated(found: Found, path: Path) -> str:
    scale = found.axes[-2].scale
    stored = ""
    if found.image is None and scale not in (0.0, 1.0):
        stored = f" (it holds the scale {scale:.6g}, but no unit of length)"
    return (
        f"{path.name} is not calibrated{stored}, so its coordinates are in px. Give the nm in a"
        " pixel: temwidgets.read(path, sampling=0.02), or sampling=(y, x)."
    )
