"""Gaussian mixtures whose components are whole numbers of something: means and widths tied."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from scipy.special import logsumexp, xlogy

from temwidgets.kernels.mixtures import Mixture, densities, probabilities

Spacing = Literal["free", "equal", "proportional"]
Width = Literal["equal", "sqrt"]

_BINS = 600  # the likelihood of binned values; bins are far narrower than any width worth telling
_SHORT, _LONG = 15, 600
_NARROWEST = 1.5  # bins
_GAIN = 1e-9


class Tie(NamedTuple):
    """How means and widths go with the number of the component, counted from `first`."""

    spacing: Spacing
    width: Width
    first: int

    def parameters(self, n: int) -> int:
        """Return the number of free parameters of a mixture of n components."""
        means = {"free": n, "equal": min(n, 2), "proportional": 1}[self.spacing]
        return n - 1 + means + 1

    def scale(self, n: int) -> np.ndarray:
        """Return the widths in units of the common one, (n,)."""
        number = np.arange(self.first, self.first + n, dtype=float)
        return np.sqrt(number) if self.width == "sqrt" else np.ones(n)


class _State(NamedTuple):
    weight: np.ndarray
    mean: np.ndarray
    sd: np.ndarray
    likelihood: float


def fit_counts(values: np.ndarray, n_components: int, tie: Tie) -> Mixture:
    """Fit `n_components` tied Gaussians to finite `values` by maximum likelihood.

    Expectation maximisation over a fine histogram, from several starts; the criteria count the
    values themselves.

    Returns
    -------
    Mixture
        In order of the number; BIC and ICL as of `mixtures.fit_mixture`, with the parameters that
        the ties leave free.
    """
    low, high = float(values.min()), float(values.max())
    # what is proportional keeps its zero
    centre = 0.0 if tie.spacing == "proportional" else (low + high) / 2
    unit = (high - low) or abs(high) or 1.0
    count, edges = np.histogram((values - centre) / unit, _BINS)
    place = (edges[1:] + edges[:-1]) / 2
    place, count = place[count > 0], count[count > 0].astype(float)
    floor = _NARROWEST / _BINS
    begun = [
        _climb(place, count, start, tie, _SHORT, floor)
        for start in _starts(place, count, n_components, tie)
    ]
    best = max(begun, key=lambda state: state.likelihood)
    best = _climb(place, count, best, tie, _LONG, floor)
    # an empty component keeps a weight whose logarithm exists
    weight = np.maximum(best.weight, 1e-300)
    mean, sd = centre + unit * best.mean, unit * best.sd
    order = np.argsort(mean)
    return _judged(values, weight[order], mean[order], sd[order], tie)


def _judged(
    values: np.ndarray, weight: np.ndarray, mean: np.ndarray, sd: np.ndarray, tie: Tie
) -> Mixture:
    probability = probabilities(values, weight, mean, sd)
    likelihood = np.log(np.maximum(densities(values, weight, mean, sd).sum(axis=1), 1e-300)).sum()
    bic = tie.parameters(mean.size) * np.log(values.size) - 2 * likelihood
    entropy = -xlogy(probability, probability).sum()
    return Mixture(weight, mean, sd, float(bic), float(bic + 2 * entropy))


def _starts(place: np.ndarray, count: np.ndarray, n: int, tie: Tie) -> list[_State]:
    share = np.cumsum(count) / count.sum()
    number = np.arange(tie.first, tie.first + n, dtype=float)
    starts = []
    for tail in (0.002, 0.02, 0.06):
        low, high = place[np.searchsorted(share, [tail, 1 - tail])]
        step = (high - low) / max(n - 1, 1)
        means = [low + step * np.arange(n), low + (high - low) * (np.arange(n) + 0.5) / n]
        if tie.spacing == "proportional":
            # the range holds the last numbers, or all of them
            means = [number * high / number[-1], number * (low + step / 2) / max(number[0], 1)]
        for mean in means:
            sd = max(abs(step) / 3, 0.02) * tie.scale(n) / tie.scale(n).mean()
            starts.append(_State(np.full(n, 1 / n), mean, sd, -np.inf))
    quantile = place[np.minimum(np.searchsorted(share, (np.arange(n) + 0.5) / n), place.size - 1)]
    if tie.spacing == "free":
        starts.append(_State(np.full(n, 1 / n), quantile, starts[0].sd, -np.inf))
    return starts


def _climb(
    place: np.ndarray, count: np.ndarray, state: _State, tie: Tie, rounds: int, floor: float
) -> _State:
    """Expectation maximisation; `count` values lie at each `place`."""
    total = count.sum()
    scale = tie.scale(state.mean.size)
    before = -np.inf
    for _ in range(rounds):
        offset = (place[:, None] - state.mean) / state.sd
        log = np.log(np.maximum(state.weight, 1e-300) / state.sd) - offset**2 / 2
        whole = logsumexp(log, axis=1)
        likelihood = float(count @ whole)
        share = np.exp(log - whole[:, None]) * count[:, None]
        amount = share.sum(axis=0)
        mean = _means(share, amount, place, scale, tie)
        squares = (share * (place[:, None] - mean) ** 2).sum(axis=0)
        width = np.sqrt((squares / scale**2).sum() / total)
        state = _State(amount / total, mean, np.maximum(width * scale, floor), likelihood)
        if likelihood - before < _GAIN * total:
            break
        before = likelihood
    return state


def _means(
    share: np.ndarray, amount: np.ndarray, place: np.ndarray, scale: np.ndarray, tie: Tie
) -> np.ndarray:
    sums = share.T @ place
    if tie.spacing == "free" or (amount.size == 1 and tie.spacing == "equal"):
        return sums / np.maximum(amount, 1e-12)
    number = np.arange(tie.first, tie.first + amount.size, dtype=float)
    weight, sums = amount / scale**2, sums / scale**2
    if tie.spacing == "proportional":
        return number * (number @ sums) / max(number**2 @ weight, 1e-12)
    middle = (weight @ number) / weight.sum()
    centred = number - middle
    step = (centred @ sums) / max(weight @ centred**2, 1e-12)
    return sums.sum() / weight.sum() + step * centred
