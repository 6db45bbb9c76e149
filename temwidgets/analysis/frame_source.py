"""What an analysis is run on frame by frame: a stack of images, or columns of every frame."""

from __future__ import annotations

import hashlib
import inspect
import pickle
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import xarray as xr

from temwidgets.analysis.frame_results import FrameResults, frame_part
from temwidgets.conventions import check_image


class Source:
    """Gives each frame by its number.

    Parameters
    ----------
    stack : DataArray (frame, y, x), Dataset with a dim frame, or FrameResults
        Checked.

    Raises
    ------
    TypeError, ValueError
        If it is none of these, or its frames are not numbered.
    """

    def __init__(self, stack: Any) -> None:
        self._stack = stack
        self.tabular = isinstance(stack, FrameResults | xr.Dataset)
        if isinstance(stack, xr.Dataset) and "frame" not in stack.dims:
            raise ValueError(
                f"A Dataset with a dim frame was expected, but its dims are {tuple(stack.dims)}."
                " Call the function itself: this is one frame."
            )
        if not self.tabular:
            check_image(stack, ndim=3)
        self.numbers = list(stack) if isinstance(stack, FrameResults) else _numbers(stack)

    def chosen(self, frames: Sequence[int] | None) -> list[int]:
        """Return the numbers of the frames to work on, in order.

        Raises
        ------
        ValueError
            If `frames` names one that does not exist, or none.
        """
        if frames is None:
            return self.numbers
        missing = sorted(set(map(int, frames)) - set(self.numbers))
        if missing or not len(frames):
            raise ValueError(
                f"frames names {missing or 'none'}, but the stack has frames {self.numbers[0]} to"
                f" {self.numbers[-1]}."
            )
        return sorted(set(map(int, frames)))

    def part(self, number: int) -> Any:
        """Return one frame; pixels that are not in memory are not loaded."""
        if isinstance(self._stack, FrameResults):
            return self._stack[number]
        if self.tabular:
            return frame_part(self._stack, number)
        return self._stack.isel(frame=self.numbers.index(number))

    def parameter(self, function: Callable[..., Any]) -> str | None:
        """Return the parameter of a function that takes the frame."""
        parameters = inspect.signature(function).parameters
        if "image" in parameters and not self.tabular:
            return "image"
        return next(iter(parameters), None)

    @property
    def shared(self) -> set[str]:
        """Dims whose labels mean the same in all frames."""
        if isinstance(self._stack, FrameResults):
            return set(self._stack.shared)
        dims = self._stack.dims if self.tabular else ()
        return {str(dim) for dim in dims if dim in self._stack.coords} - {"frame"}

    def identity(self) -> dict[str, Any]:
        """Say which stack it is, so that it is known again."""
        if self.tabular:
            return {"values": digest_of(self._stack)}
        return {
            "shape": list(self._stack.shape[1:]),
            "source": str(self._stack.attrs.get("source", "")),
            "pixels": _pixels(self._stack),
        }


def loaded(part: Any) -> Any:
    """Bring one frame into memory."""
    # in a worker, dask's own default would send the loading back to the cluster
    return part.compute(scheduler="synchronous") if part.chunks else part.compute()


def digest_of(value: Any) -> str:
    """Return a text that differs where values differ."""
    return f"sha256:{hashlib.sha256(_bytes(value)).hexdigest()}"


def code_of(function: Callable[..., Any]) -> str | None:
    """Return a digest of a function that is not of temwidgets: one of a notebook may change."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    if code is None or str(function.__module__).startswith("temwidgets."):
        return None
    return f"sha256:{hashlib.sha256(_code_bytes(code)).hexdigest()}"


def _code_bytes(code: Any) -> bytes:
    consts = [
        _code_bytes(const) if inspect.iscode(const) else repr(const).encode()
        for const in code.co_consts
    ]
    return b"\0".join([code.co_code, repr(code.co_names).encode(), *consts])


def _numbers(stack: xr.DataArray | xr.Dataset) -> list[int]:
    if "frame" not in stack.coords:
        return list(range(stack.sizes["frame"]))
    values = stack["frame"].values
    whole = values.dtype.kind in "iu" or (values.dtype.kind == "f" and (values % 1 == 0).all())
    if not whole or np.unique(values).size != values.size:
        raise ValueError(
            "The coordinate frame must number the frames, each differently. Give it numbers:"
            " stack.assign_coords(frame=range(stack.sizes['frame']))."
        )
    return [int(value) for value in values]


def _pixels(stack: xr.DataArray) -> str:
    """Digest of pixels and positions; of a stack that is not in memory, of three of its frames."""
    count = stack.sizes["frame"]
    lazy = stack.chunks is not None or not stack.variable._in_memory
    chosen = sorted({0, count // 2, count - 1}) if lazy else range(count)
    digest = hashlib.sha256()
    for name in ("y", "x"):
        digest.update(np.asarray(stack[name].values, float).tobytes())
    digest.update(np.asarray(_numbers(stack)).tobytes())
    for index in chosen:
        digest.update(np.ascontiguousarray(loaded(stack.isel(frame=index)).values).tobytes())
    return f"sha256:{digest.hexdigest()}"


def _bytes(value: Any) -> bytes:
    if isinstance(value, FrameResults):
        return b"".join(b"%d" % frame + _bytes(value[frame]) for frame in value)
    if isinstance(value, xr.DataArray):
        value = value.rename("values_").to_dataset(promote_attrs=False)
    if isinstance(value, xr.Dataset):
        names = sorted(map(str, value.variables))
        return b"".join(n.encode() + _bytes(np.asarray(value[n].values)) for n in names)
    if isinstance(value, np.ndarray) and value.dtype.kind in "fiubc":
        return f"{value.dtype}{value.shape}".encode() + np.ascontiguousarray(value).tobytes()
    return pickle.dumps(value)
