"""What an analysis gave on each frame of a stack, and the frames it failed on."""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

_NUMBERED = ("column", "reflection", "domain", "population", "site")
"""Dims whose labels each analysis counts anew, unless it is given them."""
OF_FRAMES = "of_frames"
"""Attribute that names the attributes which hold a list, an entry for each frame."""

_OF_THE_STACK = (OF_FRAMES, "failed_frames", "failures")


class FrameResults(Mapping[int, Any]):
    """Results by the number of their frame, as `each_frame` gives them.

    Parameters
    ----------
    name : str
        The function that was run.
    results : mapping
        Number of the frame to result, in order; it may read them from files when asked.
    failed : mapping
        Number of the frame to the sentence why there is no result.
    shared : iterable of str
        Dims whose labels mean the same in all frames, because the function was given them.
    """

    def __init__(
        self,
        name: str,
        results: Mapping[int, Any],
        failed: Mapping[int, str] | None = None,
        *,
        shared: Any = (),
    ) -> None:
        self.name = name
        self.failed = dict(failed or {})
        self.shared = frozenset(shared)
        self._results = results

    def __getitem__(self, frame: int) -> Any:
        if frame in self.failed:
            raise KeyError(f"{self.name} failed on frame {frame}: {self.failed[frame]}")
        return self._results[frame]

    def __contains__(self, frame: object) -> bool:
        return frame in self._results  # without reading it

    def __iter__(self) -> Iterator[int]:
        return iter(self._results)

    def __len__(self) -> int:
        return len(self._results)

    def __repr__(self) -> str:
        failed = f", {len(self.failed)} failed: {list(self.failed)}" if self.failed else ""
        return f"<FrameResults of {self.name}: {len(self)} frames{failed}>"

    def stacked(self) -> xr.DataArray | xr.Dataset:
        """Join the results along a leading dim ``frame``.

        Returns
        -------
        DataArray or Dataset
            ``frame`` holds the numbers of the frames; every variable has it as its first dim.
            An attribute that is not the same in all frames becomes the list of its values;
            ``attrs["of_frames"]`` names them.
            Frames that failed are left out, with a warning; ``attrs["failed_frames"]`` are their
            numbers and ``attrs["failures"]`` the reasons.

        Raises
        ------
        ValueError
            If the results do not lie on the same grid, or their labels (of columns, reflections,
            domains) were counted anew in each frame, so that label 3 of one frame is not label 3 of
            the next.

        Warns
        -----
        UserWarning
            If frames failed.
        """
        parts = [_bare(self[frame], self.name) for frame in self]
        if not parts:
            raise ValueError(f"{self.name} gave no result on any frame.")
        self._check_labels(parts[0])
        joined = self._join(parts)
        if self.failed:
            joined.attrs |= {
                "failed_frames": list(self.failed), "failures": list(self.failed.values())
            }  # fmt: skip
            warnings.warn(
                f"{self.name} failed on {len(self.failed)} of {len(self) + len(self.failed)}"
                f" frames, which are left out: {list(self.failed)}. attrs['failures'] says why.",
                UserWarning,
                stacklevel=2,
            )
        return joined

    def _check_labels(self, first: xr.DataArray | xr.Dataset) -> None:
        anew = [d for d in _NUMBERED if d in first.dims and d not in self.shared]
        if anew:
            raise ValueError(
                f"{self.name} numbers each {anew[0]} anew in every frame, so the same label is not"
                f" the same {anew[0]}. Take the results one by one (results[frame]), or give the"
                f" {anew[0]}s to start from: they keep their labels in all frames."
            )

    def _join(self, parts: list[Any]) -> Any:
        frames = xr.Variable(
            "frame", np.array(list(self), np.int64), {"units": "1", "long_name": "frame"}
        )
        data: dict[str, Any] = {} if isinstance(parts[0], xr.DataArray) else {"data_vars": "all"}
        try:
            joined = xr.concat(
                parts, xr.DataArray(frames, name="frame"), join="exact", coords="different",
                compat="equals", combine_attrs="drop_conflicts", **data,
            )  # fmt: skip
        except ValueError as error:
            raise ValueError(
                f"The results of {self.name} do not lie on the same grid in all frames, so they"
                f" cannot be joined ({str(error).splitlines()[0].rstrip('.')}). Take them one by"
                " one: results[frame]."
            ) from None
        joined = joined.transpose("frame", ...)
        joined.attrs = _attributes([part.attrs for part in parts])
        if isinstance(joined, xr.Dataset):
            for name in joined.data_vars:
                joined[name].attrs = _attributes([part[name].attrs for part in parts])
        return joined


class Chosen(Mapping[int, Any]):
    """Those of the results that were asked for."""

    def __init__(self, results: Mapping[int, Any], numbers: Sequence[int]) -> None:
        self._results, self._numbers = results, numbers

    def __getitem__(self, number: int) -> Any:
        if number not in self._numbers:
            raise KeyError(number)
        return self._results[number]

    def __contains__(self, number: object) -> bool:
        return number in self._numbers and number in self._results

    def __iter__(self) -> Iterator[int]:
        return (number for number in self._numbers if number in self._results)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def frame_part(joined: Any, number: int) -> Any:
    """Take one frame of what ``stacked`` joined, with the attributes it had alone.

    Raises
    ------
    ValueError
        If there is no such frame.
    """
    known = [int(n) for n in joined["frame"].values] if "frame" in joined.coords else None
    known = list(range(joined.sizes["frame"])) if known is None else known
    if number not in known:
        raise ValueError(f"An argument has no frame {number}; it has {_ranges(known)}.")
    place = known.index(number)
    part = joined.isel(frame=place)
    part.attrs = _attributes_of(joined.attrs, place)
    if isinstance(part, xr.Dataset):
        for name in part.data_vars:
            part[name].attrs = _attributes_of(part[name].attrs, place)
    return part


def _ranges(numbers: list[int]) -> str:
    return f"{len(numbers)} frames, {numbers[0]} to {numbers[-1]}" if numbers else "none"


def _attributes_of(attrs: Mapping[Hashable, Any], place: int) -> dict[Hashable, Any]:
    several = attrs.get(OF_FRAMES, ())
    bare = {name: value for name, value in attrs.items() if name not in _OF_THE_STACK}
    return {name: value[place] if name in several else value for name, value in bare.items()}


def _bare(result: Any, name: str) -> xr.DataArray | xr.Dataset:
    """Take the scalar coordinate ``frame`` off: it becomes the new dim."""
    if not isinstance(result, xr.DataArray | xr.Dataset):
        raise ValueError(
            f"{name} gives a {type(result).__name__}, which has no grid to join. Take the results"
            " one by one: results[frame]."
        )
    return result.drop_vars("frame", errors="ignore")


def _attributes(all_attrs: list[Mapping[Hashable, Any]]) -> dict[Hashable, Any]:
    names = list(dict.fromkeys(name for attrs in all_attrs for name in attrs))
    joined: dict[Hashable, Any] = {}
    several: list[str] = []
    for name in names:
        values = [attrs.get(name) for attrs in all_attrs]
        same = all(_equal(value, values[0]) for value in values[1:])
        joined[name] = values[0] if same else values
        several += [] if same else [str(name)]
    return joined | ({OF_FRAMES: several} if several else {})


def _equal(one: Any, other: Any) -> bool:
    try:
        return bool(np.array_equal(np.asarray(one), np.asarray(other)))
    except ValueError:  # ragged lists
        return bool(one == other)
