import numpy as np
import pytest
import scipy.fft

from temwidgets.kernels.fourier import background, spots, windows
from temwidgets.kernels.fourier.evidence import probability, probability_on_nodes
from temwidgets.kernels.fourier.periodogram import periodogram, without_mean

SHAPE = (160, 181)


def image(waves=(), noise=1.0, seed=0):
    y, x = np.indices(SHAPE)
    values = noise * np.random.default_rng(seed).normal(size=SHAPE)
    for amplitude, row, col in waves:
        values = values + amplitude * np.cos(2 * np.pi * (row * y / SHAPE[0] + col * x / SHAPE[1]))
    return values


def spots_of(values):
    weight = windows.separable(SHAPE, "hann")
    plane = background.half_plane(
        periodogram(values, weight),
        (1 / SHAPE[0], 1 / SHAPE[1]),
        spots.MARGIN,
        background.correlated_bins(weight),
    )
    return spots.find_spots(plane, background.background(plane), windows.footing(weight))


def test_spots_are_sorted_and_lie_in_one_half():
    found = spots_of(image([(1.0, 20, 0), (1.0, -30, 40), (1.0, 5.5, 60.5)]))
    assert (np.diff(found.log_expected) >= 0).all()
    places = set(zip(found.row[:3].tolist(), found.col[:3].tolist(), strict=True))
    assert {(20, 0), (-30, 40)} <= places
    assert ((found.col > 0) | (found.row > 0)).all()
    assert (np.hypot(found.row, found.col) >= spots.LOWEST).all()
    assert found.looked_at == pytest.approx(SHAPE[0] * SHAPE[1] / 2, rel=0.05)


def test_shoulders_of_a_strong_spot_are_not_spots():
    found = spots_of(image([(1000.0, 25.5, 33.5)]))
    near = np.hypot(found.row - 25.5, found.col - 33.5) < 8
    assert near.sum() == 1
    twins = spots_of(image([(10.0, 25, 33), (8.0, 25, 39)]))
    assert (np.hypot(twins.row - 25, twins.col - 36) < 4).sum() == 2


def test_noise_alone_is_as_conspicuous_as_expected():
    # the most conspicuous place of each: uniform chance, log of -log(1 - p) is of order one
    least = np.array([spots_of(image(seed=seed)).log_expected[0] for seed in range(30)])
    assert -4 < least.min() < 1
    assert 0 < np.median(least) + 0.5 < 3.5
    assert max(probability(spots_of(image(seed=seed))).max() for seed in range(5)) < 0.5


def test_signal_is_probable_noise_is_not():
    found = spots_of(image([(0.6, 20, 10), (0.6, -30, 40)]))
    p = probability(found)
    assert (p[:2] > 0.99).all()
    assert (p[2:] < 0.5).all()
    assert probability(found.take(np.zeros(0, int))).size == 0


def test_images_without_noise_have_probable_spots_only():
    found = spots_of(image([(1.0, 20, 10), (0.1, -30, 40), (0.01, 50, 50)], noise=0.0))
    assert (probability(found)[:3] > 0.5).all()


def test_nodes_make_faint_spots_probable():
    found = spots_of(image([(0.08, 40, 20)], seed=2))
    place = np.flatnonzero((found.row == 40) & (found.col == 20))
    assert probability(found)[place] < 0.5
    nodes = np.array([(40.2, 19.9), (-20.0, 60.0)])
    p = probability_on_nodes(found, -nodes)
    assert p[place] > 0.5
    assert (np.delete(p, place) < 0.5).all()
    assert (probability_on_nodes(found, np.zeros((0, 2))) == 0).all()


def test_the_nearest_maximum_is_the_one_that_is_meant():
    weight = windows.separable(SHAPE, "hann")
    data = without_mean(image([(5.0, 20, 30), (50.0, 20, 40)]), weight)
    transform = scipy.fft.fft2(data / np.sqrt((weight**2).sum()))
    near = spots.nearest(transform, np.array([21.0, 29.0]), np.array([3.0, 3.0]))
    assert near.place.tolist() == [20, 30]
    assert near.probability > 0.99
    assert near.background == pytest.approx(1, rel=0.6)
    far = spots.nearest(transform, np.array([21.0, 34.0]), np.array([8.0, 8.0]))
    assert far.place.tolist() == [20, 40]
    nothing = spots.nearest(transform, np.array([-60.0, 70.0]), np.array([3.0, 3.0]))
    assert nothing.probability < 0.5
    edge = spots.nearest(transform, np.array([80.0, 90.0]), np.array([3.0, 3.0]))
    assert (np.abs(edge.place) <= np.array(SHAPE) / 2).all()
