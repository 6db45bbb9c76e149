"""Networks on disk: weights as safetensors, and a card in JSON that tells what they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import equinox as eqx
import jax
import numpy as np
from safetensors.numpy import load_file, save_file

from temwidgets.networks.ap_gan import APGan
from temwidgets.networks.atomid_net import AtomIDNet, PlainUNet
from temwidgets.networks.residual_unet import ResidualUNet
from temwidgets.networks.shipped import locate

ARCHITECTURES = {
    "residual_unet": ResidualUNet,
    "atomid_net": AtomIDNet,
    "plain_unet": PlainUNet,
    "ap_gan": APGan,
}


class Network(NamedTuple):
    """A model and its card: architecture, options, spacing, training data, scores, licence."""

    model: Any
    card: dict[str, Any]


def build(architecture: str, *, seed: int = 0, **options: Any) -> Any:
    """Make a model with random weights."""
    if architecture not in ARCHITECTURES:
        raise ValueError(
            f"There is no architecture {architecture!r}; there are {', '.join(ARCHITECTURES)}."
        )
    return ARCHITECTURES[architecture](jax.random.key(seed), **options)


def load(name: str | Path) -> Network:
    """Load a network by its name (see `shipped.available`) or from a file that `save` wrote.

    Raises
    ------
    FileNotFoundError
        If there is no such network.
    ValueError
        If the weights do not fit the architecture that the card names.
    """
    path = locate(name)
    card = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    model = build(card["architecture"], **card.get("options", {}))
    return Network(_filled(model, load_file(path), path.name), card)


def save(network: Network, path: str | Path) -> Path:
    """Write weights (``.safetensors``) and card (``.json`` beside); returns the weights' path.

    Raises
    ------
    ValueError
        If the name has another ending.
    """
    path = Path(path).expanduser()
    if path.suffix not in ("", ".safetensors"):
        raise ValueError(
            f"Networks are saved as .safetensors, but {path.name} came. Give that ending, or none."
        )
    path = path.with_suffix(".safetensors")
    weights = {name: np.asarray(leaf) for name, leaf in _named(network.model)}
    save_file(weights, path)
    path.with_suffix(".json").write_text(json.dumps(network.card, indent=2) + "\n")
    return path


def _named(model: Any) -> list[tuple[str, Any]]:
    arrays = eqx.filter(model, eqx.is_array)
    leaves = jax.tree_util.tree_flatten_with_path(arrays)[0]
    return [(jax.tree_util.keystr(path).lstrip("."), leaf) for path, leaf in leaves]


def _filled(model: Any, weights: dict[str, np.ndarray], name: str) -> Any:
    expected = dict(_named(model))
    wrong = [
        key
        for key in expected.keys() | weights.keys()
        if key not in expected or key not in weights or expected[key].shape != weights[key].shape
    ]
    if wrong:
        raise ValueError(
            f"The weights in {name} do not fit the architecture of its card; the first that differs"
            f" is {min(wrong)}. Weights and card must be from one training."
        )
    arrays, rest = eqx.partition(model, eqx.is_array)
    _, structure = jax.tree.flatten(arrays)
    filled = jax.tree.unflatten(structure, [weights[key] for key in expected])
    return eqx.combine(jax.tree.map(jax.numpy.asarray, filled), rest)
