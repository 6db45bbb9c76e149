"""Where the columns of a crystal lie, and what shape each has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from temwidgets.conventions import PixelGrid, make_columns, pixel_grid, quantity
from temwidgets.kernels.drawing import REACH

Pair = tuple[float, float]
Displacement = Callable[[np.ndarray, np.ndarray], tuple[Any, Any]]


class Site(NamedTuple):
    """One column of the motif.

    `a` and `b` are fractions of the lattice vectors; `height` is in units of height; sigmas are in
    the image's length unit (`sigma_minor` None: round); `theta` is the angle of the major axis in
    degrees from +x towards +y; `sublattice` None: the site's place in the list.
    """

    a: float = 0.0
    b: float = 0.0
    height: float = 1.0
    sigma_major: float = 3.0
    sigma_minor: float | None = None
    theta: float = 0.0
    sublattice: int | None = None


def lattice_columns(
    image: xr.DataArray,
    a: Pair,
    b: Pair,
    sites: Sequence[Site],
    *,
    rotation: float = 0.0,
    shift: Pair = (0.0, 0.0),
    displacement: Displacement | None = None,
    jitter: float = 0.0,
    amplitude_spread: float = 0.0,
    sigma_spread: float = 0.0,
    vacancies: float | Mapping[int, float] = 0.0,
    seed: int = 0,
) -> xr.Dataset:
    """Place the columns of a crystal over an image's field and as far round it as tails reach.

    Parameters
    ----------
    image : DataArray, (y, x)
        Only its coordinates are used.
    a, b, sites
        As in `lattice_image`.
    rotation : float
        Turns vectors and ellipses, in degrees from +x towards +y.
    shift : (float, float)
        Where the lattice's origin lies, from the image centre (length unit).
    displacement : callable, optional
        ``displacement(y, x) -> (dy, dx)``, lengths in and out, at the ideal positions.
    jitter : float
        Standard deviation of random displacements per axis (length unit).
    amplitude_spread, sigma_spread : float
        Relative standard deviation of heights and of both sigmas, column by column.
    vacancies : float or mapping of int to float
        Fraction of columns left out, of all or per sublattice.
    seed : int
        Makes the random parts repeatable.

    Returns
    -------
    Dataset, (column,)
        As the truth of `lattice_image`, amplitude and intensity in units of height.

    Raises
    ------
    ValueError
        If vectors are parallel, no site is given, or a number is out of range.
    """
    spreads = {"amplitude_spread": amplitude_spread, "sigma_spread": sigma_spread}
    _check_structure(a, b, sites, {**spreads, "jitter": jitter})
    grid = pixel_grid(image)
    reach = REACH * max(s.sigma_major for s in sites) * (1 + 4 * sigma_spread) + 6 * jitter
    ideal, cells, site = _grid_points(
        grid, _rotate(np.array([a, b], float), rotation), sites, shift, reach
    )
    rng = np.random.default_rng([seed, 0])
    moved = jitter * rng.standard_normal(ideal.shape)
    if displacement is not None:
        for axis, component in enumerate(displacement(*ideal)):
            moved[axis] += component
    # cut at four standard deviations: no height or width turns negative by chance
    factors = 1 + np.array([[amplitude_spread], [sigma_spread], [sigma_spread]]) * np.clip(
        rng.standard_normal((3, site.size)), -4, 4
    )
    columns = make_columns(*(ideal + moved), units=grid.units).assign(
        **_variables(sites, site, rotation, np.maximum(factors, 0.05), grid.units),
        **_indices(sites, site, cells),
        displacement=quantity(
            ("column", "component"), moved.T, grid.units, "displacement from the ideal lattice"
        ),
    )
    columns = columns.assign_coords(component=["y", "x"])
    return _leave_out(columns, vacancies, rng)


def _check_structure(a: Pair, b: Pair, sites: Sequence[Site], spreads: Mapping[str, float]) -> None:
    area = abs(a[0] * b[1] - a[1] * b[0])
    if not area > 1e-6 * np.hypot(*a) * np.hypot(*b):
        raise ValueError(
            f"The lattice vectors a={tuple(a)} and b={tuple(b)} are parallel or zero and span no"
            " cell. Give two (y, x) vectors that point apart."
        )
    if not sites:
        raise ValueError("A crystal needs at least one site. Give sites=[Site()].")
    for site in sites:
        if not min(site.sigma_major, site.sigma_minor or site.sigma_major) > 0:
            raise ValueError(f"The sigmas of a site must be positive, but {site} came.")
    for name, value in spreads.items():
        if not value >= 0:
            raise ValueError(f"{name} is a standard deviation, not negative, but {value} came.")


def _rotate(vectors: np.ndarray, rotation: float) -> np.ndarray:
    sin, cos = np.sin(np.deg2rad(rotation)), np.cos(np.deg2rad(rotation))
    return np.stack(
        [vectors[:, 1] * sin + vectors[:, 0] * cos, vectors[:, 1] * cos - vectors[:, 0] * sin], 1
    )


def _grid_points(
    grid: PixelGrid, vectors: np.ndarray, sites: Sequence[Site], shift: Pair, reach: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Positions (2, n), cell indices (2, n) and site numbers (n,) of all that reaches in."""
    low = np.array(grid.origin)
    high = low + np.array(grid.sampling) * (np.array(grid.shape) - 1)
    centre = (low + high) / 2 + np.array(shift)
    corners = np.array([[y, x] for y in (low[0], high[0]) for x in (low[1], high[1])])
    # |n| over the cells that meet a disc round the field: its radius times |reciprocal vectors|
    radius = np.hypot(*(corners - centre).T).max() + reach
    inverse = np.linalg.inv(vectors)
    most_a, most_b = np.ceil(radius * np.hypot(*inverse)).astype(int) + 1
    n_a, n_b = np.mgrid[-most_a : most_a + 1, -most_b : most_b + 1].reshape(2, -1)
    fractions = np.array([[site.a, site.b] for site in sites], float)
    cells = np.repeat(np.stack([n_a, n_b]), len(sites), axis=1)
    site = np.tile(np.arange(len(sites)), n_a.size)
    points = (cells.T + fractions[site]) @ vectors + centre
    kept = ((points > low - reach) & (points < high + reach)).all(1)
    return points[kept].T, cells[:, kept], site[kept]


