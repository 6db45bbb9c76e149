"""TIFF stacks page by page, without loading them."""

from __future__ import annotations

import functools
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from temwidgets._files.found import Found, UnreadableError
from temwidgets._files.tiff import check_complete, describe_series, read_metadata, true_values


@dataclass(frozen=True)
class Pages:
    """The pixels of a series of pages; a slice along the first dim is read from the file."""

    path: Path
    number: int
    shape: tuple[int, ...]
    dtype: np.dtype
    offset: int | None

    @property
    def ndim(self) -> int:
        """Number of dims."""
        return len(self.shape)

    def __getitem__(self, part: Any) -> np.ndarray:
        with tifffile.TiffFile(self.path) as file:
            if self.offset is not None:
                kind = self.dtype.newbyteorder(file.byteorder)
                raw = np.memmap(self.path, kind, "r", self.offset, self.shape)
                return true_values(np.array(raw[part]), file.pages.first)
            series = file.series[self.number]
            if not isinstance(part, slice):
                return true_values(series.asarray(), series.keyframe)
            planes = [series.pages[i].asarray() for i in range(*part.indices(self.shape[0]))]
            return true_values(np.stack(planes), series.keyframe)


def peek_tiff(path: Path) -> list[Found]:
    """Read every series of pages but for its pixels."""
    stat = path.stat()
    return list(_peek(path, stat.st_mtime_ns, stat.st_size))


@functools.lru_cache(maxsize=8)
def _peek(path: Path, _time: int, _size: int) -> tuple[Found, ...]:
    """Keep what was found: a file of many pages is slow to survey."""
    logging.getLogger("tifffile").setLevel(logging.CRITICAL)
    with tifffile.TiffFile(path) as file:
        metadata = read_metadata(file)
        return tuple(
            describe_series(series, _pages(path, number, series), metadata, path.stem)
            for number, series in enumerate(file.series)
        )


def _pages(path: Path, number: int, series: tifffile.TiffPageSeries) -> Pages:
    check_complete(series.keyframe)
    by_page = series.dataoffset is not None or len(series.shape) < 3
    if not by_page and len(series.pages) != series.shape[0]:
        raise UnreadableError(
            f"{path.name} does not hold its frames page by page, so it cannot be opened lazily."
            " Leave lazy out."
        )
    if series.keyframe.photometric == tifffile.PHOTOMETRIC.PALETTE:
        raise UnreadableError(
            f"{path.name} has a table of colours, so it cannot be opened lazily. Leave lazy out."
        )
    return Pages(path, number, tuple(series.shape), series.dtype, series.dataoffset)
