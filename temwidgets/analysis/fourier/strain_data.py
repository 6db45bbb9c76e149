"""Strain of a lattice from the gradient of its reciprocal vectors, as fields and in words."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from temwidgets.kernels.fourier.crystal_maps import MapMaker
from temwidgets.kernels.fourier.lattice_fit import LatticeFit
from temwidgets.kernels.fourier.lattice_gradient import (
    finite_strain,
    small_strain,
    strain_variance,
    turned,
    turned_covariance,
)

Measure = Literal["finite", "small"]

STRAIN_TEXT = {
    "e_xx": ("1", "strain e_xx"),
    "e_yy": ("1", "strain e_yy"),
    "e_xy": ("1", "shear strain e_xy"),
    "rotation": ("deg", "lattice rotation from +x towards +y"),
    "dilatation": ("1", "dilatation e_xx + e_yy"),
}


def check_measure(measure: str) -> None:
    """Refuse what is no measure of strain."""
    if measure not in get_args(Measure):
        raise ValueError(
            f'measure is "finite" (Biot strain) or "small" (symmetric gradient), but {measure!r}'
            " came."
        )


def strain_fields(
    fit: LatticeFit, *, measure: Measure = "finite", angle: float = 0.0
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Strain and its variance, each (y, x), in the order of `STRAIN_TEXT`.

    Parameters
    ----------
    fit : LatticeFit
    measure : {"finite", "small"}
    angle : float
        Direction of the x axis of the strain, degrees from +x towards +y.
    """
    gradient, noise, bias = fit.gradient, fit.noise, fit.bias
    if angle:
        gradient = turned(gradient, angle)
        noise, bias = turned_covariance(noise, angle), turned_covariance(bias, angle)
    values = (finite_strain if measure == "finite" else small_strain)(gradient.matrix)
    # reflections share their bias: it adds up where noise is averaged
    variance = strain_variance(gradient, noise + bias * np.float32(max(len(bias) / 2, 1)))
    every = zip([*values, values[0] + values[1]], variance, strict=True)
    return dict(zip(STRAIN_TEXT, every, strict=True))


def add_strains(
    maker: MapMaker,
    fit: LatticeFit,
    *,
    names: tuple[str, ...] = tuple(STRAIN_TEXT),
    measure: Measure = "finite",
    angle: float = 0.0,
) -> None:
    """Add strains and their errors to what `maker` carries, where there is more than one g."""
    if not maker.several:
        return
    fields = strain_fields(fit, measure=measure, angle=angle)
    for name in names:
        values, variance = fields[name]
        maker.add(name, values)
        maker.add_error(f"{name}_std", variance)
