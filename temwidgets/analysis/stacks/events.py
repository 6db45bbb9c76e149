"""What happens to columns: they vanish and come, hop, and change in intensity."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from temwidgets.analysis.stacks.motion import drift_free
from temwidgets.analysis.stacks.surroundings import around
from temwidgets.analysis.stacks.tracks import BOTH, LOST, check_tracks, over_frames
from temwidgets.conventions import Flag, length_unit, quantity

KINDS = ("vacancy", "filled", "hop", "intensity step")
_GONE = 0.3  # of the intensity of the other side, and less: the column is not there
_FEWEST = 2  # frames on either side of an event
_SHOWN = 4  # frames that have to show a column


class _Series(NamedTuple):
    """What is known of one quantity of all columns, with errors that hold."""

    values: np.ndarray  # (frame, column, component)
    errors: np.ndarray


class _Piece(NamedTuple):
    """A stretch of frames of a column that may hold a step."""

    column: int
    start: int
    stop: int


class _Event(NamedTuple):
    kind: str
    frame: int
    column: int
    change: np.ndarray  # (component,)
    error: np.ndarray
    before: np.ndarray
    p: float
    adjusted: float


def column_events(tracks: xr.Dataset, *, fdr: float = 0.05) -> xr.Dataset:
    """List what happens to columns, at a rate of false discoveries.

    Parameters
    ----------
    tracks : Dataset, (frame, column)
        From `fit_frames` or `link_columns`; `drift_free` is applied where there is no
        ``displacement`` yet.
    fdr : float
        Expected fraction of false ones among the events (Benjamini-Hochberg), for intensities and
        places each.

    Returns
    -------
    Dataset, (event,)
        ``kind``: vacancy (a column falls to less than 0.3 of its intensity, or is not found any
        more), filled (the reverse), intensity step, or hop (a step of the place against that of
        its neighbours, which lasts);
        ``event_frame``, the number of the first frame after; ``label`` of the column, ``y`` and
        ``x`` where it is on average, free of drift; ``change`` and ``change_std``, of the
        intensity as a fraction of the larger side; ``distance``, ``distance_std``, ``dy`` and
        ``dx`` of a hop, in the length unit; NaN where it is of the other kind; ``p_value`` and
        ``p_adjusted``. In the order of frames. attrs: fdr, n_tested.

    Raises
    ------
    TypeError, ValueError
        If these are no tracks with intensity and errors, or `fdr` is no fraction.

    Notes
    -----
    Each series is cut in two where the means differ most in the light of its errors, and so on in
    both parts while the step is significant (binary segmentation: A. J. Scott & M. Knott,
    Biometrics 30 (1974) 507); the p-value is Bonferroni's over the places of the cut. Errors are
    enlarged to what columns of the same sublattice scatter from frame to frame, by the median, so
    that vibration is no hop. An event has two frames or more on either side. A column that is
    missing inside of the frame counts as one without intensity; beyond its rim as unknown. What
    multiplies the intensities of a whole frame, as the beam current, is taken off by its median.
    Where columns diffuse, each is always on its way, and many of their steps are such hops:
    `mean_square_displacement` is what describes them.

    References
    ----------
    Y. Benjamini and Y. Hochberg, J. R. Stat. Soc. B 57 (1995) 289; for the tests of parts after
    that of the whole: D. Yekutieli, J. Am. Stat. Assoc. 103 (2008) 309.
    """
    check_tracks(tracks, needs=("y", "x", "intensity", "intensity_std", "y_std", "x_std"))
    if not 0 < fdr < 1:
        raise ValueError(f"fdr is a fraction between 0 and 1, but {fdr!r} came.")
    if "displacement" not in tracks or "mean_y" not in tracks:
        tracks = drift_free(tracks)
    groups = _groups(tracks)
    events, tested = [], 0
    for name, series in (("intensity", _intensities(tracks)), ("place", _places(tracks))):
        found, number = _segment(_enlarged(series, groups), fdr, name)
        events += found
        tested += number
    events.sort(key=lambda event: (event.frame, event.column))
    return _table(tracks, events).assign_attrs(fdr=fdr, n_tested=tested)


def _groups(tracks: xr.Dataset) -> np.ndarray:
    """Group of each column that scatters alike, (column,)."""
    if "sublattice" in tracks and tracks["sublattice"].dims == ("column",):
        return np.asarray(tracks["sublattice"].values)
    return np.zeros(tracks.sizes["column"], int)


def _intensities(tracks: xr.Dataset) -> _Series:
    """Intensities; 0 where a column inside of the frame is not there."""
    values = over_frames(tracks, "intensity").astype(float)
    errors = over_frames(tracks, "intensity_std").astype(float)
    seen = np.isfinite(values)
    if "flags" in tracks:
        seen &= (over_frames(tracks, "flags").astype(int) & LOST) == 0
    common = _common_factor(np.where(seen, values, np.nan))
    values, errors = values / common[:, None], errors / common[:, None]
    typical = np.full(values.shape[1], np.nanmedian(errors))
    some = np.isfinite(errors).any(axis=0)
    typical[some] = np.nanmedian(errors[:, some], axis=0)
    outside = np.zeros(seen.shape, bool)
    if "flags" in tracks:
        outside = (over_frames(tracks, "flags").astype(int) & int(Flag.cut_by_edge)) != 0
    values = np.where(seen, values, np.where(outside, np.nan, 0.0))
    known = np.isfinite(errors) & (errors > 0) & seen
    errors = np.where(known, errors, typical)
    return _Series(values[..., None], errors[..., None])


def _common_factor(values: np.ndarray) -> np.ndarray:
    """What all columns of a frame have been multiplied by, (frame,); its median is 1."""
    known = np.isfinite(values) & (values > 0)
    level = np.full(values.shape[1], np.nan)
    some = known.any(axis=0)
    level[some] = np.nanmedian(np.where(known, values, np.nan)[:, some], axis=0)
    ratio = np.where(known, values, np.nan) / level
    factor = np.ones(len(values))
    there = np.isfinite(ratio).any(axis=1)
    factor[there] = np.nanmedian(ratio[there], axis=1)
    return factor


def _places(tracks: xr.Dataset) -> _Series:
    order = (*BOTH, "component")
    values = tracks["displacement"].transpose(*order).values.copy()
    errors = tracks["displacement_std"].transpose(*order).values
    # the place of a column that is hardly there tells of its neighbours
    level = over_frames(tracks, "intensity")
    with np.errstate(invalid="ignore"):
        values[~(level > _GONE * _bright(level))] = np.nan
    places = np.column_stack([tracks["mean_y"].values, tracks["mean_x"].values])
    return _Series(values - around(values, places), errors)


def _bright(level: np.ndarray) -> np.ndarray:
    known = np.isfinite(level).any(axis=0)
    out = np.full(level.shape[1], np.nan)
    out[known] = np.nanmax(level[:, known], axis=0)
    return out


def _enlarged(series: _Series, groups: np.ndarray) -> _Series:
    from temwidgets.kernels.change_points import robust_scale

    errors = series.errors.copy()
    for group in np.unique(groups):
        members = groups == group
        for k in range(errors.shape[2]):
            part = series.values[:, members, k], errors[:, members, k]
            errors[:, members, k] *= max(robust_scale(*part), 1.0)
    return series._replace(errors=errors)


def _segment(series: _Series, fdr: float, name: str) -> tuple[list[_Event], int]:
    """Cut all columns where they step, level by level; events, and the number of tests."""
    from scipy.stats import false_discovery_control

    from temwidgets.kernels.change_points import likeliest_step

    frames, columns, _ = series.values.shape
    known = np.isfinite(series.values).all(axis=2).sum(axis=0)
    pieces = [_Piece(c, 0, frames) for c in range(columns) if known[c] >= _SHOWN]
    events: list[_Event] = []
    known_p: list[float] = []
    while pieces:
        tests = []
        for piece in pieces:
            part = (slice(piece.start, piece.stop), piece.column)
            step = likeliest_step(series.values[part], series.errors[part], _FEWEST)
            if step is not None:
                tests.append((piece, step))
        if not tests:
            break
        # parts are judged among all tests, for alone they would be few
        known_p += [step.p for _, step in tests]
        adjusted = false_discovery_control(known_p)[-len(tests) :]
        pieces = []
        for (piece, step), p in zip(tests, adjusted, strict=True):
            if p > fdr:
                continue
            cut = piece.start + step.at
            kind = "hop" if name == "place" else _kind(step.before[0], step.after[0])
            change = step.after - step.before
            events.append(
                _Event(kind, cut, piece.column, change, step.error, step.before, step.p, float(p))
            )
            pieces += [
                _Piece(piece.column, piece.start, cut),
                _Piece(piece.column, cut, piece.stop),
            ]
    return events, len(known_p)


def _kind(before: float, after: float) -> str:
    if after < _GONE * before:
        return "vacancy"
    return "filled" if before < _GONE * after else "intensity step"


def _table(tracks: xr.Dataset, events: list[_Event]) -> xr.Dataset:
    unit = length_unit(tracks)
    rows = np.array([e.column for e in events], int)
    hop = np.array([e.kind == "hop" for e in events], bool)
    parts = np.array([e.change if e.kind == "hop" else (np.nan, np.nan) for e in events])
    dy, dx = parts.reshape(-1, 2).T
    distance = np.hypot(dy, dx)
    spread = np.array([e.error if e.kind == "hop" else (np.nan, np.nan) for e in events])
    spread = spread.reshape(-1, 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        distance_std = np.hypot(dy * spread[:, 0], dx * spread[:, 1]) / distance
    largest = np.array([max(abs(e.before[0]), abs((e.before + e.change)[0])) for e in events])
    change = np.array([e.change[0] for e in events]) / largest if events else np.empty(0)
    error = np.array([e.error[0] for e in events]) / largest if events else np.empty(0)
    frames = tracks["frame"].values[[e.frame for e in events]] if events else np.empty(0, int)
    made: dict[str, Any] = {
        "kind": (np.array([e.kind for e in events], "U14"), "1", "event"),
        "event_frame": (frames, "1", "first frame after the event"),
        "label": (tracks["column"].values[rows], "1", "column label"),
        "y": (tracks["mean_y"].values[rows], unit, "mean place along y"),
        "x": (tracks["mean_x"].values[rows], unit, "mean place along x"),
        "change": (np.where(hop, np.nan, change), "1", "change of the intensity"),
        "change_std": (np.where(hop, np.nan, error), "1", "standard error of the change"),
        "distance": (distance, unit, "distance of the hop"),
        "distance_std": (distance_std, unit, "standard error of the distance"),
        "dy": (dy, unit, "hop along y"),
        "dx": (dx, unit, "hop along x"),
        "p_value": (np.array([e.p for e in events], float), "1", "p-value"),
        "p_adjusted": (np.array([e.adjusted for e in events], float), "1", "p-value, adjusted"),
    }
    return xr.Dataset({name: quantity("event", *value) for name, value in made.items()})
