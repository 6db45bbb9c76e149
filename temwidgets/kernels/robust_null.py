"""Probabilities under a null distribution that is told from data with exceptions among them."""

from __future__ import annotations

import numpy as np
from scipy import optimize, stats

_MAD = 1.4826
_LIGHTEST = 200.0  # degrees of freedom of a t distribution that is as good as normal
_HEAVIEST = 2.5
_CUT = 3.0


def tail_p(deviations: np.ndarray, side: int) -> np.ndarray:
    """Return the probability of a deviation at least so far to one side, or to both.

    The null is a Student t about the median whose scale and tails fit the side where no exceptions
    are sought, mirrored; exceptions then cannot hide each other, and tails heavier than normal
    cannot pass for exceptions. For both sides it is fitted to what is not far off, as a
    distribution cut there, which knows less of the tails.

    Parameters
    ----------
    deviations : ndarray, (n,)
        Finite.
    side : {-1, 1, 0}
        Exceptions below, above, or on both sides.
    """
    centre = float(np.median(deviations))
    off = deviations - centre
    null = np.abs(off[off * side <= 0]) if side else np.abs(off)
    scale, freedom = _fit(null, cut=np.inf if side else _CUT)
    z = off / scale
    if side == 0:
        return 2 * stats.t.sf(np.abs(z), freedom)
    return stats.t.sf(side * z, freedom)


def _fit(size: np.ndarray, *, cut: float) -> tuple[float, float]:
    """Scale and degrees of freedom of t from the sizes of deviations, by maximum likelihood.

    What lies beyond `cut` robust standard deviations is left out, and known to be.
    """
    start = max(float(_MAD * np.median(size)), 1e-300)
    size = size[size <= cut * start] / start

    def misfit(at: np.ndarray) -> float:
        scale, freedom = np.exp(at[0]), 1 / at[1]
        held = np.log1p(-2 * stats.t.sf(cut / scale, freedom))
        return -float(stats.t.logpdf(size / scale, freedom).mean()) + at[0] + held

    found = optimize.minimize(
        misfit,
        [0.0, 0.05],
        bounds=[(-1.0, 1.0), (1 / _LIGHTEST, 1 / _HEAVIEST)],
        method="L-BFGS-B",
    ).x
    return start * float(np.exp(found[0])), float(1 / found[1])
