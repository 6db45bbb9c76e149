"""Crystals with a displacement field: smooth strain, a strained layer."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from temwidgets.conventions import pixel_grid
from temwidgets.synthetic.crystal import Pair
from temwidgets.synthetic.fringes import fringes
from temwidgets.synthetic.geometry import (
    as_spacing,
    blank_image,
    centre_of,
    direction,
    square_g,
    turned,
)

_MODES = 8
_PERIODS = (0.7, 5.0)  # across the image


def strained_crystal(
    shape: tuple[int, int] = (512, 512),
    *,
    strain: float = 0.03,
    rim: float = 0.1,
    spacing: float | None = None,
    rotation: float = 12.0,
    amplitude: Any = (10.0, 10.0, 7.0),
    noise: float = 6.0,
    texture: float = 14.0,
    seed: int = 0,
    **options: Any,
) -> tuple[xr.DataArray, xr.Dataset]:
    """Make a single crystal under smooth random strain, with an amorphous rim of irregular outline.

    Parameters
    ----------
    shape : (int, int)
        Pixels along y and x.
    strain : float
        Largest principal strain in the image, either sign.
    rim : float
        Mean width of the rim as a fraction of the image's shorter side; 0: none. It varies by a
        half of itself.
    spacing : float, optional
        d of {111} in the image's length unit, 8 pixels when not given: the reflections are
        {111}, {-1 1 -1} and {002} of an fcc crystal along [110].
    rotation : float
        Turns the crystal, degrees from +x towards +y.
    amplitude, noise, texture, seed, **options
        As in `fringes`, whose other options are accepted.

    Returns
    -------
    image, truth
        As `fringes`.

    Raises
    ------
    ValueError
        If strain or rim is out of range, or an option of `fringes` is.

    Notes
    -----
    The displacement is a sum of eight plane waves with random directions and at most five periods
    across the image, each giving about the same strain; a larger image is strained more gently.

    Why noise 6 at amplitudes 10, 10, 7: the standard error of g from the phase gradient under a
    Gaussian window is ``var(g) = N / (16 pi^3 sigma^4 A^2)`` per axis, N the noise power per
    pixel. It is 0.10 % of |g| at sigma = 14.7 px and 0.22 % at 10 px, while the smoothing by such
    a window errs by as much again at 512 x 512. Plain geometric phase analysis with the window
    that is best by the truth is then off by 0.14 to 0.23 % in d at 512 x 512 and by 0.08 to
    0.12 % at 1024 x 1024 (more than 64 px inside), and by 0.25 to 0.42 % in the rim: images that
    tell methods apart.
    """
    if not 0 <= strain < 0.2 or not 0 <= rim < 0.4:
        raise ValueError(
            "strain is between 0 and 0.2 and rim between 0 and 0.4 of the shorter side, but"
            f" strain={strain}, rim={rim} came."
        )
    blank = blank_image(shape, options)
    spacing = as_spacing(spacing, blank)
    waves = _Waves.random(blank, strain, seed)
    return fringes(
        shape,
        turned(_fcc_110(spacing), rotation),
        amplitude=amplitude,
        displacement=waves.displacement,
        gradient=waves.gradient,
        mask=irregular_outline(shape, rim, seed),
        noise=noise,
        texture=texture,
        seed=seed,
        **options,
    )


def interface_step(
    shape: tuple[int, int] = (256, 256),
    *,
    strains: Pair = (0.0, 0.02),
    angle: float = 0.0,
    spacing: float | None = None,
    rotation: float = 0.0,
    seed: int = 0,
    **options: Any,
) -> tuple[xr.DataArray, xr.Dataset]:
    """Make two crystals that meet at a straight line, strained by different amounts across it.

    Parameters
    ----------
    shape : (int, int)
        Pixels along y and x.
    strains : (float, float)
        Strain along the normal of the interface, before and behind it; the displacement is
        continuous, so the lattice is coherent.
    angle : float
        Direction of the normal, degrees from +x towards +y. The line runs through the centre.
    spacing : float, optional
        d of the two reflections of a square lattice, in lengths; 8 pixels when not given.
    rotation : float
        Turns the crystal, degrees from +x towards +y.
    seed, **options
        As in `fringes`.

    Returns
    -------
    image, truth
        As `fringes`.

    Raises
    ------
    ValueError
        If a strain or an option of `fringes` is out of range.
    """
    if np.shape(strains) != (2,) or not max(np.abs(strains)) < 0.2:
        raise ValueError(f"The two strains are between -0.2 and 0.2, but {strains} came.")
    blank = blank_image(shape, options)
    spacing = as_spacing(spacing, blank)
    normal, centre = direction(angle), centre_of(blank)

    def along(y: np.ndarray, x: np.ndarray) -> np.ndarray:
        return normal[0] * (y - centre[0]) + normal[1] * (x - centre[1])

    def displacement(y: np.ndarray, x: np.ndarray) -> Any:
        s = along(y, x)
        moved = np.where(s < 0, strains[0], strains[1]) * s
        return normal[0] * moved, normal[1] * moved

    def gradient(y: np.ndarray, x: np.ndarray) -> Any:
        here = np.where(along(y, x) < 0, strains[0], strains[1])
        return [here * i * j for i in normal for j in normal]

    g = turned(square_g(spacing), rotation)
    return fringes(shape, g, displacement=displacement, gradient=gradient, seed=seed, **options)


class _Waves(NamedTuple):
    """Displacement ``u_c = sum_m Re(c_mc exp(2 pi i k_m . r))``."""

    k: np.ndarray  # (mode, 2), cycles per length
    size: np.ndarray  # (mode, 2), complex lengths

    @classmethod
    def random(cls, blank: xr.DataArray, strain: float, seed: int) -> _Waves:
        rng = np.random.default_rng([seed, 3])
        grid = pixel_grid(blank)
        extent = max(np.array(grid.shape) * grid.sampling)
        turn = 2 * np.pi * (np.arange(_MODES) + rng.random(_MODES)) / _MODES
        k = rng.uniform(*_PERIODS, _MODES)[:, None] / extent
        k = k * np.stack([np.sin(turn), np.cos(turn)], 1)
        size = rng.standard_normal((_MODES, 2)) + 1j * rng.standard_normal((_MODES, 2))
        waves = cls(k, size / np.hypot(*k.T)[:, None])
        step = max(1, max(grid.shape) // 128)
        y, x = blank["y"].values[::step, None], blank["x"].values[None, ::step]
        e_yy, u_yx, u_xy, e_xx = waves.gradient(y, x)
        most = np.abs(e_yy + e_xx) / 2 + np.hypot((e_yy - e_xx) / 2, (u_yx + u_xy) / 2)
        return cls(k, waves.size * strain / most.max())

    def displacement(self, y: np.ndarray, x: np.ndarray) -> Any:
        return self._sum(y, x, self.size)

    def gradient(self, y: np.ndarray, x: np.ndarray) -> Any:
        slopes = 2j * np.pi * self.k[:, None, :] * self.size[:, :, None]
        return self._sum(y, x, slopes.reshape(_MODES, 4))

    def _sum(self, y: np.ndarray, x: np.ndarray, sizes: np.ndarray) -> np.ndarray:
        """Sum on the grid of a column of y and a row of x; the waves are products of the two."""
        down = np.exp(2j * np.pi * y * self.k[:, 0])
        right = np.exp(2j * np.pi * self.k[:, 1, None] * x)
        return np.stack([((down * size) @ right).real for size in sizes.T])


def irregular_outline(shape: tuple[int, int], rim: float, seed: int) -> np.ndarray:
    """Mask of a piece whose edge wanders about `rim` (of the shorter side) inside the image."""
    if not rim:
        return np.ones(shape, bool)
    rng = np.random.default_rng([seed, 4])
    short = min(shape)
    rows, cols = np.arange(shape[0])[:, None], np.arange(shape[1])[None, :]
    away = np.minimum(np.minimum(rows, shape[0] - 1 - rows), np.minimum(cols, shape[1] - 1 - cols))
    wander = np.zeros(shape)
    for period in (0.6, 0.35, 0.2, 0.11):
        ky, kx = 2 * np.pi / (period * short) * direction(rng.uniform(0, 360))
        first, second = rng.uniform(0, 2 * np.pi, 2)
        wander += period * np.cos(ky * rows + kx * cols + first)
        wander += period * np.cos(kx * rows - ky * cols + second)
    return away >= rim * short * (1 + 0.5 * wander / np.abs(wander).max())


def _fcc_110(spacing: float) -> np.ndarray:
    """{111}, {-1 1 -1} and {002} of an fcc crystal along [110], from d of {111}."""
    half = np.rad2deg(np.arctan(np.sqrt(2.0)))  # between {111} and {002}
    return np.stack([direction(half), direction(-half), direction(0.0) * 2 / np.sqrt(3)]) / spacing
