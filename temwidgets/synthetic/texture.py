"""Amorphous texture, and from expected intensities to counts."""

from __future__ import annotations

import numpy as np
import xarray as xr

RING = 0.07  # 1/px: where the transfer of the default texture has its first maximum
LIMIT = 0.22  # 1/px: where it has fallen to 1/e


def amorphous_texture(
    shape: tuple[int, int], *, ring: float = RING, limit: float = LIMIT, seed: int = 0
) -> np.ndarray:
    """Make the texture of an amorphous film in phase contrast, mean 0, standard deviation 1.

    Parameters
    ----------
    shape : (int, int)
        Pixels along y and x.
    ring : float
        Spatial frequency of the brightest Thon ring, cycles per pixel.
    limit : float
        Information limit, cycles per pixel: the envelope is 1/e there.
    seed : int
        Makes the texture repeatable.

    Returns
    -------
    ndarray, (y, x)

    Raises
    ------
    ValueError
        If a frequency is not positive.

    Notes
    -----
    White noise times the contrast transfer ``sin(pi/2 (k/ring)²) exp(-(k/limit)²)``: defocus
    without spherical aberration (Reimer & Kohl, Transmission Electron Microscopy, 5th ed., 6.4).
    Its power spectrum is a set of rings with zeros between them.
    """
    if not min(ring, limit) > 0:
        raise ValueError(
            f"ring and limit are spatial frequencies above 0, but ring={ring}, limit={limit} came."
        )
    rng = np.random.default_rng([seed, 2])
    k2 = np.fft.fftfreq(shape[0])[:, None] ** 2 + np.fft.rfftfreq(shape[1])[None, :] ** 2
    transfer = np.sin(np.pi / 2 * k2 / ring**2) * np.exp(-k2 / limit**2)
    texture = np.fft.irfft2(np.fft.rfft2(rng.standard_normal(shape)) * transfer, s=shape)
    return texture / texture.std()


def record(
    expected: np.ndarray,
    blank: xr.DataArray,
    *,
    dose: float | None = None,
    noise: float = 0.0,
    seed: int = 0,
) -> xr.DataArray:
    """Record expected intensities: Poisson counts at `dose` per unit, plus Gaussian noise.

    Raises
    ------
    ValueError
        If dose or noise is out of range, or a Poisson mean is negative.
    """
    if (dose is not None and not dose > 0) or not noise >= 0:
        raise ValueError(
            "dose must be positive (or None) and noise not negative, but"
            f" dose={dose}, noise={noise} came."
        )
    rng = np.random.default_rng([seed, 1])
    counts = expected
    if dose is not None:
        if expected.min() < 0:
            raise ValueError(
                f"The intensity falls to {expected.min():.3g}, but a mean number of counts cannot"
                " be negative. Raise mean, or lower amplitude or texture."
            )
        counts = rng.poisson(expected * dose)
    if noise:
        counts = counts + noise * rng.standard_normal(counts.shape)
    attrs = {"units": "counts", "long_name": "intensity", "source": "synthetic"}
    return blank.copy(data=counts.astype(np.float32)).assign_attrs(attrs)
