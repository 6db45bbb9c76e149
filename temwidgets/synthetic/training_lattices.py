"""Where the columns of an image to train on lie, how high and how wide each is."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree

from temwidgets.synthetic.training_motifs import Motif, random_motif


class Columns(NamedTuple):
    """Columns in the image and round it: `points` (n, 2) y, x in px; sigmas in px."""

    points: np.ndarray
    heights: np.ndarray
    sigmas: np.ndarray
    species: np.ndarray

    def only(self, which: np.ndarray | slice) -> Columns:
        """The columns that a mask or a slice chooses."""
        return Columns(*(values[which] for values in self))


def no_columns() -> Columns:
    """What an image of no crystal holds."""
    return Columns(np.zeros((0, 2)), np.zeros(0), np.zeros(0), np.zeros(0, int))


def crystal(shape: tuple[int, int], spacing: float, rng: np.random.Generator) -> Columns:
    """One crystal, two grains, or a part of either beside vacuum."""
    motif = random_motif(rng)
    looks = _looks(motif, spacing, rng)
    columns = _grain(motif, looks, shape, spacing, rng)
    if rng.random() < 0.15:
        second = motif if rng.random() < 0.7 else random_motif(rng)
        looks = looks if second is motif else _looks(second, spacing, rng)
        columns = _join(columns, _grain(second, looks, shape, spacing, rng), shape, spacing, rng)
    if rng.random() < 0.2:
        columns = columns.only(_side(columns.points, shape, spacing, rng) > 0)
    return _imperfect(columns, shape, spacing, rng)


def scattered(shape: tuple[int, int], spacing: float, rng: np.random.Generator) -> Columns:
    """Single atoms, no two closer than 0.6 spacings; of one kind or two."""
    margin = 2 * spacing
    size = np.array(shape) + 2 * margin
    count = max(int(size.prod() / (2.6 * spacing**2)), 2)
    points = rng.random((count, 2)) * size - margin
    close = cKDTree(points).query_pairs(0.6 * spacing, output_type="ndarray")
    kept = np.ones(count, bool)
    kept[close[:, 1]] = False
    species = (rng.random(count) < rng.choice([0.0, 0.3])).astype(int)
    heights = np.where(species, rng.uniform(0.25, 0.8), 1.0)
    # pairs are closer than in a crystal, so columns are narrower for their spacing
    sigmas = np.full(count, rng.uniform(0.15, 0.24) * spacing)
    # chance decides how close they came: stretched to have the mean distance asked for
    centre = np.array(shape) / 2
    points = centre + (points - centre) * spacing / mean_spacing(points[kept], shape, spacing)
    columns = Columns(points, heights, sigmas, species).only(kept)
    return _imperfect(columns, shape, spacing, rng)


def mean_spacing(points: np.ndarray, shape: tuple[int, int], nominal: float) -> float:
    """Mean distance (px) to the nearest neighbour, over columns less than `nominal` outside.

    Those outside steady the mean where few columns fit in; those further out, of which columns
    are generated, may lack their neighbours.
    """
    near = ((points > -nominal) & (points < np.array(shape) + nominal)).all(1)
    if len(points) < 2 or not near.any():
        return nominal
    return float(cKDTree(points).query(points[near], 2)[0][:, 1].mean())


def _looks(
    motif: Motif, spacing: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Height, sigma (px) and species of each site; the strongest class is species 0, height 1."""
    count = motif.classes.max() + 1
    heights = np.sort(np.exp(rng.uniform(np.log(0.15), 0, count)))
    present = np.unique(motif.classes)
    heights = np.resize(heights, count) / heights[present].max()
    order = np.empty(count, int)
    order[present[np.argsort(-heights[present])]] = np.arange(len(present))
    # a faint column on the flank of a wide strong one is no maximum: nobody could find it
    widest = 0.4 if heights[present].min() > 0.5 else 0.3
    sigmas = np.full(count, rng.uniform(0.15, widest) * spacing)
    sigmas[heights < 0.7] *= rng.uniform(0.85, 1.0)
    return heights[motif.classes], sigmas[motif.classes], order[motif.classes]


