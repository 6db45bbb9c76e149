"""Formats read through rosettasciio, the optional extra ``files``, imported only here."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from temwidgets._files.fields import microscope_fields
from temwidgets._files.found import CHANNEL, Axis, Found, UnreadableError
from temwidgets._files.lazy import is_lazy
from temwidgets._files.units import is_energy

_MODULES = {
    "dm3": "digitalmicrograph",
    "dm4": "digitalmicrograph",
    "emd": "emd",
    "emi": "tia",
    "ser": "tia",
    "hspy": "hspy",
    "mrc": "mrc",
    "prz": "pantarhei",
}


def read_vendor(path: Path, *, lazy: bool = False) -> list[Found]:
    """Read every signal of a microscope file.

    Raises
    ------
    ImportError
        If the extra is not installed.
    UnreadableError
        If the file holds no signal.
    """
    suffix = path.suffix[1:].lower()
    module = _import(_MODULES[suffix], suffix)
    # its warnings repeat what the sentences of this package say
    logging.getLogger("rsciio").setLevel(logging.CRITICAL)
    signals = module.file_reader(str(path), lazy=lazy)
    if not signals and suffix == "emi":
        raise UnreadableError(
            f"{path.name} holds no pixels: they are in the .ser files beside it"
            f" ({path.stem}_1.ser, ...), and none is there. Copy them together, or read the .ser."
        )
    return [_found(signal, suffix, path.stem) for signal in signals]


def _import(name: str, suffix: str) -> ModuleType:
    try:
        return importlib.import_module(f"rsciio.{name}")
    except ImportError:
        raise ImportError(
            f"Reading .{suffix} files needs rosettasciio, an optional part of temwidgets."
            ' Install it with: pip install "temwidgets[files]"'
        ) from None


def _found(signal: Mapping[str, Any], suffix: str, stem: str) -> Found:
    metadata = {**signal.get("metadata", {}), "original": signal.get("original_metadata", {})}
    axes = [_axis(axis) for axis in signal["axes"]]
    if suffix == "mrc" and not _mrc_has_cell(metadata["original"]):
        axes = [Axis(axis.name) for axis in axes]
    if suffix in ("ser", "emi"):
        axes = _ser_offsets(axes, metadata["original"])
    data = signal["data"]  # of dask when opened lazily
    values, axes = _rgb(*_y_x_last(data if is_lazy(data) else np.asarray(data), axes))
    attrs = microscope_fields(metadata)
    name = str(metadata.get("General", {}).get("title") or attrs.get("detector") or stem)
    return Found(name, values, tuple(axes), attrs, metadata)


def _axis(axis: Mapping[str, Any]) -> Axis:
    units = axis.get("units")
    return Axis(
        name=str(axis.get("name") or ""),
        scale=float(axis.get("scale", 1.0)),
        offset=float(axis.get("offset", 0.0)),
        units=units if isinstance(units, str) else "",
    )


def _mrc_has_cell(original: Mapping[str, Any]) -> bool:
    """Look for a cell in the header: without one the reader says 1 nm or 0 nm."""
    if original.get("fei_header"):
        return True
    header = original.get("std_header", {})
    return all(np.ravel(header.get(key, 0)).any() for key in ("Xlen", "Ylen", "MX", "MY"))


def _ser_offsets(axes: list[Axis], original: Mapping[str, Any]) -> list[Axis]:
    """Take origins from the header in m: the reader turns only the scales into nm."""
    header = original.get("ser_header_parameters", {})
    mended = []
    for axis in axes:
        key = f"CalibrationOffset{axis.name.upper()}"
        if axis.name in ("x", "y") and axis.units == "nm" and key in header:
            start = float(np.ravel(header[key])[0]) * 1e9
            element = float(np.ravel(header[f"CalibrationElement{axis.name.upper()}"])[0])
            axis = Axis(axis.name, axis.scale, start - element * axis.scale, "nm")
        mended.append(axis)
    return mended


def _rgb(values: np.ndarray, axes: list[Axis]) -> tuple[np.ndarray, list[Axis]]:
    names = values.dtype.names or ()
    if not {"R", "G", "B"} <= set(names):
        return values, axes
    channels = np.stack([values[name] for name in "RGB"], axis=-1)
    return channels, [*axes, Axis(CHANNEL)]


def _y_x_last(values: np.ndarray, axes: list[Axis]) -> tuple[np.ndarray, list[Axis]]:
    """Move y and x last, where the axes say which they are and the third is no spectrum.

    Berkeley EMD files come transposed out of the reader, axes and pixels alike.
    """
    names = [axis.name.casefold() for axis in axes]
    spectral = any(is_energy(axis.units) for axis in axes)
    if spectral or values.ndim not in (2, 3) or not {"x", "y"} <= set(names):
        return values, axes
    order = [i for i, n in enumerate(names) if n not in ("y", "x")]
    order += [names.index("y"), names.index("x")]
    return values.transpose(order), [axes[i] for i in order]
