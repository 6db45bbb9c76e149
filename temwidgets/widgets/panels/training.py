"""Retrain a network on pairs of an image and its columns, and watch it get better."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import numpy as np
import traitlets
import xarray as xr
from ipywidgets import TypedTuple

import temwidgets as tw
from temwidgets import networks
from temwidgets.conventions import make_image
from temwidgets.widgets.errors import guarded, sentence
from temwidgets.widgets.messages import Message
from temwidgets.widgets.panels._panel import Watching
from temwidgets.widgets.panels._training_controls import SCRATCH, TrainingControls
from temwidgets.widgets.products import Product
from temwidgets.widgets.status import StatusLine
from temwidgets.widgets.style import beside, style_sheet
from temwidgets.widgets.training_run import TrainingRun
from temwidgets.widgets.views._base import note
from temwidgets.widgets.views.image_view import ImageView
from temwidgets.widgets.views.training_curve import TrainingCurve
from temwidgets.widgets.workspace import Workspace

_LOOKS = 12
"""Looks at what was held back (and previews) in a training."""

_HINT = "Once there is a pair, its image is shown here, with what the network finds in it."

_PERIOD = 0.25
"""Seconds between redrawings of the curve."""


class TrainingPanel(Watching):
    """Train a network on pairs in the background; stop, go on, look on, save.

    Parameters
    ----------
    pairs : sequence of temwidgets.networks.Pair
        Images with their columns, such as ``LabelPanel.pairs``.
    image : DataArray, (y, x), optional
        Shown with the columns that the network finds in it while it learns; the image of a pair
        that is held back when not given.
    start : str, Path, Network or None
        The network to begin from: a name (`temwidgets.networks.available`), a file, or what was
        loaded or trained; None for random weights.

    Attributes
    ----------
    pairs : list of Pair
        May be assigned, or linked to ``LabelPanel.pairs`` by `traitlets.dlink`.
    held_back : tuple of int
        Which pairs, from 0, only test: one in five at first, the last ones.
    beginning : str, Path, Network or None
        At first `start`; may be assigned.
    steps, seed : int
        Steps of 16 small parts of images; a seed makes training repeatable.
    network : Network or None
        The best so far: by F1 on what is held back, or else the latest. For
        ``find_columns(image, method="network", network=panel.network)``.
    run : TrainingRun
        Losses, scores, job and message of the training.
    view : ImageView
        The preview.
    """

    pairs = traitlets.List()
    held_back = TypedTuple(traitlets.Int(min=0))
    beginning = Product()
    steps = traitlets.Int(300, min=1, max=100_000)
    seed = traitlets.Int(0, min=0)
    network = Product()

    def __init__(
        self,
        pairs: Sequence[Any] = (),
        image: xr.DataArray | None = None,
        *,
        start: Any = "default",
        steps: int = 300,
    ) -> None:
        self.run, self.curve = TrainingRun(), TrainingCurve()
        self._image, self._drawn = image, 0.0
        self._previewed: np.ndarray | None = None
        super().__init__()
        self.beginning, self.steps = start, steps
        self.controls = TrainingControls(self)
        self.workspace = Workspace()
        self.view = ImageView(self.workspace, color_limits=(0.0, 1.0), editable=False)
        self.hint = widgets.HTML(note(_HINT, "info"))
        self.hint.add_class("tem-note")
        self.status = StatusLine(self.run)
        self.status.cancel.layout.display = "none"
        self._plots = widgets.VBox([self.hint, self.curve])
        self._below = beside(self.view, self._plots)
        self.children = [style_sheet(), *self.controls.rows, self.status, self._below]
        self.observe(self._paired, "pairs")
        self.observe(self._held, "held_back")
        self.watch(self.run, self._stepped, "step")
        self.watch(self.run, self._draw, "scores")
        self.watch(self.run, self._looked, "latest")
        self.watch(self.run, self._learnt, "network")
        self.pairs = list(pairs)
        self._show_image()
        self._draw(None)

    def start(self) -> None:
        """Begin anew in the background."""
        train, test = self._split()
        start = None if self.beginning in (None, SCRATCH) else self.beginning
        options = {"start": start, "steps": self.steps, "seed": self.seed}
        self.run.start(train, test, every=max(1, self.steps // _LOOKS), **options)

    def stop(self) -> None:
        """Stop after the step under way; what was learnt stays."""
        self.run.stop()

    def resume(self) -> None:
        """Go on where it was stopped."""
        self.run.resume()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until nothing runs; False when `timeout` seconds passed first."""
        return self.run.wait(timeout)

    def save(self, path: str | Path) -> Path:
        """Write the best network so far (.safetensors, and its card .json beside)."""
        if self.network is None:
            raise ValueError("There is no network to save yet; press Start to train one.")
        folder = Path(path).expanduser().parent
        if not folder.is_dir():
            raise ValueError(f"There is no folder {folder}. Make it first, or give another path.")
        written = networks.save(self.network, Path(path).expanduser())
        text = f"Saved in {written.resolve()}, with its card beside it."
        self.run.message = Message("info", text)
        return written

    def show_error(self, error: BaseException) -> None:
        """Show the sentence of an exception in the status line."""
        self.run.message = Message("error", sentence(error))

    def close(self) -> None:
        """Stop training, let go of it and close the widget."""
        self.stop()
        self.status.close()
        super().close()

    def _split(self) -> tuple[list[Any], list[Any]]:
        test = [pair for n, pair in enumerate(self.pairs) if n in self.held_back]
        train = [pair for n, pair in enumerate(self.pairs) if n not in self.held_back]
        if not self.pairs:
            raise ValueError(
                "There is no pair to train on. Label columns in some images first (LabelPanel), or"
                " give pairs of an image and its columns."
            )
        if not train:
            raise ValueError("All pairs are held back; leave some to train on.")
        return train, test

    @guarded
    def _paired(self, _: Any) -> None:
        """Hold one in five back; that shows the pairs, unless the same were held back before."""
        count = len(self.pairs)
        held = tuple(range(count - count // 5, count))
        if held == self.held_back:
            self._held(None)
        self.held_back = held

    @guarded
    def _held(self, _: Any) -> None:
        self.controls.show_pairs()
        self._show_image()
        self._draw(None)

    @guarded
    def _stepped(self, _: Any) -> None:
        now = time.monotonic()
        ends = self.run.step in (0, self.run.steps)
        if ends or now - self._drawn > _PERIOD:
            self._drawn = now
            self._draw(None)

    @guarded
    def _learnt(self, change: Any) -> None:
        self.network = change["new"]

    @guarded
    def _draw(self, _: Any) -> None:
        run = self.run
        compares = run.compares if run.losses or run.job.running else bool(self.held_back)
        self.curve.show(list(run.losses), run.scores, run.steps, held_back=compares)

    @guarded
    def _looked(self, change: Any) -> None:
        """Preview what the network of now finds; called in the thread that trains."""
        if change["new"] is not None and self.workspace.image is not None:
            image = self.workspace.image
            found = tw.find_columns(image, method="network", network=change["new"])
            if self.workspace.image is image:
                self.workspace.columns = found
                self.view.color_by = "probability"

    def _show_image(self) -> None:
        image = self._image
        if image is None and self.pairs:
            which = self.held_back[0] if self.held_back else 0
            if which < len(self.pairs):
                pixels = np.asarray(self.pairs[which].image)
                if pixels is not self._previewed:
                    self._previewed, image = pixels, make_image(pixels)
        if image is not None and image is not self.workspace.image:
            self.workspace.columns = None
            self.workspace.image = image
        empty = self.workspace.image is None
        self.hint.layout.display = "" if empty else "none"
        # left out, not hidden: figures without a size complain
        self._below.children = [self._plots] if empty else [self.view, self._plots]
