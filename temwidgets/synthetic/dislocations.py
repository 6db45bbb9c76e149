"""An edge dislocation seen end on."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from temwidgets.conventions import pixel_grid
from temwidgets.synthetic.crystal import Pair
from temwidgets.synthetic.fringes import fringes
from temwidgets.synthetic.geometry import as_spacing, blank_image, direction, square_g, turned


def dislocation(
    shape: tuple[int, int] = (256, 256),
    *,
    spacing: float | None = None,
    burgers: tuple[int, int] = (1, 0),
    position: Pair | None = None,
    poisson: float = 0.3,
    rotation: float = 0.0,
    seed: int = 0,
    **options: Any,
) -> tuple[xr.DataArray, xr.Dataset]:
    """Make a crystal with one edge dislocation seen end on.

    Parameters
    ----------
    shape : (int, int)
        Pixels along y and x.
    spacing : float, optional
        Lattice parameter of the square lattice, in lengths; 8 pixels when not given.
    burgers : (int, int)
        Burgers vector in units of the lattice vectors a (along +x before `rotation`) and b (+y).
    position : (float, float), optional
        Of the core (y, x), in lengths; between four pixels at the centre when not given.
    poisson : float
        Poisson's ratio.
    rotation : float
        Turns crystal and dislocation, degrees from +x towards +y.
    seed, **options
        As in `fringes`.

    Returns
    -------
    image, truth
        As `fringes`. ``truth.attrs`` holds burgers_y, burgers_x (lengths): the integral of du
        along a loop round the core from +x towards +y; core_y, core_x.

    Raises
    ------
    ValueError
        If the Burgers vector is no lattice vector or zero, or Poisson's ratio is out of range.

    Notes
    -----
    Isotropic elasticity (Hirth & Lothe, Theory of Dislocations, 2nd ed., eqs. 3-45, 3-46), with x
    along b and y 90 degrees on:
    ``u_x = b/2pi [atan(y/x) + xy / (2 (1-nu) (x²+y²))]``,
    ``u_y = -b/2pi [(1-2nu)/(4 (1-nu)) ln(x²+y²) + (x²-y²) / (4 (1-nu) (x²+y²))]``.
    """
    _check_dislocation(burgers, poisson)
    blank = blank_image(shape, options)
    spacing = as_spacing(spacing, blank)
    a, b = direction(rotation), direction(rotation + 90)
    vector = spacing * (burgers[0] * a + burgers[1] * b)
    core = np.asarray(_between_pixels(blank) if position is None else position, float)
    if core.shape != (2,):
        raise ValueError(f"position is the place (y, x) of the core, but {position!r} came.")
    field = _Edge(vector, core, poisson)
    image, truth = fringes(
        shape,
        turned(square_g(spacing), rotation),
        displacement=field.displacement,
        gradient=field.gradient,
        seed=seed,
        **options,
    )
    known = {"burgers_y": vector[0], "burgers_x": vector[1], "core_y": core[0], "core_x": core[1]}
    return image, truth.assign_attrs({name: float(value) for name, value in known.items()})


class _Edge(NamedTuple):
    """The field of an edge dislocation."""

    burgers: np.ndarray
    core: np.ndarray
    poisson: float

    def _local(self, y: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, Any, Any]:
        """Orthonormal axes (along b, 90 degrees on; components y, x) and places on them."""
        along = self.burgers / np.hypot(*self.burgers)
        across = np.array([along[1], -along[0]])  # 90 degrees from +x towards +y
        dy, dx = y - self.core[0], x - self.core[1]
        p = along[0] * dy + along[1] * dx
        q = across[0] * dy + across[1] * dx
        return np.stack([along, across]), p, q

    def _square(self, p: np.ndarray, q: np.ndarray) -> np.ndarray:
        # a pixel at the core itself gets finite numbers, not NaN
        return np.maximum(p**2 + q**2, 1e-12 * (self.burgers**2).sum())

    def displacement(self, y: np.ndarray, x: np.ndarray) -> Any:
        axes, p, q = self._local(y, x)
        r2, nu = self._square(p, q), self.poisson
        scale = np.hypot(*self.burgers) / (2 * np.pi)
        u = scale * (np.arctan2(q, p) + p * q / (2 * (1 - nu) * r2))
        spread = (1 - 2 * nu) * np.log(r2) + (p**2 - q**2) / r2
        v = -scale * spread / (4 * (1 - nu))
        return axes[0, 0] * u + axes[1, 0] * v, axes[0, 1] * u + axes[1, 1] * v

    def gradient(self, y: np.ndarray, x: np.ndarray) -> Any:
        axes, p, q = self._local(y, x)
        r2, nu = self._square(p, q), self.poisson
        scale = np.hypot(*self.burgers) / (2 * np.pi) / r2
        skew, half = (p**2 - q**2) / r2, 1 / (2 * (1 - nu))
        # d(pq/r2) = (q, -p)(q2 - p2)/r4 and d((p2 - q2)/r2) = 4pq (q, -p)/r4, both along (p, q)
        u_p = scale * (-q - half * q * skew)
        u_q = scale * (p + half * p * skew)
        twice = 4 * p * q / r2
        v_p = -scale * half / 2 * (2 * (1 - 2 * nu) * p + twice * q)
        v_q = -scale * half / 2 * (2 * (1 - 2 * nu) * q - twice * p)
        inner = np.array([[u_p, u_q], [v_p, v_q]])
        return np.einsum("ai,ab...,bj->ij...", axes, inner, axes).reshape(4, *r2.shape)


def _between_pixels(blank: xr.DataArray) -> np.ndarray:
    grid = pixel_grid(blank)
    middle = [size // 2 - 0.5 for size in grid.shape]
    return np.array([float(value) for value in grid.to_lengths(*middle)])


def _check_dislocation(burgers: tuple[int, int], poisson: float) -> None:
    whole = np.asarray(burgers, float)
    if whole.shape != (2,) or not whole.any() or not (whole == np.round(whole)).all():
        raise ValueError(
            "burgers is a lattice vector, two whole numbers not both 0 such as (1, 0), but"
            f" {burgers!r} came: any other leaves a stacking fault."
        )
    if not 0 <= poisson <= 0.5:
        raise ValueError(f"Poisson's ratio is between 0 and 0.5, but {poisson} came.")
