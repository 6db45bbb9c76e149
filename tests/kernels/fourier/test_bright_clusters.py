import numpy as np
import pytest

from temwidgets.kernels.fourier.bright_clusters import Brightness, brightness, clusters
from temwidgets.kernels.fourier.fringe_region import prepare

SHAPE = (120, 170)
Y, X = np.indices(SHAPE)
G = np.array([[0.15, 0.04], [-0.05, 0.17]])


def filled(found):
    whole = np.zeros(SHAPE, bool)
    for one in found:
        whole[one.box] |= one.inside
    return whole


def overlap(one, two):
    return (one & two).sum() / (one | two).sum()


def test_fringes_are_bright_where_they_are():
    noise = np.random.default_rng(0).normal(size=SHAPE)
    waves = sum(2 * np.cos(2 * np.pi * (g[0] * Y + g[1] * X)) for g in G)
    # skirts of the crystal fill much of so small a spectrum
    floor = prepare(noise, np.ones(2)).noise
    field = prepare(np.where(X < 80, waves, 0) + noise, np.ones(2))._replace(noise=floor)
    bright = brightness(field, G)
    col = np.arange(bright.height.shape[1]) * bright.step[1]
    assert bright.height[3:-3, (col > 8) & (col < 65)] == pytest.approx(1, abs=0.25)
    assert bright.height[:, col > 100].max() < 0.4
    # of a wave through a Gaussian window: A sigma sqrt(pi / v), twice
    assert bright.snr == pytest.approx(2 * bright.sigma * np.sqrt(2 * np.pi), rel=0.2)
    inside = filled(clusters(bright, SHAPE, np.ones(2), 0.5, 4.0))
    assert overlap(inside, X < 80) > 0.9
    assert brightness(prepare(noise, np.ones(2)), np.array([[0.3, 0.21]])) is None or (
        brightness(prepare(noise, np.ones(2)), np.array([[0.3, 0.21]])).snr < 6
    )


@pytest.mark.parametrize("sides", [(1.0, 1.0), (1.25, 0.8)])
def test_places_apart_are_clusters_and_holes_stay(sides):
    ring = (np.hypot(Y - 60, X - 55) < 45) & (np.hypot(Y - 60, X - 55) > 22)
    block = (np.abs(Y - 60) < 40) & (np.abs(X - 140) < 20)
    bright = Brightness((ring | block).astype(float), np.ones(2), 4.0, 10.0)
    found = clusters(bright, SHAPE, np.array(sides), 0.5, 5.0)
    assert len(found) == 2
    parts = sorted((filled([one]) for one in found), key=lambda part: np.nonzero(part)[1].mean())
    assert overlap(parts[0], ring) > 0.85
    assert overlap(parts[1], block) > 0.85
    assert not parts[0][55:65, 50:60].any()


def test_few_points_or_a_line_are_no_domain():
    height = np.zeros(SHAPE)
    height[60] = 1
    bright = Brightness(height, np.ones(2), 2.0, 10.0)
    assert clusters(bright, SHAPE, np.ones(2), 0.5, 4.0) == []
    assert clusters(bright, SHAPE, np.ones(2), 1.5, 4.0) == []
