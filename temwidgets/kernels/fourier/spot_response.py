"""How a way of measuring spots answers to plane waves and noise: its bias and its errors."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from temwidgets.kernels.fourier.sliding_bins import carriers, window_weights
from temwidgets.kernels.fourier.windowed import (
    CHUNK,
    Bins,
    Method,
    Spots,
    measure_spots,
    noise_bins,
)

LEVELS = (3.0, 5.0, 8.0, 16.0, 64.0, 256.0)  # signal over noise at which errors are measured
_PLACES = 257  # from half a bin below to half a bin above
_NEAR = 2  # bins from the middle where waves for the errors are looked for
_WITHIN = 0.6827  # part of a normal distribution inside one standard error


class Setup(NamedTuple):
    """Everything that the answer depends on."""

    sizes: tuple[int, int]  # of the window along y and x, px
    window: str
    box: tuple[int, int]
    method: Method


class Answer(NamedTuple):
    """Corrections by place between bins along one axis, and noise.

    A plane wave at `measured` + `shift` (bins) is measured at `measured`, and `height` times as
    high; `height` of both axes multiply. With noise, the standard error of the place is `factor`
    times noise over amplitude over sharpness, that of the amplitude `height_factor` times noise.
    """

    measured: np.ndarray
    shift: np.ndarray
    height: np.ndarray
    factor: np.ndarray  # by LEVELS, of the place
    height_factor: np.ndarray  # by LEVELS, of the amplitude


@lru_cache(maxsize=64)
def answers(setup: Setup) -> tuple[Answer, Answer]:
    """Measure the answer along y and along x, on waves made for it.

    Noise is white; the same random numbers come every time.
    """
    made = [_without_noise(setup, axis) for axis in (0, 1)]
    noisy = np.transpose([_with_noise(setup, made, level) for level in LEVELS])
    y, x = (
        one._replace(factor=noisy[axis], height_factor=noisy[2]) for axis, one in enumerate(made)
    )
    return y, x


def corrected(spots: Spots, of: tuple[Answer, Answer] | list[Answer]) -> Spots:
    """Take the bias of place and amplitude off, as plane waves have it."""
    height = np.ones_like(spots.amplitude)
    places = []
    for place, answer in zip((spots.y, spots.x), of, strict=True):
        places.append(place + np.interp(place, answer.measured, answer.shift, period=1))
        height = height * np.interp(place, answer.measured, answer.height, period=1)
    return spots._replace(y=places[0], x=places[1], amplitude=spots.amplitude / height)


def errors(spots: Spots, of: tuple[Answer, Answer]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Standard errors of y, of x (bins), and of the amplitude as a part of it."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = spots.amplitude / spots.noise
        level = np.log(np.clip(ratio, LEVELS[0], LEVELS[-1]))
        y, x, height = (
            np.interp(level, np.log(LEVELS), factor) / ratio
            for factor in (of[0].factor, of[1].factor, of[0].height_factor)
        )
        return y / spots.sharpness_y, x / spots.sharpness_x, height


def _without_noise(setup: Setup, axis: int) -> Answer:
    place = np.linspace(-0.5, 0.5, _PLACES)
    waves = [_wave(setup, 0, 0 * place), _wave(setup, 1, 0 * place)]
    waves[axis] = _wave(setup, axis, place)
    spots = _measured(setup, waves[0][:, None] * waves[1][None])
    measured, height = (spots.y, spots.x)[axis].astype(float), spots.amplitude.astype(float)
    good = spots.found
    shift, height = place - measured, height / np.sqrt(height[_PLACES // 2])
    none = np.zeros(0)
    return Answer(measured[good], shift[good], height[good], none, none)


def _with_noise(setup: Setup, plain: list[Answer], level: float) -> tuple[float, float, float]:
    """Factors of the errors of y, x and amplitude at one ratio of signal to noise."""
    rng = np.random.default_rng(0)
    place = rng.uniform(-0.5, 0.5, (2, CHUNK))
    noise = rng.standard_normal((2, *setup.box, CHUNK)) / np.sqrt(2)
    roots = [_root(setup, axis) for axis in (0, 1)]
    mixed = np.einsum("ij,kl,jln->ikn", *roots, noise[0] + 1j * noise[1], optimize=True)
    waves = [_wave(setup, axis, place[axis]) for axis in (0, 1)]
    spots = _measured(setup, level * waves[0][:, None] * waves[1][None] + mixed)
    spots = corrected(spots, plain)
    ratio = spots.amplitude / spots.noise
    off = (
        (spots.y - place[0]) * ratio * spots.sharpness_y,
        (spots.x - place[1]) * ratio * spots.sharpness_x,
        (spots.amplitude / level - 1) * ratio,
    )
    y, x, height = (float(np.quantile(np.abs(v[spots.found]), _WITHIN)) for v in off)
    return y, x, height


def _wave(setup: Setup, axis: int, place: np.ndarray) -> np.ndarray:
    """Bins (bin, n) along one axis of waves at `place` (bins from the middle), 1 at the top."""
    size = setup.sizes[axis]
    weights = window_weights(size, setup.window)
    turns = np.outer(np.arange(size) - size // 2, place) / size
    factors = carriers(weights, -(setup.box[axis] // 2), setup.box[axis])
    return factors @ np.exp(2j * np.pi * turns) / weights.sum()


def _root(setup: Setup, axis: int) -> np.ndarray:
    """Root of the covariance of the bins of white noise along one axis, variance 1."""
    weights = window_weights(setup.sizes[axis], setup.window)
    factors = carriers(weights, 0, setup.box[axis])
    values, vectors = np.linalg.eigh(factors @ factors.conj().T / (weights**2).sum())
    return vectors * np.sqrt(np.maximum(values, 0))


def _measured(setup: Setup, bins: np.ndarray) -> Spots:
    y, x = (np.abs(np.arange(n) - n // 2) for n in setup.box)
    near = np.outer(y <= _NEAR, x <= _NEAR)
    power = jnp.asarray(np.abs(bins) ** 2, jnp.float32)
    return measure_spots(
        power, Bins(near, noise_bins(np.maximum(y[:, None], x), y[:, None])), setup.method
    )
