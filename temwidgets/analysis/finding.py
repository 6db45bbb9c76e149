"""Find atomic columns in an image.

`find_candidates` does the work once; `apply_threshold` cuts its result, in no time, so that a
slider can drive it. `find_columns` is both.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr
from scipy.spatial import KDTree

from temwidgets.conventions import (
    check_columns,
    check_image,
    make_columns,
    pixel_grid,
    quantity,
    with_frame_of,
)
from temwidgets.kernels import candidates as kernel

Report = Callable[[float], None]


def find_columns(
    image: xr.DataArray,
    *,
    separation: float | None = None,
    threshold: float | None = None,
    method: str = "peaks",
    contrast: str = "bright",
    report: Report | None = None,
) -> xr.Dataset:
    """Find the atomic columns of an image.

    Parameters
    ----------
    image : DataArray, (y, x)
        Intensities; finite.
    separation : float, optional
        Smallest distance between columns, in the image's length unit. Estimated from the image
        when not given.
    threshold : float, optional
        Candidates with a lower ``score`` are left out, 0 to 1. When not given it is put in the
        gap between noise and columns.
    method : {"peaks"}
        Peaks of the filtered image.
    contrast : {"bright", "dark"}
        Whether columns are bright on dark (HAADF) or dark on bright (ABF).
    report : callable, optional
        Called with the fraction done; raises `CancelledError` to stop.

    Returns
    -------
    Dataset, dim column
        ``y``, ``x``; ``height`` (above the level between columns, counts; depth for dark ones);
        ``score`` (the smaller of the height with and without its neighbours on the lattice,
        over that of a strong column, 0 to 1); strongest first. Attributes ``separation``,
        ``separation_source`` ("given" or "estimated"), ``threshold``, ``automatic_threshold``,
        ``noise`` (standard deviation, on the scale of the score), ``contrast``. No rows where
        nothing stands out. An image that is one frame of a stack hands its coordinate ``frame`` on.

    Raises
    ------
    TypeError, ValueError
        If the image is not one, holds NaN, or an option is out of range.

    Notes
    -----
    The image is deconvolved by the mean Gaussian shape of its columns, as far as noise allows
    (Wiener filter); the shape comes from how the reflections of the image's spectrum fall off.
    Reflections are first brought out of the noise by an adaptive filter: every Fourier
    coefficient is shrunk by what its surroundings hold (Kilaas, J. Microsc. 190 (1998) 45).
    That filter also makes columns where the lattice wants them; so heights are taken from the
    image without it, and a vacancy stays empty. Peaks by `skimage.feature.peak_local_max`; of two
    nearer than the separation allows the higher one stays.
    """
    if method != "peaks":
        raise ValueError(f'method is "peaks", but {method!r} came.')
    found = find_candidates(image, separation=separation, contrast=contrast, report=report)
    return apply_threshold(found, threshold)


def find_candidates(
    image: xr.DataArray,
    *,
    separation: float | None = None,
    contrast: str = "bright",
    report: Report | None = None,
) -> xr.Dataset:
    """Find all candidates for columns, good and bad; `apply_threshold` chooses among them.

    Parameters, errors and result are those of `find_columns`, before the cut.
    """
    image = check_image(image, finite=True)
    grid = pixel_grid(image)
    unit = float(np.sqrt(grid.sampling.y * grid.sampling.x))
    _check_options(separation, contrast)
    if report:
        report(0.0)
    values = np.asarray(image.values, np.float64)
    values = (values - values.mean()) * (1 if contrast == "bright" else -1)
    aspect = (grid.sampling.y / unit, grid.sampling.x / unit)
    found = kernel.find_candidates(
        values.astype(np.float32), aspect, separation / unit if separation else None
    )
    if report:
        report(0.9)
    result = with_frame_of(image, _as_columns(found, image))
    result.attrs["contrast"] = contrast
    result.attrs["separation_source"] = "estimated" if separation is None else "given"
    measured = _measured_separation(result) if found.crystal else 4 * found.sigma * unit
    result.attrs["separation"] = float(separation or measured)
    if report:
        report(1.0)
    return result


def apply_threshold(candidates: xr.Dataset, threshold: float | None = None) -> xr.Dataset:
    """Leave out the candidates whose score is below `threshold`.

    Parameters
    ----------
    candidates : Dataset
        From `find_candidates`.
    threshold : float, optional
        0 to 1; the one in ``candidates.attrs["automatic_threshold"]`` when not given.

    Returns
    -------
    Dataset
        The rest, with the labels they had; ``attrs["threshold"]`` is what was applied.

    Raises
    ------
    ValueError
        If `threshold` is not within 0 to 1, or there is no score to cut.
    """
    check_columns(candidates, needs=("y", "x", "score"))
    if threshold is None:
        threshold = float(candidates.attrs["automatic_threshold"])
    if not 0 <= threshold <= 1:
        raise ValueError(f"threshold is a score from 0 to 1, but {threshold!r} came.")
    kept = candidates.isel(column=candidates["score"].values >= threshold)
    return kept.assign_attrs(threshold=float(threshold))


def _check_options(separation: float | None, contrast: str) -> None:
    if separation is not None and not (np.isfinite(separation) and separation > 0):
        raise ValueError(
            f"separation is a length and must be positive, but {separation!r} came."
            " Leave it out to have it estimated."
        )
    if contrast not in ("bright", "dark"):
        raise ValueError(f'contrast is "bright" or "dark", but {contrast!r} came.')


def _as_columns(found: kernel.Candidates, image: xr.DataArray) -> xr.Dataset:
    grid = pixel_grid(image)
    order = np.argsort(-found.strength, kind="stable")
    y, x = grid.to_lengths(*found.place[order].T)
    strength = found.strength[order]
    real = strength[strength >= found.threshold]
    strong = float(np.percentile(real, 90)) if real.size else 1.0
    columns = make_columns(y, x, units=grid.units)
    counts = str(image.attrs.get("units", "counts"))
    columns["height"] = quantity(
        "column", found.height[order], counts, "height above the level between columns"
    )
    columns["score"] = quantity(
        "column", np.clip(strength / strong, 0, 1), "1", "height over that of a strong column"
    )
    columns.attrs["automatic_threshold"] = float(np.clip(found.threshold / strong, 0, 1))
    columns.attrs["noise"] = found.noise / strong
    return columns


def _measured_separation(columns: xr.Dataset) -> float:
    """Median distance to the nearest neighbour among the candidates that pass."""
    good = columns["score"].values >= columns.attrs["automatic_threshold"]
    place = np.column_stack([columns["y"].values[good], columns["x"].values[good]])
    if len(place) < 2:
        return float("nan")
    return float(np.median(KDTree(place).query(place, k=2)[0][:, 1]))
