"""The list of pairs, fields and buttons of a training; each stands for a trait of the panel."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from temwidgets import networks
from temwidgets.widgets.controls import button, checkbox, dropdown, text, whole_number
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.style import row, together
from temwidgets.widgets.views._base import note

if TYPE_CHECKING:
    from temwidgets.widgets.panels.training import TrainingPanel

SCRATCH = ""
"""What stands for random weights in the list of networks."""


class TrainingControls:
    """Controls of one panel.

    Attributes
    ----------
    rows : list of Widget
        What the panel shows.
    boxes : list of Checkbox
        One for each pair: ticked ones are held back.
    """

    def __init__(self, panel: TrainingPanel) -> None:
        self.panel = panel
        self._busy = False
        self.boxes: list[widgets.Checkbox] = []
        self.summary = widgets.HTML()
        self.summary.add_class("tem-note")
        layout = {"max_height": "150px", "overflow": "auto", "flex_flow": "row wrap"}
        self.list = widgets.Box(layout=layout)
        self._make_fields()
        self._make_buttons()
        self.word = widgets.HTML()
        self.word.add_class("tem-note")
        self.rows = [self.summary, self.list, self._fields, self._buttons, self.word]
        panel.watch(panel.run, self._told, "message")
        panel.watch(panel.run, self._rest, "stopping")
        panel.watch(panel.run.job, self._rest, "running")
        self._rest(None)

    def show_error(self, error: BaseException) -> None:
        """Show the sentence of an exception in the panel."""
        self.panel.show_error(error)

    def show_pairs(self) -> None:
        """List the pairs, and which are held back."""
        pairs, held = self.panel.pairs, self.panel.held_back
        self.summary.value = f'<div class="tem-info">{_summary(pairs, held)}</div>'
        if len(self.boxes) != len(pairs):
            self.boxes = [checkbox("", "Hold back: test on it, do not train") for _ in pairs]
            for box in self.boxes:
                box.observe(self._ticked, "value")
            self.list.children = self.boxes
        for number, (box, pair) in enumerate(zip(self.boxes, pairs, strict=True)):
            height, width = pair.image.shape
            box.description = f"{number + 1}: {height} x {width} px, {len(pair.columns):,} columns"
            self._busy = True
            box.value = number in held
            self._busy = False

    def _make_fields(self) -> None:
        panel = self.panel
        self.steps = whole_number("Steps", "Steps of 16 small parts of images", 300, 1, 100_000)
        self.seed = whole_number("Seed", "Makes training repeatable", 0, 0, 999_999)
        for name in ("steps", "seed"):
            _link(panel, name, getattr(self, name))
        entries = [(name, name) for name in networks.available()]
        entries.append(("random weights", SCRATCH))
        self.beginning = dropdown("Begin with", "Network to start from", entries)
        self._begin_with(None)
        self.beginning.observe(self._began_with, "value")
        panel.observe(self._begin_with, "beginning")
        self.path = text(
            "File", "Path ending in .safetensors, on the machine that runs the notebook",
            "my_network.safetensors", flex="1 1 200px", max_width="420px",
        )  # fmt: skip
        self._fields = row(self.beginning, self.steps, self.seed)

    def _make_buttons(self) -> None:
        self.start = button("Start", "Train anew", button_style="primary")
        self.stop = button("Stop", "Stop after this step; what was learnt stays")
        self.resume = button("Resume", "Go on where it was stopped")
        self.save = button("Save network", "Write the best network so far")
        self.start.on_click(self._started)
        self.stop.on_click(self._stopped)
        self.resume.on_click(self._resumed)
        self.save.on_click(self._saved)
        self._buttons = row(together(self.start, self.stop, self.resume), self.path, self.save)

    @guarded
    def _started(self, _: Any) -> None:
        self.panel.start()

    @guarded
    def _stopped(self, _: Any) -> None:
        self.panel.stop()

    @guarded
    def _resumed(self, _: Any) -> None:
        self.panel.resume()

    @guarded
    def _saved(self, _: Any) -> None:
        self.panel.save(self.path.value)

    def _begin_with(self, _: Any) -> None:
        """Show in the list what training begins with; what is not in it yet comes first."""
        given = SCRATCH if self.panel.beginning is None else self.panel.beginning
        entries = list(self.beginning.options)
        self._busy = True
        try:
            if given not in [value for _, value in entries]:
                self.beginning.options = [(_called(given), given), *entries]
            self.beginning.value = given
        finally:
            self._busy = False

    @guarded
    def _began_with(self, change: Any) -> None:
        if not self._busy:
            self.panel.beginning = change["new"]

    @guarded
    def _ticked(self, _: Any) -> None:
        if not self._busy:
            self.panel.held_back = tuple(n for n, box in enumerate(self.boxes) if box.value)

    def _told(self, _: Any) -> None:
        """Tell here what the status line does not while its bar takes the place of words."""
        message, running = self.panel.run.message, self.panel.run.job.running
        self.word.value = note(message.text, message.level) if running else ""

    def _rest(self, _: Any) -> None:
        run = self.panel.run
        running = run.job.running
        if not running:
            self.word.value = ""
        self.start.disabled = running
        self.stop.disabled = run.stopping or not running
        self.resume.disabled = not run.resumable


def _summary(pairs: list[Any], held: tuple[int, ...]) -> str:
    if not pairs:
        return "No pairs yet: label columns in some images first."
    columns = sum(len(pair.columns) for pair in pairs)
    noun = "pair" if len(pairs) == 1 else "pairs"
    told = f"<b>{len(pairs)}</b> {noun} with {columns:,} columns; "
    if not held:
        return told + "none is held back, so that the latest network is kept, not the best."
    return told + f"{len(held)} (ticked) held back to test on."


def _called(network: Any) -> str:
    if isinstance(network, str | Path):
        return Path(network).name
    return str(network.card.get("name", "the network given"))


def _link(panel: Any, name: str, field: Any) -> None:
    field.value = getattr(panel, name)
    field.observe(lambda change: setattr(panel, name, change["new"]), "value")
    panel.observe(lambda change: setattr(field, "value", change["new"]), name)
