"""Write a workspace to one netCDF file and read it back: products, selection, history, undo."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from temwidgets import files
from temwidgets.widgets.history import History, Step
from temwidgets.widgets.products import PRODUCTS, State
from temwidgets.widgets.selection import Selection

_KIND = "temwidgets workspace"


class Stored(NamedTuple):
    """What a workspace file holds."""

    history: History
    frame: int
    labels: np.ndarray
    rule: str


def save(path: str | Path, history: History, frame: int, selection: Selection) -> None:
    """Write every product once, however many states share it."""
    objects = _Objects()
    states = [
        {name: objects.index(state.get(name)) for name in PRODUCTS} for state in history.states
    ]
    steps = [
        {**asdict(step), "arguments": objects.encode(dict(step.arguments))}
        for step in history.steps
    ]
    record = {"states": states, "steps": steps, "position": history.position, "frame": frame}
    root = xr.Dataset(
        {"selection": ("selected", np.asarray(selection.labels))},
        attrs={"kind": _KIND, "history": json.dumps(record), "rule": selection.rule},
    )
    nodes = {f"/object_{i}": _as_dataset(value) for i, value in enumerate(objects.values)}
    tree = xr.DataTree.from_dict({"/": root, **nodes})
    files.save(path, tree)


def is_workspace(path: str | Path) -> bool:
    """Tell whether a file holds a workspace."""
    if Path(path).suffix.lower() != ".nc" or not Path(path).is_file():
        return False
    try:
        with xr.open_dataset(path, engine="h5netcdf") as root:
            return root.attrs.get("kind") == _KIND
    except (OSError, ValueError):
        return False


def load(path: str | Path) -> Stored:
    """Read what `save` wrote.

    Raises
    ------
    OSError
        If there is no such file, or it may not be read.
    ValueError
        If the file holds no workspace.
    """
    tree = files.open_result(path)
    if not isinstance(tree, xr.DataTree) or tree.attrs.get("kind") != _KIND:
        raise ValueError(
            f"{str(path)!r} holds no workspace. Open an image or columns with temwidgets.read or"
            " temwidgets.open_result and give them to Workspace(image, columns)."
        )
    record = json.loads(tree.attrs["history"])
    count = sum(name.startswith("object_") for name in tree.children)
    values = [_from_dataset(tree[f"object_{i}"].to_dataset()) for i in range(count)]
    return Stored(
        _history(record, values),
        record["frame"],
        tree.to_dataset()["selection"].values,
        tree.attrs["rule"],
    )


def _history(record: Mapping[str, Any], values: list[Any]) -> History:
    states: list[State] = [
        {name: None if index is None else values[index] for name, index in state.items()}
        for state in record["states"]
    ]
    history = History(states[0])
    history.states = states
    history.steps = [
        Step(
            **{
                **step,
                "arguments": _decode(step["arguments"], values),
                "clears": tuple(step["clears"]),
                "of_frames": tuple(step.get("of_frames", ())),
            }
        )
        for step in record["steps"]
    ]
    history.position = record["position"]
    return history


class _Objects:
    """Numbers the xarray objects of a workspace; the same object has the same number."""

    def __init__(self) -> None:
        self.values: list[Any] = []

    def index(self, value: Any) -> int | None:
        if value is None:
            return None
        for index, other in enumerate(self.values):
            if other is value:
                return index
        self.values.append(value)
        return len(self.values) - 1

    def encode(self, value: Any) -> Any:
        """Turn an argument into JSON; what JSON does not know becomes {"~": kind, ...}."""
        if isinstance(value, xr.DataArray | xr.Dataset):
            return {"~": "object", "index": self.index(value)}
        if isinstance(value, np.ndarray):
            return {"~": "array", "dtype": str(value.dtype), "values": value.tolist()}
        if isinstance(value, np.generic):
            return value.item()
        if isinstance(value, Path):
            return str(value)
        if isinstance(value, tuple):
            return {"~": "tuple", "values": [self.encode(v) for v in value]}
        if isinstance(value, list):
            return [self.encode(v) for v in value]
        if isinstance(value, Mapping):
            return {str(key): self.encode(v) for key, v in value.items()}
        return value


def _decode(value: Any, values: list[Any]) -> Any:
    if isinstance(value, list):
        return [_decode(v, values) for v in value]
    if not isinstance(value, dict):
        return value
    kind = value.get("~")
    if kind == "object":
        return values[value["index"]]
    if kind == "array":
        return np.array(value["values"], dtype=value["dtype"])
    if kind == "tuple":
        return tuple(_decode(v, values) for v in value["values"])
    return {key: _decode(v, values) for key, v in value.items()}


def _as_dataset(value: xr.DataArray | xr.Dataset) -> xr.Dataset:
    if isinstance(value, xr.Dataset):
        return value
    named = xr.Dataset({"_values": value.variable}, coords=value.coords)
    return named.assign_attrs(array_name=json.dumps(value.name))


def _from_dataset(dataset: xr.Dataset) -> xr.DataArray | xr.Dataset:
    if "array_name" not in dataset.attrs:
        return dataset
    name = json.loads(dataset.attrs["array_name"])
    return dataset["_values"].rename(name)
