"""Displacement vectors of columns as variables: components, magnitude, direction, errors."""

from __future__ import annotations

import numpy as np
import xarray as xr

from temwidgets.conventions import length_unit, quantity

_ANY_DIRECTION = 360 / np.sqrt(12)  # standard deviation of an angle that is wholly unknown, deg


def with_displacement(
    columns: xr.Dataset, vector: np.ndarray, covariance: np.ndarray, reference: str
) -> xr.Dataset:
    """Put vectors (column, 2) into columns, with magnitude, direction and their errors.

    `covariance` (column, 2, 2) may be NaN where it is not known; `reference` says in words what
    the displacement is taken from. What was called displacement before is replaced.
    """
    unit = length_unit(columns)
    spread = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    spread = np.where(np.isfinite(vector), spread, np.nan)
    magnitude = np.hypot(*vector.T)
    along, across = variance_along(vector, covariance)
    direction = np.rad2deg(np.arctan2(vector[:, 0], vector[:, 1]))
    with np.errstate(invalid="ignore", divide="ignore"):
        turn = np.minimum(np.rad2deg(np.sqrt(across) / magnitude), _ANY_DIRECTION)
    turn = np.where(np.isnan(across), np.nan, np.fmin(turn, _ANY_DIRECTION))
    text = f"displacement from {reference}"
    names = [n for n in columns.variables if str(n).startswith("displacement")]
    out = columns.drop_vars([*names, *({"component"} & set(columns.coords))])
    out = out.assign_coords(component=["y", "x"])
    both = ("column", "component")
    put_with_error(out, "displacement", both, vector, spread, unit, text)
    cross = np.where(np.isfinite(vector[:, 0]), covariance[:, 0, 1], np.nan)
    out["displacement_yx_covariance"] = quantity(
        "column", cross, f"{unit}²", "covariance of the displacement along y and x"
    )
    put_with_error(
        out, "displacement_magnitude", "column", magnitude, np.sqrt(along), unit,
        "magnitude of the displacement",
    )  # fmt: skip
    out["displacement_magnitude_debiased"] = quantity(
        "column", _debiased(magnitude, across), unit, "magnitude of the displacement, debiased"
    )
    put_with_error(
        out, "displacement_direction", "column", direction, turn, "deg",
        "direction of the displacement from +x towards +y",
    )  # fmt: skip
    return out


def variance_along(vector: np.ndarray, covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Variances along a vector and across it; of a zero vector the mean of both axes."""
    length = np.hypot(*vector.T)[:, None]
    unit = np.divide(vector, length, out=np.full(vector.shape, np.sqrt(0.5)), where=length > 0)
    side = np.column_stack([-unit[:, 1], unit[:, 0]])
    variances = [np.einsum("ni,nij,nj->n", u, covariance, u) for u in (unit, side)]
    known = np.isfinite(vector).all(axis=1)
    return tuple(np.where(known, v, np.nan) for v in variances)  # type: ignore[return-value]


def _debiased(magnitude: np.ndarray, across: np.ndarray) -> np.ndarray:
    """Plaszczynski et al. (2014): p - b² (1 - exp(-p² / b²)) / (2 p)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(across > 0, magnitude**2 / across, np.inf)
        taken = -np.expm1(-ratio) / (2 * ratio)
    taken = np.where(ratio > 0, taken, 0.5)
    return np.where(np.isnan(across), np.nan, magnitude * (1 - np.nan_to_num(taken)))


def put_with_error(
    out: xr.Dataset,
    name: str,
    dims: str | tuple[str, ...],
    values: np.ndarray,
    errors: np.ndarray,
    units: str,
    long_name: str,
) -> None:
    """Assign a variable and its standard error, each naming the other."""
    out[name] = quantity(dims, values, units, long_name, ancillary_variables=f"{name}_std")
    out[f"{name}_std"] = quantity(dims, errors, units, f"standard error of {long_name}")
