"""Run an analysis of one image on every frame of a stack, here or on a cluster."""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
import xarray as xr

from temwidgets.analysis.frame_arguments import (
    FRAME,
    bind_arguments,
    by_name,
    call_by_name,
    for_frame,
    name_of,
    shared_dims,
)
from temwidgets.analysis.frame_folder import FrameFolder, describe_job
from temwidgets.analysis.frame_jobs import Failure, Job, Report, attempt, outcomes, told
from temwidgets.analysis.frame_results import Chosen, FrameResults
from temwidgets.analysis.frame_source import Source, loaded

Function = TypeVar("Function", bound=Callable[..., Any])


def each_frame(
    function: Callable[..., Any],
    stack: xr.DataArray | xr.Dataset | FrameResults,
    *args: Any,
    frames: Sequence[int] | None = None,
    scheduler: Any = None,
    folder: str | os.PathLike[str] | None = None,
    retries: int = 2,
    report: Report | None = None,
    **options: Any,
) -> FrameResults:
    """Run an analysis of one image, or of its columns, on every frame of a stack.

    Parameters
    ----------
    function : callable
        An analysis that takes an image (y, x) as its parameter ``image``, or as its first; of
        columns, maps and other results those are its first.
    stack : DataArray, (frame, y, x); or FrameResults, or Dataset with a dim frame
        In memory, or opened by ``read(path, lazy=True)`` or as a dask array: then one frame at a
        time is loaded, where it is analysed. Or the results of another analysis of each frame.
    *args, **options
        Further arguments of the function. Of `FrameResults`, and of xarray objects with a dim
        ``frame``, each call gets those of its frame; all else is the same in all frames.
    frames : sequence of int, optional
        Numbers of the frames to analyse, as the coordinate ``frame`` has them; all when not given.
    scheduler : str or distributed.Client, optional
        A dask.distributed cluster, such as "tcp://host:8786"; when not given, the frames are
        analysed here, one after the other. The workers need temwidgets, and the file of a stack
        that was opened lazily. When a worker dies, its frames are done by others.
    folder : path-like, optional
        Write each result to ``frame_00012.nc`` in this folder as soon as it is there, and keep none
        in memory. A later call with the same function, arguments and stack goes on where this one
        was stopped. `open_frames` opens the folder.
    retries : int
        How often a frame is given again to a cluster that gave it up, because three workers died
        over it one after another.
    report : callable, optional
        Called with the fraction done; raises `CancelledError` to stop.

    Returns
    -------
    FrameResults
        A mapping from the number of a frame to its result. ``stacked()`` joins what lies on the
        same grid, or has the labels of columns that were given, along a leading dim ``frame``.
        Tables whose rows are counted anew in each frame (found columns, reflections, domains) stay
        apart: the same label is not the same column. ``failed`` tells, by frame, why there is no
        result; the others are there all the same.

    Raises
    ------
    TypeError, ValueError
        If the stack is not one, the function does not take such arguments, `frames` names one that
        does not exist, the folder holds results of another job, or every frame failed.
    ImportError, ConnectionError
        If dask.distributed is not installed, or there is no such scheduler.
    """
    source = Source(stack)
    numbers = source.chosen(frames)
    given = bind_arguments(function, source, args, options)
    shared = shared_dims(given) | source.shared
    plain = {name: value for name, value in given.items() if value is not FRAME}
    kept: FrameFolder | dict[int, Any] = {}
    if folder is not None:
        kept = FrameFolder(folder, describe_job(function, plain, source, shared))
    todo = [number for number in numbers if number not in kept]
    failed = _run(function, source, given, todo, kept, _Progress(report, numbers, todo),
                  scheduler=scheduler, retries=retries)  # fmt: skip
    if todo and len(failed) == len(numbers):
        first, text = next(iter(failed.items()))
        raise ValueError(f"{name_of(function)} failed on every frame; on frame {first}: {text}")
    chosen = kept if isinstance(kept, FrameFolder) else dict(sorted(kept.items()))
    return FrameResults(name_of(function), Chosen(chosen, numbers), failed, shared=shared)


def framewise(function: Function) -> Function:
    """Let an analysis of one image take a stack as well: results along a leading ``frame``.

    The stack is analysed frame by frame by `each_frame` and joined by ``stacked``. An analysis of
    columns takes those of all frames, dims (frame, column).
    """

    @functools.wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        try:
            bound = inspect.signature(function).bind(*args, **options)
        except TypeError:
            return function(*args, **options)  # which says what is wrong
        name = "image" if "image" in bound.arguments else next(iter(bound.arguments), "")
        stack: Any = bound.arguments.get(name)
        if not _of_all_frames(stack):
            return function(*args, **options)
        given = by_name(bound)
        del given[name]
        report = given.pop("report", None)
        return each_frame(call, stack, report=report, **given).stacked()

    return call  # type: ignore[return-value]


def _of_all_frames(stack: Any) -> bool:
    if isinstance(stack, xr.Dataset):
        return {"frame", "column"} <= set(stack.dims)
    return isinstance(stack, xr.DataArray) and stack.dims == ("frame", "y", "x")


class _Progress:
    """Counts the frames that are done, and within one where the function tells."""

    def __init__(self, report: Report | None, numbers: Sequence[int], todo: Sequence[int]) -> None:
        self._report, self._total = report, max(len(numbers), 1)
        self._done = len(numbers) - len(todo)

    def next(self) -> None:
        """A frame is done."""
        self._done += 1
        self.within(0.0)

    def within(self, fraction: float) -> None:
        """Report how far the present frame is."""
        if self._report is not None:
            self._report((self._done + fraction) / self._total)


def _run(
    function: Callable[..., Any], source: Source, given: dict[str, Any], todo: list[int],
    kept: Any, progress: _Progress, *, scheduler: Any, retries: int,
) -> dict[int, str]:  # fmt: skip
    inside = scheduler is None and "report" in inspect.signature(function).parameters

    def make(number: int) -> Job:
        arguments = attempt(for_frame, given, number)
        if isinstance(arguments, Failure):
            return lambda: arguments
        frame = source.part(number)
        told_here = {"report": progress.within} if inside else {}
        return functools.partial(attempt, _analyse, function, frame, arguments, **told_here)

    jobs = ((number, functools.partial(make, number)) for number in todo)
    failed: dict[int, str] = {}
    try:
        for number, outcome in outcomes(
            jobs, scheduler=scheduler, retries=retries, report=progress.within
        ):
            if not isinstance(outcome, Failure):
                outcome = _keep(kept, number, outcome)
            if isinstance(outcome, Failure):
                failed[number] = outcome.sentence
            progress.next()
    finally:
        failed = dict(sorted(failed.items()))
        if isinstance(kept, FrameFolder):
            kept.tell_failed(failed)
    return failed


def _keep(kept: Any, number: int, result: Any) -> Failure | None:
    if not isinstance(kept, FrameFolder):
        kept[number] = result
        return None
    try:
        kept.put(number, result)
    except (ValueError, TypeError) as error:
        return Failure(told(error))
    return None


def _analyse(
    function: Callable[..., Any], frame: Any, given: dict[str, Any], **further: Any
) -> Any:
    image = loaded(frame)
    arguments = {name: image if value is FRAME else value for name, value in given.items()}
    result = call_by_name(function, arguments | further)
    if isinstance(result, bool | int | float | np.generic | np.ndarray):
        return xr.DataArray(result, name=name_of(function))
    return result
