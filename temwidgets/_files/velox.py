"""Velox EMD: an HDF5 file with one group of images per detector, and metadata as JSON in bytes.

Read here and not with rosettasciio, which refuses the images when an EDS cube lies beside them and
one further package is missing.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from temwidgets._files.fields import microscope_fields
from temwidgets._files.found import Axis, Found
from temwidgets._files.vendor import read_vendor


def read_emd(path: Path) -> list[Found]:
    """Read a Velox file here, and leave a Berkeley one to rosettasciio."""
    return read_velox(path) if _is_velox(path) else read_vendor(path)


def _is_velox(path: Path) -> bool:
    with h5py.File(path, "r") as file:
        data = file.get("Data")
        return isinstance(data, h5py.Group) and any(
            kind in data for kind in ("Image", "SpectrumImage", "SpectrumStream")
        )


def read_velox(path: Path) -> list[Found]:
    """Read every image; name the spectra beside them."""
    with h5py.File(path, "r") as file:
        images = [_image(group) for group in file.get("Data/Image", {}).values()]
        spectra = [
            Found(kind, np.broadcast_to(0, group["Data"].shape), (Axis(units="eV"),))
            for kind in ("SpectrumImage", "SpectrumStream", "Spectrum")
            for group in file.get(f"Data/{kind}", {}).values()
        ]
    return images + spectra


def _image(group: h5py.Group) -> Found:
    # a frame per last index; a series of one frame is an image
    values = np.moveaxis(np.atleast_3d(group["Data"][()]), -1, 0)
    metadata = _metadata(group["Metadata"][:, 0].tobytes())
    result = metadata.get("BinaryResult", {})
    axes = tuple(
        Axis(
            name=name,
            scale=float(result.get("PixelSize", {}).get(side, 0)),
            offset=float(result.get("Offset", {}).get(name, 0)),
            units=result.get(f"PixelUnit{name.upper()}", ""),
        )
        for name, side in (("y", "height"), ("x", "width"))
    )
    attrs = microscope_fields(metadata)
    name = str(result.get("Detector") or "image")
    return Found(name, values, (Axis("frame"), *axes), attrs, metadata)


def _metadata(raw: bytes) -> dict[str, Any]:
    return json.loads(raw.split(b"\0", 1)[0].decode("utf-8", errors="replace"))
