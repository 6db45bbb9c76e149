"""Open a file without loading its pixels: each frame is read when it is used.

A block of the dask array knows the path and reads its own frame, so that it can be sent to a worker
and nothing but the frame is ever in memory.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from temwidgets._files.found import Found, UnreadableError, plain_axes

LAZY = ("dm3", "dm4", "hspy", "mrc", "nc", "npy", "prz", "ser", "tif", "tiff")
"""Endings of files that can be opened without loading them."""


def read_lazily(path: Path) -> list[Found]:
    """Find every dataset; values are dask arrays, a frame a chunk.

    Raises
    ------
    ImportError
        If dask is not installed.
    UnreadableError
        If this kind of file cannot be opened without loading it.
    """
    array = _dask_array()
    found = _peek(path)
    stat = path.stat()
    seed = f"{path.absolute()}:{stat.st_mtime_ns}:{stat.st_size}"
    lazy = [_delayed(array, item.values, path, number, seed) for number, item in enumerate(found)]
    return [
        replace(item, values=values, image=_with(item.image, values))
        for item, values in zip(found, lazy, strict=True)
    ]


def is_lazy(values: Any) -> bool:
    """Tell whether an array is one of dask."""
    return hasattr(values, "__dask_graph__")


def _dask_array() -> ModuleType:
    try:
        import dask.array as array
    except ImportError:
        raise ImportError(
            "Opening a file lazily needs dask, an optional part of temwidgets. Install it with:"
            ' pip install "temwidgets[cluster]"'
        ) from None
    return array


def _with(image: Any, values: Any) -> Any:
    return None if image is None else image.copy(data=values)


def _delayed(array: ModuleType, values: Any, path: Path, number: int, seed: str) -> Any:
    shape, dtype = values.shape, values.dtype
    first = ((1,) * shape[0],) if len(shape) > 2 else ((shape[0],),) if shape else ()
    chunks = (*first, *((size,) for size in shape[1:]))
    native = dtype if dtype.names else dtype.newbyteorder("=")
    digest = hashlib.sha256(f"{seed}:{number}".encode()).hexdigest()[:24]
    return array.map_blocks(
        _block, str(path.absolute()), number, chunks=chunks, dtype=native,
        meta=np.empty((0,) * len(shape), native), name=f"read-{digest}",
    )  # fmt: skip


def _block(path: str, number: int, block_id: tuple[int, ...] = ()) -> np.ndarray:
    values: Any = _peek(Path(path))[number].values
    part = values[block_id[0] : block_id[0] + 1] if len(block_id) > 2 else values[...]
    if is_lazy(part):
        part = part.compute(scheduler="synchronous")
    part = np.asarray(part)
    return np.array(part, part.dtype if part.dtype.names else part.dtype.newbyteorder("="))


def _peek(path: Path) -> list[Found]:
    """Read all but the pixels; values have shape and dtype and give a part when sliced."""
    suffix = path.suffix[1:].lower()
    if suffix == "npy":
        values = np.load(path, mmap_mode="r", allow_pickle=False)
        return [Found(path.stem, values, plain_axes(values.ndim))]
    if suffix not in LAZY:
        raise UnreadableError(
            f"{path.name} cannot be opened lazily; files that can: {', '.join(LAZY)}. Leave lazy"
            " out, or save it as .npy or .nc first."
        )
    return _reader(suffix)(path)


def _reader(suffix: str) -> Callable[[Path], list[Found]]:
    if suffix in ("tif", "tiff"):
        from temwidgets._files.tiff_pages import peek_tiff

        return peek_tiff
    if suffix == "nc":
        from temwidgets._files.netcdf import read_netcdf

        return functools.partial(read_netcdf, lazy=True)
    from temwidgets._files.vendor import read_vendor

    return functools.partial(read_vendor, lazy=True)
