"""What columns move of their own, apart from the motion of their frame."""

from __future__ import annotations

import numpy as np
import xarray as xr

from temwidgets.analysis.stacks.surroundings import NEIGHBOURS, plane_around
from temwidgets.analysis.stacks.tracks import BOTH, check_tracks, over_frames, seen_in
from temwidgets.conventions import length_unit, quantity

MOTIONS = ("shift", "linear", "local")


def drift_free(tracks: xr.Dataset, *, motion: str = "shift") -> xr.Dataset:
    """Tell how far each column is from its mean place, without what its frame moved.

    Parameters
    ----------
    tracks : Dataset, (frame, column)
        From `fit_frames` or `link_columns`.
    motion : {"shift", "linear", "local"}
        What all columns of a frame have in common: a shift, or also a stretch, shear and turn, as
        scan distortion that changes from frame to frame makes. "local": that, and then what a plane
        through its twelve neighbours tells for each column, which takes off smooth drift within a
        frame, and whatever neighbours truly do together.

    Returns
    -------
    Dataset, (frame, column)
        With ``displacement`` and ``displacement_std`` (frame, column, component) in the length
        unit, NaN where the column is not seen; over (column) ``mean_y`` and ``mean_x``, where it
        is on average; over (frame) ``motion_y`` and ``motion_x`` with ``_std``, the shift of the
        frame, of mean 0. Displacements of another kind that the columns had are replaced. With
        "local" also ``neighbour_share`` (frame, column), the variance that the neighbours added
        over that of the column; NaN, as the displacement, where fewer than six are seen.

    Raises
    ------
    TypeError, ValueError
        If these are no tracks, the motion is unknown, or columns are too few for "local".

    Notes
    -----
    The motion is fitted robustly; see `temwidgets.kernels.common_motion`. The error holds that of
    the fit, of the mean place and of the motion; offsets of scan lines and thermal vibration are
    not errors of the fit and come out as displacement. Columns that are seen in one frame only
    have displacement 0 by definition, and its ``_std`` is NaN.
    """
    from temwidgets.kernels.common_motion import common_motion

    check_tracks(tracks)
    if motion not in MOTIONS:
        raise ValueError(f"motion is one of {', '.join(MOTIONS)}, but {motion!r} came.")
    seen, unit = seen_in(tracks), length_unit(tracks)
    known = int(seen.any(axis=0).sum())
    if motion == "local" and known <= NEIGHBOURS:
        raise ValueError(
            f'motion="local" needs more than {NEIGHBOURS} columns, but {known} came. Use "shift" or'
            ' "linear".'
        )
    places = [np.where(seen, over_frames(tracks, n), np.nan) for n in "yx"]
    design = _design(places, motion)
    count = np.maximum(seen.sum(axis=0), 1)
    own, variances, made = [], [], {}
    for name, values in zip("yx", places, strict=True):
        shared = common_motion(values, design)
        own.append(values - shared.motion - shared.mean)
        fit = over_frames(tracks, f"{name}_std") if f"{name}_std" in tracks else np.nan * values
        variance = fit**2 * (1 - 1 / count) + shared.error[:, None] ** 2
        variances.append(np.where(seen & (count > 1), variance, np.nan))
        text = f"shift of the frame along {name}"
        made[f"mean_{name}"] = quantity("column", shared.mean, unit, f"mean place along {name}")
        made[f"motion_{name}"] = quantity("frame", shared.motion.mean(axis=1), unit, text)
        made[f"motion_{name}_std"] = quantity(
            "frame", shared.error, unit, f"standard error of {text}"
        )
    moved, errors = np.stack(own, axis=2), np.sqrt(np.stack(variances, axis=2))
    if motion == "local":
        beside = plane_around(moved, np.stack([made[f"mean_{n}"].values for n in "yx"], axis=1))
        moved, errors = moved - beside.moved, errors * np.sqrt(1 + beside.share)[..., None]
        text = "variance that the neighbours added over that of the column"
        made["neighbour_share"] = quantity(BOTH, beside.share, "1", text)
    made |= _displacement(moved, errors, unit)
    stale = [n for n in tracks.data_vars if str(n).startswith(("displacement", "neighbour_share"))]
    return tracks.drop_vars(stale).assign(made).assign_coords(component=["y", "x"])


def _displacement(moved: np.ndarray, errors: np.ndarray, unit: str) -> dict[str, xr.Variable]:
    text = "displacement from the mean place, without the motion of the frame"
    three = (*BOTH, "component")
    told = quantity(three, moved, unit, text, ancillary_variables="displacement_std")
    error = quantity(three, errors, unit, f"standard error of {text}")
    return {"displacement": told, "displacement_std": error}


def _design(places: list[np.ndarray], motion: str) -> np.ndarray:
    """Terms of a frame's motion at each column, (term, column)."""
    ones = np.ones(places[0].shape[1])
    if motion == "shift":
        return ones[None]
    terms = [ones]
    for values in places:
        # the shifts of frames that not all columns are in would pass for differences of place
        level = _mean(values - _mean((values - _mean(values)).T)[:, None])
        level = np.nan_to_num(level, nan=float(np.nanmean(level)))
        terms.append((level - level.mean()) / max(float(level.std()), 1e-12))
    return np.stack(terms)


def _mean(values: np.ndarray) -> np.ndarray:
    known = np.isfinite(values)
    total = np.where(known, values, 0).sum(axis=0)
    return np.where(known.any(axis=0), total / np.maximum(known.sum(axis=0), 1), np.nan)
