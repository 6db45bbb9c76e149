"""How many atoms a column holds, from the steps in its intensity."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import xarray as xr

from temwidgets.analysis.variables import finite_values, numeric_variable, variable_info
from temwidgets.conventions import quantity

if TYPE_CHECKING:
    from temwidgets.kernels.counting import Spacing, Width
    from temwidgets.kernels.mixtures import Mixture

_FEWEST_PER_COMPONENT = 5


def count_atoms(
    columns: xr.Dataset,
    *,
    variable: str = "intensity",
    first: int = 1,
    n_components: int | None = None,
    max_components: int = 20,
    spacing: Spacing = "equal",
    width: Width = "equal",
    criterion: Literal["icl", "bic"] = "icl",
    sublattice: int | None = None,
    report: Callable[[float], None] | None = None,
) -> xr.Dataset:
    """Count the atoms of each column by a Gaussian mixture of its intensity.

    Columns of one kind and thickness have one intensity but for noise, so that the histogram is a
    sum of Gaussians, one for each number of atoms. How many Gaussians there are is told by the
    integrated classification likelihood (ICL). The intensities tell steps, not where counting
    starts: that is for the user to know (`first`), or to compare with simulations.

    Parameters
    ----------
    columns : Dataset, (column,)
        NaN values are left out.
    variable : str
        An intensity that grows with the number of atoms.
    first : int
        Number of atoms of the lowest component, 0 if it is vacancies.
    n_components : int, optional
        Number of components; chosen by the ICL when not given.
    max_components : int
        Largest number tried.
    spacing : {"equal", "free", "proportional"}
        Means in equal steps; anywhere (as in the paper); or proportional to the number of atoms.
    width : {"equal", "sqrt"}
        One width for all; or growing with the root of the number of atoms.
    criterion : {"icl", "bic"}
        What chooses the number of components: ICL, or the Bayesian information criterion, which
        tells steps of 3 widths too but takes a lopsided component for two.
    sublattice : int, optional
        Count the columns of one sublattice only.
    report : callable, optional
        Called with the fraction done now and then; may raise CancelledError.

    Returns
    -------
    Dataset, (column,)
        With ``atom_count`` (NaN where nothing was counted), ``atom_count_probability`` of that
        number; over (atoms): ``count_weight``, ``count_mean``, ``count_sd`` of each component;
        over (count_components): ``count_icl`` and ``count_bic``, smaller is better, of every number
        of components tried. Attributes ``count_hint``, a sentence if the two criteria disagree, and
        ``count_misassigned``: expected fraction of columns given a wrong number,
        if the mixture is right. Earlier counts are replaced.

    Raises
    ------
    ValueError
        If the variable or sublattice is missing, too few values are finite, or an option is
        wrong.

    Notes
    -----
    The ICL wants components well apart: with steps under some 4.5 widths it may prefer a single
    one. Look at the whole curve, which should have a clear minimum, and at local minima.

    References
    ----------
    A. De Backer et al., Ultramicroscopy 134 (2013) 23; S. Van Aert et al., Phys. Rev. B 87 (2013)
    064107. Criterion: C. Biernacki et al., IEEE PAMI 22 (2000) 719.
    """
    from temwidgets.kernels import counting

    _check_options(first, max_components, spacing, width)
    if criterion not in ("icl", "bic"):
        raise ValueError(f'criterion is "icl" or "bic", but {criterion!r} came.')
    values = finite_values(columns, variable, sublattice)
    numbers = _numbers(n_components, max_components, values.size)
    tie = counting.Tie(spacing, width, first)
    fits = []
    for number in numbers:
        fits.append(counting.fit_counts(values, number, tie))
        if report is not None:
            report(len(fits) / len(numbers))
    best = min(fits, key=lambda fit: getattr(fit, criterion))
    probability = _probabilities(columns, variable, sublattice, best)
    unit = variable_info(columns, variable).units
    counted = _with_counts(columns, probability, first, variable)
    return _with_curve(counted, best, fits, unit, first).assign_attrs(count_hint=_hint(fits))


def _hint(fits: list[Mixture]) -> str:
    icl, bic = (min(fits, key=lambda f: getattr(f, c)).mean.size for c in ("icl", "bic"))
    if icl == bic:
        return ""
    return (
        f"The criteria disagree: ICL says {icl} components, BIC {bic}. Look at both curves and at"
        " the histogram; give n_components where you know better."
    )


def _check_options(first: int, max_components: int, spacing: str, width: str) -> None:
    if spacing not in ("equal", "free", "proportional"):
        raise ValueError(f"spacing is equal, free or proportional, but {spacing!r} came.")
    if width not in ("equal", "sqrt"):
        raise ValueError(f"width is equal or sqrt, but {width!r} came.")
    if first != int(first) or first < 0:
        raise ValueError(f"first is a number of atoms from 0, but {first} came.")
    if first == 0 and (width == "sqrt" or spacing == "proportional"):
        raise ValueError(
            'No atoms would have neither width nor intensity. With first=0 use width="equal" and'
            ' spacing="equal" or "free".'
        )
    if max_components != int(max_components) or max_components < 1:
        raise ValueError(f"max_components is a whole number from 1, but {max_components} came.")


def _numbers(n_components: int | None, max_components: int, n_values: int) -> list[int]:
    if n_components is not None and (n_components != int(n_components) or n_components < 1):
        raise ValueError(f"n_components is a whole number from 1, but {n_components} came.")
    possible = n_values // _FEWEST_PER_COMPONENT
    if possible < (n_components or 1):
        raise ValueError(
            f"{n_values} finite values are too few for {n_components or 1} components; at least"
            f" {_FEWEST_PER_COMPONENT} for each are needed."
        )
    if n_components is not None:
        return [int(n_components)]
    return list(range(1, min(int(max_components), possible) + 1))


def _probabilities(
    columns: xr.Dataset, variable: str, sublattice: int | None, best: Mixture
) -> np.ndarray:
    """(column, component), NaN where nothing is counted."""
    from temwidgets.kernels import mixtures

    values = numeric_variable(columns, variable)
    known = np.isfinite(values)
    if sublattice is not None:
        known &= columns["sublattice"].values == sublattice
    probability = np.full((values.size, best.mean.size), np.nan)
    probability[known] = mixtures.probabilities(values[known], best.weight, best.mean, best.sd)
    return probability


def _with_counts(
    columns: xr.Dataset, probability: np.ndarray, first: int, variable: str
) -> xr.Dataset:
    known = np.isfinite(probability).all(axis=1)
    count = np.full(known.size, np.nan)
    count[known] = first + probability[known].argmax(axis=1)
    likeliest = np.full(known.size, np.nan)
    likeliest[known] = probability[known].max(axis=1)
    earlier = ["atoms", "count_components", *(n for n in columns if str(n).startswith("count_"))]
    counted = columns.drop_vars(earlier, errors="ignore").assign(
        atom_count=quantity("column", count, "1", f"number of atoms by {variable}"),
        atom_count_probability=quantity("column", likeliest, "1", "probability of that number"),
    )
    wrong = float(1 - likeliest[known].mean())
    return counted.assign_attrs(count_variable=variable, count_misassigned=wrong)


def _with_curve(
    columns: xr.Dataset, best: Mixture, fits: list[Mixture], unit: str, first: int
) -> xr.Dataset:
    atoms: Any = quantity("atoms", first + np.arange(best.mean.size), "1", "number of atoms")
    tried = [fit.mean.size for fit in fits]
    icl = quantity("count_components", [f.icl for f in fits], "1", "ICL")
    return columns.assign_coords(
        atoms=atoms,
        count_components=quantity("count_components", tried, "1", "number of components"),
    ).assign(
        count_weight=quantity("atoms", best.weight, "1", "fraction of the columns"),
        count_mean=quantity("atoms", best.mean, unit, "mean of the component"),
        count_sd=quantity("atoms", best.sd, unit, "standard deviation of the component"),
        count_icl=icl,
        count_bic=quantity("count_components", [f.bic for f in fits], "1", "BIC"),
    )
