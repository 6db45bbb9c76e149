"""Train the default network: ``python -m temwidgets.networks.recipes.default OUT``."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np

from temwidgets.networks.fine_tuning import Training
from temwidgets.networks.store import Network, save

FIRST: dict[str, Any] = {"steps": 7000, "seed": 1, "learning_rate": 3e-3}
# then with more images of nothing, more noise, and columns that are far too small or too large
SECOND: dict[str, Any] = {
    "steps": 7000,
    "seed": 2,
    "learning_rate": 1.5e-3,
    "images": {"zoom": (0.4, 3.0), "empty": 0.16, "snr": (0.4, 20.0)},
}
DATA = (
    "synthetic images without end (temwidgets.synthetic.training_image): 96 x 96 px, twelve kinds"
    " of lattice, columns some 12 px apart, median height over noise 0.4 to 30, a quarter with"
    " missing pixels, 8 to 16 % empty; half of them resampled by 0.4 to 3"
)


def main() -> None:
    """Train in two runs, telling the loss every hundred steps, and write weights and card."""
    parser = argparse.ArgumentParser(description="Train the default network.")
    parser.add_argument("out", type=Path, help="weights file to write (.safetensors)")
    parser.add_argument("--half", action="store_true", help="bfloat16, for a GPU")
    given = parser.parse_args()
    first = run(Training(**FIRST, half=given.half), given.out.with_suffix(".first"))
    network = run(
        Training(start=first, **SECOND, half=given.half), given.out.with_suffix(".second")
    )
    save(network, given.out)


def run(training: Training, checkpoint: Path) -> Network:
    """Train to the end, or go on from a checkpoint."""
    began = time.perf_counter()
    for progress in training.run(checkpoint):
        if progress.step % 100 == 0:
            mean = np.mean(training.losses[-100:])
            seconds = time.perf_counter() - began
            print(f"{progress.step:6d}  loss {mean:.4f}  {seconds:.0f} s", flush=True)
    named = {
        "name": "default",
        "threshold": 0.4,
        "data": DATA,
        "recipe": "python -m temwidgets.networks.recipes.default OUT",
        "licence": "BSD-3-Clause",
    }
    network = training.network
    return Network(network.model, {**network.card, **named})


if __name__ == "__main__":
    main()
