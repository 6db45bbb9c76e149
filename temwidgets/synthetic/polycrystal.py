"""Grains of random shape and orientation in an amorphous matrix."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from temwidgets.conventions import make_image, pixel_grid
from temwidgets.synthetic.crystal import Pair
from temwidgets.synthetic.fringe_truth import domain_truth
from temwidgets.synthetic.geometry import direction
from temwidgets.synthetic.grains import NO_CRYSTAL, Piece, paint

_LOBES = 5
_FAR = 9.0  # deeper than any outline reaches
_NEAR = 0.005  # relative difference of the spacings of a near-equal pair


def polycrystal(
    shape: tuple[int, int] = (1024, 1024),
    *,
    grains: int = 12,
    filling: float = 0.4,
    spacings: Pair | None = None,
    gap: float = 0.06,
    amplitude: float = 4.0,
    texture: float = 6.0,
    underneath: bool = True,
    noise: float = 10.0,
    sampling: float | Pair | None = None,
    origin: Pair = (0.0, 0.0),
    seed: int = 0,
    **options: Any,
) -> tuple[xr.DataArray, xr.Dataset]:
    """Make grains with weak fringes in an amorphous film.

    Parameters
    ----------
    shape : (int, int)
        Pixels along y and x.
    grains : int
        Number of grains. Each is an irregular blob with one or two families of fringes; every
        fourth has nearly the spacing of the grain before it, 0.5 % off, but not its orientation.
    filling : float
        About the fraction of the image that is crystalline, at most 0.6.
    spacings : (float, float), optional
        Smallest and largest d, in lengths; 6.3 and 11.3 pixels when not given (0.19 and 0.34 nm
        at 0.03 nm per pixel).
    gap : float
        Width of the amorphous seam where grains would meet, as a fraction of a grain's radius;
        0: they touch.
    amplitude : float
        Of the stronger fringes of a grain; the weaker ones have 0.6 to 0.9 of it.
    texture, underneath, noise, seed, **options
        As in `fringes` (mean, dose, noise_seed).
    sampling, origin
        Calibration of the image, as in `make_image`.

    Returns
    -------
    image, truth
        As `twin`. Spots of a domain come with the stronger first.

    Raises
    ------
    ValueError
        If a number is out of range.

    Notes
    -----
    By default the fringes have a third of the standard deviation of film and noise: they do not
    show to the eye. Who knew each g could label pixels by the amplitude under a Gaussian window
    with an adjusted Rand index of 0.92 at 1024 x 1024 (window 16 px; 0.84 at 12 px, 0.91 at 24).
    """
    _check(grains, filling, gap)
    blank = make_image(np.zeros(shape, np.float32), sampling=sampling, origin=origin)
    rng = np.random.default_rng([seed, 5])
    label = grow(blank, grains, filling, gap, rng)
    pixel = max(pixel_grid(blank).sampling)
    pieces = _pieces(blank, label, grains, spacings or (6.3 * pixel, 11.3 * pixel), amplitude, rng)
    image = paint(
        blank,
        label,
        pieces,
        texture=texture,
        underneath=underneath,
        noise=noise,
        seed=seed,
        **options,
    )
    note = {} if grains else {"note": NO_CRYSTAL}
    return image, domain_truth(blank, label, [piece.g for piece in pieces], **note)


class _Blob(NamedTuple):
    """A star-shaped outline ``r(t) = radius (1 + sum_k c_k cos(k t + p_k))``."""

    centre: np.ndarray
    radius: float
    lobes: np.ndarray
    phases: np.ndarray

    def depth(self, y: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Distance from the centre over that of the outline."""
        dy, dx = y - self.centre[0], x - self.centre[1]
        turn = np.exp(1j * np.arctan2(dy, dx))
        outline = np.ones(turn.shape)
        power = turn
        for lobe, phase in zip(self.lobes, self.phases, strict=True):
            power = power * turn
            outline += lobe * (power * np.exp(1j * phase)).real
        return np.hypot(dy, dx) / (self.radius * outline)


