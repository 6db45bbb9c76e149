"""Results in netCDF-4, losing nothing: what netCDF attributes cannot hold travels as JSON."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import xarray as xr

_JSON, _KIND, _NAME = "temwidgets_json", "temwidgets_kind", "temwidgets_name"
_MARKS = {_JSON, _KIND, _NAME}
_WORTH_DEFLATING = 1024

Result = xr.DataArray | xr.Dataset | xr.DataTree


def write(path: Path, obj: Result) -> None:
    """Write an image, a Dataset or a tree of them to a new file."""
    name = None if isinstance(obj, xr.Dataset) else obj.name
    if isinstance(obj, xr.DataArray):
        variable = name if isinstance(name, str) and name not in obj.coords else "values_"
        obj = obj.rename(None).to_dataset(name=variable)
        kind = "DataArray"
    else:
        kind = type(obj).__name__
    marks = {_KIND: kind, _NAME: json.dumps(name)}
    if isinstance(obj, xr.DataTree):
        nodes = {node.path: encode(node.to_dataset(inherit=False)) for node in obj.subtree}
        nodes["/"].attrs |= marks
        xr.DataTree.from_dict(nodes).to_netcdf(path, engine="h5netcdf")
    else:
        dataset = encode(obj)
        dataset.attrs |= marks
        dataset.to_netcdf(path, engine="h5netcdf")


def load(path: Path) -> Result:
    """Load what `write` wrote, or any other netCDF-4 file, into memory."""
    groups = load_groups(path)
    root = groups["/"]
    kind = root.attrs.get(_KIND, "DataTree" if len(groups) > 1 else "Dataset")
    name = json.loads(root.attrs.get(_NAME, "null"))
    groups = {path: decode(dataset) for path, dataset in groups.items()}
    if kind == "DataTree":
        return xr.DataTree.from_dict(groups, name=name)
    if kind == "DataArray":
        (variable,) = groups["/"].data_vars
        return groups["/"][variable].rename(name)
    return groups["/"]


def load_groups(path: Path) -> dict[str, xr.Dataset]:
    """Load every group of a netCDF-4 file, attributes as they are stored."""
    groups = {}
    for name, dataset in open_groups(path).items():
        with dataset:
            groups[name] = dataset.load()
    return groups


def open_groups(path: Path) -> dict[str, xr.Dataset]:
    """Open every group of a netCDF-4 file; pixels are read when they are used."""
    with h5py.File(path, "r") as file:
        # h5netcdf prints a traceback of its own where these raise
        dict(file.attrs), list(file)
    return xr.open_groups(path, engine="h5netcdf", decode_timedelta=False)


def encode(dataset: xr.Dataset) -> xr.Dataset:
    """Return a copy whose attributes netCDF can hold."""
    copy = dataset.copy(deep=False).drop_encoding()
    copy.attrs = _encode_attrs(copy.attrs)
    for name in copy.variables:
        variable = copy[name].variable
        copy[name].attrs = _encode_attrs(variable.attrs)
        if variable.size > _WORTH_DEFLATING and variable.dtype.kind in "fiub":
            copy[name].encoding = {"zlib": True, "complevel": 1, "shuffle": True}
    return copy


def decode(dataset: xr.Dataset) -> xr.Dataset:
    """Undo `encode`; the Dataset is changed and returned."""
    dataset = dataset.drop_encoding()
    dataset.attrs = _decode_attrs(dataset.attrs)
    for name in dataset.variables:
        dataset[name].attrs = _decode_attrs(dataset[name].attrs)
    return dataset


def _encode_attrs(attrs: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
    strangers = [name for name, value in attrs.items() if not _is_native(value)]
    encoded = dict(attrs)
    for name in strangers:
        encoded[name] = json.dumps(_pack(attrs[name]))
    return encoded | ({_JSON: json.dumps(strangers)} if strangers else {})


def _decode_attrs(attrs: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
    packed = set(json.loads(attrs.get(_JSON, "[]")))
    decoded = {}
    for name, value in attrs.items():
        if name in packed:
            value = _unpack(json.loads(value))
        elif isinstance(value, np.generic):
            value = value.item()
        if name not in _MARKS:
            decoded[name] = value
    return decoded


def _is_native(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" not in value
    if isinstance(value, np.ndarray):
        return value.ndim == 1 and value.size > 1 and value.dtype.kind in "fiuc"
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.number):
        return False
    return not isinstance(value, int) or abs(value) < 2**63


def _pack(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        flat = value.ravel().tolist()
        return {"array": [str(value.dtype), value.shape, [_pack(v) for v in flat]]}
    if isinstance(value, complex):
        return {"complex": [value.real, value.imag]}
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, Mapping):
        return {"mapping": [[_pack(k), _pack(v)] for k, v in value.items()]}
    if isinstance(value, list | tuple):
        return {type(value).__name__: [_pack(v) for v in value]}
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, str | int | float):
        return value
    raise TypeError(f"an attribute is a {type(value).__name__}, which a file cannot hold")


def _unpack(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "array":
        dtype, shape, flat = content
        return np.array([_unpack(v) for v in flat], dtype).reshape(shape)
    if kind == "complex":
        return complex(*content)
    if kind == "bytes":
        return bytes.fromhex(content)
    if kind == "mapping":
        return {_unpack(k): _unpack(v) for k, v in content}
    items = [_unpack(v) for v in content]
    return tuple(items) if kind == "tuple" else items
