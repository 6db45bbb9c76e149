"""The command ``temwidgets app FILE``: the explorer as a page without code, by Voila."""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
from pathlib import Path

_EXPLORERS = {False: "explore", True: "explore_fourier"}


def run(arguments: argparse.Namespace) -> None:
    """Serve the explorer until it is stopped.

    Raises
    ------
    ImportError
        If Voila is not installed.
    OSError, ValueError
        If the file is not there or cannot be read, or Voila stops by itself.
    """
    if importlib.util.find_spec("voila") is None:
        raise ImportError('The app needs Voila. Install it with: pip install "temwidgets[app]"')
    file = None if arguments.file is None else _readable(arguments.file)
    with tempfile.TemporaryDirectory(prefix="temwidgets-") as folder:
        # Voila makes the page's title of the name
        notebook = Path(folder) / "temwidgets.ipynb"
        notebook.write_text(json.dumps(page(file, fourier=arguments.fourier)))
        command = [sys.executable, "-m", "voila", str(notebook), f"--port={arguments.port}"]
        command += ["--no-browser"] * arguments.no_browser
        command += ["--theme=dark"] * arguments.dark
        code = subprocess.run(command, check=False).returncode
    if code > 0:
        raise OSError(f"Voila stopped with exit code {code}; its last lines say why.")


def page(file: Path | None, *, fourier: bool = False) -> dict:
    """Return the notebook whose only cell opens the explorer."""
    source = "" if file is None else repr(str(file))
    code = f"import temwidgets as tw\n\ntw.{_EXPLORERS[fourier]}({source})"
    cell = {"cell_type": "code", "id": "explorer", "metadata": {}, "source": code}
    return {
        "cells": [{**cell, "outputs": [], "execution_count": None}],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _readable(name: str) -> Path:
    """Look into the file, so that what is wrong with it is told here and not in an empty page."""
    from temwidgets import files

    path = Path(name).resolve()
    listed = files.datasets(path)
    if not any(entry.default for entry in listed) and path.suffix.lower() != ".nc":
        raise ValueError(f"There is no image in {path.name}; temwidgets info tells what is.")
    return path
