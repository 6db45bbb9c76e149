"""The displacement put beside the strain it belongs to."""

from __future__ import annotations

import xarray as xr

from temwidgets.analysis.fourier.dislocations import phase_displacement


def add_displacement(strain: xr.Dataset) -> xr.Dataset:
    """Return geometric phases and strain with the displacement as well.

    Parameters
    ----------
    strain : Dataset
        From `geometric_phase`.

    Returns
    -------
    Dataset
        The same with ``displacement`` (component, y, x), ``displacement_std``, ``cut`` and
        ``residue`` from `phase_displacement`, which tells what they mean.

    Raises
    ------
    TypeError
        If `strain` is none.
    """
    found = phase_displacement(strain)
    return strain.assign({name: found[name] for name in found.data_vars})
