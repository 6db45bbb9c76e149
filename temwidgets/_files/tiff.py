"""TIFF: calibrations of ImageJ, FEI and DigitalMicrograph; palettes, inverted greys, thumbnails."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from temwidgets._files.fields import microscope_fields
from temwidgets._files.found import CHANNEL, Axis, Found, UnreadableError

# private tags of DigitalMicrograph and hyperspy: unit, origin and scale along x; y is one higher
_DM_UNIT, _DM_ORIGIN, _DM_SCALE = 65003, 65006, 65009


def read_tiff(path: Path) -> list[Found]:
    """Read every series of pages; a thumbnail is a series of its own."""
    # what it logs of a damaged file is said by our sentence
    logging.getLogger("tifffile").setLevel(logging.CRITICAL)
    with tifffile.TiffFile(path) as file:
        metadata = read_metadata(file)
        return [_found(series, metadata, path.stem) for series in file.series]


def _found(series: tifffile.TiffPageSeries, metadata: Mapping[str, Any], stem: str) -> Found:
    check_complete(series.keyframe)
    values = true_values(series.asarray(), series.keyframe)
    return describe_series(series, values, metadata, stem)


def describe_series(
    series: tifffile.TiffPageSeries, values: Any, metadata: Mapping[str, Any], stem: str
) -> Found:
    """Name the axes of a series of pages and take its calibration."""
    page = series.keyframe
    axes = [Axis("frame" if n not in "yx" else n) for n in series.axes.lower()]
    if values.ndim > len(axes):
        axes.append(Axis(CHANNEL))
    if series.axes.endswith("SYX"):
        values, axes = np.moveaxis(values, -3, -1), [*axes[:-3], *axes[-2:], Axis(CHANNEL)]
    for position, name in enumerate(series.axes.lower()):
        if name in "yx":
            axes[position] = _axis(name, page, metadata)
    return Found(series.name or stem, values, tuple(axes), microscope_fields(metadata), metadata)


def check_complete(page: tifffile.TiffPage) -> None:
    """Refuse missing strips, which would be read as zeros."""
    size = page.parent.filehandle.size
    ends = np.add(page.dataoffsets, page.databytecounts)
    if not len(ends) or (ends > size).any():
        raise UnreadableError(
            f"{page.parent.filename} is truncated: {int((ends > size).sum())} of {len(ends)} pieces"
            " of its pixels are missing. Copy it again from where it came from."
        )


def true_values(values: np.ndarray, page: tifffile.TiffPage) -> np.ndarray:
    """Undo the encodings that change a grey: an inverted scale, a table of colours."""
    photometric = int(page.photometric)
    if photometric == tifffile.PHOTOMETRIC.MINISWHITE and values.dtype.kind == "u":
        return np.iinfo(values.dtype).max - values
    if photometric == tifffile.PHOTOMETRIC.PALETTE and page.colormap is not None:
        table = np.asarray(page.colormap)
        grey_ramp = (np.diff(table.astype(int), axis=1) >= 0).all() and (table == table[0]).all()
        return values if grey_ramp else np.moveaxis(table[:, values], 0, -1)
    return values


def read_metadata(file: tifffile.TiffFile) -> dict[str, Any]:
    """Return what the file tells about itself."""
    page = file.pages.first
    tags = {
        tag.name: tag.value
        for tag in page.tags
        if tag.code >= 65000 or tag.name in ("Software", "DateTime", "ImageDescription")
    }
    tags |= {str(tag.code): tag.value for tag in page.tags if tag.code >= 65000}
    return {"ImageJ": file.imagej_metadata or {}, **(file.fei_metadata or {}), "tags": tags}


def _axis(name: str, page: tifffile.TiffPage, metadata: Mapping[str, Any]) -> Axis:
    for calibration in (_dm_axis, _fei_axis, _imagej_axis):
        axis = calibration(name, page, metadata)
        if axis.nm is not None:
            return axis
    return Axis(name)


def _dm_axis(name: str, page: tifffile.TiffPage, metadata: Mapping[str, Any]) -> Axis:
    tags, step = metadata["tags"], "xy".index(name)
    written_by = str(tags.get("Software", "")).lower()
    # DigitalMicrograph itself counts its origin in pixels
    in_units = "hyperspy" in written_by or "rosetta" in written_by
    scale = float(tags.get(str(_DM_SCALE + step), 0))
    origin = float(tags.get(str(_DM_ORIGIN + step), 0))
    offset = origin if in_units else -origin * scale
    return Axis(name, scale, offset, str(tags.get(str(_DM_UNIT + step), "")))


def _fei_axis(name: str, page: tifffile.TiffPage, metadata: Mapping[str, Any]) -> Axis:
    side = {"x": "PixelWidth", "y": "PixelHeight"}[name]
    scans = [metadata.get(key, {}) for key in ("Scan", "EScan", "Image")]
    widths = [scan[side] for scan in scans if scan.get(side)]
    return Axis(name, float(widths[0]), 0.0, "m") if widths else Axis(name)


def _imagej_axis(name: str, page: tifffile.TiffPage, metadata: Mapping[str, Any]) -> Axis:
    """ImageJ stores pixels per unit as the resolution, and the unit in its own text."""
    imagej = metadata["ImageJ"]
    resolution = page.tags.get(f"{name.upper()}Resolution")
    if resolution is None or not imagej.get("unit"):
        return Axis(name)
    pixels, per_units = resolution.value
    scale = per_units / pixels if pixels else 0.0
    units = imagej.get(f"{name}unit", imagej["unit"])
    return Axis(name, scale, -scale * float(imagej.get(f"{name}origin", 0)), str(units))