def _grain(
    motif: Motif,
    looks: tuple[np.ndarray, np.ndarray, np.ndarray],
    shape: tuple[int, int],
    spacing: float,
    rng: np.random.Generator,
) -> Columns:
    """The motif repeated over the image and two spacings round it, turned by any angle."""
    angle = rng.uniform(0, 2 * np.pi)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    mirror = [1.0, rng.choice([-1.0, 1.0])]
    vectors = spacing * (motif.vectors * mirror) @ turn
    half, margin = np.array(shape) / 2, 2 * spacing
    # |n| over the cells that meet a disc round the field: its radius times |reciprocal vectors|
    reach = np.hypot(*half) + margin + np.hypot(*vectors.sum(0))
    most = np.ceil(reach * np.hypot(*np.linalg.inv(vectors))).astype(int)
    cells = np.mgrid[-most[0] : most[0] + 1, -most[1] : most[1] + 1].reshape(2, -1).T
    sites = motif.sites + rng.random(2)
    points = ((cells[:, None] + sites) @ vectors).reshape(-1, 2)
    kept = np.flatnonzero((abs(points) < half + margin).all(1))
    which = kept % len(sites)
    return Columns(points[kept] + half - 0.5, *(values[which] for values in looks))


def _side(
    points: np.ndarray, shape: tuple[int, int], spacing: float, rng: np.random.Generator
) -> np.ndarray:
    """Distance (px) from a border: a straight or wavy line, or the rim of a particle."""
    size = np.array(shape)
    centred = points - size * rng.uniform(0.3, 0.7, 2)
    if rng.random() < 0.3:
        return rng.uniform(0.25, 0.5) * size.min() - np.hypot(*centred.T)
    angle, wave = rng.uniform(0, 2 * np.pi, 2)
    along = centred @ [np.cos(angle), np.sin(angle)]
    across = centred @ [-np.sin(angle), np.cos(angle)]
    length = rng.uniform(0.5, 2) * size.min()
    swing = rng.choice([0.0, rng.uniform(0.2, 1.5)]) * spacing
    return across + swing * np.sin(2 * np.pi * along / length + wave)


def _join(
    one: Columns,
    other: Columns,
    shape: tuple[int, int],
    spacing: float,
    rng: np.random.Generator,
) -> Columns:
    """Two grains with a border between; where they collide, the second gives way."""
    both = Columns(*(np.concatenate(pair) for pair in zip(one, other, strict=True)))
    second = np.arange(len(both.points)) >= len(one.points)
    kept = (_side(both.points, shape, spacing, rng) > 0) == second
    both, second = both.only(kept), second[kept]
    if second.all() or not second.any():
        return both
    apart, _ = cKDTree(both.points[~second]).query(both.points)
    return both.only(~second | (apart > 0.75 * spacing))


def _imperfect(
    columns: Columns, shape: tuple[int, int], spacing: float, rng: np.random.Generator
) -> Columns:
    """Strain, drift, random displacements, uneven heights, substitutions and vacancies."""
    points, heights, sigmas, species = columns
    count = len(points)
    shifts = rng.choice([0.0, 0.02, 0.06]) * spacing * rng.standard_normal((count, 2))
    points = points + np.clip(shifts, -0.15 * spacing, 0.15 * spacing)
    if rng.random() < 0.5:
        points = points + _strain(points, shape, rng)
    uneven = 1 + rng.choice([0.02, 0.1]) * np.clip(rng.standard_normal(count), -3, 3)
    if rng.random() < 0.3:  # a wedge: thicker towards one side
        slope = rng.uniform(-0.5, 0.5, 2)
        uneven *= np.clip(1 + (points / shape - 0.5) @ slope, 0.3, None)
    swapped = rng.random(count) < rng.choice([0.0, 0.0, 0.03, 0.15])
    uneven[swapped] *= rng.choice([rng.uniform(0.4, 0.8), rng.uniform(1.2, 2.0)])
    kept = rng.random(count) >= rng.choice([0.0, 0.0, 0.02, 0.1, 0.25])
    return Columns(points, heights * uneven, sigmas, species).only(kept)


def _strain(points: np.ndarray, shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Displacement (n, 2) in px: shear of a drifting scan and two long waves of strain."""
    centred = points - np.array(shape) / 2
    moved = centred[:, :1] * rng.normal(0, 0.03, 2)
    for _ in range(2):
        length = rng.uniform(1, 3) * max(shape)
        angle, phase = rng.uniform(0, 2 * np.pi, 2)
        wave = 2 * np.pi / length * (centred @ [np.cos(angle), np.sin(angle)]) + phase
        # the gradient of a displacement u sin(2 pi x / length) is 2 pi u / length: at most 3 %
        moved = moved + rng.normal(0, 0.012, 2) * length / (2 * np.pi) * np.sin(wave)[:, None]
    return moved
