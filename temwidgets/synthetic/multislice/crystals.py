"""Atoms of the specimens of the multislice images; lengths in nm, z along the beam."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

Field = tuple[float, float]
"""Size of what an image shows along y and x; the specimen goes on beyond it."""

_SAME = 1e-3  # nm: atoms nearer than this in projection are one column

GRAPHENE = 0.2460
"""Lattice constant of graphene, nm."""
MOS2 = 0.3160, 0.1586
"""Lattice constant of 2H MoS2 and height of S above Mo, nm (Bronsema, De Boer & Jellinek,
Z. Anorg. Allg. Chem. 540 (1986) 15)."""
RES2_CELL = 0.64191, 0.65231, 61.1634
"""In-plane a, b (nm) and the angle between them of a layer of ReS2 (degrees)."""
RES2_LAYER = (
    ("Re", 0.1453, 0.1202, 0.3300),
    ("Re", 0.3421, 0.3348, 0.3408),
    ("Re", 0.5049, 0.1053, 0.3340),
    ("Re", 0.6244, 0.3498, 0.3368),
    ("S", 0.8095, 0.4584, 0.2170),
    ("S", 0.3287, 0.1682, 0.1784),
    ("S", 0.4740, 0.4754, 0.2001),
    ("S", 0.6394, 0.1937, 0.1604),
    ("S", 0.4899, 0.2613, 0.5104),
    ("S", 0.3280, 0.5510, 0.4707),
    ("S", 0.1588, 0.2868, 0.4924),
    ("S", 0.6344, 0.5681, 0.4538),
)
"""Element, x (along a), y, z (nm) of one layer of ReS2 1T'': entry mp-572758 of the Materials
Project (CC BY 4.0), relaxed by density functional theory. Its Re-Re bonds of 0.272 to 0.291 nm are
those of the crystal (Murray et al., Inorg. Chem. 33 (1994) 4418) less 1 %."""
SRTIO3 = 0.3905
"""Lattice constant of SrTiO3, nm; PbTiO3 grown on it takes it in the plane."""
PBTIO3 = 0.4156
"""Length of the c axis of PbTiO3, nm (Nelmes & Kuhs, Solid State Commun. 54 (1985) 721)."""
POLAR = {"Ti": 0.0377, "O_apex": 0.1118, "O_side": 0.1174}
"""Displacement of the atoms of PbTiO3 along c against Pb, in c (the same source)."""


_NOTHING = np.empty((0, 2))


class Specimen(NamedTuple):
    """Atoms, and the columns that an image of the field shows."""

    symbols: np.ndarray  # (atom,) chemical elements
    places: np.ndarray  # (atom, 3) y, x, z; the field begins at y = x = 0
    off: np.ndarray  # (atom, 2) y, x: displacement from the middle of the neighbours
    missing: np.ndarray  # (vacancy, 2) y, x of columns that are not there at all
    low: np.ndarray  # (2,) y, x where the box begins that a simulation repeats
    size: np.ndarray  # (2,) of that box


class Columns(NamedTuple):
    """Atoms that lie above each other."""

    symbols: np.ndarray  # (column,)
    places: np.ndarray  # (column, 2) y, x
    off: np.ndarray  # (column, 2)
    atoms: np.ndarray  # (column,) how many


def columns_of(specimen: Specimen, *, leave_out: tuple[str, ...] = ("O",)) -> Columns:
    """Gather the atoms that lie above each other; light ones that no image shows are left out."""
    kept = ~np.isin(specimen.symbols, leave_out)
    symbols, flat, off = specimen.symbols[kept], specimen.places[kept, :2], specimen.off[kept]
    cells = np.rint(flat / _SAME).astype(int)
    _, first, count = np.unique(cells, axis=0, return_index=True, return_counts=True)
    order = np.argsort(first)
    atom = first[order]
    return Columns(symbols[atom], flat[atom], off[atom], count[order])


def graphene(field: Field, seed: int) -> Specimen:
    """Make a sheet with four single vacancies and a double one, turned by 11 degrees."""
    vectors = GRAPHENE * np.array([[0.0, 1.0], [np.sqrt(0.75), 0.5]])
    motif = [("C", 0.0, 0.0, 0.0), ("C", 1 / 3, 1 / 3, 0.0)]
    sheet = _sheet(vectors, motif, field, 1.0, rotation=11.0)
    gone = _apart(sheet.places, field, 5, 0.7, np.random.default_rng([seed, 1]))
    # the double vacancy: the last, and its nearest neighbour
    distance = np.hypot(*(sheet.places[:, :2] - sheet.places[gone[-1], :2]).T)
    return _without(sheet, [*gone, int(np.argsort(distance)[1])])


def mos2(field: Field, seed: int) -> Specimen:
    """Make a layer of 2H turned by 7 degrees: six S vacancies, and two of both S of a column."""
    a, height = MOS2
    vectors = a * np.array([[0.0, 1.0], [np.sqrt(0.75), 0.5]])
    motif = [
        ("Mo", 0.0, 0.0, height),
        ("S", 1 / 3, 1 / 3, 0.0),
        ("S", 1 / 3, 1 / 3, 2 * height),
    ]
    sheet = _sheet(vectors, motif, field, 0.5, rotation=7.0)
    lower = (sheet.symbols == "S") & (sheet.places[:, 2] < height)
    gone = np.flatnonzero(lower)[
        _apart(sheet.places[lower], field, 8, 0.5, np.random.default_rng([seed, 2]))
    ]
    # of the same column: the motif's atoms follow each other
    return _without(sheet, [*gone, *(gone[-2:] + 1)])


def res2(field: Field, seed: int) -> Specimen:
    """Make a layer of 1T'' turned by 17 degrees; it has nothing random."""
    a, b, angle = RES2_CELL
    turn = np.deg2rad(angle)
    vectors = np.array([[0.0, a], [b * np.sin(turn), b * np.cos(turn)]])
    inverse = np.linalg.inv(vectors)
    motif = [(e, *(np.array([y, x]) @ inverse), z) for e, x, y, z in RES2_LAYER]
    return _sheet(vectors, motif, field, 0.5, rotation=17.0)


def pbtio3_srtio3(rows: tuple[int, int], cells: int, depth: int, *, first: float = 0.0) -> Specimen:
    """Make SrTiO3 below PbTiO3 as seen along [010], c of PbTiO3 along y, its polarisation too.

    Parameters
    ----------
    rows : (int, int)
        Planes of Sr and of Pb.
    cells : int
        Cells along x.
    depth : int
        Cells along the beam.
    first : float
        y of the first plane.

    Returns
    -------
    Specimen
        Every Ti of PbTiO3 lies `POLAR` off the middle of its four Pb, half as far where two of
        them are Sr.
    """
    lead = np.arange(sum(rows)) >= rows[0]
    polar = np.mean([lead, np.append(lead[1:], True)], axis=0)
    height = SRTIO3 + (PBTIO3 - SRTIO3) * polar
    planes = first + np.concatenate([[0.0], np.cumsum(height[:-1])])
    symbols, cell, off = [], [], []
    for y, c, p, heavy in zip(planes, height, polar, lead, strict=True):
        symbols += ["Pb" if heavy else "Sr", "Ti", "O", "O", "O"]
        side = y + c * (0.5 + p * POLAR["O_side"])
        cell += [
            (y, 0.25, 0.0),
            (y + c * (0.5 + p * POLAR["Ti"]), 0.75, 0.5),
            (y + c * p * POLAR["O_apex"], 0.75, 0.5),
            (side, 0.75, 0.0),
            (side, 0.25, 0.5),
        ]
        off += [(0.0, 0.0), (c * p * POLAR["Ti"], 0.0), *[(np.nan, np.nan)] * 3]
    steps = np.mgrid[:cells, :depth].reshape(2, -1).T
    shifts = np.pad(steps, [(0, 0), (1, 0)])
    places = (np.array(cell)[:, None] + shifts) * [1.0, SRTIO3, SRTIO3]
    return Specimen(
        np.repeat(symbols, len(shifts)),
        places.reshape(-1, 3),
        np.repeat(off, len(shifts), axis=0),
        _NOTHING,
        np.array([first, 0.0]),
        np.array([height.sum(), cells * SRTIO3]),
    )


def _sheet(
    vectors: np.ndarray,
    motif: list[tuple[str, float, float, float]],
    field: Field,
    margin: float,
    *,
    rotation: float,
) -> Specimen:
    """Repeat a cell over the field and its margin; the atoms of a motif follow each other."""
    turn = np.deg2rad(rotation)
    turned = vectors @ np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    most = int(np.hypot(*field) / np.hypot(*vectors.T).min()) + 8
    cells = np.mgrid[-most : most + 1, -most : most + 1].reshape(2, -1).T
    fractions = np.array([[a, b] for _, a, b, _ in motif])
    # a little off any symmetric place, lest a column lie on the edge by chance
    middle = 0.5 * np.array(field) + [0.013, 0.029]
    flat = (cells[:, None] + fractions) @ turned + middle
    height = np.tile([z for *_, z in motif], len(cells))
    places = np.column_stack([flat.reshape(-1, 2), height])
    low, size = np.full(2, -margin), np.array(field) + 2 * margin
    inside = ((places[:, :2] >= low) & (places[:, :2] < low + size)).all(axis=1)
    symbols = np.tile([symbol for symbol, *_ in motif], len(cells))
    off = np.zeros((int(inside.sum()), 2))
    return Specimen(symbols[inside], places[inside], off, _NOTHING, low, size)


def _apart(
    places: np.ndarray,
    field: Field,
    number: int,
    distance: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Choose atoms well inside the field and so far from each other."""
    inside = ((places[:, :2] > 0.3) & (places[:, :2] < np.array(field) - 0.3)).all(axis=1)
    chosen: list[int] = []
    for candidate in rng.permutation(np.flatnonzero(inside)):
        off = places[chosen, :2] - places[candidate, :2]
        if (np.hypot(*off.T) > distance).all():
            chosen.append(int(candidate))
        if len(chosen) == number:
            break
    return np.array(chosen)


def _without(sheet: Specimen, gone: list[int]) -> Specimen:
    """Take atoms out; where no atom is left above or below, a column is missing."""
    kept = np.ones(len(sheet.symbols), bool)
    kept[gone] = False
    left = sheet.places[kept, :2]
    empty = [
        sheet.places[atom, :2]
        for atom in gone
        if np.hypot(*(left - sheet.places[atom, :2]).T).min() > _SAME
    ]
    missing = np.unique(np.round(np.array(empty).reshape(-1, 2), 6), axis=0)
    return sheet._replace(
        symbols=sheet.symbols[kept],
        places=sheet.places[kept],
        off=sheet.off[kept],
        missing=missing,
    )
