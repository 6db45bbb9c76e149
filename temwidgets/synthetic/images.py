"""Ready-made images with their truth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from temwidgets.conventions import PixelGrid, make_image, pixel_grid, quantity
from temwidgets.synthetic.crystal import Pair, Site, lattice_columns
from temwidgets.synthetic.rendering import Field, background_at, render, waves


def lattice_image(
    shape: tuple[int, int],
    a: Pair,
    b: Pair,
    sites: Sequence[Site],
    *,
    sampling: float | Pair | None = None,
    origin: Pair = (0.0, 0.0),
    background: float | Field = 0.0,
    dose: float | None = None,
    gain: float = 1.0,
    detector_noise: float = 0.0,
    seed: int = 0,
    noise_seed: int | None = None,
    margin: float = 0.0,
    outside: bool = True,
    **structure: Any,
) -> tuple[xr.DataArray, xr.Dataset]:
    """Make the image of a crystal, and the columns it holds.

    Parameters
    ----------
    shape : (int, int)
        Pixels along y and x.
    a, b : (float, float)
        Lattice vectors (y, x) in the image's length unit (nm; px when `sampling` is not given).
    sites : sequence of Site
        The motif.
    sampling, origin
        Calibration of the image, as in `make_image`; pixels may be non-square.
    background, dose, gain, detector_noise, noise_seed
        See `render`.
    seed : int
        Makes everything random repeatable. The structure comes from `seed`, the noise from
        `noise_seed` (or `seed`): the same crystal can be imaged again with fresh noise.
    margin : float
        Columns are in the truth if their centre lies at least this far (length unit) inside the
        outermost pixel centres.
    outside : bool
        Whether columns beyond the margin are drawn too (their tails reach into the image).
    **structure
        Options of `lattice_columns`: rotation, shift, displacement, jitter, amplitude_spread,
        sigma_spread, vacancies.

    Returns
    -------
    image : DataArray, (y, x), float32
        Counts.
    truth : Dataset, (column,)
        y, x, amplitude, sigma_major, sigma_minor, theta, background, intensity, sublattice, n_a,
        n_b, displacement(column, component). Vacancies are not rows: ``attrs`` names them in
        vacancy_y, vacancy_x, vacancy_sublattice.

    Raises
    ------
    ValueError
        If vectors are parallel, no site is given, or a number is out of range.
    """
    blank = make_image(np.zeros(shape, np.float32), sampling=sampling, origin=origin)
    columns = lattice_columns(blank, a, b, sites, seed=seed, **structure)
    inside = _inside(columns, pixel_grid(blank), margin)
    drawn = columns if outside else columns.isel(column=inside)
    image = render(
        drawn,
        blank,
        background=background,
        dose=dose,
        gain=gain,
        detector_noise=detector_noise,
        seed=seed if noise_seed is None else noise_seed,
    )
    return image, _as_truth(columns.isel(column=inside), background, gain * (dose or 1.0))


def perovskite(
    shape: tuple[int, int] = (512, 512),
    *,
    separation: float | None = None,
    dose: float | None = 200.0,
    **options: Any,
) -> tuple[xr.DataArray, xr.Dataset]:
    """Make a perovskite-like [001] image: heights 1.0 and 0.45, the weak site in the cell centre.

    Parameters
    ----------
    shape : (int, int)
        512 x 512 pixels hold about 2,025 columns.
    separation : float, optional
        Lattice parameter in the image's length unit, 16 pixels when not given; widths go with it
        (sigma 2.6-3.4 at 16).
    dose : float or None
        Counts per unit height.
    **options
        Any option of `lattice_image` and `lattice_columns`, e.g. ``sampling=0.02``. By default
        the crystal ends one pixel inside the image, so that the truth is all there is.

    Returns
    -------
    image, truth
        As `lattice_image`.
    """
    separation = separation or 16 * _pixel(options)
    unit = separation / 16
    sites = [
        Site(0.0, 0.0, 1.0, 3.2 * unit, 2.8 * unit, 25.0),
        Site(0.5, 0.5, 0.45, 3.1 * unit, 2.7 * unit, -40.0),
    ]
    return _square_cell(shape, separation, sites, dose, {"sigma_spread": 0.02, **options})


def crowded(
    shape: tuple[int, int] = (512, 512),
    *,
    separation: float | None = None,
    dose: float | None = 200.0,
    **options: Any,
) -> tuple[xr.DataArray, xr.Dataset]:
    """Make a crowded image: two sublattices whose tails merge, one shape for each.

    The parameters are those of `perovskite`; widths go with `separation` (sigma 3 px at 11 px).
    """
    separation = separation or 11 * _pixel(options)
    sigma = 3 * separation / 11
    sites = [Site(0.0, 0.0, 1.0, sigma), Site(0.5, 0.5, 0.45, sigma)]
    return _square_cell(shape, separation, sites, dose, options)


def hexagonal(
    shape: tuple[int, int] = (512, 512),
    *,
    separation: float | None = None,
    dose: float | None = 200.0,
    **options: Any,
) -> tuple[xr.DataArray, xr.Dataset]:
    """Make a close-packed image with one kind of column, `separation` apart (length unit)."""
    separation = separation or 16 * _pixel(options)
    a, b = (0.0, separation), (separation * np.sqrt(3) / 2, -separation / 2)
    sites = [Site(height=1.0, sigma_major=separation * 3 / 16)]
    defaults = {"background": 0.3, "rotation": 7.0, "shift": (0.31 * separation, 0.17 * separation)}
    return lattice_image(shape, a, b, sites, dose=dose, **{**defaults, **options})


def honeycomb(
    shape: tuple[int, int] = (512, 512),
    *,
    separation: float | None = None,
    heights: Pair = (1.0, 0.45),
    dose: float | None = 200.0,
    **options: Any,
) -> tuple[xr.DataArray, xr.Dataset]:
    """Make a honeycomb (graphene, MoS2) whose nearest columns are `separation` apart.

    `heights` are those of its two sublattices; other options as in `lattice_image`.
    """
    separation = separation or 16 * _pixel(options)
    length = separation * np.sqrt(3)
    a, b = (0.0, length), (length * np.sqrt(3) / 2, -length / 2)
    sigma = separation * 3 / 16
    sites = [Site(1 / 3, 2 / 3, heights[0], sigma), Site(2 / 3, 1 / 3, heights[1], sigma)]
    defaults = {
        "background": 0.2,
        "rotation": 11.0,
        "shift": (0.31 * separation, 0.17 * separation),
    }
    return lattice_image(shape, a, b, sites, dose=dose, **{**defaults, **options})


def _square_cell(
    shape: tuple[int, int],
    separation: float,
    sites: list[Site],
    dose: float | None,
    options: dict[str, Any],
) -> tuple[xr.DataArray, xr.Dataset]:
    defaults: dict[str, Any] = {
        "background": waves(0.3, 0.1, 0.8 * max(shape) * _pixel(options)),
        "rotation": 3.0,
        "shift": (0.21 * separation, 0.13 * separation),
        "margin": _pixel(options),
        "outside": False,
    }
    a, b = (0.0, separation), (separation, 0.0)
    return lattice_image(shape, a, b, sites, dose=dose, **{**defaults, **options})


def _pixel(options: dict[str, Any]) -> float:
    return float(np.max(options.get("sampling") or 1.0))


def _inside(columns: xr.Dataset, grid: PixelGrid, margin: float) -> np.ndarray:
    centre = np.stack([columns["y"].values, columns["x"].values])
    low = np.array(grid.origin)[:, None]
    high = low + (np.array(grid.sampling) * (np.array(grid.shape) - 1))[:, None]
    return ((centre >= low + margin) & (centre <= high - margin)).all(0)


def _as_truth(columns: xr.Dataset, background: float | Field, scale: float) -> xr.Dataset:
    y, x = columns["y"].values, columns["x"].values
    for name in ("amplitude", "intensity"):
        columns[name] = columns[name].copy(data=scale * columns[name].values)
    level = scale * background_at(background, y, x)
    columns["background"] = quantity("column", level, "counts", "background")
    columns["column"] = columns["column"].copy(data=np.arange(y.size))
    return columns.assign_attrs(next_label=y.size)
