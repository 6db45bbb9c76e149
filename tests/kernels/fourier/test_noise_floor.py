import numpy as np
import pytest

from temwidgets.kernels.fourier.noise_floor import flattened, noise_floor

SHAPE, SIDES = (192, 240), np.array([1.1, 1 / 1.1])


def white(deviation=3.0, seed=0):
    return np.random.default_rng(seed).normal(0, deviation, SHAPE).astype(np.float32)


@pytest.mark.parametrize("sigma", [None, 8.0])
def test_white_noise_has_its_variance_everywhere(sigma):
    floor = noise_floor(white(), SIDES)
    floor = floor if sigma is None else floor.through(sigma)
    ky, kx = np.meshgrid(np.linspace(-0.4, 0.4, 20), np.linspace(0.05, 0.4, 15), indexing="ij")
    found = floor(ky, kx)
    # the larger of several estimates: never much below, a little above
    assert np.median(found) == pytest.approx(9, rel=0.35)
    assert found.min() > 8


def test_fringes_hardly_raise_it():
    y, x = np.indices(SHAPE)
    waves = 20 * np.cos(2 * np.pi * (0.13 * y + 0.17 * x))
    at = np.array([0.13, 0.17]) / SIDES
    plain, with_waves = (noise_floor(image, SIDES)(*at[:, None]) for image in
                         (white(), white() + waves))  # fmt: skip
    assert with_waves[0] < 1.3 * plain[0]


@pytest.mark.parametrize("axis", [0, 1])
def test_streaks_lie_on_their_own_axis(axis):
    rng = np.random.default_rng(1)
    lines = [rng.normal(0, 3, (SHAPE[0], 1)), rng.normal(0, 3, (1, SHAPE[1]))][axis]
    floor = noise_floor(white() + lines, SIDES)
    on = np.zeros((2, 1))
    on[axis] = 0.2
    off = np.array([[0.14], [0.14]])
    assert floor(*on)[0] > 50 * floor(*off)[0]
    assert floor(*on[::-1])[0] < 3 * floor(*off)[0]
    # a window widens the streak and lowers it
    assert floor.through(6.0)(*on)[0] < 0.5 * floor(*on)[0]


def test_slow_changes_are_taken_away_but_fringes_stay():
    y, x = np.indices(SHAPE)
    waves = np.cos(2 * np.pi * (0.1 * y + 0.15 * x))
    slow = 50 + 0.3 * y - 0.2 * x + 5 * np.cos(2 * np.pi * y / SHAPE[0])
    left = flattened(waves + slow)[30:-30, 30:-30] - waves[30:-30, 30:-30]
    assert np.abs(left).max() < 0.5
