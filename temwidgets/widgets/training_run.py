"""A training in the background that can be stopped and gone on with; panels watch its traits."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any

import traitlets

from temwidgets import networks
from temwidgets.conventions import CancelledError
from temwidgets.widgets.errors import sentence
from temwidgets.widgets.jobs import Job, start_thread
from temwidgets.widgets.messages import Message
from temwidgets.widgets.products import Product

_log = logging.getLogger("temwidgets")

_RUNNING = "Training is running: stop it first, or wait until it is done."

_STOPPING = "Stopping after this step"


class TrainingRun(traitlets.HasTraits):
    """Runs `temwidgets.networks.Training` in a thread and keeps the best network so far.

    Attributes
    ----------
    step, steps : int
        Steps done, and in all.
    losses : list of float
        Of each step.
    compares : bool
        Whether pairs were held back to compare networks by.
    scores : tuple of (int, float)
        Steps, and F1 on the pairs that were held back.
    network : Network or None
        The best one so far: by what was held back, or else the latest.
    latest : Network or None
        As of the last look, for a preview; whoever observes it is called in the thread.
    stopping : bool
        Whether it was told to stop and the step under way is not done yet.
    job : Job
        Whether it runs, how far it has come, and the time left.
    message : Message
        The last thing to tell the user.
    """

    step = traitlets.Int(0)
    steps = traitlets.Int(0)
    scores = traitlets.Tuple(default_value=())
    network = Product()
    latest = Product()
    stopping = traitlets.Bool(False)
    job = traitlets.Instance(Job, args=())
    message = traitlets.Instance(Message, default_value=Message())

    def __init__(self) -> None:
        super().__init__()
        self.losses: list[float] = []
        self.compares = False
        self._training: Any = None
        self._make: Callable[[], Any] | None = None
        self._every = 1

    def start(
        self, pairs: Sequence[Any], held_back: Sequence[Any], *, every: int, **options: Any
    ) -> None:
        """Begin anew in the background; `options` are those of `temwidgets.networks.Training`.

        Parameters
        ----------
        pairs, held_back : sequence of Pair
            To train on, and to choose the best network by.
        every : int
            Steps between looks at what was held back.
        """
        self._refuse_twice()
        self._every = max(1, every)
        self._make = lambda: networks.Training(
            pairs, held_back=held_back, every=self._every, **options
        )
        self._training, self.losses, self.compares = None, [], bool(held_back)
        with self.hold_trait_notifications():
            self.step, self.steps = 0, int(options.get("steps", 0))
            self.scores, self.network, self.latest = (), None, None
        self._begin()

    def stop(self) -> None:
        """Stop after the step that is under way; `resume` goes on."""
        self.job.cancel()
        if self.job.running:
            self.job.name, self.job.note, self.job.seconds_left = _STOPPING, "", None
            self.stopping = True

    def resume(self) -> None:
        """Go on where it was stopped."""
        self._refuse_twice()
        if not self.resumable:
            raise ValueError("There is no training that was stopped; press Start to begin one.")
        self._begin()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until nothing runs; False when `timeout` seconds passed first."""
        return self.job.wait(timeout)

    @property
    def resumable(self) -> bool:
        """Whether there is a training with steps left."""
        return self._training is not None and not self.job.running and self.step < self.steps

    def _refuse_twice(self) -> None:
        if self.job.running:
            raise RuntimeError(_RUNNING)

    def _begin(self) -> None:
        self.message, self.stopping = Message(), False
        self.job.begin("training")
        start_thread(self._work, "temwidgets training")

    def _work(self) -> None:
        try:
            self._train()
            self.message = Message("info", self._ended())
        except CancelledError:
            self.message = Message("info", self._stopped())
        except Exception as error:
            _log.debug("training failed", exc_info=True)
            self.message = Message("error", sentence(error))
        finally:
            self.stopping = False
            self.job.end()

    def _train(self) -> None:
        if self._training is None:
            assert self._make is not None
            self.job.note = "preparing; the first step takes a while"
            self._training = self._make()
        try:
            with closing(self._training.run()) as going:
                for progress in going:
                    self._take(progress)
        except CancelledError:
            self._training.look()
            raise
        finally:
            self._show()

    def _take(self, progress: Any) -> None:
        self.losses.append(progress.loss)
        self.step = progress.step
        if not self.job.cancelled:
            self.job.note = f"loss {progress.loss:.3g}"
        if self.step % self._every == 0:
            self._show()
        self.job.report(self.step / self.steps)

    def _show(self) -> None:
        """Take over the networks as they are now, and their scores."""
        self.scores = tuple(self._training.scores)
        self.network, self.latest = self._training.network, self._training.latest

    def _stopped(self) -> str:
        return f"Stopped after {self.step} of {self.steps} steps; Resume goes on.{self._best()}"

    def _ended(self) -> str:
        return f"Trained {self.step} steps.{self._best()}"

    def _best(self) -> str:
        if not self.scores:
            return ""
        step, score = max(self.scores, key=lambda s: s[1])
        return f" Best F1 on what was held back: {score:.3f}, after {step} steps."
