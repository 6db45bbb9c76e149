"""Populations in a histogram: a Gaussian mixture, and the probability of each for every column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import xarray as xr

from temwidgets.analysis.variables import finite_values, numeric_variable, variable_info
from temwidgets.conventions import check_columns, quantity

if TYPE_CHECKING:
    from temwidgets.kernels.mixtures import Mixture

_FEWEST_PER_COMPONENT = 5
_STEPS_WITHOUT_GAIN = 2


def fit_mixture(
    columns: xr.Dataset,
    variable: str = "intensity",
    *,
    n_components: int | None = None,
    max_components: int = 6,
    criterion: Literal["bic", "icl"] = "bic",
    sublattice: int | None = None,
) -> xr.Dataset:
    """Describe a column variable as a sum of Gaussian populations.

    Parameters
    ----------
    columns : Dataset, (column,)
        NaN values are left out.
    variable : str
        A variable of the columns, e.g. "intensity".
    n_components : int, optional
        Number of populations; chosen by `criterion` when not given.
    max_components : int
        Largest number tried; the search ends earlier when two more populations gain nothing.
    criterion : {"bic", "icl"}
        Bayesian information criterion (describes the histogram's shape best), or integrated
        completed likelihood (fewer populations, well apart).
    sublattice : int, optional
        Use the columns of one sublattice only.

    Returns
    -------
    Dataset, (population,)
        weight, mean and sd in order of the means; `bic` and `icl` over n_components, of every
        number tried. ``attrs`` name the variable, the number of columns and the sublattice.

    Raises
    ------
    ValueError
        If the variable is missing or too few values are finite.

    References
    ----------
    Criteria: see `temwidgets.kernels.mixtures.fit_mixture`.
    """
    from temwidgets.kernels import mixtures

    if criterion not in ("bic", "icl"):
        raise ValueError(f'criterion is "bic" or "icl", but {criterion!r} came.')
    values = finite_values(columns, variable, sublattice)
    numbers = _numbers(n_components, max_components, values.size)
    fits: list[Mixture] = []
    scores: list[float] = []
    for number in numbers:
        fits.append(mixtures.fit_mixture(values, number))
        scores.append(getattr(fits[-1], criterion))
        if len(scores) - int(np.argmin(scores)) > _STEPS_WITHOUT_GAIN:
            break
    unit = variable_info(columns, variable).units
    attrs: dict[str, Any] = {"variable": variable, "criterion": criterion, "n_columns": values.size}
    if sublattice is not None:
        attrs["sublattice"] = int(sublattice)
    return _table(fits, fits[int(np.argmin(scores))], unit, attrs)


def _table(fits: list[Mixture], best: Mixture, unit: str, attrs: dict[str, Any]) -> xr.Dataset:
    variable, tried = attrs["variable"], [fit.mean.size for fit in fits]
    return xr.Dataset(
        {
            "weight": quantity("population", best.weight, "1", "fraction of the columns"),
            "mean": quantity("population", best.mean, unit, f"mean {variable}"),
            "sd": quantity("population", best.sd, unit, f"standard deviation of {variable}"),
            "bic": quantity("n_components", [f.bic for f in fits], "1", "BIC"),
            "icl": quantity("n_components", [f.icl for f in fits], "1", "ICL"),
        },
        coords={
            "population": quantity("population", np.arange(best.mean.size), "1", "population"),
            "n_components": quantity("n_components", tried, "1", "number of populations"),
        },
        attrs=attrs,
    )


def assign_populations(columns: xr.Dataset, mixture: xr.Dataset) -> xr.Dataset:
    """Say for every column how probably it belongs to each population of a mixture.

    Parameters
    ----------
    columns : Dataset, (column,)
        They need not be those that the mixture was fitted to.
    mixture : Dataset
        From `fit_mixture`.

    Returns
    -------
    Dataset, (column,)
        With ``<variable>_probability`` (column, population), NaN where the variable is NaN or the
        column is not of the mixture's sublattice, and ``<variable>_population``, the likeliest, -1
        where there is none. Populations assigned earlier are replaced.

    Raises
    ------
    ValueError
        If the columns lack the mixture's variable.
    """
    from temwidgets.kernels import mixtures

    variable, parameters = _parameters(mixture)
    values = numeric_variable(columns, variable)
    known = np.isfinite(values)
    if "sublattice" in mixture.attrs:
        check_columns(columns, needs=("sublattice",))
        known &= columns["sublattice"].values == mixture.attrs["sublattice"]
    probability = np.full((values.size, parameters[0].size), np.nan)
    probability[known] = mixtures.probabilities(values[known], *parameters)
    likeliest = np.full(values.size, -1)
    likeliest[known] = probability[known].argmax(1)
    earlier = [str(name) for name in columns if "population" in columns[name].dims]
    earlier += [name.replace("_probability", "_population") for name in earlier]
    kept = columns.drop_vars([*earlier, "population"], errors="ignore")
    return kept.assign_coords(population=mixture["population"]).assign(
        {
            f"{variable}_probability": quantity(
                ("column", "population"), probability, "1", f"probability by {variable}"
            ),
            f"{variable}_population": quantity(
                "column", likeliest, "1", f"likeliest population by {variable}"
            ),
        }
    )


def mixture_density(mixture: xr.Dataset, values: Any) -> xr.DataArray:
    """Evaluate the populations' densities, e.g. to draw them over a histogram.

    Parameters
    ----------
    mixture : Dataset
        From `fit_mixture`.
    values : array_like, (value,)
        Where, in the variable's units.

    Returns
    -------
    DataArray, (population, value)
        Probability density per unit; the sum over populations integrates to 1. Times the number
        of columns and the bin width it is the histogram's expected count.
    """
    from temwidgets.kernels import mixtures

    variable, parameters = _parameters(mixture)
    places = np.atleast_1d(np.asarray(values, float))
    unit = str(mixture["mean"].attrs["units"])
    return xr.DataArray(
        mixtures.densities(places, *parameters).T,
        dims=("population", "value"),
        coords={
            "population": mixture["population"],
            "value": quantity("value", places, unit, variable),
        },
        name="density",
        attrs={"units": f"1/({unit})", "long_name": f"probability density of {variable}"},
    )


def _numbers(n_components: int | None, max_components: int, n_values: int) -> list[int]:
    wanted = max_components if n_components is None else n_components
    if wanted != int(wanted) or wanted < 1:
        raise ValueError(f"The number of populations is a whole number from 1, but {wanted} came.")
    possible = n_values // _FEWEST_PER_COMPONENT
    if possible < (1 if n_components is None else n_components):
        raise ValueError(
            f"{n_values} finite values are too few for {n_components or 1} populations; at least"
            f" {_FEWEST_PER_COMPONENT} for each are needed."
        )
    if n_components is not None:
        return [int(n_components)]
    return list(range(1, min(int(max_components), possible) + 1))


def _parameters(mixture: xr.Dataset) -> tuple[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    if not isinstance(mixture, xr.Dataset) or "variable" not in mixture.attrs:
        raise TypeError(
            "A mixture from temwidgets.fit_mixture was expected, but a"
            f" {type(mixture).__name__} without its parameters came."
        )
    weight, mean, sd = (mixture[name].values for name in ("weight", "mean", "sd"))
    return str(mixture.attrs["variable"]), (weight, mean, sd)
