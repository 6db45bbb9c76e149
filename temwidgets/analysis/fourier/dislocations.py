"""Displacement from geometric phases, and Burgers vectors of dislocations."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.ndimage as ndi
import xarray as xr

from temwidgets.analysis.fourier.spacing_data import COMPONENT, put
from temwidgets.conventions import length_unit, pixel_grid, quantity
from temwidgets.conventions.grid import finite_numbers
from temwidgets.kernels.fourier.phase_loops import displacement, residues, walk

_LEAST_SINE = 0.05  # of the angle between two reflections


def burgers_vector(strain: xr.Dataset, loop: Any) -> xr.Dataset:
    """Add up the displacement along a closed loop: the Burgers vector of what it encloses.

    Parameters
    ----------
    strain : Dataset
        From `geometric_phase`.
    loop : array_like, (n, 2)
        Corners (y, x) of a polygon, in lengths; the last is joined to the first. It must stay on
        the crystal and away from the cores, a window or so.

    Returns
    -------
    Dataset
        ``burgers`` (component), the vector in lengths, and ``length`` with ``_std``; ``cycles``
        (reflection), the whole number g.b of each reflection; ``indices`` (basis), b in units of
        ``vectors`` (basis, component), the direct lattice vectors that belong to the two shortest
        reflections not in line; ``largest_step`` (reflection), radians, which tells how far the
        count is from going wrong (at pi).

    Raises
    ------
    TypeError, ValueError
        If `strain` is none, the loop is no polygon, or it leaves the crystal.

    Notes
    -----
    b is the integral of du along the loop from +x towards +y (clockwise as displayed), u the
    displacement at places in the image: the closure failure in the strained crystal, as positive
    as the loop is right-handed about the direction into the image. Wrapped differences of each
    phase are added up (no unwrapping); the sum is -2 pi g.b, a whole number of turns, so that b is
    a vector of the reference lattice, and its error that of the reference vectors (Hytch, Putaux &
    Penisson, Nature 423, 270 (2003)).
    """
    strain, g, g_std = _phases(strain)
    corners = _corners(loop)
    rows, cols = pixel_grid(strain["y"] * strain["x"]).to_pixels(*corners.T)
    circuit = walk(strain["phase"].values, np.column_stack([rows, cols]))
    if circuit.known < 1:
        raise ValueError(
            f"{1 - circuit.known:.0%} of the loop runs where there are no fringes, or outside the"
            " image. Draw it on the crystal, not too near the core."
        )
    cycles = -np.round(circuit.turns)
    inverse = np.linalg.pinv(g)
    burgers = inverse @ cycles
    # to first order: what g is off by turns b by as much
    spread = np.sqrt((inverse**2) @ ((g_std**2) @ burgers**2))
    pair = _shortest_pair(g)
    return _result(strain, burgers, spread, cycles, circuit.largest, g, pair)


def phase_displacement(strain: xr.Dataset) -> xr.Dataset:
    """Unwrap the phases to the displacement from the reference lattice.

    Parameters
    ----------
    strain : Dataset
        From `geometric_phase`.

    Returns
    -------
    Dataset, (component, y, x)
        ``displacement`` (lengths) with ``_std``, NaN where there are no fringes and at the cores
        of dislocations. ``cut`` (y, x), where it jumps by a lattice vector to the pixel on the
        right or below. ``residue`` (reflection, y, x), turns of the phase round four pixels, +1 or
        -1 at a core.

    Raises
    ------
    TypeError
        If `strain` is none.

    Notes
    -----
    Displacement is not single valued round a dislocation: somewhere between cores, or from a core
    to the edge, it must jump by the Burgers vector. Cuts run where the phase is least reliable
    (`skimage.restoration.unwrap_phase`); they are marked, not smoothed over. In each connected
    piece of crystal the displacement is known up to a lattice vector.
    """
    strain, g, _ = _phases(strain)
    phase = strain["phase"].values
    order = _shortest_pair(g)
    order += [k for k in range(len(g)) if k not in order]
    variance = strain["phase_std"].values[order].astype(float) ** 2
    vector, spread, cut = displacement(phase[order].astype(float), variance, g[order])
    residue = np.stack([residues(plane) for plane in phase])
    core = ndi.maximum_filter(np.abs(residue).max(axis=0), 3, origin=(-1, -1)) > 0
    vector[:, core], spread[:, core] = np.nan, np.nan
    unit = length_unit(strain)
    made = xr.Dataset(coords={"component": COMPONENT, "y": strain["y"], "x": strain["x"]})
    text = "displacement from the reference lattice"
    values, errors = vector.astype(np.float32), np.sqrt(spread).astype(np.float32)
    put(made, ("component", "y", "x"), "displacement", values, errors, unit, text)
    made["cut"] = quantity(("y", "x"), cut & ~core, "1", "jump of the displacement")
    made = made.assign_coords(reflection=strain["reflection"])
    turns = "turns of the phase round four pixels"
    made["residue"] = quantity(("reflection", "y", "x"), residue, "1", turns)
    return made


def _phases(strain: Any) -> tuple[xr.Dataset, np.ndarray, np.ndarray]:
    """Return the reflections that are seen, their vectors and the errors of those."""
    if not isinstance(strain, xr.Dataset) or not {"phase", "phase_std", "g"} <= set(strain):
        raise TypeError(
            "The result of temwidgets.geometric_phase was expected, but a"
            f" {type(strain).__name__} came."
        )
    ordered = strain.transpose("reflection", "component", "y", "x", ...)
    seen = np.isfinite(ordered["g"].values).all(axis=1)
    if seen.sum() < 2:
        raise ValueError(
            f"{seen.sum()} of the reflections have fringes in the reference, but two are needed."
            " Choose other reflections or another reference region."
        )
    ordered = ordered.isel(reflection=seen)
    g, g_std = (ordered[name].values.astype(float) for name in ("g", "g_std"))
    return ordered, g, np.nan_to_num(g_std)


def _corners(loop: Any) -> np.ndarray:
    corners = finite_numbers(loop)
    if corners is None or corners.ndim != 2 or corners.shape[1] != 2 or len(corners) < 3:
        raise ValueError(
            f"loop is a polygon of three or more corners (y, x), in lengths, but {loop!r} came."
        )
    return corners


def _shortest_pair(g: np.ndarray) -> list[int]:
    """The shortest vector, and the shortest that is not in line with it."""
    length = np.hypot(*g.T)
    order = np.argsort(length, kind="stable")
    one = order[0]
    cross = np.abs(g[one, 0] * g[:, 1] - g[one, 1] * g[:, 0]) / (length[one] * length)
    return [int(one), int(next(k for k in order if cross[k] > _LEAST_SINE))]


def _result(
    strain: xr.Dataset,
    burgers: np.ndarray,
    spread: np.ndarray,
    cycles: np.ndarray,
    largest: np.ndarray,
    g: np.ndarray,
    pair: list[int],
) -> xr.Dataset:
    unit, length = length_unit(strain), float(np.hypot(*burgers))
    made = xr.Dataset(coords={"component": COMPONENT, "reflection": strain["reflection"]})
    put(made, "component", "burgers", burgers, spread, unit, "Burgers vector")
    along = np.hypot(*(burgers * spread)) / length if length else float(np.hypot(*spread))
    put(made, (), "length", np.array(length), np.array(along), unit, "length of the Burgers vector")
    made["cycles"] = quantity("reflection", cycles.astype(int), "1", "g.b")
    made["largest_step"] = quantity("reflection", largest, "rad", "largest step of the phase")
    made = made.assign_coords(basis=quantity("basis", strain["reflection"].values[pair], "1", "g"))
    made["indices"] = quantity("basis", cycles[pair].astype(int), "1", "b in lattice vectors")
    vectors = np.linalg.inv(g[pair]).T
    made["vectors"] = quantity(("basis", "component"), vectors, unit, "direct lattice vectors")
    return made
