"""Unit cells of projected crystals, drawn at random, for images to train networks on."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

Sites = list[tuple[float, float, int]]
ROOT3 = 3**0.5


class Motif(NamedTuple):
    """A cell whose columns are 1 apart from their nearest neighbours on average.

    `vectors` (2, 2) holds a and b as rows (y, x); `sites` (m, 2) are fractions of them; `classes`
    (m,) say which sites look alike.
    """

    vectors: np.ndarray
    sites: np.ndarray
    classes: np.ndarray


def random_motif(rng: np.random.Generator) -> Motif:
    """Draw a kind of crystal, then its proportions; one in five plain ones is distorted."""
    basis, sites = KINDS[rng.integers(len(KINDS))](rng)
    vectors, table = np.array(basis, float), np.array(sites, float)
    places, classes = table[:, :2], table[:, 2].astype(int)
    if len(places) <= 2 and rng.random() < 0.2:
        vectors, places, classes = _buckled(vectors, places, classes, rng)
    return Motif(vectors / _nearest(vectors, places), places, classes)


def _nearest(vectors: np.ndarray, sites: np.ndarray) -> float:
    """Mean distance from a site to its nearest neighbour."""
    cells = np.mgrid[-2:3, -2:3].reshape(2, -1).T
    others = (sites[None] + cells[:, None]).reshape(-1, 2)
    apart = np.hypot(*np.moveaxis((others[None] - sites[:, None]) @ vectors, -1, 0))
    return float(np.where(apart > 1e-6, apart, np.inf).min(1).mean())


def _buckled(
    vectors: np.ndarray, sites: np.ndarray, classes: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Double the cell along a and move its halves apart, as in zigzag chains (1T', Peierls)."""
    half = np.array([0.5, 1.0])
    shift = rng.uniform(0.03, 0.1) * np.array([rng.choice([0.0, 0.5]), rng.choice([-1.0, 1.0])])
    doubled = np.concatenate([sites * half + shift, sites * half + [0.5, 0.0] - shift])
    return vectors * [[2.0], [1.0]], doubled, np.tile(classes, 2)


def _oblique(rng: np.random.Generator) -> tuple[list, Sites]:
    length, angle = rng.uniform(1, 1.6), np.deg2rad(rng.uniform(62, 118))
    return [(0, 1), (length * np.sin(angle), length * np.cos(angle))], [(0, 0, 0)]


def _square(rng: np.random.Generator) -> tuple[list, Sites]:
    return [(0, 1), (1, 0)], [(0, 0, 0)]


def _rectangular(rng: np.random.Generator) -> tuple[list, Sites]:
    centred: Sites = [(0.5, 0.5, int(rng.integers(2)))]
    return [(0, 1), (rng.uniform(1, 1.8), 0)], [(0, 0, 0), *(centred if rng.random() < 0.5 else [])]


def _hexagonal(rng: np.random.Generator) -> tuple[list, Sites]:
    return [(0, 1), (ROOT3 / 2, 0.5)], [(0, 0, 0)]


def _honeycomb(rng: np.random.Generator) -> tuple[list, Sites]:
    """Graphene, or with two classes a monolayer such as MoS2 or BN."""
    vectors, _ = _hexagonal(rng)
    return vectors, [(0, 0, 0), (1 / 3, 1 / 3, int(rng.random() < 0.6))]


def _kagome(rng: np.random.Generator) -> tuple[list, Sites]:
    vectors, _ = _hexagonal(rng)
    centre: Sites = [(0, 0, 1)] if rng.random() < 0.3 else []
    return vectors, [(0.5, 0, 0), (0, 0.5, 0), (0.5, 0.5, 0), *centre]


def _perovskite(rng: np.random.Generator) -> tuple[list, Sites]:
    """Along [001], B off its centre as in a ferroelectric; oxygen seen, or not."""
    off = rng.normal(0, 0.02, 2) * (rng.random() < 0.5)
    oxygen: Sites = [(0.5, 0, 2), (0, 0.5, 2)] if rng.random() < 0.5 else []
    return (
        [(0, 1), (rng.uniform(1, 1.1), 0)],
        [(0, 0, 0), (0.5 + off[0], 0.5 + off[1], 1), *oxygen],
    )


def _perovskite_110(rng: np.random.Generator) -> tuple[list, Sites]:
    """A and one oxygen share a column, so does B alone and the other oxygens in between."""
    oxygen: Sites = [(0.25, 0.5, 2), (0.75, 0.5, 2)] if rng.random() < 0.5 else []
    return [(0, 2**0.5), (1, 0)], [(0, 0, 0), (0.5, 0, 1), *oxygen]


def _dumbbells(rng: np.random.Generator) -> tuple[list, Sites]:
    """Diamond or zincblende along [110]: pairs a quarter of the cubic cell apart or less."""
    apart, other = rng.uniform(0.2, 0.27), int(rng.random() < 0.6)
    return (
        [(0, 1), (1 / 2**0.5, 0)],
        [(0, 0, 0), (apart, 0, other), (0.5, 0.5, 0), (0.5 + apart, 0.5, other)],
    )


def _checkerboard(rng: np.random.Generator) -> tuple[list, Sites]:
    """Rocksalt along [001]."""
    return [(0, 1), (1, 0)], [(0, 0, 0), (0.5, 0.5, 1)]


def _diamond_chains(rng: np.random.Generator) -> tuple[list, Sites]:
    """ReS2, 1T'': four metal columns of a 2 x 2 cell drawn together; sulphur seen, or not."""
    pull = rng.uniform(0.02, 0.06)
    metal: Sites = [
        (pull, pull, 0),
        (0.5 - pull, 0.02, 0),
        (0.02, 0.5 - pull, 0),
        (0.5 - pull, 0.5 - pull, 0),
    ]
    thirds = [(1 / 6, 1 / 6)] if rng.random() < 0.5 else []
    sulphur: Sites = [
        (a + i / 2, b + j / 2, 1) for a, b in thirds for i in range(2) for j in range(2)
    ]
    return [(0, 2), (ROOT3, 1)], metal + sulphur


def _anything(rng: np.random.Generator) -> tuple[list, Sites]:
    """Sites wherever there is room: what no name stands for."""
    vectors, _ = _oblique(rng)
    wide = [(2 * y, 2 * x) for y, x in vectors]
    kept: list[tuple[float, float]] = []
    for a, b in rng.random((12, 2)):
        gaps = [((a - c + 0.5) % 1 - 0.5, (b - d + 0.5) % 1 - 0.5) for c, d in kept]
        if all(np.hypot(*(np.array(gap) @ wide)) > 0.7 for gap in gaps):
            kept.append((a, b))
    return wide, [(a, b, int(rng.integers(3))) for a, b in kept[:5]]


# plain lattices stand twice: they are what most images show
KINDS: tuple[Callable[[np.random.Generator], tuple[list, Sites]], ...] = (
    _oblique,
    _square,
    _square,
    _rectangular,
    _hexagonal,
    _hexagonal,
    _honeycomb,
    _honeycomb,
    _kagome,
    _perovskite,
    _perovskite,
    _perovskite_110,
    _dumbbells,
    _dumbbells,
    _checkerboard,
    _diamond_chains,
    _anything,
)
