"""Whether sites that symmetry makes equal differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import xarray as xr

from temwidgets.analysis.comparison_groups import Groups, Pair, pairs_of
from temwidgets.analysis.variables import numeric_variable, variable_info
from temwidgets.conventions import check_columns, quantity

Background = Literal["local", "smooth", "none"]
_ANGLES = {"theta": "sigma_major and sigma_minor", "displacement_direction": "the components"}
_FEWEST = 3
_NEIGHBOURS = 24
_DEGREE = 4


def compare_sites(
    columns: xr.Dataset,
    variables: str | Sequence[str] = "intensity",
    *,
    groups: Groups | Mapping[str, Sequence[int]] = "site",
    site: int | None = None,
    background: Background = "local",
    test: Literal["welch", "permutation"] = "welch",
    correction: Literal["benjamini-hochberg", "holm", "none"] = "benjamini-hochberg",
    level: float = 0.05,
    permutations: int = 1999,
    seed: int = 0,
    report: Callable[[float], None] | None = None,
) -> xr.Dataset:
    """Test whether sites that should be equal differ in intensity, displacement, shape, ...

    Parameters
    ----------
    columns : Dataset, (column,)
        NaN values are left out.
    variables : str or sequence of str
        One number per column each: "intensity", "displacement_y", "sigma_major", ...
    groups : str or mapping of str to sequence of int
        "site" (the sublattice where columns have no `site`), "sublattice"; "parity_a",
        "parity_b", "parity_ab": within each site cells of even and odd n_a, n_b or n_a + n_b; or
        the labels of the columns of each group by the group's name. All pairs are compared.
    site : int, optional
        Parities of this site only.
    background : {"local", "smooth", "none"}
        What columns are compared over: a plane through the 24 nearest columns of both groups, so
        that nothing that varies slowly, such as thickness, can look like a difference; a
        polynomial of degree 4 over the field; or one mean, for groups that lie apart. Of no more
        than 6 columns the mean alone is taken off.
    test : {"welch", "permutation"}
        Welch's t, or permutations, for few columns or values far from normal.
    correction : {"benjamini-hochberg", "holm", "none"}
        For many tests: control of the false discovery rate, or of any false one.
    level : float
        Of `significant`.
    permutations, seed : int
        Number of permutations, and what makes them repeatable.
    report : callable, optional
        Called with the fraction done now and then; may raise CancelledError.

    Returns
    -------
    Dataset, (comparison,)
        ``variable``, ``first``, ``second`` (names of the groups); ``first_count``,
        ``second_count``; ``first_mean``, ``second_mean`` as they are; ``difference``, first less
        second, over the background, with ``difference_std``; ``effect_size`` (Hedges' g: the
        difference in standard deviations within the groups) with ``effect_size_std``;
        ``statistic`` (Welch's t) and ``degrees_of_freedom``; ``p_value``, ``p_adjusted`` and
        ``significant``. Means and differences have the variable's ``unit``. NaN where a group has
        fewer than 3 values, values do not scatter, or the background holds the whole difference.

    Raises
    ------
    TypeError, ValueError
        If a variable, label or cell number is missing, there are no two groups, they overlap, or
        an option is unknown.

    Notes
    -----
    Columns are taken for independent: noise that neighbours share makes errors too small.

    References
    ----------
    Effect size: L. V. Hedges, J. Educ. Stat. 6 (1981) 107. False discoveries: Y. Benjamini and
    Y. Hochberg, J. R. Stat. Soc. B 57 (1995) 289. Tests: see `temwidgets.kernels.contrasts`.
    """
    _check_options(background, test, correction, level, permutations)
    check_columns(columns)
    names = [variables] if isinstance(variables, str) else list(variables)
    if not names:
        raise ValueError("variables is empty. Name at least one variable to compare.")
    table = {name: _linear(columns, name) for name in names}
    pairs = pairs_of(columns, groups, site)
    rows = []
    for number, (name, pair) in enumerate((n, p) for n in names for p in pairs):
        rows.append(
            {"variable": name, "first": pair.first, "second": pair.second}
            | _compare(columns, table[name], pair, background, test, (permutations, seed))
        )
        if report is not None:
            report((number + 1) / (len(names) * len(pairs)))
    return _result(columns, rows, correction, level).assign_attrs(
        groups=groups if isinstance(groups, str) else "labels", background=background, test=test
    )


def _check_options(
    background: str, test: str, correction: str, level: float, permutations: int
) -> None:
    allowed = {
        "background": (background, ("local", "smooth", "none")),
        "test": (test, ("welch", "permutation")),
        "correction": (correction, ("benjamini-hochberg", "holm", "none")),
    }
    for name, (value, choices) in allowed.items():
        if value not in choices:
            raise ValueError(f"{name} is one of {', '.join(choices)}, but {value!r} came.")
    if not 0 < level < 1:
        raise ValueError(f"level is a probability between 0 and 1, but {level} came.")
    if permutations != int(permutations) or permutations < 99:
        raise ValueError(f"permutations is a whole number from 99, but {permutations} came.")


def _linear(columns: xr.Dataset, name: str) -> np.ndarray:
    if name in _ANGLES:
        raise ValueError(
            f"{name} is an angle that comes round again and has no mean. Compare {_ANGLES[name]}."
        )
    return numeric_variable(columns, name)


def _compare(
    columns: xr.Dataset,
    values: np.ndarray,
    pair: Pair,
    background: str,
    test: str,
    permutations: tuple[int, int],
) -> dict[str, float]:
    from temwidgets.kernels import contrasts

    points = np.column_stack([columns["y"].values, columns["x"].values]).astype(float)
    known = np.isfinite(values) & np.isfinite(points).all(axis=1)
    first, second = pair.first_rows & known, pair.second_rows & known
    counts = int(first.sum()), int(second.sum())
    row: dict[str, float] = {"first_count": counts[0], "second_count": counts[1]}
    row["first_mean"] = float(values[first].mean()) if counts[0] else np.nan
    row["second_mean"] = float(values[second].mean()) if counts[1] else np.nan
    if min(counts) < _FEWEST:
        return row | _measures(contrasts.Contrast(*[np.nan] * 6), counts)
    used = first | second
    off = _background(points[used], background)
    found = contrasts.contrast(values[used], first[used], off)
    if test == "permutation":
        p = contrasts.permuted_p(values[used], first[used], off, *permutations)
        found = found._replace(p_value=p)
    return row | _measures(found, counts)


def _background(points: np.ndarray, background: str) -> Any:
    from temwidgets.kernels import contrasts

    if background == "local" and len(points) > 2 * _FEWEST:
        return contrasts.local_background(points, _NEIGHBOURS)
    # few columns tell no more than a mean, or a slope
    degree = min(_DEGREE, int(np.sqrt(len(points) / 4))) if background == "smooth" else 0
    return contrasts.smooth_background(points, degree)


def _measures(found: Any, counts: tuple[int, int]) -> dict[str, float]:
    n, free = sum(counts), max(sum(counts) - 2, 1)
    g = found.difference / found.spread * (1 - 3 / (4 * free - 1)) if found.spread > 0 else np.nan
    g_error = np.sqrt(n / (counts[0] * counts[1]) + g**2 / (2 * n)) if all(counts) else np.nan
    return {
        "difference": found.difference,
        "difference_std": found.error,
        "effect_size": g,
        "effect_size_std": g_error,
        "statistic": found.t,
        "degrees_of_freedom": found.freedom,
        "p_value": found.p_value,
    }


def _adjusted(p_value: np.ndarray, correction: str) -> np.ndarray:
    from scipy.stats import false_discovery_control

    known = np.isfinite(p_value)
    adjusted = np.full(p_value.shape, np.nan)
    p = p_value[known]
    if not p.size or correction == "none":
        return p_value.copy()
    if correction == "benjamini-hochberg":
        adjusted[known] = false_discovery_control(p)
        return adjusted
    order = np.argsort(p)
    steps = np.maximum.accumulate(p[order] * (p.size - np.arange(p.size)))
    adjusted[np.flatnonzero(known)[order]] = np.minimum(steps, 1)
    return adjusted


def _result(
    columns: xr.Dataset, rows: list[dict[str, Any]], correction: str, level: float
) -> xr.Dataset:
    units = [variable_info(columns, r["variable"]).units for r in rows]
    adjusted = _adjusted(np.array([r["p_value"] for r in rows]), correction)
    own = units[0] if len(set(units)) == 1 else ""
    numbers = {
        "first_count": ("1", "values in the first group"),
        "second_count": ("1", "values in the second group"),
        "first_mean": (own, "mean of the first group"),
        "second_mean": (own, "mean of the second group"),
        "difference": (own, "first less second"),
        "difference_std": (own, "standard error of first less second"),
        "effect_size": ("1", "Hedges' g"),
        "effect_size_std": ("1", "standard error of Hedges' g"),
        "statistic": ("1", "Welch's t"),
        "degrees_of_freedom": ("1", "degrees of freedom"),
        "p_value": ("1", "p-value"),
    }
    texts = {name: [r[name] for r in rows] for name in ("variable", "first", "second")}
    result = xr.Dataset(
        {
            name: ("comparison", np.array(t, object), {"long_name": name})
            for name, t in texts.items()
        }
        | {"unit": ("comparison", np.array(units, object), {"long_name": "unit"})}
        | {
            name: quantity("comparison", [r[name] for r in rows], unit, text)
            for name, (unit, text) in numbers.items()
        },
        coords={"comparison": quantity("comparison", np.arange(len(rows)), "1", "comparison")},
        attrs={"correction": correction, "level": level},
    )
    for name in ("difference", "effect_size"):
        result[name].attrs["ancillary_variables"] = f"{name}_std"
    return result.assign(
        p_adjusted=quantity("comparison", adjusted, "1", f"p-value, {correction}"),
        significant=quantity("comparison", adjusted <= level, "1", f"p_adjusted up to {level:g}"),
    )
