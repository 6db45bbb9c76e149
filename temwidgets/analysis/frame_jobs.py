"""Do many jobs, here one after the other or on a cluster, and hand out each result as it comes."""

from __future__ import annotations

import contextlib
import time
import uuid
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from temwidgets.conventions import CancelledError

Report = Callable[[float], None]
Job = Callable[[], Any]
Jobs = Iterable[tuple[int, Callable[[], Job]]]
"""Keys, and what makes the job of each: asked only when it is its turn, for it may hold pixels."""

_POLL = 0.02
_PATIENCE = "10s"
_AHEAD = 2
"""Jobs given to the cluster per thread: one runs, one waits with its pixels already there."""


@dataclass(frozen=True)
class Failure:
    """Why a job gave no result."""

    sentence: str


def attempt(work: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """Call `work`; what it raises becomes a `Failure`, for one bad frame must not end the run."""
    try:
        return work(*args, **options)
    except CancelledError:
        raise
    except Exception as error:
        return Failure(told(error))


def told(error: BaseException) -> str:
    """Return the sentence of an exception, its type put before it unless we wrote it ourselves."""
    text = str(error).strip()
    plain = isinstance(error, ValueError | TypeError | OSError | ImportError) and " " in text
    return text if plain else f"{type(error).__name__}: {text}".rstrip(": ")


def outcomes(
    jobs: Jobs, *, scheduler: Any = None, retries: int = 2, report: Report | None = None
) -> Iterator[tuple[int, Any]]:
    """Yield key and result (or `Failure`) of each job as it ends.

    Parameters
    ----------
    jobs : iterable of (key, callable)
        The callable makes the job, which is called here or sent to a worker.
    scheduler : str or distributed.Client, optional
        The cluster; here when not given.
    retries : int
        How often a job is given again when the cluster gave it up.
    report : callable, optional
        Called now and then with 0.0 while waiting; may raise `CancelledError`.

    Raises
    ------
    ImportError
        If a scheduler is given and dask.distributed is not installed.
    ConnectionError
        If there is no scheduler at that address, or it is lost.
    """
    if scheduler is None:
        for key, make in jobs:
            yield key, make()()
        return
    client, ours = _client(scheduler)
    try:
        yield from _on(client, jobs, retries, report)
    except OSError:
        raise ConnectionError(
            "The connection to the scheduler was lost. What was done so far is kept where results"
            " were written to a folder: call again to go on."
        ) from None
    finally:
        if ours:
            client.close()


def _client(scheduler: Any) -> tuple[Any, bool]:
    try:
        from distributed import Client
    except ImportError:
        raise ImportError(
            "A cluster needs dask.distributed, an optional part of temwidgets. Install it with:"
            ' pip install "temwidgets[cluster]"'
        ) from None
    if isinstance(scheduler, Client):
        return scheduler, False
    if not isinstance(scheduler, str):
        raise TypeError(
            f'scheduler is an address such as "tcp://host:8786" or a distributed.Client, but a'
            f" {type(scheduler).__name__} came."
        )
    try:
        return Client(scheduler, timeout=_PATIENCE, set_as_default=False), True
    except (OSError, ValueError) as error:
        raise ConnectionError(
            f"There is no scheduler at {scheduler!r} ({told(error).splitlines()[0]}). Start one"
            ' with `dask scheduler`, and give the address it prints: "tcp://host:8786".'
        ) from None


def _on(client: Any, jobs: Jobs, retries: int, report: Report | None) -> Iterator[tuple[int, Any]]:
    run = _Run(client)
    coming = iter(jobs)
    more = True
    try:
        while more or run.pending or run.lost:
            while more and len(run.pending) < _room(client):
                entry = next(coming, None)
                more = entry is not None
                if entry is not None:
                    run.submit(*entry)
            if not more and not run.pending and run.lost:
                run.submit(*run.lost.pop(0))
            yield from run.ended(retries)
            if report is not None:
                report(0.0)
            time.sleep(_POLL)
    finally:
        run.cancel()


class _Run:
    """The jobs that a cluster has, and those that it gave up.

    What was given up is tried again alone, when all else is done: a job that kills its worker takes
    down those beside it, and they shall not be blamed.
    """

    def __init__(self, client: Any) -> None:
        self._client, self._name = client, f"temwidgets-{uuid.uuid4().hex[:12]}"
        self.pending: dict[Any, tuple[int, Callable[[], Job], int]] = {}
        self.lost: list[tuple[int, Callable[[], Job], int]] = []

    def submit(self, key: int, make: Callable[[], Job], tries: int = 0) -> None:
        """Give a job to the cluster."""
        with warnings.catch_warnings():
            # a frame is megabytes, and is sent once
            warnings.filterwarnings("ignore", message="Sending large graph")
            name = f"{self._name}-{key}-{tries}"
            future = self._client.submit(make(), key=name, pure=False)
        self.pending[future] = key, make, tries

    def ended(self, retries: int) -> Iterator[tuple[int, Any]]:
        """Yield what has ended since."""
        for future in [future for future in self.pending if future.done()]:
            outcome = _result(self._client, future)
            key, make, tries = self.pending.pop(future)
            future.release()
            if not isinstance(outcome, _Lost):
                yield key, outcome
            elif tries < retries:
                self.lost.append((key, make, tries + 1))
            else:
                yield key, Failure(outcome.sentence)

    def cancel(self) -> None:
        """Take back what the cluster has not done."""
        if self.pending and self._client.status == "running":
            with contextlib.suppress(OSError):  # the scheduler may be gone
                self._client.cancel(list(self.pending))


def _room(client: Any) -> int:
    return max(_AHEAD * sum(client.nthreads().values()), 1)


@dataclass(frozen=True)
class _Lost:
    """The cluster gave a job up: its workers died, or could not take it."""

    sentence: str


def _result(client: Any, future: Any) -> Any:
    if client.status != "running":
        raise ConnectionError(client.status)
    if future.status == "finished":
        try:
            return future.result(timeout="600s")
        except Exception as error:  # its worker died in this moment
            return _Lost(_why(error))
    if future.status == "cancelled":
        return _Lost("the cluster forgot it, for it lost its scheduler or worker")
    return _Lost(_why(future.exception()))


def _why(error: BaseException) -> str:
    if type(error).__name__ == "KilledWorker":
        return (
            "its workers died again and again, perhaps for want of memory; give workers more"
            " memory or fewer threads, or crop the frames"
        )
    return told(error)
