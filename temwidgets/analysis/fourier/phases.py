"""Compare reflections with known phases: which crystal, which planes, how far off."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from temwidgets.analysis.fourier._cif import read_planes
from temwidgets.analysis.fourier.reflection_data import check_reflections
from temwidgets.conventions import CALIBRATED, quantity
from temwidgets.conventions.grid import finite_numbers
from temwidgets.kernels.fourier import zones

_ANGSTROM = 0.1  # nm
_D_MIN = 0.06  # nm
_FEW_TIMES = 3.0  # the misfit of chance is a third of the tolerance or more


def phase_rings(source: Any, *, d_min: float = _D_MIN, name: str | None = None) -> xr.Dataset:
    """List the d-spacings of a crystal.

    Parameters
    ----------
    source : path or sequence of float
        A CIF file (extra ``cif``), or d-spacings in nm.
    d_min : float
        Smallest d-spacing listed of a CIF file, nm.
    name : str, optional
        Name of the phase; that of the file when not given.

    Returns
    -------
    Dataset, (ring,)
        ``d_spacing`` (nm, largest first), ``hkl`` (ring, index; 0 where unknown), ``multiplicity``
        and ``intensity``, the kinematical |F|² for electrons with multiplicity, strongest 1 (NaN
        where unknown). Planes that are extinct are left out. All planes are in ``plane_hkl`` and
        ``plane_g`` (plane, axis; 1/nm).

    Raises
    ------
    ImportError, FileNotFoundError
        If gemmi or the file is missing.
    ValueError
        If the file holds no crystal, or d-spacings are not positive.
    """
    if isinstance(source, str | os.PathLike):
        path = Path(source).expanduser()
        if not d_min > 0:
            raise ValueError(f"d_min is a length above 0 in nm, but {d_min!r} came.")
        planes = read_planes(path, d_min / _ANGSTROM)
        return _rings(
            planes.hkl, planes.reciprocal / _ANGSTROM, planes.intensity, name or path.stem
        )
    values = finite_numbers(source)
    if values is None or values.ndim != 1 or not values.size or not (values > 0).all():
        raise ValueError(
            "A phase is the path of a CIF file or a list of d-spacings above 0 in nm, such as"
            f" [0.2355, 0.2039], but {source!r} came."
        )
    d = np.sort(values)[::-1]
    blank = np.full(d.size, np.nan)
    return _dataset(d, np.zeros((d.size, 3), int), blank, blank, name or "phase")


def _rings(hkl: np.ndarray, g: np.ndarray, intensity: np.ndarray, name: str) -> xr.Dataset:
    d = 1 / np.linalg.norm(g, axis=1)
    # largest d first, of one ring the positive indices first
    order = np.lexsort((*(-hkl.T[::-1]), -np.round(d, 7)))
    _, first, ring = np.unique(-np.round(d[order], 7), return_index=True, return_inverse=True)
    number = np.bincount(ring)
    strength = np.bincount(ring, intensity[order])
    made = _dataset(
        d[order][first], hkl[order][first], number, strength / strength.max(initial=1e-30), name
    )
    made["plane_hkl"] = quantity(("plane", "index"), hkl[order], "1", "indices of a plane")
    made["plane_g"] = quantity(("plane", "axis"), g[order], "1/nm", "reciprocal vector of a plane")
    return made


def _dataset(
    d: np.ndarray, hkl: np.ndarray, number: np.ndarray, intensity: np.ndarray, name: str
) -> xr.Dataset:
    return xr.Dataset(
        {
            "d_spacing": quantity("ring", d, CALIBRATED, "d-spacing"),
            "hkl": quantity(("ring", "index"), hkl, "1", "Miller indices"),
            "multiplicity": quantity("ring", number, "1", "planes of the ring"),
            "intensity": quantity("ring", intensity, "1", "kinematical intensity, strongest 1"),
        },
        coords={"ring": np.arange(d.size), "index": ["h", "k", "l"]},
        attrs={"name": name},
    )


class _Match(NamedTuple):
    """Which reflections a phase explains."""

    name: str
    d: np.ndarray  # (reflection,) of the phase, NaN where it does not explain it
    hkl: np.ndarray  # (reflection, 3)
    scale: float


def index_reflections(
    reflections: xr.Dataset,
    phases: Mapping[str, Any],
    *,
    tolerance: float = 0.03,
    angle_tolerance: float = 2.0,
) -> xr.Dataset:
    """Suggest phases and Miller indices for reflections.

    With d-spacings alone, each reflection gets the nearest ring. With a CIF file the reflections of
    each lattice are indexed together, d-spacings and angles: a zone whose planes explain most of
    them. Calibrations are commonly off by some per cent, so `tolerance` is wide and the common
    factor is reported, not taken for strain.

    Parameters
    ----------
    reflections : Dataset, (reflection,)
        From `find_reflections`, in nm.
    phases : mapping
        Name to a CIF file, a list of d-spacings (nm), or what `phase_rings` returned.
    tolerance : float
        Largest relative deviation of d.
    angle_tolerance : float
        Largest deviation of the angle between two reflections, degrees.

    Returns
    -------
    Dataset, (reflection,)
        With ``phase`` ("" unknown), ``hkl`` (reflection, index; zeros unknown), ``d_phase`` and
        ``residual`` = d / d_phase - 1, each of the phase that explains most of the amplitude of the
        reflection's lattice, and well; and a row for each phase, best first, (candidate,):
        ``candidate_matched`` reflections, ``candidate_explained``, their share of the summed
        amplitude (of the number where no amplitude is known), ``candidate_scale``, measured over
        tabled d, and ``candidate_misfit``, the relative deviation (rms) left after that.

    Raises
    ------
    TypeError, ValueError
        If reflections or phases are none, or are not calibrated.

    Notes
    -----
    Kinematical: double diffraction and mixed zones are not taken into account. That a phase fits
    does not exclude others.
    """
    check_reflections(reflections, units=CALIBRATED)
    if not isinstance(phases, Mapping) or not phases:
        raise TypeError(
            "phases is a dict from names to CIF files or lists of d-spacings in nm, such as"
            f' {{"gold": [0.2355, 0.2039]}}, but {phases!r} came.'
        )
    if not 0 < tolerance < 0.5:
        raise ValueError(f"tolerance is a share of d, above 0 and below 0.5, but {tolerance} came.")
    groups = _groups(reflections)
    matches = [
        _match(str(name), _as_rings(source, name), reflections, groups, tolerance, angle_tolerance)
        for name, source in phases.items()
    ]
    return _put(reflections, matches, groups, tolerance)


def _as_rings(source: Any, name: str) -> xr.Dataset:
    if isinstance(source, xr.Dataset) and "ring" in source.dims:
        return source
    return phase_rings(source, name=str(name))


def _groups(reflections: xr.Dataset) -> np.ndarray:
    """Return the lattice of each reflection; those of none stand alone."""
    count = reflections.sizes["reflection"]
    if "lattice" not in reflections:
        return np.arange(count)
    lattice = reflections["lattice"].values
    alone = lattice.max(initial=-1) + 1 + np.arange(count)
    return np.where(lattice >= 0, lattice, alone)


def _match(
    name: str,
    rings: xr.Dataset,
    reflections: xr.Dataset,
    groups: np.ndarray,
    tolerance: float,
    angle: float,
) -> _Match:
    g = reflections["g"].values
    d = np.full(len(g), np.nan)
    hkl = np.zeros((len(g), 3), int)
    for group in np.unique(groups):
        rows = np.flatnonzero(groups == group)
        if "plane_g" in rings and len(rows) > 1:
            zone = zones.index_zone(
                g[rows], rings["plane_hkl"].values, rings["plane_g"].values, tolerance,
                np.deg2rad(angle),
            )  # fmt: skip
            if zone.explained > 1:
                hkl[rows], d[rows] = zone.hkl, 1 / zone.length
            continue
        ring = rings["d_spacing"].values
        off = np.abs(reflections["d_spacing"].values[rows, None] / ring - 1)
        nearest = off.argmin(axis=1)
        near = off[np.arange(len(rows)), nearest] < tolerance
        d[rows] = np.where(near, ring[nearest], np.nan)
        hkl[rows] = np.where(near[:, None], rings["hkl"].values[nearest], 0)
    ratio = (reflections["d_spacing"].values / d)[np.isfinite(d)]
    return _Match(name, d, hkl, float(np.median(ratio)) if ratio.size else np.nan)


def _put(
    reflections: xr.Dataset, matches: list[_Match], groups: np.ndarray, tolerance: float
) -> xr.Dataset:
    measured = reflections["d_spacing"].values
    weight = np.ones(measured.size)
    if "amplitude" in reflections:
        weight = np.nan_to_num(reflections["amplitude"].values.astype(float))
    explained = np.array([(weight * np.isfinite(m.d)).sum() for m in matches])
    misfit = np.array([_misfit(measured / m.d, m.scale) for m in matches])
    order = np.argsort(-explained * _fit(misfit, tolerance), kind="stable")
    phase = np.full(measured.size, "", dtype=object)
    d, hkl = np.full(measured.size, np.nan), np.zeros((measured.size, 3), int)
    for group in np.unique(groups):
        rows = groups == group
        share = [(weight * np.isfinite(m.d))[rows].sum() for m in matches]
        off = np.array([_misfit((measured / m.d)[rows], m.scale) for m in matches])
        best = matches[int(np.argmax(share * _fit(off, tolerance)))]
        known = rows & np.isfinite(best.d)
        phase[known], d[known], hkl[known] = best.name, best.d[known], best.hkl[known]
    names = np.array([matches[i].name for i in order], dtype=str)
    number = [int(np.isfinite(matches[i].d).sum()) for i in order]
    whole = weight.sum() or 1.0
    return (
        reflections.drop_vars("candidate", errors="ignore")
        .assign(
            {
                "phase": quantity("reflection", phase.astype(str), "1", "phase"),
                "hkl": quantity(("reflection", "index"), hkl, "1", "Miller indices"),
                "d_phase": quantity("reflection", d, CALIBRATED, "d-spacing of the phase"),
                "residual": quantity("reflection", measured / d - 1, "1", "d / d_phase - 1"),
                "candidate_matched": quantity("candidate", number, "1", "reflections explained"),
                "candidate_explained": quantity(
                    "candidate", explained[order] / whole, "1", "share of the amplitude explained"
                ),
                "candidate_scale": quantity(
                    "candidate", [matches[i].scale for i in order], "1", "measured over tabled d"
                ),
                "candidate_misfit": quantity(
                    "candidate", misfit[order], "1", "deviation left (rms)"
                ),
            }
        )
        .assign_coords(candidate=names, index=["h", "k", "l"])
    )


def _fit(misfit: np.ndarray, tolerance: float) -> np.ndarray:
    """Return what a misfit is worth: a large cell explains anything, but not well."""
    return 1 / (1 + (_FEW_TIMES * misfit / tolerance) ** 2)


def _misfit(ratio: np.ndarray, scale: float) -> float:
    known = ratio[np.isfinite(ratio)]
    return float(np.sqrt(np.mean((known / scale - 1) ** 2))) if known.size else np.inf
