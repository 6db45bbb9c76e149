"""Sort reciprocal vectors into lattices: crystals that lie in the same image."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

HIGHEST = 8
"""Largest index of a reflection in its lattice."""
_STRONGEST = 40  # vectors that a basis is tried from
_NARROW = np.sin(np.deg2rad(12))
_TOGETHER = 0.5  # overlap of the places of reflections of one crystal
_SURELY = 0.75  # overlap at which two reflections without a third are one crystal


class Lattices(NamedTuple):
    """Lattice of each vector (-1: none), its indices there, and the bases (lattice, 2, 2).

    A lattice known from one row of reflections alone has a second basis vector of NaN.
    """

    number: np.ndarray
    indices: np.ndarray
    basis: np.ndarray


def find_lattices(
    g: np.ndarray,
    tolerance: np.ndarray,
    strength: np.ndarray,
    overlap: np.ndarray | None = None,
    local: np.ndarray | None = None,
) -> Lattices:
    """Explain vectors (n, 2) by as few lattices as the evidence asks for.

    Greedy: the basis, of two of the vectors, whose sums explain the most of the others better
    than chance would; what it explains is taken out; again. Each explained vector counts
    ``-log(pi tolerance² / cell area)``, the log of the odds against its falling so near a node by
    chance; a lattice must beat the number of bases that were tried. The rest is sorted into rows
    (g, 2g, 3g), and rows that come from the same place into one crystal.

    Parameters
    ----------
    g : array, (n, 2)
    tolerance : array, (n,)
        Distance from a node at which a vector still belongs to it.
    strength : array, (n,)
        The strongest are tried as basis.
    overlap : array, (n, n), optional
        Likeness of the places that the reflections come from; below a half they are not of one
        crystal.
    local : array of bool, (n,), optional
        Which come from a part of the field only: of these, rows from the same place are joined,
        and single ones are lattices of their own.
    """
    count = len(g)
    if not count:
        return Lattices(np.zeros(0, int), np.zeros((0, 2), int), np.zeros((0, 2, 2)))
    together = np.ones((count, count), bool) if overlap is None else overlap > _TOGETHER
    number, index = np.full(count, -1), np.zeros((count, 2), int)
    bases: list[np.ndarray] = []
    while True:
        left = np.flatnonzero(number < 0)
        found = _best_basis(g, tolerance, strength, together, left)
        if found is None:
            break
        basis, members, cells = found
        number[members], index[members] = len(bases), cells
        bases.append(basis)
    for basis, members, cells in _rows(g, tolerance, together, np.flatnonzero(number < 0)):
        number[members], index[members] = len(bases), cells
        bases.append(basis)
    if overlap is not None and local is not None:
        _join_rows(number, index, bases, np.where(local[:, None] & local, overlap, 0))
    alone = (number[:, None] == number).sum(axis=1) == 1
    # alone in a part of the field it is a crystal of its own; alone in all of it it may be of any
    loose = alone if local is None else alone & ~local
    number[loose], index[loose] = -1, 0
    return _numbered(number, index, bases, strength)


Found = tuple[np.ndarray, np.ndarray, np.ndarray]


def _best_basis(
    g: np.ndarray,
    tolerance: np.ndarray,
    strength: np.ndarray,
    together: np.ndarray,
    left: np.ndarray,
) -> Found | None:
    """Basis, members and their indices of the lattice with the most evidence."""
    tried = left[np.argsort(-strength[left], kind="stable")][:_STRONGEST]
    one, two = (tried[k] for k in np.triu_indices(len(tried), 1))
    length = np.hypot(*g.T)
    cross = g[one, 0] * g[two, 1] - g[one, 1] * g[two, 0]
    usable = (np.abs(cross) > _NARROW * length[one] * length[two]) & together[one, two]
    one, two, area = one[usable], two[usable], np.abs(cross[usable])
    if len(left) < 3 or not one.size:
        return None
    basis = np.stack([g[one], g[two]], axis=1)
    fits, index = _matches(basis, g[left], tolerance[left])
    fits &= together[one][:, left] & together[two][:, left]
    chance = np.minimum(np.pi * tolerance[left] ** 2 / area[:, None], 1)
    # the two of the basis and their multiples fit whether or not they are of one crystal
    tells = fits & (index != 0).all(axis=-1)
    evidence = np.where(tells, -np.log(chance), 0).sum(axis=1)
    best = int(np.argmax(evidence))
    if not evidence[best] > np.log(len(one)) + np.log(len(left)):
        return None
    return _settled(basis[best], g, tolerance, left[fits[best]], left, together)


def _matches(
    basis: np.ndarray, g: np.ndarray, tolerance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Which vectors (m, n) are near a node of each basis (m, 2, 2), and the nodes' indices."""
    cells = np.einsum("nk,mkj->mnj", g, np.linalg.inv(basis))
    index = np.rint(cells)
    miss = np.einsum("mnk,mkj->mnj", cells - index, basis)
    near = np.hypot(miss[..., 0], miss[..., 1]) <= tolerance
    size = np.abs(index).max(axis=-1)
    return near & (size > 0) & (size <= HIGHEST), index.astype(int)


