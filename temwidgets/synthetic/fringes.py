"""Fringes: sums of plane waves on a displaced lattice, with the local lattice as truth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr

from temwidgets.conventions import make_image, pixel_grid
from temwidgets.conventions.grid import finite_numbers
from temwidgets.synthetic.crystal import Displacement, Pair
from temwidgets.synthetic.fringe_truth import spacing_truth
from temwidgets.synthetic.rendering import Field, background_at
from temwidgets.synthetic.texture import amorphous_texture, record

Gradient = Callable[[np.ndarray, np.ndarray], Any]
Mask = np.ndarray | Callable[[np.ndarray, np.ndarray], np.ndarray] | None
_STEP = 1e-3  # px: third derivatives and rounding both stay below 1e-9 of a gradient


def fringes(
    shape: tuple[int, int],
    g: Any,
    *,
    amplitude: Any = 10.0,
    phase: Any = 0.0,
    displacement: Displacement | None = None,
    gradient: Gradient | None = None,
    mask: Mask = None,
    mean: float | Field = 100.0,
    texture: float = 0.0,
    underneath: bool = False,
    dose: float | None = None,
    noise: float = 0.0,
    sampling: float | Pair | None = None,
    origin: Pair = (0.0, 0.0),
    seed: int = 0,
    noise_seed: int | None = None,
) -> tuple[xr.DataArray, xr.Dataset]:
    """Make a crystal of plane fringes on a displaced lattice, and its true local spacing.

    Parameters
    ----------
    shape : (int, int)
        Pixels along y and x.
    g : array_like, (reflection, 2)
        Reciprocal vectors (y, x), cycles per length (1/nm; 1/px when `sampling` is not given).
        Of g and -g the one with x > 0 (or x = 0 and y > 0) is kept.
    amplitude, phase : float or sequence
        Of each reflection: amplitude A in units of intensity, phase in radians at (0, 0).
    displacement : callable, optional
        ``displacement(y, x) -> (u_y, u_x)``, lengths in and out, at the place in the *image*.
    gradient : callable, optional
        ``gradient(y, x) -> (du_y/dy, du_y/dx, du_x/dy, du_x/dx)``. Not given: central differences
        of the displacement; give it where the displacement jumps.
    mask : bool array or callable, optional
        Where the crystal is: an array of `shape`, or ``mask(y, x) -> bool``. Everywhere when None.
    mean : float or callable
        Mean intensity, a number or ``mean(y, x)``.
    texture : float
        Standard deviation of the amorphous texture outside the mask (see `amorphous_texture`).
    underneath : bool
        Whether the texture lies under the crystal too.
    dose : float, optional
        Quanta per unit of intensity; counts are Poisson. None: no counting noise, one count per
        unit.
    noise : float
        Standard deviation of additive Gaussian noise, in counts.
    sampling, origin
        Calibration of the image, as in `make_image`; pixels may be non-square.
    seed, noise_seed : int
        Texture comes from `seed`, noise from `noise_seed` (or `seed`).

    Returns
    -------
    image : DataArray, (y, x), float32
        Counts.
    truth : Dataset, (reflection, y, x)
        As `local_spacing` would report it: reference g(reflection, component); d_spacing, angle,
        amplitude per pixel; e_xx, e_yy, e_xy, rotation; mask. Also local_g(reflection, component,
        y, x), displacement(component, y, x) and distortion(component, direction, y, x), which is
        du_component/d_direction. NaN outside the mask.

    Raises
    ------
    ValueError
        If g, amplitude, phase or mask do not fit, or a noise parameter is out of range.

    Notes
    -----
    ``I(r) = mean + sum_j A_j cos(2 pi g_j . (r - u(r)) + phi_j)``. The local reciprocal vector is
    the gradient of the phase over 2 pi, ``g_j(r) = (1 - grad u(r)^T) g_j``, and strain is the
    symmetric part of grad u, rotation its antisymmetric part, as geometric phase analysis has it
    (Hytch, Snoeck & Kilaas, Ultramicroscopy 74, 131 (1998), eqs. 12, 38). With the displacement a
    function of the place in the image, the deformation gradient is F = (1 - grad u)^-1.
    """
    blank = make_image(np.zeros(shape, np.float32), sampling=sampling, origin=origin)
    vectors, height, start = _waves(g, amplitude, phase)
    inside = mask_of(mask, blank)
    y, x = blank["y"].values[:, None], blank["x"].values[None, :]
    moved = _displaced(displacement, y, x)
    waves = np.zeros(shape)
    for vector, size, angle in zip(vectors, height, start, strict=True):
        across = vector[0] * (y - moved[0]) + vector[1] * (x - moved[1])
        waves += size * np.cos(2 * np.pi * across + angle)
    expected = background_at(mean, y, x) + np.where(inside, waves, 0.0)
    image = record(
        expected + amorphous(shape, inside, texture, underneath, seed),
        blank,
        dose=dose,
        noise=noise,
        seed=seed if noise_seed is None else noise_seed,
    )
    slopes = _gradient(displacement, gradient, y, x, min(pixel_grid(blank).sampling))
    return image, spacing_truth(blank, vectors, height * (dose or 1.0), moved, slopes, inside)


def mask_of(mask: Mask, blank: xr.DataArray) -> np.ndarray:
    """Return the mask as a bool array of the image's shape."""
    values = (
        mask(blank["y"].values[:, None], blank["x"].values[None, :]) if callable(mask) else mask
    )
    inside = np.asarray(True if values is None else values, bool)
    if inside.shape not in ((), blank.shape):
        raise ValueError(
            f"mask is a bool array of the image's shape {blank.shape}, but its shape is"
            f" {inside.shape}."
        )
    return np.broadcast_to(inside, blank.shape)


