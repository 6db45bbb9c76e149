"""The tour notebook that ships with the package, copied to where the user may write."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

_NAME = "01_tour.ipynb"
_FOLDER = "temwidgets-notebooks"


def copy_tour() -> tuple[Path, bool]:
    """Copy the tour and the lessons beside the user's work, or into the home folder.

    The home folder is taken when the present one is read-only. Copies from before are kept.

    Returns
    -------
    Path
        The notebook to open.
    bool
        Whether it is a copy from before, changed since, which is kept.

    Raises
    ------
    FileNotFoundError
        If the notebook is not installed.
    PermissionError
        If neither folder can be written to.
    """
    original = _original()
    folder = _writable_folder()
    for notebook in original.parent.glob("*.ipynb"):
        if not (folder / notebook.name).exists():
            shutil.copyfile(notebook, folder / notebook.name)
    copy = folder / _NAME
    return copy, copy.read_bytes() != original.read_bytes()


def _original() -> Path:
    package = Path(__file__).parent
    # in a wheel the notebooks lie in the package, in a working tree beside it
    for folder in (package / "notebooks", package.parent / "notebooks"):
        if (folder / _NAME).is_file():
            return folder / _NAME
    raise FileNotFoundError(
        f"The tour notebook {_NAME} is not installed. Reinstall temwidgets, or take it from"
        " notebooks/ of its repository."
    )


def _writable_folder() -> Path:
    for parent in (Path.cwd(), Path.home()):
        folder = parent / _FOLDER
        if folder.is_dir() and os.access(folder, os.W_OK):
            return folder
        if os.access(parent, os.W_OK) and not folder.exists():
            folder.mkdir()
            return folder
    raise PermissionError(
        f"Neither {Path.cwd()} nor {Path.home()} can be written to. Change to a folder of your own"
        " and try again."
    )
