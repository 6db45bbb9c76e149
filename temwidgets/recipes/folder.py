"""Repeat a recipe on many files; a bad one is told and skipped, and a stopped run goes on."""

from __future__ import annotations

import functools
import os
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xarray as xr

from temwidgets import files
from temwidgets.analysis.frame_jobs import Failure, Job, attempt, outcomes
from temwidgets.recipes.kept import Kept, names_in
from temwidgets.recipes.opening import open_image
from temwidgets.recipes.reading import read_recipe
from temwidgets.recipes.recipe import Recipe
from temwidgets.recipes.running import StepError, run_recipe
from temwidgets.recipes.summary import Row, as_table, describe_products, write_summary

Report = Callable[[float], None]


def run_files(
    recipe: str | os.PathLike[str] | Recipe,
    paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    out: str | os.PathLike[str],
    *,
    sampling: float | tuple[float, float] | None = None,
    dataset: str | int | None = None,
    scheduler: Any = None,
    again: bool = False,
    tell: Callable[[Row], None] | None = None,
    report: Report | None = None,
) -> xr.Dataset:
    """Repeat a recipe on many files.

    Parameters
    ----------
    recipe : str, path-like or Recipe
        As `read_recipe` takes it.
    paths : path-like or sequence of path-like
        Files, and folders whose files are taken, those in their folders not.
    out : path-like
        Folder for the results: ``out/NAME/columns.nc`` and so on, NAME being that of the file; of a
        series ``out/NAME/frame_00003/columns.nc``; and ``out/summary.csv``. A later call with the
        same recipe passes over files that are done and have not changed since.
    sampling, dataset
        As in `temwidgets.read`, in place of what the recipe says.
    scheduler : str or distributed.Client, optional
        A dask.distributed cluster that analyses the images; they are read, and results written,
        here.
    again : bool
        Do also what is done already.
    tell : callable, optional
        Called with the row of the summary of each image as it ends; ``kept`` is True in those that
        were done before.
    report : callable, optional
        Called with the fraction of files begun; raises `CancelledError` to stop.

    Returns
    -------
    Dataset, dim image
        The summary, one row for each image: ``file``, ``frame``, ``status`` ("done" or "failed"),
        ``n_columns``, ``separation``, lattice ``a``, ``b``, ``angle``, ``reduced_chi2``,
        ``n_flagged``, medians, ``seconds``, ``notes`` (warnings) and ``error``, the sentence.
        Lengths are in ``units``. Where a step failed, what those before it made is kept.

    Raises
    ------
    ValueError, FileNotFoundError
        If the recipe is none, or there are no files. A file that cannot be read or analysed is a
        row of the summary, not an error.
    ImportError, ConnectionError
        If dask.distributed is not installed, or there is no such scheduler.
    """
    recipe = read_recipe(recipe)
    options = {**recipe.read, **({} if sampling is None else {"sampling": sampling})}
    options |= {} if dataset is None else {"dataset": dataset}
    listed = _listed(paths)
    folder = Path(out).expanduser()
    folder.mkdir(parents=True, exist_ok=True)
    work = _Work(recipe, options, [Kept(folder / name, file, recipe, options, again)
                                   for file, name in zip(listed, names_in(listed), strict=True)],
                 report)  # fmt: skip
    try:
        for row in work.rows(scheduler):
            if tell is not None:
                tell(row)
    finally:
        write_summary(folder / "summary.csv", work.summary())
    return as_table(work.summary())


def _listed(paths: Any) -> list[Path]:
    given = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    found: list[Path] = []
    for path in (Path(one).expanduser() for one in given):
        inside = sorted(path.iterdir()) if path.is_dir() else [path]
        found += [f for f in inside if f is path or f.suffix[1:].lower() in files.SUFFIXES]
    if not found:
        raise ValueError(
            f"There is no file to work on in {', '.join(map(str, given)) or 'an empty list'}. Files"
            f" that can be read: {', '.join(files.SUFFIXES)}."
        )
    return list(dict.fromkeys(found))


@dataclass(frozen=True)
class _Done:
    """What came out of one image."""

    products: dict[str, Any]
    row: Row


