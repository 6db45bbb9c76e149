"""Train AtomID-Net: ``python -m temwidgets.networks.recipes.atomid_net OUT --steps N``."""

from __future__ import annotations

import argparse
import time
from collections import deque
from pathlib import Path

import numpy as np

from temwidgets.networks.atomid_batches import synthetic_heat
from temwidgets.networks.atomid_loss import atomid_loss, mean_square_loss
from temwidgets.networks.batches import batches
from temwidgets.networks.store import Network, build, save
from temwidgets.networks.training import Trainer

SIZE = 112  # px a side of the images
BATCH = 12
SPACING = (8.0, 40.0)
DATA = (
    "synthetic images without end (temwidgets.synthetic.training_image): 112 x 112 px, twelve"
    " kinds of lattice, columns 8 to 40 px apart (not resampled), median height over noise 0.5 to"
    " 30, a quarter with missing pixels, 8 % empty"
)
_EVERY = 200  # steps between weights on disk


def main() -> None:
    """Train, telling the loss every hundred steps, and write weights and card."""
    given = _arguments()
    architecture = "plain_unet" if given.plain else "atomid_net"
    loss = mean_square_loss if given.plain else atomid_loss
    trainer = Trainer(
        build(architecture, seed=given.seed),
        loss,
        steps=given.steps,
        learning_rate=1e-3,
        half=given.half,
    )
    checkpoint = given.out.with_suffix(".checkpoint")
    if checkpoint.exists():
        trainer.resume(checkpoint)
    draw = synthetic_heat(SIZE, spacing=SPACING)
    losses: deque[float] = deque(maxlen=100)
    began = time.perf_counter()
    for value in trainer.run(batches(draw, size=BATCH, seed=given.seed, start=trainer.step)):
        losses.append(value)
        if trainer.step % 100 == 0:
            seconds = time.perf_counter() - began
            print(f"{trainer.step:6d}  loss {np.mean(losses):.4f}  {seconds:.0f} s", flush=True)
        if trainer.step % _EVERY == 0:
            trainer.save(checkpoint)
            save(named(trainer, architecture, given.seed), given.out)
    save(named(trainer, architecture, given.seed), given.out)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train AtomID-Net, or the plain U-Net.")
    parser.add_argument("out", type=Path, help="weights file to write (.safetensors)")
    parser.add_argument("--steps", type=int, default=2500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plain", action="store_true", help="the plain U-Net, by squared error")
    parser.add_argument("--half", action="store_true", help="bfloat16, for a GPU")
    return parser.parse_args()


def named(trainer: Trainer, architecture: str, seed: int) -> Network:
    """Return the network with its name, data and licence on the card."""
    card = {
        "architecture": architecture,
        "options": {},
        "threshold": 0.3,
        "name": architecture,
        "steps": trainer.steps,
        "steps_done": trainer.step,
        "seed": seed,
        "scores": {},
        "data": DATA,
        "licence": "BSD-3-Clause",
    }
    return Network(trainer.model, card)


if __name__ == "__main__":
    main()
