"""Trainings on disk: all that is needed to go on, whole or not there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import equinox as eqx


class Checkpointed:
    """A trainer whose ``state`` has a field ``step`` and can be kept in a file."""

    state: Any

    @property
    def step(self) -> int:
        """Steps done."""
        return int(self.state.step)

    def save(self, path: str | Path) -> None:
        """Write all that is needed to go on."""
        write(path, self.state, {})

    def resume(self, path: str | Path) -> None:
        """Go on from what `save` wrote; the model and its options must be the same."""
        self.state, _ = read(path, self.state)


def write(path: str | Path, state: Any, notes: dict[str, Any]) -> None:
    """Write arrays and notes (what JSON can hold) to one file."""
    path = Path(path)
    part = path.with_name("part_" + path.name)
    with part.open("wb") as file:
        file.write(json.dumps(notes).encode() + b"\n")
        eqx.tree_serialise_leaves(file, state)
    part.replace(path)


def read(path: str | Path, state: Any) -> tuple[Any, dict[str, Any]]:
    """Read what `write` wrote; `state` says of what structure and shapes it is."""
    with Path(path).open("rb") as file:
        notes = json.loads(file.readline())
        return eqx.tree_deserialise_leaves(file, state), notes
