"""Tell sublattices apart by clustering: brightness, shape and neighbourhood together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import xarray as xr

from temwidgets.analysis.variables import numeric_variable
from temwidgets.conventions import Flag, check_columns, flagged, quantity

if TYPE_CHECKING:
    from temwidgets.kernels.surroundings import Around

Feature = Literal["brightness", "contrast", "shape", "neighbours", "directions"]
_BRIGHTNESS = ("amplitude", "height", "intensity")
_SHAPES = ("shape_yy", "shape_yx", "shape_xx")
_FEWEST = 30
# least widths that count: of brightness and size in parts of their spread over all columns, of
# what has no unit as it is
_WIDTH = {"brightness": 0.02, "contrast": 0.02, "shape": 0.04, "neighbours": 0.15}
_WIDTH["directions"] = _WIDTH["neighbours"]
_FARTHEST = 3.0


def cluster_columns(
    columns: xr.Dataset,
    *,
    n: int | None = None,
    features: Sequence[Feature] = ("brightness", "neighbours"),
    variable: str | None = None,
    max_sublattices: int = 6,
    report: Callable[[float], None] | None = None,
) -> xr.Dataset:
    """Sort columns into sublattices by what they look like and what stands around them.

    No lattice is needed. `label_sublattices` looks at brightness alone; this tells sublattices of
    equal brightness apart as well, and those that a thickness gradient mixes up.

    Parameters
    ----------
    columns : Dataset, (column,)
        Found or fitted columns.
    n : int, optional
        Number of sublattices. When not given, as many as stand apart: each with at least 5 % of the
        columns, any two at least three standard deviations apart in all features together, the
        integrated completed likelihood best. One broad population is not split.
    features : sequence of str
        What to compare; any of

        - "brightness": `variable` in the whole image;
        - "contrast": `variable` over the mean around the column, for uneven thickness;
        - "shape": size, and elongation with its direction, from the fitted shape;
        - "neighbours": numbers and relative brightness of the neighbours at each usual distance,
          the same however the crystal is turned;
        - "directions": relative brightness of the neighbour at each usual distance and direction.
          This tells A from B in a honeycomb of equal columns, and the upper from the lower column
          of a dumbbell; sites that only differ by a rotation become sublattices of their own, and
          so do grains that are turned against each other.
    variable : str, optional
        Brightness; the first of amplitude, height, intensity that the columns have.
    max_sublattices : int
        Largest number to consider.
    report : callable, optional
        Called with the fraction done, 0 to 1.

    Returns
    -------
    Dataset, (column,)
        With integer `sublattice`, 0 the one with the brightest median, -1 where the brightness is
        not known; and `sublattice_probability`, how probably a column is of its sublattice rather
        than of another. Features count as independent, so doubtful columns are told better than
        how doubtful they are. At a rim, missing neighbours count as unknown.

    Raises
    ------
    ValueError
        If a feature is unknown or needs a fit, or columns are too few or too much alike.

    Notes
    -----
    A mixture of Gaussians with independent features (scikit-learn), fitted to columns with
    neighbours all round. On synthetic perovskites, honeycombs and dumbbells with vacancies, jitter
    and gradients it found number and members where HDBSCAN, and Ward clustering that was told the
    number, did not.

    References
    ----------
    ICL: C. Biernacki et al., IEEE PAMI 22 (2000) 719.
    """
    check_columns(columns)
    _check_options(features, n, max_sublattices)
    values, used = _brightness(columns, variable)
    if used.sum() < max(_FEWEST, 5 * (n or 1)):
        raise ValueError(
            f"Only {int(used.sum())} columns have a position and a brightness, but clustering needs"
            f" {max(_FEWEST, 5 * (n or 1))}. Use temwidgets.label_sublattices for so few."
        )
    from temwidgets.kernels import sorting, surroundings

    rows = np.flatnonzero(used)
    points = np.column_stack([columns["y"].values, columns["x"].values])[rows]
    around = surroundings.look_around(points, values[rows])
    table = np.hstack([_feature(columns, name, rows, values, around) for name in features])
    typical = np.isfinite(table).all(axis=1) & around.surrounded & ~_doubtful(columns)[rows]
    if typical.sum() < max(_FEWEST, 5 * (n or 1)):
        # a small crystal is all rim: compare what is known
        table = np.where(np.isfinite(table), table, np.nan_to_num(np.nanmedian(table, axis=0)))
        typical = np.full(rows.size, True)
    classes = sorting.find_classes(table[typical], n, max_sublattices, report)
    if n is not None and len(classes.weight) < n:
        raise ValueError(
            f"The columns do not fall into {n} sublattices by {', '.join(features)}. Ask for fewer,"
            " or compare other features."
        )
    probability = sorting.probabilities(table, classes)
    return _assigned(columns, rows, values[rows], probability, features)


def _check_options(features: Sequence[str], n: int | None, most: int) -> None:
    known = get_args(Feature)
    wrong = [name for name in features if name not in known]
    if isinstance(features, str) or wrong or not features or len(set(features)) < len(features):
        raise ValueError(
            f"features is a list of different ones of {', '.join(known)}, but {features!r} came."
        )
    for number in (most, 1 if n is None else n):
        if number != int(number) or number < 1:
            raise ValueError(
                f"The number of sublattices is a whole number from 1, but {number} came."
            )


def _brightness(columns: xr.Dataset, variable: str | None) -> tuple[np.ndarray, np.ndarray]:
    name = variable or next((name for name in _BRIGHTNESS if name in columns), None)
    if name is None:
        raise ValueError(
            f"The columns have none of {', '.join(_BRIGHTNESS)}. Name a variable to compare by."
        )
    values = numeric_variable(columns, name)
    used = np.isfinite(values) & (values > 0)
    return values, used & np.isfinite(columns["y"].values) & np.isfinite(columns["x"].values)


def _doubtful(columns: xr.Dataset) -> np.ndarray:
    if "flags" not in columns:
        return np.zeros(columns.sizes["column"], bool)
    return flagged(columns, Flag.failed | Flag.duplicate | Flag.cut_by_edge).values


def _feature(
    columns: xr.Dataset, name: str, rows: np.ndarray, values: np.ndarray, around: Around
) -> np.ndarray:
    """Return the numbers of one feature, (rows, ...), in units of the least width that counts."""
    from temwidgets.kernels import surroundings

    if name == "shape":
        result = _shape(columns, rows)
    elif name == "directions":
        result = surroundings.by_direction(around)
    elif name == "neighbours":
        result = surroundings.by_distance(around)
    else:
        result = _spread_to_one(values[rows] if name == "brightness" else around.contrast)[:, None]
    return result / _WIDTH[name]


def _shape(columns: xr.Dataset, rows: np.ndarray) -> np.ndarray:
    """Size, and elongation as the two numbers in which a turn by 180 degrees changes nothing."""
    if not set(_SHAPES) <= set(columns):
        raise ValueError(
            'The feature "shape" needs fitted shapes. Fit the columns with temwidgets.fit_columns,'
            " or leave it out."
        )
    yy, yx, xx = (numeric_variable(columns, name)[rows] for name in _SHAPES)
    size = (yy + xx) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        elongation = np.clip([(yy - xx) / 2 / size, yx / size], -1, 1)
        return np.column_stack([_spread_to_one(np.log(size)), *elongation])


def _spread_to_one(values: np.ndarray) -> np.ndarray:
    """Scale to median 0 and 1 from the 10th to the 90th percentile; outliers are drawn in."""
    known = values[np.isfinite(values)]
    low, middle, high = np.quantile(known, [0.1, 0.5, 0.9]) if known.size else (0.0, 0.0, 1.0)
    return np.clip((values - middle) / ((high - low) or 1.0), -_FARTHEST, _FARTHEST)


def _assigned(
    columns: xr.Dataset,
    rows: np.ndarray,
    values: np.ndarray,
    probability: np.ndarray,
    features: Sequence[str],
) -> xr.Dataset:
    likeliest = probability.argmax(axis=1)
    levels = [
        np.median(values[likeliest == k]) if (likeliest == k).any() else -np.inf
        for k in range(probability.shape[1])
    ]
    number = np.argsort(np.argsort(-np.array(levels), kind="stable"), kind="stable")
    labels = np.full(columns.sizes["column"], -1)
    labels[rows] = number[likeliest]
    sure = np.full(labels.size, np.nan)
    sure[rows] = probability.max(axis=1)
    found = quantity("column", labels, "1", "sublattice, 0 the brightest")
    found.attrs["features"] = list(map(str, features))
    return columns.assign(
        sublattice=found,
        sublattice_probability=quantity("column", sure, "1", "probability of the sublattice"),
    )
