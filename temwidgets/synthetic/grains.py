"""Images of several crystals, or of none: twins, phases, polycrystals, amorphous films."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from temwidgets.conventions import make_image, pixel_grid
from temwidgets.synthetic.crystal import Pair
from temwidgets.synthetic.fringe_truth import domain_truth
from temwidgets.synthetic.fringes import amorphous as film
from temwidgets.synthetic.geometry import (
    as_spacing,
    centre_of,
    direction,
    square_g,
    turned,
)
from temwidgets.synthetic.rendering import Field, background_at
from temwidgets.synthetic.texture import record

NO_CRYSTAL = "No crystal found: the image is amorphous throughout."


class Piece(NamedTuple):
    """One crystal: reciprocal vectors (spot, 2), amplitudes (spot,), and phases at `centre`."""

    g: np.ndarray
    amplitude: np.ndarray
    phase: np.ndarray
    centre: np.ndarray


def twin(
    shape: tuple[int, int] = (256, 256),
    *,
    angle: float = 0.0,
    spacing: float | None = None,
    tilt: float = 20.0,
    amplitude: float = 10.0,
    sampling: float | Pair | None = None,
    origin: Pair = (0.0, 0.0),
    seed: int = 0,
    **options: Any,
) -> tuple[xr.DataArray, xr.Dataset]:
    """Make two crystals that are mirror images of each other across a straight line.

    Parameters
    ----------
    shape : (int, int)
        Pixels along y and x.
    angle : float
        Direction of the line's normal, degrees from +x towards +y. The line runs through the
        centre, where the fringes of both are in phase.
    spacing : float, optional
        d of the two reflections of the square lattice, in lengths; 8 pixels when not given.
    tilt : float
        Angle from the normal to the first reflection of the crystal before the line, degrees; its
        twin has it at the other side. At multiples of 45 both are the same crystal.
    amplitude : float
        Of both reflections, in units of intensity.
    sampling, origin
        Calibration of the image, as in `make_image`.
    seed, **options
        mean, texture, dose, noise, noise_seed as in `fringes`.

    Returns
    -------
    image : DataArray, (y, x), float32
        Counts.
    truth : Dataset, (domain, y, x)
        As `segment_domains` would report it: label(y, x); area, orientation (of the first g),
        confidence, centre_y, centre_x; g(domain, spot, component), d_spacing(domain, spot).
        Domain 0 lies before the line, 1 behind it.

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    blank = make_image(np.zeros(shape, np.float32), sampling=sampling, origin=origin)
    spacing = as_spacing(spacing, blank)
    normal = direction(angle)
    one = turned(square_g(spacing), angle + tilt)
    two = one - 2 * np.outer(one @ normal, normal)
    return _side_by_side(blank, normal, (one, two), amplitude, seed, options)


def two_phases(
    shape: tuple[int, int] = (256, 256),
    *,
    spacings: Pair | None = None,
    angle: float = 0.0,
    rotations: Pair = (10.0, 10.0),
    amplitude: float = 10.0,
    sampling: float | Pair | None = None,
    origin: Pair = (0.0, 0.0),
    seed: int = 0,
    **options: Any,
) -> tuple[xr.DataArray, xr.Dataset]:
    """Make two crystals with different lattice constants side by side.

    Parameters
    ----------
    shape : (int, int)
        Pixels along y and x.
    spacings : (float, float), optional
        Of the square lattices before and behind the line, in lengths; 8 and 8.8 pixels when not
        given.
    angle : float
        Direction of the line's normal, degrees from +x towards +y.
    rotations : (float, float)
        Directions of the first reflection of each, degrees from +x towards +y.
    amplitude, sampling, origin, seed, **options
        As in `twin`.

    Returns
    -------
    image, truth
        As `twin`.

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    blank = make_image(np.zeros(shape, np.float32), sampling=sampling, origin=origin)
    pixel = max(pixel_grid(blank).sampling)
    lengths = spacings or (8.0 * pixel, 8.8 * pixel)
    if not min(lengths) > 0:
        raise ValueError(f"spacings are two lengths above 0, but {lengths} came.")
    g = [turned(square_g(d), turn) for d, turn in zip(lengths, rotations, strict=True)]
    return _side_by_side(blank, direction(angle), g, amplitude, seed, options)


def amorphous(
    shape: tuple[int, int] = (256, 256),
    *,
    texture: float = 10.0,
    noise: float = 3.0,
    sampling: float | Pair | None = None,
    origin: Pair = (0.0, 0.0),
    seed: int = 0,
    **options: Any,
) -> tuple[xr.DataArray, xr.Dataset]:
    """Make an amorphous film without any crystal: texture with Thon rings, and noise.

    Parameters
    ----------
    shape : (int, int)
        Pixels along y and x.
    texture, noise, seed, **options
        As in `fringes` (mean, dose, noise_seed).
    sampling, origin
        Calibration of the image, as in `make_image`.

    Returns
    -------
    image, truth
        As `twin`, with no domains and ``attrs["note"]`` saying so.

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    blank = make_image(np.zeros(shape, np.float32), sampling=sampling, origin=origin)
    label = np.full(shape, -1, np.int32)
    image = paint(blank, label, (), texture=texture, noise=noise, seed=seed, **options)
    return image, domain_truth(blank, label, [], note=NO_CRYSTAL)


def paint(
    blank: xr.DataArray,
    label: np.ndarray,
    pieces: Sequence[Piece],
    *,
    mean: float | Field = 100.0,
    texture: float = 0.0,
    underneath: bool = False,
    dose: float | None = None,
    noise: float = 0.0,
    seed: int = 0,
    noise_seed: int | None = None,
) -> xr.DataArray:
    """Draw each crystal's fringes where its label is, on a film, and record them."""
    rows, cols = blank["y"].values, blank["x"].values
    expected = background_at(mean, rows[:, None], cols[None, :]) + film(
        label.shape, label >= 0, texture, underneath, seed
    )
    for number, piece in enumerate(pieces):
        row, col = np.nonzero(label == number)
        away = np.stack([rows[row], cols[col]], 1) - piece.centre
        cycles = 2 * np.pi * away @ piece.g.T + piece.phase
        expected[row, col] += np.cos(cycles) @ piece.amplitude
    level = seed if noise_seed is None else noise_seed
    return record(expected, blank, dose=dose, noise=noise, seed=level)


def _side_by_side(
    blank: xr.DataArray,
    normal: np.ndarray,
    g: Sequence[np.ndarray],
    amplitude: float,
    seed: int,
    options: dict[str, Any],
) -> tuple[xr.DataArray, xr.Dataset]:
    centre = centre_of(blank)
    y, x = blank["y"].values[:, None], blank["x"].values[None, :]
    label = (normal[0] * (y - centre[0]) + normal[1] * (x - centre[1]) >= 0).astype(np.int32)
    height = np.broadcast_to(np.asarray(amplitude, float), len(g[0]))
    pieces = [Piece(vectors, height, np.zeros(len(vectors)), centre) for vectors in g]
    image = paint(blank, label, pieces, seed=seed, **options)
    return image, domain_truth(blank, label, g)