def _settled(
    basis: np.ndarray,
    g: np.ndarray,
    tolerance: np.ndarray,
    members: np.ndarray,
    left: np.ndarray,
    together: np.ndarray,
) -> Found:
    """Fit the basis to its members, reduce it, and gather members once more."""
    basis = _reduced(basis)
    for _ in range(3):
        _, index = _matches(basis[None], g[members], tolerance[members])
        weight = 1 / tolerance[members][:, None]
        basis = np.linalg.lstsq(index[0] * weight, g[members] * weight, rcond=None)[0]
        fits, index = _matches(basis[None], g[left], tolerance[left])
        near = together[np.ix_(left, members)].mean(axis=1) > 0.5
        kept = fits[0] & near
        if np.linalg.matrix_rank(index[0][kept]) < 2:
            break
        members = left[kept]
    _, index = _matches(basis[None], g[members], tolerance[members])
    return basis, members, index[0]


def _reduced(basis: np.ndarray) -> np.ndarray:
    """Shortest basis of the same lattice (Lagrange and Gauss)."""
    short, long = sorted(basis, key=lambda v: float(v @ v))
    while True:
        long = long - np.rint(long @ short / (short @ short)) * short
        if long @ long >= short @ short * (1 - 1e-12):
            return np.stack([short, long])
        short, long = long, short


def _rows(
    g: np.ndarray, tolerance: np.ndarray, together: np.ndarray, left: np.ndarray
) -> list[Found]:
    """Sort what is left into rows of multiples; most rows have one member."""
    rows = []
    open_ = list(left[np.argsort(np.hypot(*g[left].T), kind="stable")])
    while open_:
        first = open_[0]
        times = np.rint(g[open_] @ g[first] / (g[first] @ g[first]))
        miss = np.hypot(*(g[open_] - times[:, None] * g[first]).T)
        fits = (miss <= tolerance[open_]) & (times != 0) & (np.abs(times) <= HIGHEST)
        fits &= together[first, open_]
        fits[0] = True
        members = np.array(open_)[fits]
        cells = np.stack([times[fits].astype(int), np.zeros(fits.sum(), int)], axis=1)
        rows.append((np.stack([g[first], np.full(2, np.nan)]), members, cells))
        open_ = [k for k, gone in zip(open_, fits, strict=True) if not gone]
    return rows


def _join_rows(
    number: np.ndarray, index: np.ndarray, bases: list[np.ndarray], overlap: np.ndarray
) -> None:
    """Join two rows that come from the same place and point apart, the likeliest pairs first."""
    alone = {k for k, basis in enumerate(bases) if np.isnan(basis).any()}
    pairs = [
        (overlap[_lead(number, index, a), _lead(number, index, b)], a, b)
        for a in alone
        for b in alone
        if a < b
    ]
    for likeness, a, b in sorted(pairs, reverse=True):
        one, two = bases[a][0], bases[b][0]
        cross = abs(one[0] * two[1] - one[1] * two[0])
        apart = cross > _NARROW * np.hypot(*one) * np.hypot(*two)
        if likeness > _SURELY and {a, b} <= alone and apart:
            moved = number == b
            index[moved], number[moved] = index[moved][:, ::-1], a
            bases[a] = np.stack([one, two])
            alone -= {a, b}


def _lead(number: np.ndarray, index: np.ndarray, row: int) -> int:
    """First member of a row."""
    return int(np.flatnonzero((number == row) & (index[:, 0] == 1))[0])


def _numbered(
    number: np.ndarray, index: np.ndarray, bases: list[np.ndarray], strength: np.ndarray
) -> Lattices:
    """Number lattices by the strength of their members, the strongest first."""
    used = [k for k in range(len(bases)) if (number == k).any()]
    used.sort(key=lambda k: -float(strength[number == k].sum()))
    renamed = np.full(len(bases) + 1, -1)
    renamed[used] = np.arange(len(used))
    basis = np.array([bases[k] for k in used]).reshape(-1, 2, 2)
    return Lattices(renamed[number], index, basis)


def nodes(basis: np.ndarray, longest: float) -> np.ndarray:
    """Nodes (n, 2) of a lattice, of one half plane, no longer than `longest`."""
    index = np.stack(np.meshgrid(*[np.arange(-HIGHEST, HIGHEST + 1)] * 2, indexing="ij"), axis=-1)
    index = index.reshape(-1, 2)
    half = (index[:, 0] > 0) | ((index[:, 0] == 0) & (index[:, 1] > 0))
    points = index[half] @ basis
    return points[np.hypot(*points.T) <= longest]


def rings(k: np.ndarray, tolerance: float) -> np.ndarray:
    """Number the rings of vectors of lengths `k` (n,) that differ by a part `tolerance`."""
    number = np.empty(len(k), int)
    current, start = -1, -np.inf
    for place in np.argsort(k, kind="stable"):
        if k[place] > start * (1 + tolerance):
            current, start = current + 1, k[place]
        number[place] = current
    return number
