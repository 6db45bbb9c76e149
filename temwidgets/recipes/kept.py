"""What a run has written for one file, and whether it still holds."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from temwidgets import files
from temwidgets.recipes.recipe import PRODUCTS, Recipe
from temwidgets.recipes.summary import Row

_FILE, _DONE = "file.json", "done.json"


class Kept:
    """The folder of one file's results.

    Parameters
    ----------
    folder : Path
        Where they are.
    file : Path
        The file they are of.
    recipe : Recipe
        What makes them.
    options : mapping
        How the file is read.
    again : bool
        Take nothing for done.
    """

    def __init__(
        self, folder: Path, file: Path, recipe: Recipe, options: Mapping[str, Any], again: bool
    ) -> None:
        self.folder, self.file, self._again = folder, file, again
        steps = hashlib.sha256(
            repr((recipe.steps, recipe.frame, recipe.products)).encode()
        ).hexdigest()
        self._made_by = {"recipe": steps, "read": json.loads(json.dumps(dict(options)))}

    def row(self, frame: int | None, found: Row) -> Row:
        """Complete a row of the summary."""
        return {"file": str(self.file), "frame": frame, **found}

    def done(self) -> list[Row] | None:
        """Return the rows of a file that is wholly done, which need not be opened; else None."""
        stored = _read(self.folder / _FILE)
        if self._again or stored is None or stored["of"] != self._identity():
            return None
        rows = [self.done_frame(frame) for frame in stored["frames"]]
        found = [row for row in rows if row is not None]
        return found if len(found) == len(rows) else None

    def done_frame(self, frame: int | None) -> Row | None:
        """Return the row of an image that is done; else None."""
        stored = None if self._again else _read(self._of(frame) / _DONE)
        return None if stored is None else self.row(frame, stored)

    def begin(self, frames: Sequence[int | None]) -> None:
        """Make the folder; results in it of another state of the file or recipe are deleted."""
        now = {"of": self._identity(), "frames": list(frames)}
        if self._again or _read(self.folder / _FILE) != now:
            self._clear()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._again = False  # what is written from here on is new
        _write(self.folder / _FILE, now)

    def save(self, frame: int | None, products: Mapping[str, Any], row: Row) -> None:
        """Write the products of an image, and when all are there and good, that it is done."""
        folder = self._of(frame)
        folder.mkdir(exist_ok=True)
        for name, product in products.items():
            if product is not None:
                files.save(folder / f"{name}.nc", product)
        if row["status"] == "done":
            _write(folder / _DONE, row)

    def _clear(self) -> None:
        names = (_DONE, *(f"{product}.nc" for product in PRODUCTS))
        for folder in (self.folder, *self.folder.glob("frame_*")):
            for name in names:
                (folder / name).unlink(missing_ok=True)

    def _of(self, frame: int | None) -> Path:
        return self.folder if frame is None else self.folder / f"frame_{frame:05d}"

    def _identity(self) -> dict[str, Any]:
        stat = self.file.stat() if self.file.exists() else None
        size, changed = (None, None) if stat is None else (stat.st_size, stat.st_mtime_ns)
        return {**self._made_by, "file": str(self.file.absolute()), "size": size, "time": changed}


def names_in(paths: Sequence[Path]) -> list[str]:
    """Name the results of each file: by its stem, and with more of its path where two are alike."""
    parts = [path.absolute().parts for path in paths]
    names = [path.stem for path in paths]
    for depth in range(1, max(map(len, parts))):
        count = Counter(names)
        if max(count.values()) == 1:
            break
        names = [
            "_".join(of[-depth:]).replace(".", "_") if count[name] > 1 else name
            for of, name in zip(parts, names, strict=True)
        ]
    return names


def _read(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None


def _write(file: Path, content: Any) -> None:
    part = file.with_name(f".{file.name}.part")
    part.write_text(json.dumps(content, indent=1), encoding="utf-8")
    os.replace(part, file)