def amorphous(
    shape: tuple[int, int], inside: np.ndarray, texture: float, underneath: bool, seed: int
) -> np.ndarray | float:
    """Texture of standard deviation `texture` outside the crystal, or everywhere."""
    if not texture >= 0:
        raise ValueError(f"texture is a standard deviation, not negative, but {texture} came.")
    if not texture:
        return 0.0
    film = texture * amorphous_texture(shape, seed=seed)
    return film if underneath else np.where(inside, 0.0, film)


def _waves(g: Any, amplitude: Any, phase: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    vectors = finite_numbers(g)
    if vectors is None or vectors.ndim != 2 or vectors.shape[1] != 2 or not vectors.any(1).all():
        raise ValueError(
            "g is a list of reciprocal vectors (y, x) other than zero, cycles per length, such as"
            f" [(0.0, 0.125), (0.125, 0.0)], but {g!r} came."
        )
    numbers = []
    for name, given in (("amplitude", amplitude), ("phase", phase)):
        values = finite_numbers(given)
        if values is None or values.shape not in ((), (len(vectors),)):
            raise ValueError(
                f"{name} is one number, or one for each of the {len(vectors)} reflections, but"
                f" {given!r} came."
            )
        numbers.append(np.broadcast_to(values, len(vectors)))
    back = (vectors[:, 1] < 0) | ((vectors[:, 1] == 0) & (vectors[:, 0] < 0))
    sign = np.where(back, -1.0, 1.0)
    return vectors * sign[:, None] + 0.0, numbers[0], numbers[1] * sign


def _displaced(displacement: Displacement | None, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    shape = np.broadcast_shapes(y.shape, x.shape)
    if displacement is None:
        return np.zeros((2, *shape))
    u_y, u_x = displacement(y, x)
    return np.stack([np.broadcast_to(u_y, shape), np.broadcast_to(u_x, shape)]).astype(float)


def _gradient(
    displacement: Displacement | None,
    gradient: Gradient | None,
    y: np.ndarray,
    x: np.ndarray,
    pixel: float,
) -> np.ndarray:
    """Displacement gradient (component, direction, y, x)."""
    shape = np.broadcast_shapes(y.shape, x.shape)
    if displacement is None:
        return np.zeros((2, 2, *shape))
    if gradient is not None:
        parts = [np.broadcast_to(part, shape) for part in gradient(y, x)]
        return np.stack(parts).reshape(2, 2, *shape)
    step = _STEP * pixel
    ahead = _displaced(displacement, y + step, x), _displaced(displacement, y, x + step)
    behind = _displaced(displacement, y - step, x), _displaced(displacement, y, x - step)
    return np.stack([(a - b) / (2 * step) for a, b in zip(ahead, behind, strict=True)], 1)
