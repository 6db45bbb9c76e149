"""Stacks of frames with known truth: drift, row jitter, vibration, diffusion, and events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from temwidgets.conventions import PixelGrid, make_image, pixel_grid, quantity
from temwidgets.kernels.drawing import draw_gaussians, precision_matrix
from temwidgets.kernels.scan_lines import line_splines, sample_lines
from temwidgets.synthetic.crystal import Pair, Site, lattice_columns

_INSIDE = 1.0  # separations from the rim within which columns take part in events
_PAD = 12  # px drawn round a frame, so that offset lines show what lies there

EVENTS = ("vacancy", "filled", "hop", "intensity step")


class _Event(NamedTuple):
    kind: str
    frame: int
    row: int  # of the columns
    size: float  # fraction of the intensity, or distance


def movie(
    shape: tuple[int, int] = (96, 128),
    *,
    frames: int = 12,
    separation: float | None = None,
    sites: Sequence[Site] | None = None,
    drift: Pair | np.ndarray = (0.0, 0.0),
    row_jitter: float = 0.0,
    vibration: float = 0.0,
    diffusion: float = 0.0,
    vacancies: int = 0,
    filled: int = 0,
    hops: int = 0,
    hop: float | None = None,
    steps: int = 0,
    step: float = -0.5,
    sampling: float | Pair | None = None,
    origin: Pair = (0.0, 0.0),
    background: float = 0.2,
    dose: float | None = 200.0,
    seed: int = 0,
    **structure: Any,
) -> tuple[xr.DataArray, xr.Dataset]:
    """Make a movie of a crystal that drifts, and where each column is in each frame.

    Parameters
    ----------
    shape : (int, int)
        Pixels of a frame along y and x.
    frames : int
        Number of frames.
    separation : float, optional
        Lattice parameter in the image's length unit, 12 pixels when not given.
    sites : sequence of Site, optional
        The motif; one round column, sigma 0.2 separations, when not given.
    drift : (float, float) or ndarray, (frame, 2)
        Drift (y, x) from one frame to the next, or where each frame lies; lengths.
    row_jitter : float
        Standard deviation of the offset of each scan line along x, length.
    vibration : float
        Standard deviation of the place of each column in each frame, per axis, length.
    diffusion : float
        Coefficient of a random walk of each column, area per frame: the mean square displacement
        after n frames is 4 diffusion n.
    vacancies, filled : int
        Columns that vanish, and columns that are not there at first and then come.
    hops, hop
        Columns that jump once by the length `hop` (0.2 separations when not given) in a random
        direction, and stay.
    steps, step
        Columns whose height changes once, by the fraction `step`.
    sampling, origin
        As in `make_image`.
    background, dose
        In units of height; counts per unit height, None without noise.
    seed : int
        Makes everything random repeatable.
    **structure
        Options of `lattice_columns`: rotation, shift, displacement, amplitude_spread, ...

    Returns
    -------
    stack : DataArray, (frame, y, x), float32
        Counts.
    truth : Dataset, (frame, column)
        ``y``, ``x`` in the frame, ``amplitude`` (counts; 0 where the column is not there) and
        ``inside``; over (column) ``sublattice``, ``n_a``, ``n_b``; over (frame) ``drift_y``,
        ``drift_x``; ``offset`` (frame, y) of each scan line along x: what belongs at x lies at x +
        offset; over (event) ``kind``, ``event_frame`` (the first in the new state), ``label`` and
        ``size`` (fraction of the intensity, or distance). Columns are those that all frames or
        some show.

    Raises
    ------
    ValueError
        If there are too few columns or frames for the events, or a number is out of range.
    """
    blank = make_image(np.zeros(shape, np.float32), sampling=sampling, origin=origin)
    grid = pixel_grid(blank)
    apart = separation or 12 * max(grid.sampling)
    motif = [Site(sigma_major=0.2 * apart)] if sites is None else sites
    rng = np.random.default_rng([seed, 2])
    path = _path(drift, frames)
    columns = _columns(grid, path, apart, motif, {"seed": seed, **structure})
    wanted = dict(zip(EVENTS, (vacancies, filled, hops, steps), strict=True))
    sizes = (-1.0, 1.0, 0.2 * apart if hop is None else hop, step)
    events = _events(columns, grid, path, apart, frames, wanted, sizes, rng)
    moved = _motion((frames, columns.sizes["column"], 2), vibration, diffusion, rng)
    heights = np.tile(columns["amplitude"].values, (frames, 1))
    _happen(events, moved, heights, rng)
    places = np.column_stack([columns["y"].values, columns["x"].values])
    places = places + moved + path[:, None]
    offsets = row_jitter * rng.standard_normal((frames, shape[0]))
    pictures = [
        _picture(columns, grid, places[k], heights[k], offsets[k], background, dose, [seed, 3, k])
        for k in range(frames)
    ]
    stack = make_image(
        np.stack(pictures), sampling=sampling, origin=origin, attrs={"source": "synthetic"}
    )
    truth = _truth(stack, columns, places, (dose or 1.0) * heights, path, offsets, events)
    return stack, truth


def _path(drift: Pair | np.ndarray, frames: int) -> np.ndarray:
    """Where each frame lies, (frame, 2)."""
    if frames < 2:
        raise ValueError(f"A movie has two frames or more, but frames={frames} came.")
    given = np.asarray(drift, float)
    if given.shape == (2,):
        return np.arange(frames)[:, None] * given
    if given.shape != (frames, 2) or not np.isfinite(given).all():
        raise ValueError(
            f"drift is (y, x) from frame to frame, or an array ({frames}, 2) of where each frame"
            f" lies, but shape {given.shape} came."
        )
    return given


def _columns(
    grid: PixelGrid, path: np.ndarray, apart: float, sites: Sequence[Site], options: dict[str, Any]
) -> xr.Dataset:
    """Columns of all the specimen that any frame shows."""
    step = np.array(grid.sampling)
    low = np.array(grid.origin) - path.max(axis=0) - apart
    high = np.array(grid.origin) + step * (np.array(grid.shape) - 1) - path.min(axis=0) + apart
    size = np.ceil((high - low) / step).astype(int) + 1
    wide = make_image(
        np.zeros((int(size[0]), int(size[1])), np.float32),
        sampling=(grid.sampling.y, grid.sampling.x),
        origin=(float(low[0]), float(low[1])),
        units=grid.units,
    )
    defaults = {"rotation": 3.0, "shift": (0.21 * apart, 0.13 * apart)}
    return lattice_columns(wide, (0.0, apart), (apart, 0.0), sites, **{**defaults, **options})


def _events(
    columns: xr.Dataset,
    grid: PixelGrid,
    path: np.ndarray,
    apart: float,
    frames: int,
    wanted: dict[str, int],
    sizes: tuple[float, ...],
    rng: np.random.Generator,
) -> list[_Event]:
    """Choose columns that every frame shows, each for one event, and when it happens."""
    places = np.column_stack([columns["y"].values, columns["x"].values])
    low = np.array(grid.origin) - path.min(axis=0) + _INSIDE * apart
    high = np.array(grid.origin) + np.array(grid.sampling) * (np.array(grid.shape) - 1)
    high = high - path.max(axis=0) - _INSIDE * apart
    rows = rng.permutation(np.flatnonzero(((places > low) & (places < high)).all(axis=1)))
    kinds = [(kind, size) for (kind, n), size in zip(wanted.items(), sizes, strict=True)
             for _ in range(n)]  # fmt: skip
    if len(kinds) > rows.size or (kinds and frames < 4):
        raise ValueError(
            f"{len(kinds)} events were asked for, but {rows.size} columns are in all {frames}"
            " frames. Make the image larger or the drift smaller, and take four frames or more."
        )
    times = rng.integers(2, frames - 1, len(kinds))
    return [
        _Event(kind, int(when), int(row), size)
        for (kind, size), when, row in zip(kinds, times, rows[: len(kinds)], strict=True)
    ]


def _motion(
    shape: tuple[int, int, int], vibration: float, diffusion: float, rng: np.random.Generator
) -> np.ndarray:
    if vibration < 0 or diffusion < 0:
        raise ValueError(
            f"vibration and diffusion are not negative, but {vibration} and {diffusion} came."
        )
    walk = np.sqrt(2 * diffusion) * rng.standard_normal(shape)
    walk[0] = 0
    return np.cumsum(walk, axis=0) + vibration * rng.standard_normal(shape)


def _happen(
    events: list[_Event], moved: np.ndarray, heights: np.ndarray, rng: np.random.Generator
) -> None:
    """Put the events into displacements and heights."""
    for event in events:
        after = slice(event.frame, None)
        if event.kind == "hop":
            angle = rng.uniform(0, 2 * np.pi)
            moved[after, event.row] += event.size * np.array([np.sin(angle), np.cos(angle)])
        elif event.kind == "filled":
            heights[: event.frame, event.row] = 0
        else:
            heights[after, event.row] *= 1 + event.size


def _picture(
    columns: xr.Dataset,
    grid: PixelGrid,
    places: np.ndarray,
    heights: np.ndarray,
    offsets: np.ndarray,
    background: float,
    dose: float | None,
    seed: list[int],
) -> np.ndarray:
    """Draw one frame, (y, x), counts."""
    names = ("sigma_major", "sigma_minor", "theta")
    p_yy, p_yx, p_xx = precision_matrix(*(columns[name].values for name in names))
    dy, dx = grid.sampling
    row, col = grid.to_pixels(*places.T)
    model = background + draw_gaussians(
        (grid.shape[0], grid.shape[1] + 2 * _PAD), row, col + _PAD, heights,
        (p_yy * dy**2, p_yx * dy * dx, p_xx * dx**2),
    )  # fmt: skip
    if offsets.any():
        model = np.maximum(sample_lines(line_splines(model), -offsets / dx), 0)
    model = model[:, _PAD:-_PAD]
    rng = np.random.default_rng(seed)
    counts = model if dose is None else rng.poisson(model * dose)
    return counts.astype(np.float32)


def _truth(
    stack: xr.DataArray,
    columns: xr.Dataset,
    places: np.ndarray,
    heights: np.ndarray,
    path: np.ndarray,
    offsets: np.ndarray,
    events: list[_Event],
) -> xr.Dataset:
    """Describe what was drawn, of the columns that some frame shows."""
    grid = pixel_grid(stack)
    row, col = grid.to_pixels(places[..., 0], places[..., 1])
    inside = (row > -0.5) & (row < grid.shape[0] - 0.5)
    inside &= (col > -0.5) & (col < grid.shape[1] - 0.5)
    kept = inside.any(axis=0)
    label = np.cumsum(kept) - 1
    both, unit = ("frame", "column"), grid.units
    made = {
        "y": quantity(both, places[:, kept, 0], unit, "y position"),
        "x": quantity(both, places[:, kept, 1], unit, "x position"),
        "amplitude": quantity(both, heights[:, kept], "counts", "amplitude"),
        "inside": quantity(both, inside[:, kept], "1", "whether the frame shows the column"),
        "drift_y": quantity("frame", path[:, 0], unit, "drift along y"),
        "drift_x": quantity("frame", path[:, 1], unit, "drift along x"),
        "offset": quantity(("frame", "y"), offsets, unit, "offset of the scan line along x"),
        "kind": quantity("event", np.array([e.kind for e in events], "U14"), "1", "event"),
        "event_frame": quantity("event", [e.frame for e in events], "1", "first frame after"),
        "label": quantity("event", [label[e.row] for e in events], "1", "column label"),
        "size": quantity("event", [e.size for e in events], "1", "fraction or distance"),
    }
    for name in ("sublattice", "n_a", "n_b", "sigma_major", "sigma_minor", "theta"):
        made[name] = columns[name].variable[kept]
    coords = {
        "column": quantity("column", np.arange(kept.sum()), "1", "column label"),
        "frame": stack["frame"],
    }
    # `y` is a variable over (frame, column): lines are numbered
    made["offset"] = quantity(("frame", "line"), offsets, unit, "offset of the scan line along x")
    return xr.Dataset(made, coords=coords, attrs={"next_label": int(kept.sum())})
