"""The one shared state: products, selection, history and the running job."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import traitlets
import xarray as xr
from ipywidgets import TypedTuple

from temwidgets.analysis.carrying import carry_columns
from temwidgets.conventions import CancelledError, frame_of
from temwidgets.widgets.calls import Call
from temwidgets.widgets.history import History, Step
from temwidgets.widgets.jobs import Job
from temwidgets.widgets.keeping import Keeper
from temwidgets.widgets.messages import ASTRAY, Message, made, strayed
from temwidgets.widgets.movies import columns_at
from temwidgets.widgets.of_frames import OfFrames
from temwidgets.widgets.preview import Preview
from temwidgets.widgets.products import (
    PRODUCTS,
    Product,
    State,
    destination,
    next_state,
    plane,
)
from temwidgets.widgets.reciprocal import Reciprocal
from temwidgets.widgets.selection import Selection


class Workspace(Keeper):
    """Products of one image and the steps that made them, shared by views and panels.

    Parameters
    ----------
    image : DataArray, (y, x) or (frame, y, x), optional
        The image to work on.
    columns : Dataset, dim column, optional
        Columns to start from.
    selection : Selection, optional
        A selection shared with other views; its own when not given.

    Attributes
    ----------
    image, candidates, columns, model, residual, mixture, lattice, cell, order, comparison, \
    spectrum, reflections, filtered, local_spacing, strain, domains, drift, tracks, events
        The products; None while there is none. Assigning one is a step that undo takes back.
    frame : int
        The frame of a stack that is shown and analysed.
    shown_columns : Dataset or None
        What views show: the columns as they are in that frame where `tracks` tell, else `columns`.
    selection : Selection
        The selected columns.
    chosen_reflections : tuple of int
        Labels of the chosen reflections.
    reciprocal : Reciprocal
        Region, range of k, phases and mask of the spectra.
    message : Message
        The last thing to tell the user.
    job : Job
        What runs now: running, name, fraction, seconds_left, cancel(), wait().
    preview : Preview
        Maps that views show while a control is moved.
    frame_results : dict
        Product to the results of all frames, where a step was run on all.
    history : tuple of Step
        The steps that led here. `can_undo`, `can_redo` tell whether there is more either way.
    """

    image = Product()
    candidates = Product()
    columns = Product()
    model = Product()
    residual = Product()
    mixture = Product()
    lattice = Product()
    cell = Product()
    order = Product()
    comparison = Product()
    spectrum = Product()
    reflections = Product()
    filtered = Product()
    local_spacing = Product()
    strain = Product()
    domains = Product()
    drift = Product()
    tracks = Product()
    events = Product()
    shown_columns = Product()
    frame = traitlets.Int(0, min=0)
    selection = traitlets.Instance(Selection)
    chosen_reflections = TypedTuple(traitlets.Int())
    reciprocal = traitlets.Instance(Reciprocal, args=())
    preview = traitlets.Instance(Preview, args=())
    frame_results = traitlets.Dict()
    history = traitlets.Tuple(default_value=())
    can_undo = traitlets.Bool(False)
    can_redo = traitlets.Bool(False)

    def __init__(
        self, image: Any = None, columns: Any = None, *, selection: Selection | None = None
    ) -> None:
        chosen = Selection() if selection is None else selection
        super().__init__(chosen.lock, selection=chosen)
        self._moving = True
        self._of_frames = OfFrames()
        self.image, self.columns = image, columns
        self._moving = False
        self._history = History({name: getattr(self, name) for name in PRODUCTS})
        self.observe(self._choose_columns, names=["image", "columns", "tracks", "frame"])
        self.observe(self._given, names=list(PRODUCTS))
        self.observe(self._framed, names="frame")
        self._choose_columns(None)
        self.observe(lambda _: self.preview.clear(), ["image", "local_spacing", "strain"])

    @property
    def plane(self) -> xr.DataArray | None:
        """The image (y, x) that analyses get: the present frame of a stack."""
        return plane(self.image, self.frame)

    @property
    def astray(self) -> str:
        """A sentence when the columns are those of another frame than is shown, else ""."""
        if self.plane is None or self.columns is None:
            return ""
        placed, shown = frame_of(self.columns), frame_of(self.plane)
        if self.tracks is not None and shown in self.tracks["frame"].values:
            return ""
        return "" if placed is None or shown in (None, placed) else strayed(placed, shown)

    def run(
        self,
        function: Callable[..., Any],
        *,
        into: str | None = None,
        wait: bool = False,
        amend: bool = False,
        clears: tuple[str, ...] = (),
        carries: bool = False,
        follows: bool = False,
        shortcut: Callable[..., Any] | None = None,
        using: Mapping[str, str] | None = None,
        scheduler: Any = None,
        folder: str | Path | None = None,
        **arguments: Any,
    ) -> Job:
        """Run an analysis function in the background and take its result as a product.

        Parameters
        ----------
        function : callable
            Called with `arguments`; parameters named like a product (image, columns, ...) are
            filled in, ``stack`` with all frames of the image, and ``report`` with the progress.
        into : str, optional
            Product the result goes to; told from the result when not given: a DataArray is an
            image, a Dataset over column is columns, and so on.
        wait : bool
            Run here and now, and raise what the function raises.
        amend : bool
            For a control that is being moved: the step replaces the one it made last, and of
            several calls that pile up only the newest runs.
        clears : tuple of str
            Products that no longer fit after this step, e.g. columns when another image is read.
        carries : bool
            Carry the columns into the frame of the new image (rotation, calibration).
        follows : bool
            The step completes the one before it: undo takes both back. It is given up when
            another step comes.
        shortcut : callable, optional
            Called in place of `function`, with the same arguments: a quicker way to the same
            result, such as cutting candidates that are known already. The step is `function`.
        using : mapping, optional
            Parameter of the function to the product that fills it, where the names differ, such as
            {"data": "columns"}.
        scheduler, folder : optional
            With one of them the function runs on every frame of the stack, as in
            `temwidgets.each_frame`: on that dask.distributed cluster, into that folder. The result
            of the frame that is shown becomes the product, all are in `frame_results`. Columns that
            were found in every frame so are fitted in every frame from its own.
        **arguments
            Arguments of the function.

        Returns
        -------
        Job
            ``workspace.job``; errors are told in ``workspace.message``, and the products stay.

        Raises
        ------
        RuntimeError
            With `wait`, if another function is running; and whatever the function raises.
        """
        call = Call(
            function, arguments, into or "", amend, tuple(clears), carries, follows, shortcut,
            using, scheduler, folder,
        )  # fmt: skip
        return self._begin(call, wait)

    def undo(self) -> None:
        """Take the last step back (and stop what is running)."""
        self._move("undo")

    def redo(self) -> None:
        """Do the step again that was undone last."""
        self._move("redo")

    def _compute(self, call: Call) -> None:
        history = self._history
        present, state = history.present, history.before(call.target, call.into, call.amend)
        step = call.step(state, self.frame, self._of_frames)
        result = call.execute(step, state, self.job.report, self._of_frames)
        shown, note = self._of_frames.shown(result, state, step.frame)
        with self.lock:
            if self.job.cancelled or self._history.present is not present:
                raise CancelledError(call.name)
            self._accept(step, state, shown)
            if step.each:
                self.frame_results = self._of_frames.keep(self._history.done[-1], shown, result)
                self.message = Message("warning" if result.failed else "info",
                                       self.message.text + note)  # fmt: skip

    def _accept(self, step: Step, state: State, result: Any) -> None:
        step = replace(step, into=step.into or destination(step.name, result))
        new = next_state(state, step, result)
        if step.carries:
            new["columns"] = carry_columns(state["columns"], state["image"], result)
        self._history.add(step, new)
        self._show()
        if not step.derived:
            self.message = made(step, state["columns"], result)

    def _show(self) -> None:
        """Set the traits to the present state; a product that is the same object stays mute."""
        present = self._history.present
        self._moving = True
        try:
            with self.hold_trait_notifications():
                for name in PRODUCTS:
                    setattr(self, name, present.get(name))
                self.history = self._history.done
                self.can_undo, self.can_redo = self._history.can_undo, self._history.can_redo
                frames = self.image.sizes.get("frame", 1) if self.image is not None else 1
                self.frame = min(self.frame, frames - 1)
        finally:
            self._moving = False
        known = [c["column"].values for c in (self.columns, self.tracks) if c is not None]
        self.selection.keep(np.concatenate(known) if known else ())

    def _move(self, direction: str) -> None:
        self.job.cancel()
        with self.lock:
            self._line.waiting = []
            if not getattr(self._history, f"can_{direction}"):
                self.message = Message("info", f"There is nothing to {direction}.")
                return
            getattr(self._history, direction)()
            self._show()
            self.message = Message("info", f"{direction.capitalize()}: done.")

    def _choose_columns(self, _: Any) -> None:
        """Show the columns of the frame that is shown, where all frames were fitted."""
        stack = self.image
        # while an image is replaced the frame may not be there yet
        known = stack is not None and stack.ndim == 3 and self.frame < stack.sizes["frame"]
        frame = int(stack["frame"][self.frame]) if known else None
        self.shown_columns = columns_at(self.columns, self.tracks, frame)

    def _framed(self, _: Any) -> None:
        """Say so when the columns are not those of the frame that came to be shown."""
        before, text = self.message, self.astray
        if text:
            self.message = Message("warning", text)
        elif before.text.startswith(ASTRAY):
            self.message = Message()

    def _given(self, change: Any) -> None:
        """Turn an assignment such as ``workspace.columns = mine`` into a step."""
        if self._moving:
            return
        self.job.cancel()
        with self.lock:
            name, value = change["name"], change["new"]
            step = Step(target="", into=name, frame=self.frame)
            self._history.add(step, next_state(self._history.present, step, value))
            self._show()


def open_workspace(path: str | Path) -> Workspace:
    """Reopen a workspace that ``Workspace.save`` wrote; the same as ``Workspace.open``."""
    return Workspace.open(path)
