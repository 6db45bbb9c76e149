"""Fourier filters: masks over reciprocal space, and the image that they let through."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import xarray as xr
from scipy import fft

from temwidgets.analysis.fourier.reflection_data import check_reflections
from temwidgets.analysis.framewise import framewise
from temwidgets.conventions import PixelGrid, check_image, pixel_grid, quantity
from temwidgets.kernels.fourier import masks
from temwidgets.kernels.fourier.periodic import smooth_part
from temwidgets.kernels.fourier.periodogram import axis

Kind = Literal["spots", "ring", "half", "lattice"]
KINDS = ("spots", "ring", "half", "lattice")
_RADIUS = 0.15
"""Default radius of a spot over the shortest distance to another spot, its mate or the origin."""


def fourier_mask(
    image: xr.DataArray,
    reflections: xr.Dataset | None = None,
    *,
    kind: Kind = "spots",
    family: int | None = None,
    radius: float | None = None,
    soft: float = 0.5,
    k_range: tuple[float, float | None] | None = None,
    angle: float = 0.0,
) -> xr.DataArray:
    """Make a mask over the Fourier transform of an image: what it lets through.

    Parameters
    ----------
    image : DataArray, (y, x)
        Its size and pixels give the mask's.
    reflections : Dataset, (reflection,), optional
        For "spots" and "lattice".
    kind : {"spots", "ring", "half", "lattice"}
        Discs round the reflections and their mates; a ring of |k| in `k_range`; all beyond a line
        whose normal has the direction `angle` and whose distance is the first of `k_range`, with
        its mirror image; or discs round every point of the lattices that the reflections span,
        one for each of their crystals (``lattice``).
    family : int, optional
        Take the reflections of this family alone.
    radius : float, optional
        Of the discs, 1/nm; 0.15 of the shortest distance between two of one crystal, or to the
        origin, when not given, and never below one and a half bins. Smaller: smoother, less local.
    soft : float
        Width of the edge that falls from 1 to 0 (raised cosine), over the radius (or over the width
        of the ring, or half the distance of the line); 0: a hard edge, which rings.
    k_range : (float, float or None), optional
        Smallest and largest |k|, 1/nm, of the ring; for "half" the distance of the line. None as
        the largest: no limit.
    angle : float
        Degrees from +x towards +y.

    Returns
    -------
    DataArray, (ky, kx), float32
        0 to 1, alike at k and -k, so that what is filtered stays real.

    Raises
    ------
    TypeError, ValueError
        If reflections or `k_range` are needed and missing, or an option is out of range.
    """
    check_image(image)
    grid = pixel_grid(image)
    ky, kx = (axis(n, s) for n, s in zip(grid.shape, grid.sampling, strict=True))
    made = _mask(grid, (ky, kx), reflections, kind, family, radius, soft, k_range, angle)
    coords = {
        name: quantity(name, values, f"1/{grid.units}", f"{name[1]} frequency")
        for name, values in (("ky", ky), ("kx", kx))
    }
    attrs = {"units": "1", "long_name": "share that the mask lets through", "kind": kind}
    return xr.DataArray(made, coords=coords, dims=("ky", "kx"), name="mask", attrs=attrs)


def _mask(
    grid: PixelGrid,
    k: tuple[np.ndarray, np.ndarray],
    reflections: Any,
    kind: str,
    family: int | None,
    radius: float | None,
    soft: float,
    k_range: Any,
    angle: float,
) -> np.ndarray:
    if kind not in KINDS:
        raise ValueError(f"kind is one of {', '.join(KINDS)}, but {kind!r} came.")
    if not 0 <= soft <= 1:
        raise ValueError(f"soft is a share of the radius, 0 to 1, but {soft!r} came.")
    if radius is not None and not radius > 0:
        raise ValueError(f"radius is a length above 0 in 1/{grid.units}, but {radius!r} came.")
    if kind in ("ring", "half"):
        low, high = _range(kind, k_range, grid.units)
        if kind == "ring":
            return masks.ring(*k, low, high, soft)
        return masks.beyond_line(*k, np.deg2rad(angle), low, soft)
    parts = _vectors(reflections, kind, family, grid.units)
    reach = (float(abs(k[0]).max()), float(abs(k[1]).max()))
    if kind == "lattice":
        parts = [masks.lattice_points(part, reach) for part in parts]
    finest = max(float(axis[1] - axis[0]) for axis in k)
    apart = min(masks.shortest_distance(part) for part in parts)
    size = radius or max(_RADIUS * apart, 1.5 * finest)
    return masks.spots(*k, np.concatenate(parts), size, soft)


def _range(kind: str, k_range: Any, units: str) -> tuple[float, float]:
    pair = tuple(k_range) if isinstance(k_range, tuple | list) else ()
    low, high = pair if len(pair) == 2 else (None, None)
    high = np.inf if high is None else high
    if low is None or not 0 <= low < high:
        raise ValueError(
            f"A mask of kind {kind!r} needs k_range, the smallest and the largest |k| in"
            f" 1/{units}, such as (2.0, 5.0), but {k_range!r} came."
        )
    return float(low), float(high)


def _vectors(reflections: Any, kind: str, family: int | None, units: str) -> list[np.ndarray]:
    """Vectors (n, 2) of the reflections of each crystal; discs of different ones may overlap."""
    check_reflections(reflections, least=1, units=units)
    if family is not None:
        known = reflections["family"].values if "family" in reflections else np.empty(0, int)
        if family not in known:
            there = ", ".join(map(str, np.unique(known))) or "none"
            raise ValueError(f"There is no reflection of family {family}; there are {there}.")
        reflections = reflections.isel(reflection=known == family)
    g = reflections["g"].values
    number = reflections["lattice"].values if "lattice" in reflections else np.full(len(g), -1)
    crystals = [g[number == n] for n in np.unique(number[number >= 0])]
    if kind != "lattice":
        return [*crystals, *([g[number < 0]] if (number < 0).any() else [])]
    parts = [part for part in crystals if _span(part)] or ([g] if _span(g) else [])
    if not parts:
        raise ValueError(
            "A lattice is spanned by two or more reflections in different directions. Give more,"
            ' or use kind="spots".'
        )
    return parts


def _span(g: np.ndarray) -> bool:
    return bool(np.linalg.matrix_rank(g, tol=1e-3 * np.abs(g).max()) == 2)


@framewise
def fourier_filter(
    image: xr.DataArray,
    reflections: xr.Dataset | None = None,
    *,
    kind: Kind = "spots",
    family: int | None = None,
    radius: float | None = None,
    soft: float = 0.5,
    k_range: tuple[float, float | None] | None = None,
    angle: float = 0.0,
    remove: bool = False,
    keep_mean: bool = True,
) -> xr.DataArray:
    """Filter an image through a mask over its Fourier transform.

    The image is parted into a periodic one, which is filtered, and a smooth one that holds the
    jumps between opposite edges and is left out: no streaks at the edges, no window.

    Parameters
    ----------
    image : DataArray, (y, x) or (frame, y, x)
        Finite. A stack is filtered frame by frame.
    reflections, kind, family, radius, soft, k_range, angle
        As in `fourier_mask`.
    remove : bool
        Take away what the mask lets through and keep the rest (the smooth part too).
    keep_mean : bool
        Keep the mean of the image, whatever the mask does at k = 0.

    Returns
    -------
    DataArray, (y, x), float32
        Named "filtered", in the image's units.

    Raises
    ------
    TypeError, ValueError
        As `fourier_mask`, and if pixels are not finite.

    References
    ----------
    L. Moisan, J. Math. Imaging Vis. 39, 161 (2011): the periodic and the smooth part.
    """
    check_image(image, finite=True)
    mask = fourier_mask(
        image, reflections, kind=kind, family=family, radius=radius, soft=soft,
        k_range=k_range, angle=angle,
    )  # fmt: skip
    mean = float(image.mean())
    values = (image.values - mean).astype(np.float32)
    periodic = values - smooth_part(values)
    share = np.fft.ifftshift(mask.values)[:, : values.shape[1] // 2 + 1]
    passed = fft.irfft2(fft.rfft2(periodic) * share, s=values.shape).astype(np.float32)
    passed = values - passed if remove else passed
    if keep_mean:
        passed += np.float32(mean) - passed.mean()
    attrs = {**image.attrs, "long_name": f"filtered {image.attrs.get('long_name', 'image')}"}
    return image.copy(data=passed).rename("filtered").assign_attrs(attrs)
