"""How well a network finds the columns of pairs."""

from __future__ import annotations

from collections.abc import Sequence

import xarray as xr

from temwidgets.analysis.scores import pool_scores, score_columns
from temwidgets.conventions import make_columns
from temwidgets.networks.batches import Pair, nearest_distance
from temwidgets.networks.detection import Found
from temwidgets.networks.prediction import predict
from temwidgets.networks.store import Network

TOLERANCE = 0.35
"""Of the spacing: what is farther from a true column is wrong."""
LONE = 6.0
"""px: the spacing taken where there is none."""


def score_pairs(
    network: Network, pairs: Sequence[Pair], *, threshold: float | None = None
) -> xr.Dataset:
    """Apply a network to the images of pairs and compare with their columns.

    Parameters
    ----------
    network : Network
    pairs : sequence of Pair
        The network is told their spacing.
    threshold : float, optional
        Smallest probability; that of the network's card when not given.

    Returns
    -------
    Dataset of numbers
        Of all pairs together, as from `temwidgets.score_columns`; lengths in px.
    """
    cut = network.card["threshold"] if threshold is None else threshold
    scores = []
    for pair in pairs:
        spacing = nearest_distance(pair.columns) if len(pair.columns) > 1 else LONE
        found = predict(network, pair.image, spacings=(spacing,)).columns(cut)
        scores.append(_score(found, pair, TOLERANCE * spacing))
    return pool_scores(scores)


def _score(found: Found, pair: Pair, radius: float) -> xr.Dataset:
    here, there = (make_columns(*place.T, units="px") for place in (found.place, pair.columns))
    return score_columns(here, there, radius=radius)
