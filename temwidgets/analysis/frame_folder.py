"""Results of frames in a folder, one file each, written as they come, so that a job can go on."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from temwidgets.analysis.frame_results import FrameResults
from temwidgets.analysis.frame_source import Source, code_of, digest_of

_JOB, _FAILED = "job.json", "failed.json"
_NAME = re.compile(r"frame_(-?\d+)\.nc")


class FrameFolder(Mapping[int, Any]):
    """The results in a folder; each is read when asked for.

    Parameters
    ----------
    path : path-like
        The folder; it is made when it is not there.
    job : mapping, optional
        What is computed, from `describe_job`; what the folder holds must be the same.
    name : str
        Name of the function, for sentences.

    Raises
    ------
    ValueError
        If the folder holds results of another job, or none at all and no job is given.
    """

    def __init__(self, path: str | os.PathLike[str], job: Mapping[str, Any] | None = None) -> None:
        self.path = Path(path).expanduser()
        if job is None:
            self.job = self._stored()
            return
        self.job = dict(job)
        self.path.mkdir(parents=True, exist_ok=True)
        if (self.path / _JOB).exists():
            self._check(self._stored())
        else:
            _write_text(self.path / _JOB, json.dumps(self.job, indent=1))

    @property
    def name(self) -> str:
        """Name of the function."""
        return str(self.job.get("function", "")).rpartition(":")[2] or "the analysis"

    def __getitem__(self, frame: int) -> Any:
        from temwidgets._files import store

        if frame not in self:
            raise KeyError(frame)
        return store.load(self._file(frame))

    def __contains__(self, frame: object) -> bool:
        return isinstance(frame, int | np.integer) and self._file(int(frame)).exists()

    def __iter__(self) -> Iterator[int]:
        found = (_NAME.fullmatch(file.name) for file in self.path.iterdir())
        return iter(sorted(int(match[1]) for match in found if match))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def put(self, frame: int, result: Any) -> None:
        """Write a result: the file is there whole or not at all."""
        from temwidgets._files import store

        if not isinstance(result, xr.DataArray | xr.Dataset | xr.DataTree):
            raise ValueError(
                f"{self.name} gives a {type(result).__name__}, which cannot be written to a file."
                " Leave folder out, or let the function return a DataArray or a Dataset."
            )
        file = self._file(frame)
        part = file.with_name(f".{file.name}.part")
        try:
            store.write(part, result)
            os.replace(part, file)
        finally:
            part.unlink(missing_ok=True)

    def tell_failed(self, failed: Mapping[int, str]) -> None:
        """Write down which frames failed and why; they are tried again next time."""
        file = self.path / _FAILED
        if failed:
            _write_text(file, json.dumps({str(k): v for k, v in failed.items()}, indent=1))
        else:
            file.unlink(missing_ok=True)

    def failed(self) -> dict[int, str]:
        """Return which frames failed last time, and why."""
        file = self.path / _FAILED
        listed = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        return {int(frame): text for frame, text in listed.items() if int(frame) not in self}

    def _file(self, frame: int) -> Path:
        return self.path / f"frame_{frame:05d}.nc"

    def _stored(self) -> dict[str, Any]:
        try:
            stored = json.loads((self.path / _JOB).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise ValueError(
                f"{self.path} holds no results of frames. Give the folder that was given to"
                " temwidgets.each_frame(..., folder=...)."
            ) from None
        except ValueError as error:
            raise ValueError(f"{self.path / _JOB} is damaged ({error}). Delete it.") from None
        return stored

    def _check(self, stored: Mapping[str, Any]) -> None:
        ours = json.loads(json.dumps(self.job))
        other = [key for key in sorted({*ours, *stored}) if ours.get(key) != stored.get(key)]
        if not other:
            return
        given, kept = ours.get("arguments", {}), stored.get("arguments", {})
        arguments = [k for k in sorted({*given, *kept}) if given.get(k) != kept.get(k)]
        names = ", ".join(
            f"arguments ({', '.join(arguments)})" if key == "arguments" else key for key in other
        )
        raise ValueError(
            f"{self.path} holds results of {str(stored.get('function')).rpartition(':')[2]} with"
            f" another {names}. Give another folder, or delete it to begin anew."
        )


def open_frames(folder: str | os.PathLike[str]) -> FrameResults:
    """Open the results that `each_frame` wrote to a folder, also those of an unfinished job.

    Parameters
    ----------
    folder : path-like
        The folder given to `each_frame`.

    Returns
    -------
    FrameResults
        Results by the number of the frame; each is read from its file when asked for.

    Raises
    ------
    ValueError
        If the folder holds no such results.
    """
    kept = FrameFolder(folder)
    return FrameResults(kept.name, kept, kept.failed(), shared=kept.job.get("shared", ()))


def describe_job(
    function: Any, arguments: Mapping[str, Any], source: Source, shared: Any
) -> dict[str, Any]:
    """Say what is computed, so that results of the same job are known again."""
    from temwidgets import __version__

    return {
        "function": f"{function.__module__}:{function.__qualname__}",
        "code": code_of(function),
        "arguments": {name: _plain(value) for name, value in arguments.items()},
        "stack": source.identity(),
        "shared": sorted(shared),
        "temwidgets": __version__,
    }


def _plain(value: Any) -> Any:
    """Write an argument as JSON; what is large or no JSON as its digest."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping) and not isinstance(value, FrameResults | xr.Dataset):
        return {str(key): _plain(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return digest_of(value)


def _write_text(file: Path, text: str) -> None:
    part = file.with_name(f".{file.name}.part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, file)
