"""Maps of the local lattice spacing, by either of two engines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, get_args

import xarray as xr

from temwidgets.analysis.fourier.lattice_maps import check_window
from temwidgets.analysis.fourier.phase_spacing import phase_spacing
from temwidgets.analysis.fourier.references import as_unstrained
from temwidgets.analysis.fourier.reflection_data import check_reflections
from temwidgets.analysis.fourier.spacing_data import mask_pixels, no_maps
from temwidgets.analysis.fourier.spacing_strain import outside_blank, with_strain
from temwidgets.analysis.fourier.strongest import strongest_reflections
from temwidgets.analysis.framewise import framewise
from temwidgets.conventions import check_image, length_unit

Engine = Literal["phase", "windowed"]
Report = Callable[[float], None]


@framewise
def local_spacing(
    image: xr.DataArray,
    reflections: xr.Dataset | None = None,
    *,
    engine: Engine = "phase",
    sigma: float | None = None,
    stride: int = 1,
    mask: xr.DataArray | None = None,
    reference: Any = None,
    joint: bool = True,
    report: Report | None = None,
    **options: Any,
) -> xr.Dataset:
    """Measure d-spacing, direction and amplitude of fringes at every pixel, and the strain.

    The d-spacings are absolute (as good as the calibration of the image); the strain is relative
    to a reference.

    Parameters
    ----------
    image : DataArray, (y, x) or (frame, y, x)
        Finite; where NaN pixels shall count for nothing, take ``engine="windowed"``.
        A stack is mapped frame by frame; it needs `reflections`.
    reflections : Dataset, (reflection,), optional
        From `find_reflections` or `make_reflections`. Not given: the three strongest of the first
        lattice that `find_reflections` finds, no two in line.
    engine : {"phase", "windowed"}
        "phase": the gradient of the phase under a Gaussian window, live on large images.
        "windowed": a Fourier transform in a window that rolls over the image, see
        `windowed_spacing`; slower by far, and blind to what fringes do within the window.
    sigma : float, optional
        Of the Gaussian window, in the image's length unit; "phase" only. Not given: from noise and
        strain, wide enough for a relative error of g of 7e-4, but narrower where that would blur
        the strain by more than about half its error.
    stride : int
        Measure every so many pixels: quick enough to follow the mouse.
    mask : DataArray of bool, (y, x), optional
        Where the crystal is, at the image's pixels. Not given: where fringes stand out of the
        noise, up to about one fringe from their edge (less where nothing is beside the crystal).
    reference : optional
        What is unstrained: a region as in `power_spectrum`, such as (y0, y1, x0, x1); or a Dataset
        of reflections, the unstrained vector of each. Not given: the mean over the mask.
    joint : bool
        Fit one lattice to the reflections, if there are three or more of a lattice and they agree
        within their errors: less noise in each. "phase" only.
    report : callable, optional
        Told the fraction done; it may raise `CancelledError` to stop.
    **options
        Of `windowed_spacing`, with ``engine="windowed"``.

    Returns
    -------
    Dataset, (reflection, y, x)
        ``d_spacing`` (absolute), ``angle`` of g (degrees from +x towards +y, above -90 to 90),
        ``amplitude`` of the fringes (counts), each with ``_std``; NaN where there are no fringes.
        ``mask`` (y, x): any fringes. ``g`` (reflection, component): the reference. With two
        reflections or more that are not in line also ``e_xx``, ``e_yy``, ``e_xy`` and
        ``rotation`` (degrees from +x towards +y) with ``_std``. No rows where none are given and
        no crystal is found. Attributes ``engine``, ``sigma`` (or ``window``) in lengths,
        ``stride``.

    Raises
    ------
    TypeError, ValueError
        If image, reflections or mask are none or do not fit, pixels are not finite, or an option
        is out of range or belongs to the other engine.

    Notes
    -----
    "phase": ``g = g0 + Im(S* grad S) / (2 pi |S|²)`` with S the image demodulated at g0 under a
    Gaussian window (Hytch, Snoeck & Kilaas, Ultramicroscopy 74, 131 (1998)), computed as a local
    linear regression of the phase under window times crystal outline, so that edges bias it
    little, and repeated twice on what is left, so that the bias is of sixth order in sigma.
    Standard errors are ``var(g) = N / (16 pi³ sigma⁴ A²)`` per axis, times 3.9 for the repeats, N
    the noise power near g and A the amplitude, both local; larger at edges. What is left of the
    bias is estimated and part of the error. Neighbouring pixels share noise over about two sigma.

    Strain is the finite (Biot) strain of `column_strain`, F = R U, e = U - 1, from the gradient
    of the reciprocal lattice, F = (1 + B)^-T, B the weighted least squares of ``g - g_ref = B
    g_ref``: exact for strain and rotation of any size. e_xx is d/d_ref - 1 of planes across x.
    """
    check_image(image, finite=engine == "phase")
    _check(engine, sigma, options)
    check_window(image, sigma, stride)
    tell = report or (lambda fraction: None)
    if reflections is None:
        reflections = strongest_reflections(image, lambda fraction: tell(0.2 * fraction))
        if not reflections.sizes["reflection"]:
            return no_maps(image, reflections, stride)
    check_reflections(reflections, least=1, units=length_unit(image))
    unstrained = as_unstrained(reference, image, reflections.sizes["reflection"])
    inside = None if mask is None else mask_pixels(mask, image)
    if engine == "phase":
        return phase_spacing(
            image,
            reflections,
            unstrained,
            sigma=sigma,
            stride=stride,
            inside=inside,
            joint=joint,
            report=tell,
        )
    from temwidgets.analysis.fourier.windowed_spacing import windowed_spacing

    made = windowed_spacing(image, reflections, stride=stride, report=report, **options)
    if inside is not None:
        made = outside_blank(made, inside[::stride, ::stride])
    return with_strain(made, reflections, unstrained)


def _check(engine: str, sigma: float | None, options: dict[str, Any]) -> None:
    if engine not in get_args(Engine):
        raise ValueError(f'engine is "phase" or "windowed", but {engine!r} came.')
    if engine == "phase" and options:
        raise TypeError(
            f"{', '.join(options)}: options of the windowed engine. Leave them out, or take"
            ' engine="windowed".'
        )
    if engine == "windowed" and sigma is not None:
        raise ValueError(
            "sigma belongs to the phase engine; the windowed engine has a window, e.g. window=64."
        )
