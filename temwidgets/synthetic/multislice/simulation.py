"""Multislice simulation by abTEM (GPL-3.0), imported here alone and when asked for."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import scipy.ndimage as ndi
from scipy.fft import next_fast_len

from temwidgets.synthetic.multislice.crystals import Specimen
from temwidgets.synthetic.multislice.recipes import Haadf, Hrtem, Recipe

_ANGSTROM = 10.0  # abTEM's length over ours
_ROOM = 0.15  # nm of vacuum above and below the specimen
_SAME = 1e-3  # nm, or of a period: atoms nearer than this are one
_BANDWIDTH = 1.55  # abTEM keeps two thirds of the frequencies of its grid


def ideal_image(recipe: Recipe, seed: int) -> np.ndarray:
    """Simulate an image without noise, (y, x) in fractions of the beam."""
    abtem = _abtem()
    build = recipe.tile or recipe.specimen
    specimen = build(recipe.field, seed)
    atoms = _thermal(abtem, specimen, recipe, np.random.default_rng([seed, 3]))
    if isinstance(recipe.optics, Hrtem):
        return _hrtem(abtem, atoms, specimen, recipe, recipe.optics)
    return _haadf(abtem, atoms, specimen, recipe, recipe.optics)


def _abtem() -> ModuleType:
    try:
        import abtem
    except ImportError as error:
        raise ImportError(
            "Simulating multislice images needs abTEM, which is not installed. Install it with"
            ' pip install "temwidgets[multislice]", or load the images that come along with'
            " temwidgets.synthetic.multislice_image."
        ) from error
    abtem.config.set({"diagnostics.progress_bar": False})
    return abtem


def _thermal(
    abtem: ModuleType, specimen: Specimen, recipe: Recipe, rng: np.random.Generator
) -> Any:
    """Configurations of displaced atoms whose mean is the specimen itself.

    Each displacement has its opposite, and the second pair is the first turned by 90 degrees: with
    few configurations drawn by chance columns would lie picometres off their truth.
    """
    from ase import Atoms

    depth = np.ptp(specimen.places[:, 2]) + 2 * _ROOM
    start = np.append(specimen.low, specimen.places[:, 2].min() - _ROOM)
    cell = _ANGSTROM * np.array([specimen.size[1], specimen.size[0], depth])
    spread = np.array([recipe.vibration[symbol] for symbol in specimen.symbols])
    same = _repeats(specimen, recipe)
    frames = []
    for number in range(recipe.configurations // 2):
        if number % 2 == 0:
            angle = rng.uniform(0, 2 * np.pi, len(spread))[same]
            along = rng.choice([-1.0, 1.0], len(spread))[same]
        turn = angle + 0.5 * np.pi * (number % 2)
        off = np.stack([np.sqrt(2) * np.sin(turn), np.sqrt(2) * np.cos(turn), along], axis=1)
        for sign in (1, -1):
            places = specimen.places - start + sign * spread[:, None] * off
            frames.append(
                Atoms(specimen.symbols, _ANGSTROM * places[:, [1, 0, 2]], cell=cell, pbc=True)
            )
    return abtem.AtomsEnsemble(frames)


def _repeats(specimen: Specimen, recipe: Recipe) -> np.ndarray:
    """Number of the atom that each one repeats: what is tiled must be periodic in all."""
    if not recipe.period:
        return np.arange(len(specimen.symbols))
    phase = specimen.places[:, 1] / (recipe.period * recipe.sampling)
    cell = np.stack([specimen.places[:, 0], phase - np.floor(phase + _SAME), specimen.places[:, 2]])
    _, first, number = np.unique(
        np.rint(cell / _SAME), axis=1, return_index=True, return_inverse=True
    )
    return np.asarray(first[number])


def _hrtem(
    abtem: ModuleType, atoms: Any, specimen: Specimen, recipe: Recipe, lens: Hrtem
) -> np.ndarray:
    """Two points of the grid a pixel: the wave holds twice the frequencies of the image."""
    pixels = np.rint(specimen.size / recipe.sampling).astype(int)
    potential = abtem.Potential(
        atoms, gpts=tuple(int(n) for n in 2 * pixels[::-1]), slice_thickness=1.0
    )
    wave = abtem.PlaneWave(energy=1e3 * recipe.energy).multislice(potential)
    ctf = abtem.CTF(
        Cs=_ANGSTROM * lens.cs,
        defocus=_ANGSTROM * lens.defocus,
        focal_spread=_ANGSTROM * lens.focal_spread,
        semiangle_cutoff=lens.aperture,
        energy=1e3 * recipe.energy,
    )
    values = wave.apply_ctf(ctf).intensity().compute(scheduler="single-threaded").array
    image = np.asarray(values, float).reshape(-1, *values.shape[-2:]).mean(axis=0).T
    first = np.rint(-2 * specimen.low / recipe.sampling).astype(int)
    rows, cols = (slice(f, f + 2 * n, 2) for f, n in zip(first, recipe.shape, strict=True))
    return image[rows, cols]


def _haadf(
    abtem: ModuleType, atoms: Any, specimen: Specimen, recipe: Recipe, probe: Haadf
) -> np.ndarray:
    """Scan by PRISM (Ophus, Adv. Struct. Chem. Imaging 3 (2017) 13) and interpolate to pixels."""
    energy = 1e3 * recipe.energy
    wavelength = abtem.core.energy.energy2wavelength(energy)
    coarsest = wavelength / (2e-3 * _BANDWIDTH * probe.outer) / _ANGSTROM
    gpts = [
        part * next_fast_len(int(np.ceil(size / coarsest / part)))
        for size, part in zip(specimen.size[::-1], probe.interpolation[::-1], strict=True)
    ]
    potential = abtem.Potential(atoms, gpts=gpts, slice_thickness=2.0)
    matrix = abtem.SMatrix(
        semiangle_cutoff=probe.semiangle,
        energy=energy,
        potential=potential,
        interpolation=probe.interpolation[::-1],
    )
    rows, cols = _scan_lines(recipe, probe)
    scan = abtem.GridScan(
        start=tuple(_ANGSTROM * (np.array([cols[0], rows[0]]) - specimen.low[::-1])),
        end=tuple(_ANGSTROM * (np.array([cols[-1], rows[-1]]) - specimen.low[::-1])),
        gpts=(len(cols), len(rows)),
        endpoint=True,
    )
    detector = abtem.AnnularDetector(probe.inner, probe.outer)
    values = matrix.scan(scan, detector).compute(scheduler="single-threaded").array
    values = np.asarray(values, float).reshape(-1, *values.shape[-2:]).mean(axis=0).T
    return _on_pixels(values, rows, cols, recipe, probe)


def _scan_lines(recipe: Recipe, probe: Haadf) -> tuple[np.ndarray, np.ndarray]:
    """Places of the scan: the field and a rim for source and spline, or a period without one."""
    height, width = recipe.field
    rim = 4 * probe.source
    rows = np.arange(-rim, height + rim + probe.step, probe.step)
    if not recipe.period:
        return rows, np.arange(-rim, width + rim + probe.step, probe.step)
    period = recipe.period * recipe.sampling
    return rows, np.linspace(0, period, round(period / probe.step), endpoint=False)


def _on_pixels(
    values: np.ndarray, rows: np.ndarray, cols: np.ndarray, recipe: Recipe, probe: Haadf
) -> np.ndarray:
    """Blur by the source and interpolate by splines of order 5, periodic along x where it is."""
    steps = rows[1] - rows[0], cols[1] - cols[0]
    modes = ("nearest", "wrap" if recipe.period else "nearest")
    blurred = ndi.gaussian_filter(values, [probe.source / s for s in steps], mode=modes)
    places = [
        (np.arange(n) * recipe.sampling - lines[0]) / step
        for n, lines, step in zip(recipe.shape, (rows, cols), steps, strict=True)
    ]
    if recipe.period:
        copies = int(np.ceil(recipe.shape[1] / recipe.period)) + 2
        blurred = np.tile(blurred, (1, copies))
        places[1] += len(cols)
    grid = np.meshgrid(*places, indexing="ij")
    return ndi.map_coordinates(blurred, grid, order=5, mode="nearest")
