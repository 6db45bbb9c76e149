"""Microscope fields looked up in the metadata of any format, and the metadata as one JSON text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

# attribute: (unit, ((end of the key in the metadata, factor to the unit), ...))
_FIELDS: dict[str, tuple[str, tuple[tuple[str, float], ...]]] = {
    "beam_energy": (
        "keV",
        (
            ("Microscope Info.Voltage", 1e-3),
            ("Optics.AccelerationVoltage", 1e-3),
            ("High_tension_kV", 1.0),
            ("TEM.beam_energy", 1.0),
            ("Beam.HV", 1e-3),
        ),
    ),
    "magnification": (
        "1",
        (
            ("Microscope Info.Indicated Magnification", 1.0),
            ("StemMagnification.value", 1.0),
            ("Magnification_x", 1.0),
            ("TEM.magnification", 1.0),
        ),
    ),
    "dwell_time": (
        "µs",
        (
            ("DigiScan.Sample Time", 1.0),
            ("Scan.DwellTime", 1e6),
            ("Scan.Dwell", 1e6),
            ("AcquireInfo.DwellTimePath", 1e6),
        ),
    ),
    "convergence_angle": (
        "mrad",
        (("Convergence semi-angle (mrad)", 1.0), ("TEM.convergence_angle", 1.0)),
    ),
    "probe_current": ("nA", (("Microscope Info.Probe Current (nA)", 1.0),)),
}
_TEXTS: dict[str, tuple[str, ...]] = {
    "title": ("General.title",),
    "detector": (
        "DataBar.Signal Name",
        "BinaryResult.Detector",
        "Detectors.Name",
        "AcquireInfo.CameraNamePath",
        "Acquisition.Device.Name",
    ),
    "microscope": (
        "Microscope Info.Name",
        "Instrument.InstrumentClass",
        "ExperimentalDescription.Microscope",
        "TEM.microscope",
        "System.SystemType",
    ),
    "date": ("DataBar.Acquisition Date", "General.date", "User.Date"),
    "time": ("DataBar.Acquisition Time", "General.time", "User.Time"),
}
_LONGEST_LIST = 64


def microscope_fields(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Find beam energy, magnification, dwell time, detector and the like, where a file has them."""
    flat = dict(_flatten(metadata))
    fields: dict[str, Any] = {}
    for name, ends in _TEXTS.items():
        texts = (str(value).strip(" []") for end in ends for value in _ending(flat, end))
        text = next((t for t in texts if t and t != "Unknown"), None)
        if text is not None:
            fields[name] = text
    for name, (units, places) in _FIELDS.items():
        value = next((n * f for e, f in places for v in _ending(flat, e) if (n := _number(v))), 0)
        if value:
            fields |= {name: float(f"{value:.9g}"), f"{name}_units": units}
    return fields


def metadata_text(metadata: Mapping[str, Any]) -> str:
    """Write the whole metadata as JSON; of long arrays only the length."""
    return json.dumps(_json_ready(metadata), ensure_ascii=False)


def _flatten(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _ending(flat: Mapping[str, Any], end: str) -> Iterator[Any]:
    return (v for k, v in flat.items() if f".{k}".endswith(f".{end}"))


def _number(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return 0.0
    return number if np.isfinite(number) else 0.0


def _json_ready(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _json_ready(v) for k, v in value.items()}
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist() if value.size <= _LONGEST_LIST else f"<{value.size} values>"
    if isinstance(value, list | tuple):
        short = len(value) <= _LONGEST_LIST
        return [_json_ready(v) for v in value] if short else f"<{len(value)} values>"
    if isinstance(value, bytes):
        return value.decode(errors="replace") if len(value) < 1000 else f"<{len(value)} bytes>"
    if isinstance(value, float) and not np.isfinite(value):
        return str(value)
    return value if isinstance(value, str | int | float | bool | None) else str(value)
