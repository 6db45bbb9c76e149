"""Find what a file holds, or say in a sentence why it cannot be read."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from temwidgets._files.found import Found, UnreadableError, choose_default, unique_names
from temwidgets._files.lazy import read_lazily
from temwidgets._files.settle import settle

_VENDOR = ("dm3", "dm4", "emd", "emi", "hspy", "mrc", "prz", "ser")
_TIFF, _PICTURE, _NETCDF = ("tif", "tiff"), ("jpeg", "jpg", "png"), ("nc",)
SUFFIXES = tuple(sorted((*_VENDOR, *_TIFF, *_PICTURE, *_NETCDF, "npy")))


def existing(path: str | os.PathLike[str]) -> Path:
    """Return the file, once it is known that it is one, is not empty and may be read."""
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"path is the name of a file, but a {type(path).__name__} came.")
    file = Path(path).expanduser()
    if not file.exists():
        raise FileNotFoundError(f"There is no file {file}.")
    if file.is_dir():
        raise IsADirectoryError(f"{file} is a folder. Give the name of a file in it.")
    if not os.access(file, os.R_OK):
        raise PermissionError(f"{file} may not be read by you. Ask for its read permission.")
    if file.stat().st_size == 0:
        raise ValueError(f"{file.name} is empty (0 bytes). Copy it again from where it came from.")
    return file


def look(file: Path, *, lazy: bool = False) -> list[Found]:
    """Find every dataset, settled and with names of their own."""
    reader = _reader(file)
    reader = read_lazily if lazy else reader
    try:
        found = [settle(item) for item in reader(file)]
    except (UnreadableError, ImportError):
        raise
    except Exception as error:
        raise unreadable(file, f"a {file.suffix.lower()} file", error) from None
    names = unique_names(found)
    return [replace(item, name=name) for item, name in zip(found, names, strict=True)]


def _reader(file: Path) -> Callable[[Path], list[Found]]:
    suffix = file.suffix[1:].lower()
    if suffix in _TIFF:
        from temwidgets._files.tiff import read_tiff as reader
    elif suffix in _NETCDF:
        from temwidgets._files.netcdf import read_netcdf as reader
    elif suffix in _PICTURE:
        from temwidgets._files.plain import read_picture as reader
    elif suffix == "npy":
        from temwidgets._files.plain import read_npy as reader
    elif suffix == "emd":
        from temwidgets._files.velox import read_emd as reader
    elif suffix in _VENDOR:
        from temwidgets._files.vendor import read_vendor as reader
    else:
        raise ValueError(
            f"{file.name} ends in {file.suffix or 'no suffix'!r}, which cannot be read. Files that"
            f" can: {', '.join(SUFFIXES)}."
        )
    return reader


def choose(found: list[Found], dataset: str | int | None, file: Path) -> int:
    """Return the index of the dataset asked for by name or number, or of the default."""
    listed = "; ".join(f"{i}: {f.name!r} {f.values.shape} {f.kind}" for i, f in enumerate(found))
    if dataset is None:
        default = choose_default(found)
        if default is not None:
            return default
        if len(found) == 1:
            return 0  # the sentence why this one is no image comes later
        raise ValueError(f"{file.name} holds no image. It holds: {listed or 'nothing'}.")
    names: list[str | int] = [item.name for item in found]
    if dataset in names:
        return names.index(dataset)
    if isinstance(dataset, int) and 0 <= dataset < len(found):
        return dataset
    raise ValueError(f"{file.name} has no dataset {dataset!r}. It holds: {listed or 'nothing'}.")


def unreadable(file: Path, what: str, error: Exception) -> ValueError:
    """Make the error for a file whose reader failed."""
    return ValueError(
        f"{file.name} cannot be read as {what}: it is truncated, damaged, or not what its name"
        f" says ({reason(error)})."
    )


def reason(error: Exception) -> str:
    """Return the first line of a message, to stand in brackets."""
    text = (str(error).strip().splitlines() or [""])[0].rstrip(".")[:200]
    return text or type(error).__name__
