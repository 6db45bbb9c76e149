"""The command ``temwidgets run RECIPE FILES... -o OUT``: repeat a recipe on many files."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from temwidgets._fit import sampling_of


def run(arguments: argparse.Namespace) -> int:
    """Do what the command line says; returns 1 where a file failed, else 0.

    Raises
    ------
    ValueError, OSError, ImportError
        If the recipe, or what is asked for, cannot be used.
    """
    import temwidgets as tw

    dataset = arguments.dataset
    table = tw.run_files(
        arguments.recipe,
        arguments.files,
        arguments.output,
        sampling=sampling_of(arguments),
        dataset=int(dataset) if dataset is not None and dataset.isdecimal() else dataset,
        scheduler=arguments.scheduler,
        again=arguments.again,
        tell=_tell,
    )
    failed = int((table["status"] == "failed").sum())
    told = f", {failed} failed" if failed else ""
    count = table.sizes["image"]
    print(f"{count} images{told}; the table is {Path(arguments.output) / 'summary.csv'}")
    return 1 if failed else 0


def _tell(row: dict[str, Any]) -> None:
    name = Path(row["file"]).name
    if row.get("frame") is not None:
        name += f", frame {row['frame']}"
    if row["status"] == "failed":
        print(f"temwidgets: {name}: {row['error']}", file=sys.stderr)
        return
    if row.get("kept"):
        print(f"{name}: done already", flush=True)
        return
    found = f"{row['n_columns']} columns in " if "n_columns" in row else ""
    print(f"{name}: {found}{row['seconds']:.1f} s", flush=True)