class _Work:
    """The images of all files: those done, those to do, and what is told of each."""

    def __init__(self, recipe: Recipe, options: dict, kept: list[Kept], report: Any) -> None:
        self._recipe, self._options, self._kept, self._report = recipe, options, kept, report
        self._rows: dict[tuple[int, int], Row] = {}
        self._units: list[tuple[int, int | None]] = []
        self._aside: list[Row] = []
        self._begun = 0

    def summary(self) -> list[Row]:
        """Return the rows so far, in the order of files and frames."""
        return [self._rows[key] for key in sorted(self._rows)]

    def rows(self, scheduler: Any) -> Iterator[Row]:
        """Yield a row for each image as it ends; one that was done before comes at once."""
        for unit, outcome in outcomes(self._jobs(), scheduler=scheduler, report=self._tick):
            place, frame = self._units[unit]
            yield from self._take_aside()
            yield self._end(place, frame, outcome)
        yield from self._take_aside()

    def _tick(self, _: float) -> None:
        if self._report is not None:
            self._report(min(self._begun / len(self._kept), 1.0))

    def _jobs(self) -> Iterator[tuple[int, Callable[[], Job]]]:
        """Open one file after the other; what is done or cannot be read gives no job."""
        for place, kept in enumerate(self._kept):
            self._tick(0.0)
            done = kept.done()
            if done is not None:
                for row in done:
                    self._note(place, row)
            else:
                yield from self._of_file(place, kept)
            self._begun += 1

    def _of_file(self, place: int, kept: Kept) -> Iterator[tuple[int, Callable[[], Job]]]:
        opened = attempt(_open, kept.file, self._options)
        if isinstance(opened, Failure):
            self._note(place, kept.row(None, {"status": "failed", "error": opened.sentence}))
            return
        image, notes = opened
        each = image.ndim == 3 and self._recipe.frame is None
        frames: list[int | None] = [*range(image.sizes["frame"])] if each else [None]
        kept.begin(frames)
        for frame in frames:
            done = kept.done_frame(frame)
            if done is not None:
                self._note(place, done)
                continue
            part = image if frame is None else image.isel(frame=frame)
            self._units.append((place, frame))
            job = functools.partial(attempt, _analyse, self._recipe, part, notes)
            yield len(self._units) - 1, functools.partial(_same, job)

    def _end(self, place: int, frame: int | None, outcome: Any) -> Row:
        kept = self._kept[place]
        if not isinstance(outcome, Failure):
            saved = attempt(kept.save, frame, outcome.products, outcome.row)
            outcome = saved if isinstance(saved, Failure) else outcome
        if isinstance(outcome, Failure):
            row = kept.row(frame, {"status": "failed", "error": outcome.sentence})
        else:
            row = kept.row(frame, outcome.row)
        self._rows[place, -1 if frame is None else frame] = row
        return row

    def _note(self, place: int, row: Row) -> None:
        frame = row.get("frame")
        self._rows[place, -1 if frame is None else frame] = row
        self._aside.append({**row, "kept": row["status"] == "done"})

    def _take_aside(self) -> Iterator[Row]:
        aside, self._aside = self._aside, []
        yield from aside


def _same(job: Job) -> Job:
    return job


def _open(path: Path, options: dict[str, Any]) -> tuple[xr.DataArray, list[str]]:
    """Read an image, with the warnings about it."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        image = open_image(path, options)
    return image, _texts(caught)


def _analyse(recipe: Recipe, image: xr.DataArray, notes: list[str]) -> _Done:
    begun = time.perf_counter()
    image = image.compute(scheduler="synchronous") if image.chunks else image
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        products, ended = _run(recipe, image)
    row = {**ended, **describe_products(products, image)}
    row |= {"seconds": round(time.perf_counter() - begun, 3)}
    row |= {"notes": " ".join(dict.fromkeys([*notes, *_texts(caught)]))}
    return _Done(products, row)


def _run(recipe: Recipe, image: xr.DataArray) -> tuple[dict[str, Any], Row]:
    """Return what was made, also where a step failed, and how it ended."""
    try:
        return run_recipe(recipe, image), {"status": "done"}
    except StepError as error:
        return error.made, {"status": "failed", "error": str(error)}


def _texts(caught: list[Any]) -> list[str]:
    return [str(w.message) for w in caught if issubclass(w.category, UserWarning)]
