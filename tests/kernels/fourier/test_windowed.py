"""Spots measured round pixels, and what is known of their bias and errors."""

import jax.numpy as jnp
import numpy as np
import pytest

from temwidgets.kernels.fourier.sliding_bins import Box, window_weights
from temwidgets.kernels.fourier.spot_peak import find_peak
from temwidgets.kernels.fourier.spot_response import LEVELS, Setup, answers, corrected, errors
from temwidgets.kernels.fourier.windowed import (
    CHUNK,
    Bins,
    Method,
    map_spots,
    measure_spots,
    noise_bins,
)

METHODS = {
    "parabola": Method(gaussian=False, logarithm=False),
    "gaussian": Method(gaussian=True, logarithm=False),
    "log": Method(gaussian=True, logarithm=True),
}
SIDE = 9  # as in the tests of windowed_spacing, which so share compilations
AWAY = np.abs(np.arange(SIDE) - SIDE // 2)
ALL = Bins(
    np.ones((SIDE, SIDE), bool),
    noise_bins(np.maximum(AWAY[:, None], AWAY), np.broadcast_to(AWAY, (SIDE, SIDE))),
)


def waves(place, window="hann", size=48, weight=None):
    """|bin|² of plane waves at `place` (2, n), bins from the middle; 1 at the top."""
    weights = window_weights(size, window)
    u, bins = np.arange(size) - size // 2, np.arange(SIDE) - SIDE // 2
    parts = []
    for p in place:
        turns = u[:, None] * (p - bins[:, None, None])
        parts.append((weights[:, None] * np.exp(2j * np.pi * turns / size)).sum(1) / weights.sum())
    return np.abs(parts[0][:, None] * parts[1][None]) ** 2


@pytest.mark.parametrize("window", ["hann", "gaussian"])
@pytest.mark.parametrize("method", ["parabola", "gaussian"])
def test_a_plane_wave_is_found_where_it_is(method, window):
    place = np.random.default_rng(0).uniform(-1.5, 1.5, (2, 50))
    spots = measure_spots(jnp.asarray(waves(place, window), jnp.float32), ALL, METHODS[method])
    assert spots.found.all()
    before = np.abs([spots.y - place[0], spots.x - place[1]]).max()
    answer = answers(Setup((48, 48), window, (SIDE, SIDE), METHODS[method]))
    spots = corrected(spots, answer)
    after = np.abs([spots.y - place[0], spots.x - place[1]]).max()
    assert after < 1e-3
    assert before < 2e-3 or after < before / 5
    np.testing.assert_allclose(spots.amplitude, 1, atol=6e-3)


@pytest.mark.parametrize(
    ("method", "level"),
    [(m, v) for m in ("parabola", "gaussian") for v in (8.0, 30.0, 200.0)] + [("log", 30.0)],
)
def test_errors_are_those_of_noise(method, level):
    """Windows cut out of noise, transformed one by one: nothing is shared with the code tested."""
    rng = np.random.default_rng(1)
    size, count = (40, 36), 1500
    weights = [window_weights(n, "hann") for n in size]
    y, x = (np.arange(n) - n // 2 for n in size)
    place = rng.uniform(-0.5, 0.5, (2, count))
    energy = np.sqrt(np.prod([(w**2).sum() for w in weights]))
    scale = 2 * level * energy / np.prod([w.sum() for w in weights])
    turns = (12 + place[0])[:, None, None] * y[:, None] / size[0]
    turns = turns + (11 + place[1])[:, None, None] * x / size[1]
    cut = scale * np.cos(2 * np.pi * turns) + rng.normal(size=(count, *size))
    bins = np.fft.fft2(cut * np.outer(*weights))
    rows, cols = 12 + np.arange(SIDE) - SIDE // 2, 11 + np.arange(SIDE) - SIDE // 2
    power = np.moveaxis(np.abs(bins[:, rows[:, None], cols]) ** 2, 0, -1)
    near = Bins(np.outer(AWAY <= 2, AWAY <= 2), ALL.beside)
    answer = answers(Setup(size, "hann", (SIDE, SIDE), METHODS[method]))
    spots = corrected(measure_spots(jnp.asarray(power, jnp.float32), near, METHODS[method]), answer)
    std_y, std_x, std_size = errors(spots, answer)
    assert spots.found.mean() > 0.9
    true = level * energy
    for off, error in (
        (spots.y - place[0], std_y),
        (spots.x - place[1], std_x),
        (spots.amplitude / true - 1, std_size),
    ):
        pull = np.abs(off / error)[spots.found]
        inner, outer = np.quantile(pull, [0.6827, 0.9545])
        if method == "log":  # the misfit of its shape, which is no noise, rules where noise is low
            assert 0.7 < inner < 1.5
        else:
            assert 0.85 < inner < 1.15
            assert 1.8 < outer < 2.5
    assert np.median(spots.noise) == pytest.approx(energy, rel=0.2)


def test_noise_falls_as_the_signal_grows():
    for name in ("parabola", "gaussian"):
        of = answers(Setup((48, 48), "hann", (SIDE, SIDE), METHODS[name]))
        for answer in of:
            assert answer.factor.shape == (len(LEVELS),)
            assert (answer.factor > 0.5).all()
            assert (answer.factor < 4).all()


def test_the_strongest_of_the_allowed_bins_is_taken():
    power = waves(np.array([[1.1], [-1.9]])) + 0.8 * waves(np.array([[-2.2], [0.1]]))
    power = power + 3 * waves(np.array([[1.4], [2.3]]))
    right = np.zeros((SIDE, SIDE), bool)
    right[:, 5:] = True
    left = ~right
    found = [
        find_peak(jnp.asarray(power, jnp.float32), jnp.asarray(part), jnp.asarray(ALL.beside))
        for part in (right, left)
    ]
    assert (found[0].y[0], found[0].x[0]) == pytest.approx((1.4, 2.3), abs=0.1)
    assert (found[1].y[0], found[1].x[0]) == pytest.approx((1.1, -1.9), abs=0.3)
    assert found[0].is_peak[0]
    assert found[1].is_peak[0]


def test_a_slope_of_the_spectrum_is_no_peak():
    power = np.exp(np.arange(SIDE) / 2.0)[:, None, None] * np.ones((SIDE, SIDE, 3))
    for method in METHODS.values():
        spots = measure_spots(jnp.asarray(power, jnp.float32), ALL, method)
        assert not spots.found.any()
        assert np.isnan(spots.y).all()


def test_nothing_is_found_in_nothing():
    for method in METHODS.values():
        spots = measure_spots(jnp.zeros((SIDE, SIDE, 5)), ALL, method)
        assert not spots.found.any()


def test_more_spots_than_a_chunk_are_measured_alike():
    place = np.random.default_rng(2).uniform(-1, 1, (2, CHUNK + 7))
    power = jnp.asarray(waves(place), jnp.float32)
    whole = measure_spots(power, ALL, METHODS["parabola"])
    assert whole.y.shape == (CHUNK + 7,)
    part = measure_spots(power[:, :, -9:], ALL, METHODS["parabola"])
    np.testing.assert_array_equal(part.y, whole.y[-9:])


@pytest.mark.parametrize("stride", [1, 3])
def test_a_map_of_spots_lies_on_its_pixels(stride):
    y, x = np.mgrid[:70, :96]
    frequency = np.where(x < 48, 8.3, 9.4) / 32
    image = np.cos(2 * np.pi * (frequency * (x - 48) + 3.2 / 32 * y))
    weights = window_weights(32, "hann")
    box = Box((weights, weights), (3 - SIDE // 2, 9 - SIDE // 2), (SIDE, SIDE))
    told = []
    spots = map_spots(image, box, ALL, METHODS["parabola"], stride=stride, report=told.append)
    assert spots.x.shape == (-(-70 // stride), -(-96 // stride))
    assert told[-1] == 1.0
    assert np.diff(told).min(initial=1) > 0
    at = np.arange(0, 96, stride)
    row = spots.x[24 // stride]
    np.testing.assert_allclose(row[(at > 16) & (at < 32)], -0.7, atol=0.02)
    np.testing.assert_allclose(row[(at > 64) & (at < 80)], 0.4, atol=0.02)
