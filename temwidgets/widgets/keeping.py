"""What is written of a workspace: its script, its recipe, and the whole of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from temwidgets.widgets import recipe, script, store
from temwidgets.widgets.history import History
from temwidgets.widgets.messages import Message
from temwidgets.widgets.running import Runner
from temwidgets.widgets.selection import Selection


class Keeper(Runner):
    """Writes what was done, and opens it again."""

    _history: History
    frame: Any
    selection: Selection

    def script(self, path: str | Path | None = None) -> str:
        """Return the plain Python that repeats every step.

        Parameters
        ----------
        path : path, optional
            Also write it there. Products that were given from memory are saved beside it as
            netCDF and read by the script.
        """
        return script.write(self._history, path)

    def recipe(self, path: str | Path | None = None, *, leave_out: bool = False) -> str:
        """Return the recipe that repeats the steps on other images, as readable YAML.

        Parameters
        ----------
        path : path, optional
            Also write it there. ``temwidgets run RECIPE FILES... -o OUT`` and
            `temwidgets.run_files` run it on files, `temwidgets.run_recipe` on an image.
        leave_out : bool
            Leave out what only means something in this image: edits by hand, products from
            memory, chosen reflections. Comments in the recipe name it.

        Raises
        ------
        ValueError
            If there is something of that kind and it is not to be left out, or nothing to repeat.
        """
        return recipe.write(self._history, path, leave_out=leave_out)

    def save(self, path: str | Path) -> None:
        """Write products, selection and history to one netCDF file."""
        store.save(path, self._history, self.frame, self.selection)
        self.message = Message("info", f"Saved to {Path(path).resolve()}.")

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """Reopen a workspace that `save` wrote, undo and redo included.

        Raises
        ------
        ValueError
            If the file holds no workspace.
        """
        workspace = cls()  # type: ignore[call-arg]
        workspace.restore(path)
        return workspace

    def restore(self, path: str | Path) -> None:
        """Take over products, selection and history from a file that `save` wrote."""
        history, frame, labels, rule = store.load(path)
        self.job.cancel()
        with self.lock:
            self._history = history
            self._show()
            self.frame = frame
            self.selection.select(labels, rule=rule)
            self.message = Message("info", f"Opened {Path(path).resolve()}.")

    def _show(self) -> None:
        raise NotImplementedError
