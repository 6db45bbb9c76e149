"""How wrong a heat map and a spacing are, as published."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

Array = Any

LAMBDA = 0.1
"""Weight of the heat map against the spacing (Lin et al., Small Science 2023)."""


def heat_spacing_loss(
    heat: Array, spacing: Array, true_heat: Array, true_spacing: Array, weight: float = LAMBDA
) -> Array:
    """Loss of AtomID-Net (Lin et al., Small Science 2023, eq. 5-7).

    Parameters
    ----------
    heat, true_heat : array, (batch, y, x)
    spacing, true_spacing : array, (batch,)
        px; a true one that is NaN (no column in the image) does not count.
    weight : float
        lambda.

    Returns
    -------
    array, ()
        ``1 / (2 N) sum(lambda |f(X) - Y|^2 + |g(X) - s|^2)`` over the N images, with the sums of
        squares over all pixels of each.
    """
    heat_error = ((heat - true_heat) ** 2).sum((1, 2))
    known = jnp.isfinite(true_spacing)
    # the inner choice keeps NaN out of the gradient
    spacing_error = jnp.where(known, spacing - jnp.where(known, true_spacing, 0), 0) ** 2
    return (weight * heat_error + spacing_error).sum() / (2 * len(heat))


def atomid_loss(model: Any, batch: Any) -> Array:
    """Return the loss of an `AtomIDNet` on a `HeatBatch`, for `Trainer`."""
    answer = model(batch.channels)
    return heat_spacing_loss(answer.heat, answer.spacing, batch.heat, batch.spacing)


def mean_square_loss(model: Any, batch: Any) -> Array:
    """Return the mean squared error of a `PlainUNet` on a `HeatBatch`, for `Trainer`."""
    return ((model(batch.channels) - batch.heat) ** 2).mean()
