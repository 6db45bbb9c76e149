"""Batches to train on: endless from synthetic images, or drawn from a user's pairs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any, NamedTuple

import numpy as np
from scipy.spatial import KDTree

from temwidgets.networks.filtering import input_channels
from temwidgets.networks.scaling import resample
from temwidgets.networks.targets import Targets, make_targets

NOMINAL = 12.0
"""Distance of nearest neighbours (px) that images are brought to."""

Draw = Callable[[np.random.SeedSequence], Any]
"""Makes an example, the same for the same seed: arrays in tuples, for `stack`."""


class Pair(NamedTuple):
    """An image and the columns in it."""

    image: np.ndarray  # (y, x); NaN where a pixel is missing
    columns: np.ndarray  # (n, 2) y, x in pixels
    species: np.ndarray | None = None  # (n,) whole numbers from 0


class Batch(NamedTuple):
    """What the default network sees and is to answer; one example, or stacked with a batch dim."""

    channels: np.ndarray  # (y, x, channel)
    targets: Targets


def stack(examples: Sequence[Any]) -> Any:
    """Stack examples of one size: every array gets a batch dim."""
    import jax

    return jax.tree.map(lambda *arrays: np.stack(arrays), *examples)


def synthetic_example(
    size: int,
    *,
    spacing: float = NOMINAL,
    zoom: tuple[float, float] = (0.5, 2.0),
    **options: Any,
) -> Draw:
    """Return what draws an example of size² pixels, bright columns, from `training_image`.

    Columns are `spacing` px apart, within a third, for estimates of a spacing err. Half of the
    images are made on another scale and resampled by `zoom` (lowest, highest), as those of users
    will be: their noise is smooth then, or has become less.
    """
    # late, for the generator is not needed to use a network
    from temwidgets.synthetic.training import training_image

    options = {"contrast": "bright", **options}

    def draw(seed: np.random.SeedSequence) -> Batch:
        rng = np.random.default_rng(seed)
        apart = spacing * np.exp(rng.normal(0, 0.15))
        by = 1.0 if rng.random() < 0.5 else float(np.exp(rng.uniform(*np.log(zoom))))
        shape = (int(np.ceil(size / by)) + 1,) * 2 if by != 1 else (size, size)
        made = training_image(
            seed.spawn(1)[0], shape, spacing=(apart / by, apart / by * 1.0001), **options
        )
        image = np.where(made.known, made.image, np.float32(np.nan))
        image = resample(image, by)[:size, :size]
        columns = (made.columns + 0.5) * by - 0.5
        columns = columns[((columns > -0.5) & (columns < size - 0.5)).all(axis=1)]
        return example(image, columns, made.spacing * by)

    return draw


def example(image: np.ndarray, columns: np.ndarray, spacing: float) -> Batch:
    """Make what a network sees and what it is to answer; NaN is a missing pixel."""
    targets = make_targets(columns, spacing, (image.shape[0], image.shape[1]))
    return Batch(input_channels(image), targets)


def pair_example(pairs: Sequence[Pair], size: int, spacing: float) -> Draw:
    """Return what draws a turned, mirrored, rescaled part of one of `pairs`.

    Parameters
    ----------
    pairs : sequence of Pair
    size : int
        Pixels a side of what is drawn.
    spacing : float
        Mean distance to the nearest neighbour that columns are brought to, px, within a fifth.
    """
    apart = [nearest_distance(pair.columns) for pair in pairs]

    def draw(seed: np.random.SeedSequence) -> Batch:
        rng = np.random.default_rng(seed)
        which = int(rng.integers(len(pairs)))
        zoom = spacing * np.exp(rng.uniform(-0.2, 0.2)) / apart[which]
        image, columns = turned_part(pairs[which], size, zoom, rng)
        image = image + extra_noise(image, rng)
        return example(image, columns, apart[which] * zoom)

    return draw


def turned_part(
    pair: Pair, size: int, zoom: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Cut out a random part of a pair, `zoom` times as large, in one of eight orientations."""
    need = int(np.ceil(size / zoom)) + 1
    shape = np.array(pair.image.shape)
    start = np.array([rng.integers(max(1, n - need + 1)) for n in shape])
    part = pair.image[start[0] : start[0] + need, start[1] : start[1] + need]
    part = np.pad(part, [(0, max(0, need - n)) for n in part.shape], constant_values=np.nan)
    image = resample(part, zoom)[:size, :size]
    columns = (pair.columns - start + 0.5) * zoom - 0.5
    if rng.random() < 0.5:
        image, columns = image[::-1], columns * (-1, 1) + (size - 1, 0)
    if rng.random() < 0.5:
        image, columns = image.T, columns[:, ::-1]
    turns = int(rng.integers(4))
    for _ in range(turns):
        image, columns = np.rot90(image), columns[:, ::-1] * (-1, 1) + (size - 1, 0)
    inside = ((columns > -0.5) & (columns < size - 0.5)).all(axis=1)
    return np.ascontiguousarray(image), columns[inside]


def extra_noise(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Noise of up to the deviation of the image; none for half of all images."""
    scale = np.nanstd(image) * rng.choice([0, 0, 0.3, 1.0]) * rng.random()
    return scale * rng.standard_normal(image.shape, np.float32)


def nearest_distance(columns: np.ndarray) -> float:
    """Mean distance to the nearest neighbour of columns (n, 2); refuses fewer than two."""
    if len(columns) < 2:
        raise ValueError(
            f"A pair to train on needs two columns or more, to tell their distance by, but"
            f" {len(columns)} came."
        )
    return float(np.mean(KDTree(columns).query(columns, k=2)[0][:, 1]))


def batches(draw: Draw, *, size: int, seed: int, start: int = 0, ahead: int = 3) -> Iterator[Any]:
    """Yield batches of `size` examples for ever, the next ones made meanwhile.

    Batch number n is the same whenever it is asked for: training goes on where it stopped.
    """

    def make(number: int) -> Any:
        seeds = np.random.SeedSequence([seed, number]).spawn(size)
        return stack([draw(s) for s in seeds])

    with ThreadPoolExecutor(1) as pool:
        waiting = [pool.submit(make, start + k) for k in range(ahead)]
        try:
            for number in count(start + ahead):
                yield waiting.pop(0).result()
                waiting.append(pool.submit(make, number))
        finally:
            for future in waiting:
                future.cancel()
