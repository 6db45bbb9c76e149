"""Geometric phase analysis: strain relative to a reference region."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr

from temwidgets.analysis.fourier.lattice_maps import LatticeMaps, check_window, lattice_maps
from temwidgets.analysis.fourier.references import Unstrained, as_unstrained, region_weight
from temwidgets.analysis.fourier.reflection_data import check_reflections
from temwidgets.analysis.fourier.spacing_data import (
    empty_maps,
    mask_pixels,
    put,
    put_mask,
    put_strains,
)
from temwidgets.analysis.fourier.strain_data import (
    STRAIN_TEXT,
    Measure,
    add_strains,
    check_measure,
)
from temwidgets.analysis.fourier.strongest import strongest_reflections
from temwidgets.analysis.framewise import framewise
from temwidgets.conventions import check_image, length_unit
from temwidgets.kernels.fourier.lattice_fit import phase_from
from temwidgets.kernels.fourier.local_fringes import PHASE_GAIN

_LEAST_SINE = 0.05  # of the angle between two reflections


@framewise
def geometric_phase(
    image: xr.DataArray,
    reflections: xr.Dataset | None = None,
    *,
    sigma: float | None = None,
    reference: Any = None,
    axis_angle: float = 0.0,
    measure: Measure = "finite",
    stride: int = 1,
    mask: xr.DataArray | None = None,
    report: Callable[[float], None] | None = None,
) -> xr.Dataset:
    """Map phase and strain relative to a reference region (geometric phase analysis).

    Strain here is *relative*: zero in the reference region, whatever the lattice there is. For
    absolute spacings take `local_spacing`.

    Parameters
    ----------
    image : DataArray, (y, x) or (frame, y, x)
        Finite. A stack is mapped frame by frame; it needs `reflections`.
    reflections : Dataset, (reflection,), optional
        Two or more that are not all in line, from `find_reflections` or `make_reflections`; with
        more than two the strain is their weighted least squares. Not given: the three strongest of
        the first lattice that is found.
    sigma : float, optional
        Of the Gaussian window, in lengths; the mask round a spot of the spectrum is a Gaussian of
        sigma 1/(2 pi sigma). Not given: as in `local_spacing`.
    reference : optional
        Unstrained region, as in `power_spectrum`, such as (y0, y1, x0, x1) in lengths: g is
        refined there by fitting a plane wave to the phase. Or a Dataset of reflections, the
        unstrained vector of each. Not given: the mean over the mask.
    axis_angle : float
        Direction of the x axis that strain is given along, degrees from +x towards +y, such as
        that of a lattice row; y is 90 degrees on.
    measure : {"finite", "small"}
        "finite": Biot strain U - 1 from the deformation gradient F = R U, exact for strain and
        rotation of any size; a rigid rotation gives none; e_xx is the true elongation d/d_ref - 1.
        "small": symmetric part of grad u as Hytch et al. have it, with u a function of the place
        in the image; at 3 % strain it differs by 0.1 % (e_xx is 1 - d_ref/d), at a rotation of 3
        degrees by 0.14 %.
    stride : int
        Map every so many pixels.
    mask : DataArray of bool, (y, x), optional
        Where the crystal is; found when not given.
    report : callable, optional
        Told the fraction done; it may raise `CancelledError` to stop.

    Returns
    -------
    Dataset, (reflection, y, x)
        ``phase`` (radians, -pi to pi, zero on average in the reference) and ``amplitude``
        (counts) of each reflection; ``e_xx``, ``e_yy``, ``e_xy``, ``dilatation`` and ``rotation``
        (degrees from +x towards +y) (y, x); each with ``_std``. ``mask`` (y, x): where strain is
        known; NaN elsewhere. ``g`` (reflection, component): the refined reference vectors.
        Attributes: ``reference`` (y0, y1, x0, x1) or None, ``axis_angle``, ``measure``, ``sigma``.

    Raises
    ------
    TypeError, ValueError
        If image, reflections or mask do not fit, reflections are in line or no crystal is found,
        the reference region holds no fringes, or an option is out of range.

    Notes
    -----
    The phase of ``A cos(2 pi g.(r - u) + phi)`` less that of the plane wave g is ``-2 pi g.u``
    (Hytch, Snoeck & Kilaas, Ultramicroscopy 74, 131 (1998), eq. 12). Strain comes from its
    gradient, ``grad P_j = -2 pi grad(u)^T g_j``, which needs no unwrapping and runs undisturbed
    round dislocations. How the gradient and its errors are measured: see `local_spacing`.
    """
    check_image(image, finite=True)
    check_window(image, sigma, stride)
    check_measure(measure)
    _check_angle(axis_angle)
    tell = report or (lambda fraction: None)
    if reflections is None:
        reflections = strongest_reflections(image, lambda fraction: tell(0.2 * fraction))
    check_reflections(reflections, least=2, units=length_unit(image))
    _check_directions(reflections["g"].values)
    unstrained = as_unstrained(reference, image, reflections.sizes["reflection"])
    inside = None if mask is None else mask_pixels(mask, image)
    found = lattice_maps(
        image, reflections, unstrained, sigma=sigma, stride=stride, inside=inside, report=tell
    )
    _add_phases(found, unstrained)
    add_strains(found.maker, found.fit, measure=measure, angle=axis_angle)
    maps = found.maker.carry()
    tell(0.95)
    made = empty_maps(image, reflections, *found.vectors, stride)
    _put_phases(made, image, maps)
    put_strains(made, maps, tuple(STRAIN_TEXT), unstrained.words)
    put_mask(made, found.maker.strained)
    return made.assign_attrs(
        reference=unstrained.bounds,
        axis_angle=float(axis_angle),
        measure=measure,
        sigma=found.sigma,
        stride=stride,
    )


def _check_angle(axis_angle: float) -> None:
    if not np.isfinite(axis_angle):
        raise ValueError(f"axis_angle is a number of degrees, but {axis_angle!r} came.")


def _check_directions(g: np.ndarray) -> None:
    unit = g / np.hypot(*g.T)[:, None]
    if not (np.abs(unit[:, :1] * unit[:, 1] - unit[:, 1:] * unit[:, 0]) > _LEAST_SINE).any():
        raise ValueError(
            "All reflections lie in one direction, but strain needs two directions. Choose another"
            " reflection as well; for the spacing along one, take temwidgets.local_spacing."
        )


def _add_phases(found: LatticeMaps, unstrained: Unstrained) -> None:
    """Add phase and amplitude of each reflection; phasors are carried, for phases are wrapped."""
    measured, maker, scale = found.measured, found.maker, found.fringes.spectrum.scale
    weight = measured.share.max(axis=0) > 0.5
    if unstrained.region is not None:
        weight = weight * region_weight(measured, found.fringes, unstrained.region)
    for k, fringes in enumerate(measured.fringes):
        g = np.where(np.isfinite(found.reference.g[k]), found.reference.g[k], fringes.carrier)
        phasor = phase_from(measured, k, g, weight.astype(np.float32))
        maker.add_phase("phase", phasor, fringes.g - g[:, None, None], k)
        relative = fringes.amplitude_variance / np.maximum(fringes.amplitude, 1e-12) ** 2
        maker.add_error("phase_std", PHASE_GAIN * relative, k)
        maker.add("amplitude", scale * fringes.amplitude, k)
        maker.add_error("amplitude_std", scale**2 * fringes.amplitude_variance, k)


def _put_phases(made: xr.Dataset, image: xr.DataArray, maps: dict[str, np.ndarray]) -> None:
    counts = str(image.attrs.get("units", "1"))
    texts = {
        "phase": ("rad", "geometric phase, relative to the reference"),
        "amplitude": (counts, "amplitude of the fringes"),
    }
    for name, (units, text) in texts.items():
        dims = ("reflection", "y", "x")
        put(made, dims, name, maps[name], maps[f"{name}_std"], units, text)
