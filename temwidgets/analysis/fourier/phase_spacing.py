"""Local lattice spacing by the phase engine."""

from __future__ import annotations

from functools import partial

import numpy as np
import xarray as xr

from temwidgets.analysis.fourier.lattice_maps import LatticeMaps, Report, lattice_maps
from temwidgets.analysis.fourier.references import Unstrained
from temwidgets.analysis.fourier.spacing_data import (
    STRAINS,
    empty_maps,
    put_mask,
    put_spacings,
    put_strains,
)
from temwidgets.analysis.fourier.strain_data import add_strains


def phase_spacing(
    image: xr.DataArray,
    reflections: xr.Dataset,
    unstrained: Unstrained,
    *,
    sigma: float | None,
    stride: int,
    inside: np.ndarray | None,
    joint: bool,
    report: Report,
) -> xr.Dataset:
    """Measure reflections by the phase engine; arguments are those of `local_spacing`, checked."""
    found = lattice_maps(
        image, reflections, unstrained, sigma=sigma, stride=stride, inside=inside, report=report
    )
    _add_spacings(found, joint)
    add_strains(found.maker, found.fit, names=STRAINS)
    maps = found.maker.carry()
    report(0.95)
    made = empty_maps(image, reflections, *found.vectors, stride)
    put_spacings(made, image, maps)
    put_mask(made, np.asarray(found.maker.inside.any(axis=0)))
    put_strains(made, maps, STRAINS, unstrained.words)
    return made.assign_attrs(engine="phase", sigma=found.sigma, stride=stride, joint=int(joint))


def _add_spacings(found: LatticeMaps, joint: bool) -> None:
    unit, maker, scale = found.fringes.unit, found.maker, found.fringes.spectrum.scale
    for k, fringes in enumerate(found.measured.fringes):
        y, x = found.fit.g[k] if joint else fringes.g
        yy, yx, xx = found.fit.covariance[k] if joint else fringes.covariance + fringes.bias
        length = np.hypot(y, x)
        along = (yy * y**2 + 2 * yx * y * x + xx * x**2) / length**2
        across = (yy * x**2 - 2 * yx * y * x + xx * y**2) / length**2
        direction = np.arctan2(*fringes.carrier)
        turn = np.rad2deg(np.angle((x + 1j * y) * np.exp(-1j * direction)))
        fold = partial(_fold, np.float32(np.rad2deg(direction)))
        maker.add("d_spacing", unit / length, k)
        maker.add_error("d_spacing_std", unit**2 * along / length**4, k)
        maker.add("angle", turn, k, fold)
        maker.add_error("angle_std", np.rad2deg(1.0) ** 2 * across / length**2, k)
        maker.add("amplitude", scale * fringes.amplitude, k)
        maker.add_error("amplitude_std", scale**2 * fringes.amplitude_variance, k)


def _fold(direction: np.float32, band: np.ndarray) -> None:
    """Turn deviations from a direction into directions in (-90, 90] degrees."""
    band += direction
    np.subtract(band, 180, out=band, where=band > 90)
    np.add(band, 180, out=band, where=band <= -90)
