"""Apply AtomID-Net, or the plain U-Net, to an image of any size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from temwidgets.networks.atomid_batches import normalised
from temwidgets.networks.atomid_net import HeatSpacing
from temwidgets.networks.residual_unet import Maps
from temwidgets.networks.tiles import apply

Array = Any
Report = Callable[[float], None]

_TOP = 2.0  # largest heat; a column by itself has 1
_SMALL = 1e-6
_STEP = 64  # px: sides are mirrored up to multiples of it


def predict_heat(model: Any, image: np.ndarray, *, report: Report | None = None) -> HeatSpacing:
    """Apply a network to an image, in tiles if it is large.

    Parameters
    ----------
    model : AtomIDNet or PlainUNet
    image : ndarray, (y, x)
        Bright columns, at any magnification; NaN where a pixel is missing.
    report : callable, optional
        Called with the fraction done; raises `CancelledError` to stop.

    Returns
    -------
    HeatSpacing
        heat (y, x), 0 to 2, and spacing in px: the median of those of the tiles; NaN from a
        `PlainUNet`, which does not tell it. `temwidgets.networks.atomid_detection.detect_boxes`
        takes both.
    """
    seen = normalised(image)[..., 0]
    ny, nx = seen.shape
    # zeros beyond the border would draw the mean spacing towards that of nothing
    seen = np.pad(seen, [(0, -ny % _STEP), (0, -nx % _STEP)], mode="symmetric")
    answer = apply(_AsMaps(model), seen[..., None], report=report)
    heat = _TOP * answer.probability[:ny, :nx]
    return HeatSpacing(heat, answer.spacing)


class _AsMaps(eqx.Module):
    """The answer in the form that `tiles.apply` takes: logits, offsets and log of the spacing."""

    model: Any

    cell = 1

    def __call__(self, x: Array) -> Maps:
        answer = self.model(x)
        if isinstance(answer, HeatSpacing):
            heat, spacing = answer.heat, jnp.log(jnp.maximum(answer.spacing, 1.0))
        else:
            heat, spacing = answer, jnp.full(len(x), jnp.nan)
        share = jnp.clip(heat / _TOP, _SMALL, 1 - _SMALL)
        return Maps(jax.scipy.special.logit(share), jnp.zeros((*heat.shape, 2)), spacing)
