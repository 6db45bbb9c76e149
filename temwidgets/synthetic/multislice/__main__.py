"""Simulate the multislice images: ``python -m temwidgets.synthetic.multislice FOLDER``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from temwidgets.synthetic.multislice.images import SEED, write
from temwidgets.synthetic.multislice.recipes import RECIPES


def main(argv: Sequence[str] | None = None) -> None:
    """Simulate and write each image; needs the extra ``multislice``."""
    parser = argparse.ArgumentParser(description="Simulate images by multislice (abTEM).")
    parser.add_argument("folder", type=Path, help="folder to write netCDF files into")
    parser.add_argument("--only", choices=list(RECIPES), help="one image instead of all")
    parser.add_argument("--seed", type=int, default=SEED, help="of vacancies and vibration")
    given = parser.parse_args(argv)
    given.folder.mkdir(parents=True, exist_ok=True)
    for name in [given.only] if given.only else RECIPES:
        print(write(name, given.folder, seed=given.seed), flush=True)


if __name__ == "__main__":
    main()
