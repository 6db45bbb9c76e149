"""When a fit would be more precise with shared shapes."""

from __future__ import annotations

import numpy as np

from temwidgets.kernels import starts
from temwidgets.kernels.fit import Result

CROWDED_GAIN = 1.25  # sharing shapes is recommended when it would cut position errors so much


def shape_hint(result: Result, shape: str) -> str:
    """Say when sharing shapes would pay, from the covariances of the fit itself."""
    if shape != "elliptical" or len(result.parameters) < 10:
        return ""
    gain = shared_shape_gain(result)
    if gain >= CROWDED_GAIN:
        return (
            "Columns crowd: one shape per sublattice (shape='shared') would cut position errors by"
            f" a factor of about {gain:.1f}."
        )
    rows, cols, m = result.parameters[:, 1:4].T
    apart = float(np.median(starts.nearest_distance(rows, cols, np.inf) / np.exp(m)))
    if not apart < starts.CROWDED:
        return ""
    return (
        f"Columns crowd, nearest ones {apart:.1f} sigma apart: one shape per sublattice"
        " (shape='shared') is likely to be more precise."
    )


def shared_shape_gain(result: Result) -> float:
    """Median ratio of position errors with a free and with a known shape of the column itself."""
    covariance = result.covariance
    place, cross, form = covariance[:, 1:3, 1:3], covariance[:, 1:3, 3:], covariance[:, 3:, 3:]
    solved = np.linalg.solve(form + 1e-12 * np.eye(3), np.swapaxes(cross, 1, 2))
    known = place - cross @ solved
    before, after = (np.trace(c, axis1=1, axis2=2) for c in (place, known))
    good = (after > 0) & (before > 0) & np.isfinite(before)
    return float(np.median(np.sqrt(before[good] / after[good]))) if good.any() else 1.0
