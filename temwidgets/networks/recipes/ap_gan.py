"""Train AP-GAN on PbTiO3/SrTiO3: ``python -m temwidgets.networks.recipes.ap_gan OUT --steps N``.

60 pairs of 256² px from a seed: [001] columns of Pb, Sr and Ti with heights like Z^1.7 (HAADF;
Pennycook & Jesson, Ultramicroscopy 37 (1991) 14, with a detector's usual exponent), one boundary
between the materials, Ti off the middle where there is Pb, counting noise. In training up to 70 %
of the pixels are lost.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from temwidgets.networks.ap_gan_pairs import map_batches
from temwidgets.networks.ap_gan_training import GanTrainer
from temwidgets.networks.batches import NOMINAL, Pair
from temwidgets.networks.store import Network, build, save

SPECIES = ("Pb", "Sr", "Ti")
_HEIGHTS = (np.array([82, 38, 22]) / 82) ** 1.7
_PAIRS, _SIDE = 60, 256
_OPTIONS = {"channels": 24, "blocks": 15, "species": 3}
_SAVE_EVERY = 100  # steps


def multilayer_pair(seed: int, side: int = _SIDE, *, lost: float = 0.0) -> Pair:
    """Make an image of PbTiO3 beside SrTiO3, and its columns.

    Parameters
    ----------
    seed : int
        Decides scale (nearest neighbours some 12 px apart), rotation, boundary, polarisation, dose.
    side : int
        px.
    lost : float
        Share of pixels lost (NaN).

    Returns
    -------
    Pair
        Species as in `SPECIES`.
    """
    rng = np.random.default_rng([seed, 71])
    columns, species, lattice = _structure(side, rng)
    sigma = lattice * rng.uniform(0.11, 0.16)
    image = _drawn(columns, _HEIGHTS[species], sigma, side)
    image += rng.uniform(0.03, 0.15) * (1 + 0.3 * np.linspace(-1, 1, side))
    image = rng.poisson(image * np.exp(rng.uniform(np.log(60), np.log(1500)))).astype(np.float32)
    image[rng.random(image.shape) < lost] = np.nan
    inside = ((columns > -0.5) & (columns < side - 0.5)).all(axis=1)
    return Pair(image, columns[inside].astype(np.float32), species[inside])


def _structure(side: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, float]:
    """Columns (n, 2), also some beyond the border, their species, and the cell's side, px."""
    lattice = np.sqrt(2) * NOMINAL * float(np.exp(rng.uniform(-0.15, 0.15)))
    reach = int(side / lattice) + 2
    cells = np.mgrid[-reach : reach + 1, -reach : reach + 1].reshape(2, -1).T
    places = np.concatenate([cells, cells + 0.5]).astype(float)
    titanium = np.arange(len(places)) >= len(cells)
    # the boundary runs along a row of cells, at times with a step
    step = (places[:, 1] > rng.integers(-5, 6)) * rng.integers(-1, 2)
    lead = places[:, 0] + 0.25 > rng.integers(-5, 6) + step
    places[:, 0] *= np.where(lead, rng.uniform(1.0, 1.06), 1.0)  # tetragonal
    places[titanium] += _polar(places[titanium], lead[titanium], rng)
    places += 0.008 * rng.standard_normal(places.shape)
    species = np.where(titanium, 2, np.where(lead, 0, 1))
    angle = rng.uniform(-np.pi / 4, np.pi / 4)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    columns = lattice * (places + rng.random(2)) @ turn.T + side / 2
    near = ((columns > -10) & (columns < side + 10)).all(axis=1)
    return columns[near], species[near], lattice


def _polar(places: np.ndarray, lead: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Displacement of Ti (cells): up to 0.4 Å of 3.9 in PbTiO3, turning slowly; none in SrTiO3."""
    angle = rng.uniform(0, 2 * np.pi) + places @ rng.normal(0, 0.15, 2)
    size = rng.uniform(0.02, 0.1) * lead
    return size[:, None] * np.stack([np.sin(angle), np.cos(angle)], axis=1)


def _drawn(columns: np.ndarray, heights: np.ndarray, sigma: float, side: int) -> np.ndarray:
    """Sum of round Gaussians, (side, side): separable, so a product of two matrices."""
    pixel = np.arange(side)
    along = [np.exp(-((pixel[:, None] - c) ** 2) / (2 * sigma**2)) for c in columns.T]
    return (along[0] * heights) @ along[1].T


def train(out: Path, steps: int, *, seed: int = 0, resume: bool = False) -> Network:
    """Train and save to `out` every 100 steps; `resume` goes on from its ``.state``."""
    pairs = [multilayer_pair(1000 * seed + number) for number in range(_PAIRS)]
    trainer = GanTrainer(build("ap_gan", seed=seed, **_OPTIONS), steps=steps, seed=seed)
    state = out.with_suffix(".state")
    if resume and state.exists():
        trainer.resume(state)
    batches = map_batches(pairs, species=3, lost="stem", seed=seed, start=trainer.step)
    since = time.monotonic()
    for losses in trainer.run(batches):
        if trainer.step % 10 == 0:
            told = " ".join(f"{k} {v:.4f}" for k, v in losses._asdict().items())
            print(f"{trainer.step} {time.monotonic() - since:.0f} s {told}", flush=True)
        if trainer.step % _SAVE_EVERY == 0:
            save(Network(trainer.model, _card(trainer.step, seed)), out)
            trainer.save(state)
    network = Network(trainer.model, _card(trainer.step, seed))
    save(network, out)
    return network


def _card(steps: int, seed: int) -> dict:
    return {
        "architecture": "ap_gan",
        "options": _OPTIONS,
        "spacing": NOMINAL,
        "threshold": 0.3,
        "species": list(SPECIES),
        "source": "Chen et al., Scientific Reports 13 (2023) 2631",
        "data": f"{_PAIRS} synthetic PbTiO3/SrTiO3 images of {_SIDE}² px, up to 70 % of pixels"
        " lost",
        "recipe": f"python -m temwidgets.networks.recipes.ap_gan OUT --steps N --seed {seed}",
        "steps": steps,
        "seed": seed,
        "licence": "BSD-3-Clause",
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Run the recipe."""
    parser = argparse.ArgumentParser(description="Train AP-GAN on PbTiO3/SrTiO3.")
    parser.add_argument("out", type=Path, help="weights to write, .safetensors")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--resume", action="store_true", help="go on from OUT's .state")
    given = parser.parse_args(argv)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    train(given.out, given.steps, seed=given.seed, resume=given.resume)


if __name__ == "__main__":
    main()
