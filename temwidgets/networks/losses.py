"""How wrong an answer is."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from temwidgets.networks.residual_unet import Maps
from temwidgets.networks.targets import Targets

Array = Any


def focal_loss(logit: Array, heat: Array) -> Array:
    """Focal loss with Gaussian penalty reduction, over the number of columns, (batch,).

    Law and Deng, ECCV 2018, eq. 1, with alpha = 2 and beta = 4.
    """
    log_yes, log_no = jax.nn.log_sigmoid(logit), jax.nn.log_sigmoid(-logit)
    yes = jax.nn.sigmoid(logit)
    centre = heat == 1
    hit = jnp.where(centre, (1 - yes) ** 2 * log_yes, 0)
    miss = jnp.where(centre, 0, (1 - heat) ** 4 * yes**2 * log_no)
    # an empty image counts as one of a few columns
    return -(hit + miss).sum((-2, -1)) / jnp.maximum(centre.sum((-2, -1)), 8)


def offset_loss(offset: Array, targets: Targets) -> Array:
    """Mean absolute error of offsets near columns, cells, (batch,)."""
    error = jnp.abs(offset - targets.offset).sum(-1) * targets.near
    return error.sum((-2, -1)) / jnp.maximum(targets.near.sum((-2, -1)), 8)


def spacing_loss(log_spacing: Array, targets: Targets) -> Array:
    """Absolute error of the log of the spacing where there is one, (batch,)."""
    known = jnp.isfinite(targets.log_spacing)
    return jnp.abs(log_spacing - jnp.where(known, targets.log_spacing, 0)) * known


def column_loss(maps: Maps, targets: Targets) -> Array:
    """Return the loss of the default network, mean over the batch."""
    loss = focal_loss(maps.heat, targets.heat) + 0.5 * offset_loss(maps.offset, targets)
    return (loss + 0.2 * spacing_loss(maps.log_spacing, targets)).mean()
