"""Strain from maps of local spacing that an engine made without it."""

from __future__ import annotations

import numpy as np
import xarray as xr

from temwidgets.analysis.fourier.references import Unstrained
from temwidgets.analysis.fourier.spacing_data import STRAINS, lattices_of, put, put_strains
from temwidgets.analysis.fourier.strain_data import strain_fields
from temwidgets.kernels.fourier.lattice_fit import fit_vectors

_MAPS = ("d_spacing", "angle", "amplitude")


def outside_blank(spacing: xr.Dataset, inside: np.ndarray) -> xr.Dataset:
    """Take `inside` (y, x) for the mask, and blank the maps elsewhere."""
    out = spacing.copy()
    for name in (*_MAPS, *(f"{name}_std" for name in _MAPS)):
        out[name] = spacing[name].copy(data=np.where(inside, spacing[name].values, np.nan))
    out["mask"] = spacing["mask"].copy(data=inside)
    return out


def with_strain(spacing: xr.Dataset, reflections: xr.Dataset, unstrained: Unstrained) -> xr.Dataset:
    """Add the reference g and the strain from it."""
    near = reflections["g"].values.astype(float)
    local, covariance = _vectors(spacing, near)
    seen = np.isfinite(local).all(axis=1) & spacing["mask"].values
    stride = int(spacing.attrs.get("stride", 1))
    mean, _ = _reference(local, covariance, seen)
    g, g_std = _reference(local, covariance, seen & _region(unstrained, seen.shape, stride))
    if unstrained.vectors is not None:
        g, g_std = unstrained.vectors, np.zeros_like(near)
    made, unit = spacing.copy(), str(spacing["g"].attrs["units"])
    put(made, ("reflection", "component"), "g", g, g_std, unit, "reference g")
    unbiased = np.zeros_like(covariance)
    fit = fit_vectors(local, covariance, unbiased, seen, mean, g, lattices_of(reflections))
    if not fit.gradient.known.any():
        return made
    maps: dict[str, np.ndarray] = {}
    for name, (values, variance) in strain_fields(fit).items():
        for key, field in ((name, values), (f"{name}_std", np.sqrt(variance))):
            maps[key] = np.where(fit.gradient.known, field, np.nan).astype(np.float32)
    put_strains(made, maps, STRAINS, unstrained.words)
    return made


def _vectors(spacing: xr.Dataset, near: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Local vectors (n, 2, y, x) on the side of `near`, and their covariance (n, 3, y, x)."""
    length = 1 / spacing["d_spacing"].values
    angle = np.deg2rad(spacing["angle"].values)
    unit = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    side = np.sign(np.einsum("nayx,na->nyx", unit, near))
    along = (spacing["d_spacing_std"].values * length**2) ** 2
    across = (np.deg2rad(spacing["angle_std"].values) * length) ** 2
    y, x = unit[:, 0], unit[:, 1]
    covariance = np.stack(
        [
            along * y**2 + across * x**2,
            (along - across) * y * x,
            along * x**2 + across * y**2,
        ],
        axis=1,
    )
    return unit * (side * length)[:, None], covariance


def _region(unstrained: Unstrained, shape: tuple[int, ...], stride: int) -> np.ndarray:
    if unstrained.region is None:
        return np.ones(shape[1:], bool)
    region = unstrained.region
    pixels = np.zeros((shape[1] * stride, shape[2] * stride), bool)
    pixels[region.rows, region.cols] = True if region.mask is None else region.mask
    return pixels[::stride, ::stride]


def _reference(
    local: np.ndarray, covariance: np.ndarray, used: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Mean vectors (n, 2) and their spread; NaN where a reflection is not seen."""
    g = np.full((len(local), 2), np.nan)
    std = g.copy()
    for k, inside in enumerate(used):
        if inside.any():
            g[k] = local[k][:, inside].mean(axis=1)
            # windows overlap: what pixels share is not averaged out, so this is no less than it is
            std[k] = np.sqrt(covariance[k][::2, inside].mean(axis=1))
    return g, std
