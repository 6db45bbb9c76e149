"""From columns to counts: Gaussians, background, counting noise, detector noise."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr

from temwidgets.conventions import PixelGrid, check_columns, check_image, pixel_grid
from temwidgets.kernels.drawing import draw_gaussians, precision_matrix

Field = Callable[[np.ndarray, np.ndarray], np.ndarray]
SHAPE = ("y", "x", "amplitude", "sigma_major", "sigma_minor", "theta")


def render(
    columns: xr.Dataset,
    image: xr.DataArray,
    *,
    background: float | Field = 0.0,
    dose: float | None = None,
    gain: float = 1.0,
    detector_noise: float = 0.0,
    seed: int = 0,
) -> xr.DataArray:
    """Draw columns as a sum of elliptical Gaussians, with background and noise.

    Parameters
    ----------
    columns : Dataset, (column,)
        y, x, sigma_major, sigma_minor, theta, and amplitude in units of height.
    image : DataArray, (y, x)
        Only its coordinates are used.
    background : float or callable
        In units of height; a callable takes arrays (y, x) in lengths.
    dose : float, optional
        Mean number of quanta per pixel at unit height; counting noise is Poisson. None: no
        counting noise, one quantum per unit height.
    gain : float
        Counts per quantum.
    detector_noise : float
        Standard deviation of additive Gaussian noise, in counts.
    seed : int
        Makes the noise repeatable.

    Returns
    -------
    DataArray, (y, x), float32
        Counts.

    Raises
    ------
    ValueError
        If dose or gain is not positive, or the expected counts are negative somewhere.
    """
    if dose is not None and not dose > 0:
        raise ValueError(f"dose is a number of counts and must be positive, but {dose} came.")
    if not gain > 0 or detector_noise < 0:
        raise ValueError(
            "gain must be positive and detector_noise not negative, but"
            f" gain={gain}, detector_noise={detector_noise} came."
        )
    check_columns(columns, needs=SHAPE)
    y, x = check_image(image)["y"].values[:, None], image["x"].values[None, :]
    model = _draw(columns, pixel_grid(image)) + background_at(background, y, x)
    rng = np.random.default_rng([seed, 1])
    if dose is not None:
        if model.min() < 0:
            raise ValueError(
                f"The background falls to {model.min():.3g} units of height, but a mean number of"
                " counts cannot be negative. Raise the background."
            )
        model = rng.poisson(model * dose)
    counts = gain * model + detector_noise * rng.standard_normal(model.shape)
    attrs = {"units": "counts", "long_name": "intensity", "source": "synthetic"}
    return image.copy(data=counts.astype(np.float32)).assign_attrs(attrs)


def plane(level: float, slope: tuple[float, float]) -> Field:
    """Make a background ``level + slope_y y + slope_x x`` (units of height, and per length)."""
    return lambda y, x: level + slope[0] * y + slope[1] * x


def waves(level: float, depth: float, length: float) -> Field:
    """Make a smooth background about `level`, at most `depth` off it, with period `length`."""
    k = 2 * np.pi / length
    return lambda y, x: (
        level + depth / 2 * (np.sin(k * y + 0.5) + np.cos(0.8 * k * x - 0.3 * k * y))
    )


def background_at(background: float | Field, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Evaluate a background (number or callable) at positions y, x."""
    level = background(y, x) if callable(background) else background
    return np.broadcast_to(np.asarray(level, float), np.broadcast_shapes(y.shape, x.shape))


def _draw(columns: xr.Dataset, grid: PixelGrid) -> np.ndarray:
    y, x, amplitude, major, minor, theta = (columns[name].values for name in SHAPE)
    p_yy, p_yx, p_xx = precision_matrix(major, minor, theta)
    step_y, step_x = grid.sampling
    in_pixels = (p_yy * step_y**2, p_yx * step_y * step_x, p_xx * step_x**2)
    return draw_gaussians(grid.shape, *grid.to_pixels(y, x), amplitude, in_pixels)
