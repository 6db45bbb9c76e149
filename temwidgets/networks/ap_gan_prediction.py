"""Probability maps of an image of any size by AP-GAN, and columns with their species from them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import numpy as np
import scipy.ndimage as ndi

from temwidgets.networks.ap_gan_pairs import image_channels
from temwidgets.networks.detection import apart
from temwidgets.networks.scaling import resample
from temwidgets.networks.store import Network

Report = Callable[[float], None]

_TILE = 256  # px
_OVERLAP = 80  # px: more than twice as far as 15 blocks see
_SAME = 0.04  # log of a zoom that is not worth the smoothing


class FoundSpecies(NamedTuple):
    """Columns in pixels, likeliest first."""

    place: np.ndarray  # (n, 2) y, x
    probability: np.ndarray  # (n,)
    species: np.ndarray  # (n,) which map


class MapPrediction(NamedTuple):
    """Probability maps of an image; `columns` cuts them, in no time."""

    maps: np.ndarray  # (y, x, species) on pixels of the resampled image
    zoom: float  # pixels of the resampled image over pixels of the image
    shape: tuple[int, int]  # of the image
    spacing: float  # px of the image: distance of nearest neighbours taken for right

    def columns(self, threshold: float = 0.3, separation: float | None = None) -> FoundSpecies:
        """Columns in pixels of the image; `separation` px, half the spacing when not given."""
        if separation is None:
            separation = 0.5 * self.spacing
        found = detect_species(self.maps, threshold=threshold, separation=separation * self.zoom)
        place = (found.place + 0.5) / self.zoom - 0.5
        inside = ((place > -0.5) & (place < np.array(self.shape) - 0.5)).all(axis=1)
        return FoundSpecies(place[inside], found.probability[inside], found.species[inside])

    def certainty(self) -> float:
        """How sure the network is of what it calls columns: their mean probability, 0 to 1."""
        weight = self.columns(0.1).probability
        return float((weight**2).sum() / weight.sum()) if len(weight) else 0.0

    def heat(self) -> np.ndarray:
        """Probability of a column of any species at the pixels of the image, (y, x)."""
        index = [
            np.clip(((np.arange(n) + 0.5) * self.zoom).astype(int), 0, m - 1)
            for n, m in zip(self.shape, self.maps.shape[:2], strict=True)
        ]
        return self.maps.max(axis=-1)[np.ix_(*index)]


def predict_maps(
    network: Network,
    image: np.ndarray,
    *,
    spacing: float | None = None,
    report: Report | None = None,
) -> MapPrediction:
    """Apply a generator to an image of any size.

    Parameters
    ----------
    network : Network
        Its card has ``spacing``, px: the distance of nearest neighbours it was trained on.
    image : ndarray, (y, x)
        NaN where a pixel is missing.
    spacing : float, optional
        Distance of nearest neighbours in the image, px, on which the image is brought to the
        network's scale. When not given, the image is taken to be on that scale.
    report : callable, optional
        Called with the fraction done.
    """
    usual = float(network.card["spacing"])
    spacing = usual if spacing is None else spacing
    if not spacing > 0:
        raise ValueError(f"spacing is a number of pixels above 0, but {spacing} came.")
    zoom = usual / spacing
    zoom = 1.0 if abs(np.log(zoom)) < _SAME else zoom
    channels = image_channels(resample(np.asarray(image, np.float32), zoom))
    maps = apply_tiles(network.model, channels, report=report)
    return MapPrediction(maps, zoom, (image.shape[0], image.shape[1]), spacing)


@eqx.filter_jit
def _apply(model: Any, channels: Any) -> Any:
    return model(channels[None])[0]


def apply_tiles(
    model: Any,
    channels: np.ndarray,
    *,
    tile: int = _TILE,
    overlap: int = _OVERLAP,
    report: Report | None = None,
) -> np.ndarray:
    """Apply a model to channels (y, x, 2) in overlapping tiles, blended: (y, x, species).

    Tiles have one size, so that a model is compiled once for all large images.
    """
    spans = [_starts(n, tile, overlap) for n in channels.shape[:2]]
    corners = [(y, x) for y in spans[0] for x in spans[1]]
    species = model.tail.weight.shape[-1]
    total = np.zeros((*channels.shape[:2], species), np.float32)
    weight = np.zeros((*channels.shape[:2], 1), np.float32)
    for number, (y, x) in enumerate(corners):
        part = channels[y : y + tile, x : x + tile]
        hat = np.multiply.outer(*(_hat(n, overlap) for n in part.shape[:2]))[..., None]
        total[y : y + tile, x : x + tile] += hat * np.asarray(_apply(model, part))
        weight[y : y + tile, x : x + tile] += hat
        if report:
            report((number + 1) / len(corners))
    return total / weight


def _starts(size: int, tile: int, overlap: int) -> list[int]:
    if size <= tile:
        return [0]
    count = -(-(size - overlap) // (tile - overlap))
    return [int(s) for s in np.linspace(0, size - tile, count).round()]


def _hat(count: int, overlap: int) -> np.ndarray:
    """Weight of a tile along a side: next to nothing near its rim, where less is seen."""
    rim = np.minimum(np.arange(count), np.arange(count)[::-1])
    rise = np.clip((rim - 0.4 * overlap) / (0.2 * overlap), 0, 1)
    return (1e-6 + rise).astype(np.float32)


def detect_species(
    maps: np.ndarray, *, threshold: float = 0.3, separation: float = 5.0
) -> FoundSpecies:
    """Take the local maxima of each map; of near ones the strongest stays, whatever its species.

    Parameters
    ----------
    maps : ndarray, (y, x, species)
    threshold : float
        Smallest probability.
    separation : float
        px: half the distance of nearest neighbours.

    Returns
    -------
    FoundSpecies
        Places between pixels, at the top of the Gaussian through a maximum and its neighbours.
    """
    top = ndi.maximum_filter(maps, (3, 3, 1), mode="constant")
    rows, cols, species = np.nonzero((maps == top) & (maps >= threshold) & (maps > 0))
    padded = np.log(np.maximum(np.pad(maps, [(1, 1), (1, 1), (0, 0)], mode="edge"), 1e-6))
    near = np.stack([padded[rows + dy, cols + dx, species] for dy, dx in _CROSS])
    place = np.stack(
        [rows + _summit(near[0], near[1], near[2]), cols + _summit(near[3], near[1], near[4])],
        axis=1,
    )
    value = maps[rows, cols, species]
    kept = apart(place, value, separation)
    return FoundSpecies(place[kept], value[kept], species[kept])


_CROSS = ((0, 1), (1, 1), (2, 1), (1, 0), (1, 2))  # above, middle, below, left, right


def _summit(before: np.ndarray, middle: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Where the parabola through three values is highest, from the middle, at most half away."""
    bend = before - 2 * middle + after
    shift = 0.5 * (before - after) / np.where(bend < 0, bend, -np.inf)
    return np.clip(shift, -0.5, 0.5)
