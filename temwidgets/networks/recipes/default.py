"""Train the default network: ``python -m temwidgets.networks.recipes.default OUT``."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from temwidgets.networks.fine_tuning import Training
from temwidgets.networks.store import Network, save

DATA = (
    "synthetic images without end (temwidgets.synthetic.training_image): 96 x 96 px, twelve kinds"
    " of lattice, columns some 12 px apart, median height over noise 0.5 to 30, a quarter with"
    " missing pixels, 8 % empty; half of them resampled by 0.5 to 2"
)


def main() -> None:
    """Train, telling the loss every hundred steps, and write weights and card."""
    parser = argparse.ArgumentParser(description="Train the default network.")
    parser.add_argument("out", type=Path, help="weights file to write (.safetensors)")
    parser.add_argument("--steps", type=int, default=7000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--half", action="store_true", help="bfloat16, for a GPU")
    given = parser.parse_args()
    checkpoint = given.out.with_suffix(".checkpoint")
    training = Training(steps=given.steps, seed=given.seed, learning_rate=3e-3, half=given.half)
    if checkpoint.exists():
        training.resume(checkpoint)
    began = time.perf_counter()
    for progress in training.run():
        if progress.step % 100 == 0:
            mean = np.mean(training.losses[-100:])
            seconds = time.perf_counter() - began
            print(f"{progress.step:6d}  loss {mean:.4f}  {seconds:.0f} s", flush=True)
        if progress.step % 500 == 0:
            training.save(checkpoint)
            save(named(training), given.out)
    save(named(training), given.out)


def named(training: Training) -> Network:
    """Return the network with its name, data and licence on the card."""
    network = training.network
    card = {
        **network.card,
        "name": "default",
        "threshold": 0.4,
        "data": DATA,
        "licence": "BSD-3-Clause",
    }
    return Network(network.model, card)


if __name__ == "__main__":
    main()
