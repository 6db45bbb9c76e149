"""Power spectrum of an image or a region of it, and its radial profile."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from temwidgets.analysis.fourier._region import Region, find_region
from temwidgets.analysis.framewise import framewise
from temwidgets.conventions import check_image, pixel_grid, quantity
from temwidgets.kernels.fourier import periodogram as kernel
from temwidgets.kernels.fourier import rings, windows

_FAINTEST = 1e-15
"""Of the greatest power: below it lies rounding, and log 0."""


@framewise
def power_spectrum(
    image: xr.DataArray,
    *,
    window: str = "hann",
    region: Any = None,
    average: int = 1,
    pad: float = 1.0,
) -> xr.DataArray:
    """Compute the power spectrum (squared modulus of the Fourier transform) of an image.

    Parameters
    ----------
    image : DataArray, (y, x) or (frame, y, x)
        Finite inside the region; any size. A stack is transformed frame by frame.
    window : {"hann", "tukey", "gaussian", "none"}
        Apodisation: down to the edges, over the outer eighth, to 0.2 % at the edges, or none (which
        draws a cross through the origin). In a polygon or mask it falls with the distance to the
        outside. The weighted mean is taken away first, so nothing is left of the region's shape.
    region : optional
        Rectangle ``(y0, y1, x0, x1)`` or polygon, a list of corners ``(y, x)``, in lengths, or a
        mask (DataArray of bool). None: the whole image.
    average : int
        Averages the power of ``average x average`` pieces that overlap by half, which smooths noise
        at the cost of resolution. 1: all in one.
    pad : float
        Adds zeros up to this multiple of the size: finer bins, no more resolution.

    Returns
    -------
    DataArray, (ky, kx)
        Log10 of the power; white noise of variance v has power v. ``ky``, ``kx`` in cycles per
        length (1/nm), ascending, with zero; pixels need not be square. Attributes ``window``,
        ``region`` (bounds y0, y1, x0, x1; None: the image), ``region_kind``, ``average``, ``pad``
        and ``freedom``, the degrees of freedom of a bin: its power is distributed like chi-squared
        over `freedom` times its mean.

    Raises
    ------
    TypeError, ValueError
        If the image is none or not finite, an option is out of range or the region is too small.
    """
    check_image(image)
    _check_options(window, average, pad)
    grid = pixel_grid(image)
    part = find_region(image, region)
    if average > 1 and min(part.rows.stop - part.rows.start, part.cols.stop - part.cols.start) < (
        4 * (average + 1)
    ):
        raise ValueError(
            f"average={average} cuts the region into pieces of fewer than 8 pixels. Average fewer."
        )
    found = _periodogram(part, part.values(image), window, grid.sampling, average, pad)
    floor = max(float(found.power.max()) * _FAINTEST, 1e-30)
    units = str(image.attrs.get("units", "counts"))
    coords = {
        name: quantity(name, kernel.axis(size, step), f"1/{grid.units}", f"{name[1]} frequency")
        for name, size, step in zip(("ky", "kx"), found.power.shape, grid.sampling, strict=True)
    }
    return xr.DataArray(
        np.log10(np.maximum(found.power, floor)).astype(np.float32),
        coords=coords,
        dims=("ky", "kx"),
        name="spectrum",
        attrs={
            "units": f"log10({units}²)",
            "long_name": "log10 of the power spectrum",
            "window": window,
            "region": None if region is None else part.bounds(grid),
            "region_kind": part.kind,
            "average": average,
            "pad": float(pad),
            "freedom": 2 * found.averaged,
        },
    )


def _check_options(window: str, average: int, pad: float) -> None:
    if window not in windows.KINDS:
        raise ValueError(f"window is one of {', '.join(windows.KINDS)}, but {window!r} came.")
    if not average >= 1 or average != int(average):
        raise ValueError(
            f"average is a number of pieces along each axis, from 1, but {average} came."
        )
    if not 1 <= pad <= 16:
        raise ValueError(f"pad is a multiple of the size, 1 to 16, but {pad} came.")


def _periodogram(
    part: Region,
    values: np.ndarray,
    window: str,
    sampling: tuple[float, float],
    average: int,
    pad: float,
) -> kernel.Periodogram:
    # single precision is quick and enough to look at, once the level is out of the way
    values = (values - values.mean()).astype(np.float32)
    mask = None
    if part.mask is not None:
        # averaging brings windows of its own: the mask only needs soft edges
        mask = windows.masked(part.mask, window if average == 1 else "tukey", sampling)
        mask = mask.astype(np.float32)
    if average > 1:
        return kernel.welch(values, mask, window, int(average), pad)
    shape = (values.shape[0], values.shape[1])
    weight = windows.separable(shape, window).astype(np.float32) if mask is None else mask
    power = kernel.periodogram(values, weight, kernel.padded_shape(shape, pad))
    return kernel.Periodogram(power, 1.0)


def radial_profile(spectrum: xr.DataArray, *, width: float | None = None) -> xr.Dataset:
    """Average a power spectrum over rings around the origin.

    Parameters
    ----------
    spectrum : DataArray, (ky, kx)
        From `power_spectrum`.
    width : float, optional
        Width of a ring (1/nm); the wider bin of the spectrum when not given.

    Returns
    -------
    Dataset, (k,)
        ``power``, log10 of the mean; ``background``, log10 of what lies between reflections, from
        the median, which reflections hardly move; ``geometric``, log10 of the same from the
        geometric mean, in between; ``count`` of bins (of one half plane). All three
        agree where there is noise alone. Rings are whole up to the nearest edge of the spectrum,
        then cut by its corners.

    Raises
    ------
    TypeError, ValueError
        If the spectrum is none, or `width` is not positive.
    """
    check_spectrum(spectrum)
    # the other half is the same
    spectrum = spectrum.isel(kx=spectrum["kx"].values >= 0)
    ky, kx = (spectrum[name].values for name in ("ky", "kx"))
    finest = max(ky[1] - ky[0], kx[1] - kx[0])
    if width is not None and not width >= finest * (1 - 1e-6):
        raise ValueError(f"width is that of a bin or more, {finest:.4g}, but {width} came.")
    step = float(width or finest)
    freedom = float(spectrum.attrs.get("freedom", 2.0))
    found = rings.statistics(np.hypot(ky[:, None], kx) / step, spectrum.values, freedom)
    unit, inverse = str(spectrum.attrs["units"]), str(spectrum["kx"].attrs["units"])
    names = {
        "power": "log10 of the mean power",
        "background": "log10 of the power between reflections, from the median",
        "geometric": "log10 of the power, from the geometric mean",
    }
    made = {name: quantity("k", getattr(found, name), unit, text) for name, text in names.items()}
    made["count"] = quantity("k", found.bins, "1", "bins in the ring")
    at = quantity("k", found.ring * step, inverse, "spatial frequency")
    return xr.Dataset(made, coords={"k": at}, attrs={"width": step})


def check_spectrum(spectrum: Any) -> xr.DataArray:
    """Check that `spectrum` is one of `power_spectrum`; return it.

    Raises
    ------
    TypeError
        If it is not.
    """
    if not isinstance(spectrum, xr.DataArray) or spectrum.dims != ("ky", "kx"):
        raise TypeError(
            "A spectrum (ky, kx) from temwidgets.power_spectrum was expected, but a"
            f" {type(spectrum).__name__} came."
        )
    return spectrum
