"""The mixture behind an atom count, as the mixture of `fit_mixture` that histograms draw."""

from __future__ import annotations

import numpy as np
import xarray as xr

from temwidgets.conventions import check_columns, quantity


def count_mixture(columns: xr.Dataset) -> xr.Dataset:
    """Return the Gaussians that `count_atoms` counted with.

    Parameters
    ----------
    columns : Dataset, (column,)
        From `count_atoms`.

    Returns
    -------
    Dataset, (population,)
        ``weight``, ``mean``, ``sd`` as of `fit_mixture`, for `mixture_density`; ``population`` is
        the number of atoms. Attributes: variable, n_columns.

    Raises
    ------
    ValueError
        If no atoms were counted.
    """
    check_columns(columns)
    if "count_mean" not in columns:
        raise ValueError("No atoms were counted yet: run temwidgets.count_atoms(columns) first.")
    parts = {
        name: (
            "population",
            columns[f"count_{name}"].values,
            dict(columns[f"count_{name}"].attrs),
        )
        for name in ("weight", "mean", "sd")
    }
    number = quantity("population", columns["atoms"].values, "1", "number of atoms")
    return xr.Dataset(parts, coords={"population": number}).assign_attrs(
        variable=columns.attrs["count_variable"],
        n_columns=int(np.isfinite(columns["atom_count"].values).sum()),
    )
