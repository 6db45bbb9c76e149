"""What AP-GAN is trained on: few pairs of an image and its columns, seen in many ways."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from temwidgets.kernels.spectra import without_plane
from temwidgets.networks.batches import Pair, batches, extra_noise, nearest_distance
from temwidgets.networks.filtering import fill_missing

SIGMA = 0.15
"""Width (sigma) of a column in a probability map over the distance of nearest neighbours."""
LOST = {"hrtem": 0.3, "stem": 0.7}
"""Share of pixels that may be lost, as published."""

_CLIP = 6.0


class MapBatch(NamedTuple):
    """What the generator sees and is to answer; one example, or stacked with a batch dim."""

    channels: np.ndarray  # (y, x, 2)
    maps: np.ndarray  # (y, x, species)


def image_channels(image: np.ndarray) -> np.ndarray:
    """Stack what the generator sees: the image, level and over its deviation, and what is known.

    Parameters
    ----------
    image : ndarray, (y, x)
        NaN where a pixel is missing; these are filled by their surroundings.

    Returns
    -------
    ndarray, (y, x, 2), float32
    """
    known = np.isfinite(image)
    flat = without_plane(fill_missing(image))
    flat = np.clip(flat / max(float(flat.std()), 1e-12), -_CLIP, _CLIP)
    return np.stack([flat, known], axis=-1).astype(np.float32)


def probability_maps(
    columns: np.ndarray, species: np.ndarray, shape: tuple[int, int], *, count: int, sigma: float
) -> np.ndarray:
    """Draw columns as Gaussians of height 1, one map a species.

    Parameters
    ----------
    columns : ndarray, (n, 2)
        y, x, px.
    species : ndarray, (n,)
        Whole numbers from 0 to below `count`.
    shape : (int, int)
    count : int
        Maps.
    sigma : float
        px.

    Returns
    -------
    ndarray, (y, x, count), float32
        Where Gaussians overlap, the larger value.
    """
    species = np.asarray(species, int)
    if len(species) and not (species.min() >= 0 and species.max() < count):
        raise ValueError(
            f"Species are whole numbers from 0 to {count - 1} here, but there are columns of"
            f" species {species.min()} to {species.max()}."
        )
    maps = np.zeros((*shape, count), np.float32)
    reach = int(np.ceil(4 * sigma))
    for (y, x), kind in zip(np.asarray(columns, float).reshape(-1, 2), species, strict=True):
        rows = np.arange(max(0, round(y) - reach), min(shape[0], round(y) + reach + 1))
        cols = np.arange(max(0, round(x) - reach), min(shape[1], round(x) + reach + 1))
        square = (rows[:, None] - y) ** 2 + (cols[None, :] - x) ** 2
        part = maps[rows[:, None], cols[None, :], kind]
        maps[rows[:, None], cols[None, :], kind] = np.maximum(
            part, np.exp(-square / (2 * sigma**2))
        )
    return maps


def pair_maps(pair: Pair, count: int) -> np.ndarray:
    """Draw the maps (y, x, count) of a pair; columns without species are all of species 0."""
    species = np.zeros(len(pair.columns), int) if pair.species is None else pair.species
    shape = (pair.image.shape[0], pair.image.shape[1])
    sigma = SIGMA * nearest_distance(pair.columns)
    return probability_maps(pair.columns, species, shape, count=count, sigma=sigma)


def map_batches(
    pairs: Sequence[Pair],
    *,
    species: int = 1,
    size: int = 4,
    side: int = 128,
    lost: float | str = "stem",
    seed: int = 0,
    start: int = 0,
) -> Iterator[MapBatch]:
    """Yield batches for ever: parts of the pairs, turned, mirrored, noisier, pixels lost.

    Parameters
    ----------
    pairs : sequence of Pair
        10 to 60 of 256 x 256 px were published; columns of each must be told completely.
    species : int
        Number of maps.
    size : int
        Parts in a batch.
    side : int
        Pixels a side of a part; published networks see 96 to 128.
    lost : float, "hrtem" or "stem"
        Largest share of pixels that are lost; a third of the parts lose so many, others fewer.
    seed, start : int
        Batch number n is the same whenever it is asked for: training goes on where it stopped.
    """
    share = _share(lost)
    if not pairs:
        raise ValueError("There are no pairs to train on; give at least one.")
    stacks = [_stack(pair, species, side) for pair in pairs]

    def draw(source: np.random.SeedSequence) -> MapBatch:
        rng = np.random.default_rng(source)
        image, maps = _part(stacks[int(rng.integers(len(stacks)))], side, rng)
        return MapBatch(image_channels(_spoilt(image, share, rng)), maps)

    return batches(draw, size=size, seed=seed, start=start)


def _share(lost: float | str) -> float:
    if isinstance(lost, str) and lost in LOST:
        return LOST[lost]
    if not isinstance(lost, str) and 0 <= lost < 1:
        return float(lost)
    raise ValueError(
        f"lost is a share of pixels from 0 to below 1, or one of {', '.join(LOST)}, but {lost!r}"
        " came."
    )


def _stack(pair: Pair, species: int, side: int) -> np.ndarray:
    """Image and maps, (y, x, 1 + species), at least `side` large: NaN and 0 beyond the border."""
    image = np.asarray(pair.image, np.float32)[..., None]
    short = [(0, max(0, side - n)) for n in image.shape[:2]]
    image = np.pad(image, [*short, (0, 0)], constant_values=np.nan)
    return np.concatenate([image, np.pad(pair_maps(pair, species), [*short, (0, 0)])], axis=-1)


def _part(stack: np.ndarray, side: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Cut out image (side, side) and maps (side, side, species), in one of eight orientations."""
    y, x = (int(rng.integers(n - side + 1)) for n in stack.shape[:2])
    part = np.rot90(stack[y : y + side, x : x + side], int(rng.integers(4)))
    if rng.random() < 0.5:
        part = part[::-1]
    return part[..., 0], part[..., 1:]


def _spoilt(image: np.ndarray, lost: float, rng: np.random.Generator) -> np.ndarray:
    """Add noise to half of the images, lose pixels of all."""
    noisy = image + extra_noise(image, rng)
    share = lost * min(1.0, 1.5 * rng.random())
    return np.where(rng.random(image.shape) < share, np.float32(np.nan), noisy)