def grow(
    blank: xr.DataArray, grains: int, filling: float, gap: float, rng: np.random.Generator
) -> np.ndarray:
    """Label map of blobs that keep off each other: -1 between them."""
    grid = pixel_grid(blank)
    label = np.full(grid.shape, -1, np.int32)
    if not grains:
        return label
    extent = np.array(grid.shape) * grid.sampling
    radius = np.sqrt(filling * extent.prod() / (np.pi * grains))
    nearest, second = np.full((2, *grid.shape), _FAR)
    y, x = blank["y"].values, blank["x"].values
    for number, centre in enumerate(_scatter(grains, extent, radius, rng)):
        lobes = 0.3 * rng.uniform(-1, 1, _LOBES) / np.arange(1, _LOBES + 1)
        blob = _Blob(
            centre + np.array(grid.origin) - np.array(grid.sampling) / 2,
            radius * rng.uniform(0.8, 1.15),
            lobes,
            rng.uniform(0, 2 * np.pi, _LOBES),
        )
        box = np.ix_(
            *(np.abs(v - c) < 2.2 * radius for v, c in zip((y, x), blob.centre, strict=True))
        )
        depth = blob.depth(y[box[0]], x[box[1]])
        second[box] = np.minimum(second[box], np.maximum(depth, nearest[box]))
        label[box] = np.where(depth < nearest[box], number, label[box])
        nearest[box] = np.minimum(nearest[box], depth)
    return np.where((nearest < 1) & (second - nearest >= gap), label, -1)


def _scatter(
    grains: int, extent: np.ndarray, radius: float, rng: np.random.Generator
) -> np.ndarray:
    """Centres (grain, 2) far from each other: each the best of many candidates."""
    margin = np.minimum(0.7 * radius, 0.45 * extent)
    chosen = rng.uniform(margin, extent - margin)[None]
    while len(chosen) < grains:
        tried = rng.uniform(margin, extent - margin, (60, 2))
        away = np.hypot(*(tried[:, None] - chosen[None]).transpose(2, 0, 1)).min(1)
        chosen = np.vstack([chosen, tried[away.argmax()]])
    return chosen


def _pieces(
    blank: xr.DataArray,
    label: np.ndarray,
    grains: int,
    spacings: Pair,
    amplitude: float,
    rng: np.random.Generator,
) -> list[Piece]:
    low, high = spacings
    if not 0 < low < high:
        raise ValueError(
            f"spacings are the smallest and the largest d, above 0, but {spacings} came."
        )
    y, x = blank["y"].values, blank["x"].values
    pieces, before = [], 0.0
    for number in range(grains):
        row, col = np.nonzero(label == number)
        if not row.size:
            raise ValueError(
                f"Grain {number} of {grains} found no room. Ask for fewer grains, or a lower gap."
            )
        d = before * (1 + _NEAR) if number % 4 == 3 else rng.uniform(low, high)
        before = d
        turn = rng.uniform(-90, 90)
        g, height = [direction(turn) / d], [amplitude]
        if rng.random() < 0.5:
            g.append(direction(turn + rng.uniform(50, 90)) / rng.uniform(low, high))
            height.append(amplitude * rng.uniform(0.6, 0.9))
        phase = rng.uniform(0, 2 * np.pi, len(g))
        centre = np.array([y[row].mean(), x[col].mean()])
        pieces.append(Piece(np.array(g), np.array(height), phase, centre))
    return pieces


def _check(grains: int, filling: float, gap: float) -> None:
    if int(grains) != grains or grains < 0:
        raise ValueError(f"grains is a whole number, 0 or more, but {grains} came.")
    if not 0 < filling <= 0.6 or not 0 <= gap < 1:
        raise ValueError(
            "filling is a fraction above 0 and at most 0.6, gap between 0 and 1, but"
            f" filling={filling}, gap={gap} came."
        )
