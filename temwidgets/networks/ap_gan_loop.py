"""Train on one's own images with little work: predict, correct, add to the pairs, retrain.

The semi-supervised loop of Chen et al., Scientific Reports 13 (2023) 2631::

    pairs = predict_pairs(network, images)
    pairs[0] = accept(pairs[0], corrected_columns, species)
    network = retrain(network, pairs)

until predictions need no more corrections.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.spatial import KDTree

from temwidgets.networks.ap_gan_pairs import map_batches
from temwidgets.networks.ap_gan_training import GanLosses, GanTrainer
from temwidgets.networks.batches import Pair, nearest_distance
from temwidgets.networks.prediction import predict
from temwidgets.networks.store import Network

Watch = Callable[[int, GanLosses], None]


def predict_pairs(
    network: Network,
    images: Sequence[np.ndarray],
    *,
    spacing: float | None = None,
    threshold: float = 0.3,
) -> list[Pair]:
    """Make a pair of each image (y, x) and the columns that the network finds in it.

    `spacing` is the distance of nearest neighbours in the images, px, if they are not on the
    network's own scale.
    """
    guess = (float(network.card["spacing"]) if spacing is None else spacing,)
    pairs = []
    for image in images:
        values = np.asarray(image, np.float32)
        found = predict(network, values, spacings=guess).columns(threshold)
        pairs.append(Pair(values, found.place, found.species))
    return pairs


def accept(
    pair: Pair,
    corrected_columns: np.ndarray | None = None,
    species: np.ndarray | None = None,
) -> Pair:
    """Accept a predicted pair, with what was corrected.

    Parameters
    ----------
    pair : Pair
    corrected_columns : ndarray, (n, 2), optional
        All columns of the image, y, x, px; as predicted when not given.
    species : ndarray, (n,), optional
        Whole numbers from 0. When not given, each column has the species of the predicted one
        nearest to it.
    """
    columns = pair.columns if corrected_columns is None else np.asarray(corrected_columns, float)
    if columns.ndim != 2 or columns.shape[1] != 2:
        raise ValueError(
            f"Columns are an array (n, 2) of y, x in pixels, but shape {columns.shape} came."
        )
    if species is None:
        return Pair(pair.image, columns, _nearest_species(pair, columns))
    if len(species) != len(columns):
        raise ValueError(
            f"Each column has one species, but {len(columns)} columns and {len(species)} species"
            " came."
        )
    return Pair(pair.image, columns, np.asarray(species, int))


def _nearest_species(pair: Pair, columns: np.ndarray) -> np.ndarray | None:
    if pair.species is None or len(pair.columns) == 0:
        return None
    return np.asarray(pair.species)[KDTree(pair.columns).query(columns)[1]]


def retrain(
    network: Network,
    pairs: Sequence[Pair],
    *,
    steps: int = 200,
    learning_rate: float = 5e-4,
    seed: int = 0,
    watch: Watch | None = None,
    **options: Any,
) -> Network:
    """Train a network further on pairs; the network that came stays as it is.

    Parameters
    ----------
    network : Network
    pairs : sequence of Pair
        Accepted ones; add those it was trained on before, lest they be forgotten.
    steps, learning_rate, seed
        The same give the same network.
    watch : callable, optional
        Called with the step and its losses; raising an exception stops the training.
    **options
        Of `map_batches`: size, side, lost.

    Returns
    -------
    Network
        Its card tells the spacing in the pairs, and how it was retrained.
    """
    trainer = GanTrainer(network.model, steps=steps, learning_rate=learning_rate, seed=seed)
    species = network.model.tail.weight.shape[-1]
    batches = map_batches(pairs, species=species, seed=seed, **options)
    for losses in trainer.run(batches):
        if watch:
            watch(trainer.step, losses)
    spacing = float(np.mean([nearest_distance(pair.columns) for pair in pairs]))
    told = {"pairs": len(pairs), "steps": steps, "learning_rate": learning_rate, "seed": seed}
    return Network(trainer.model, {**network.card, "spacing": spacing, "retrained": told})