def _variables(
    sites: Sequence[Site], site: np.ndarray, rotation: float, spread: np.ndarray, unit: str
) -> dict[str, Any]:
    height = np.array([s.height for s in sites])[site] * spread[0]
    major = np.array([s.sigma_major for s in sites])[site] * spread[1]
    minor = np.array([s.sigma_minor or s.sigma_major for s in sites])[site] * spread[2]
    theta = np.array([s.theta for s in sites])[site] + rotation
    swapped = minor > major
    major, minor = np.maximum(major, minor), np.minimum(major, minor)
    theta = (theta + 90.0 * swapped + 90.0) % 180.0 - 90.0
    intensity = 2 * np.pi * height * major * minor
    return {
        "amplitude": quantity("column", height, "counts", "amplitude"),
        "sigma_major": quantity("column", major, unit, "sigma along the major axis"),
        "sigma_minor": quantity("column", minor, unit, "sigma along the minor axis"),
        "theta": quantity("column", theta, "deg", "angle of the major axis from +x towards +y"),
        "intensity": quantity("column", intensity, f"counts {unit}²", "integrated intensity"),
    }


def _indices(sites: Sequence[Site], site: np.ndarray, cells: np.ndarray) -> dict[str, Any]:
    numbers = [place if s.sublattice is None else s.sublattice for place, s in enumerate(sites)]
    return {
        "sublattice": quantity("column", np.array(numbers)[site], "1", "sublattice"),
        "n_a": quantity("column", cells[0], "1", "cell index along a"),
        "n_b": quantity("column", cells[1], "1", "cell index along b"),
    }


def _leave_out(
    columns: xr.Dataset, vacancies: float | Mapping[int, float], rng: np.random.Generator
) -> xr.Dataset:
    sublattice = columns["sublattice"].values
    fraction = np.zeros(sublattice.size)
    rates = vacancies if isinstance(vacancies, Mapping) else dict.fromkeys(sublattice, vacancies)
    for number, rate in rates.items():
        if not 0 <= rate <= 1:
            raise ValueError(f"vacancies is a fraction between 0 and 1, but {rate} came.")
        fraction[sublattice == number] = rate
    empty = rng.random(sublattice.size) < fraction
    gone = columns.isel(column=empty)
    attrs = {f"vacancy_{name}": gone[name].values for name in ("y", "x", "sublattice")}
    return columns.isel(column=~empty).assign_attrs(attrs if empty.any() else {})
