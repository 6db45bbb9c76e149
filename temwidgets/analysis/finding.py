"""Find atomic columns in an image.

`find_candidates` does the work once; `apply_threshold` cuts its result, in no time, so that a
slider can drive it. `find_columns` is both.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr
from scipy.spatial import KDTree

from temwidgets.analysis import tiling
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
    contrast: str = "bright",
    report: Report | None = None,
) -> xr.Dataset:
    """Find columns by peaks: see `temwidgets.find_columns`, which offers networks too."""
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

    Parameters, errors and result are those of `temwidgets.find_columns` by peaks, before the cut.
    """
    image = check_image(image, finite=True)
    check_options(separation, contrast)
    if tiling.is_large(image):
        return _in_tiles(image, separation, contrast, report)
    return _in_one_piece(image, separation, contrast, report)


def _in_tiles(
    image: xr.DataArray, separation: float | None, contrast: str, report: Report | None
) -> xr.Dataset:
    """Search tile by tile; strengths, and where to cut them, are put on one scale."""

    def find(tile: xr.DataArray, report: Report | None) -> xr.Dataset:
        found = _in_one_piece(tile, separation, contrast, report)
        strength = found["score"] * found.attrs["strong_height"]
        return found.assign(strength=("column", strength.values))

    parts = tiling.tiles((image.sizes["y"], image.sizes["x"]))
    result, found = tiling.find_in_tiles(find, image, parts, report=report)
    told = [one for one in found if _passed(one).any()] or found[:1]
    weight = [int(_passed(one).sum()) for one in told]

    def middle(values: list[float]) -> float:
        return float(np.median(np.repeat(values, weight))) if sum(weight) else values[0]

    strong = middle([one.attrs["strong_height"] for one in told])
    cut = middle([one.attrs["automatic_threshold"] * one.attrs["strong_height"] for one in told])
    score = np.clip(result["strength"].values / strong, 0, 1)
    result["score"] = quantity("column", score, "1", result["score"].attrs["long_name"])
    order = np.argsort(-result["strength"].values, kind="stable")
    labels = result["column"].values
    result = result.drop_vars("strength").isel(column=order).assign_coords(column=labels)
    noise = middle([one.attrs["noise"] * one.attrs["strong_height"] for one in told])
    result.attrs.update(
        automatic_threshold=float(np.clip(cut / strong, 0, 1)),
        strong_height=strong,
        noise=noise / strong,
        contrast=contrast,
        separation_source="estimated" if separation is None else "given",
        separation=float(separation or middle([one.attrs["separation"] for one in told])),
    )
    return with_frame_of(image, result)


def _passed(columns: xr.Dataset) -> np.ndarray:
    passed: np.ndarray = columns["score"].values >= columns.attrs["automatic_threshold"]
    return passed


def _in_one_piece(
    image: xr.DataArray, separation: float | None, contrast: str, report: Report | None
) -> xr.Dataset:
    grid = pixel_grid(image)
    unit = float(np.sqrt(grid.sampling.y * grid.sampling.x))
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


def check_options(separation: float | None, contrast: str) -> None:
    """Check the options that searches share."""
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
    columns.attrs["strong_height"] = strong
    columns.attrs["automatic_threshold"] = float(np.clip(found.threshold / strong, 0, 1))
    columns.attrs["noise"] = found.noise / strong
    return columns


def _measured_separation(columns: xr.Dataset) -> float:
    """Median distance to the nearest neighbour among the candidates that pass."""
    good = _passed(columns)
    place = np.column_stack([columns["y"].values[good], columns["x"].values[good]])
    if len(place) < 2:
        return float("nan")
    return float(np.median(KDTree(place).query(place, k=2)[0][:, 1]))
