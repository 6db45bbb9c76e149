import numpy as np
import pytest

from temwidgets.kernels import starts


def grid_image(sigma=2.5, apart=10.0, shape=(80, 90), height=100.0, level=20.0):
    y, x = np.mgrid[: shape[0], : shape[1]].astype(float)
    rows, cols = np.mgrid[8 : shape[0] - 6 : apart, 8 : shape[1] - 6 : apart].reshape(2, -1)
    image = np.full(shape, level)
    for r, c in zip(rows, cols, strict=True):
        image += height * np.exp(-((y - r) ** 2 + (x - c) ** 2) / (2 * sigma**2))
    return image, rows, cols


@pytest.mark.parametrize("sigma", [1.8, 2.5, 2.8])
def test_typical_sigma_is_read_from_the_spectrum(sigma):
    image, rows, cols = grid_image(sigma)
    assert starts.typical_sigma(image, rows, cols, 10.0) == pytest.approx(sigma, rel=0.15)


def test_few_columns_get_a_guess():
    assert starts.typical_sigma(np.ones((30, 30)), np.array([5.0]), np.array([5.0]), 8.0) == 2.0


def test_distances_to_the_nearest():
    found = starts.nearest_distance(np.array([0.0, 0, 5]), np.array([0.0, 3, 0]), 9.0)
    np.testing.assert_allclose(found, [3, 3, 5])
    np.testing.assert_allclose(starts.nearest_distance(np.array([1.0]), np.array([1.0]), 9), [9])


def test_windows_are_wider_where_columns_crowd():
    assert starts.window_half(3.0, 20.0) == 10
    assert starts.window_half(3.0, 8.0) == 14
    assert starts.window_half(1000.0, 1e6) == starts.HALVES[-1]


def test_splines_sum_to_one_and_hold_on_outside():
    basis = starts.background_basis("smooth", 6, np.linspace(-0.5, 1.5, 40))
    np.testing.assert_allclose(basis.sum(axis=1), 1)
    np.testing.assert_allclose(basis[0], starts.background_basis("smooth", 6, np.zeros(1))[0])
    assert basis.min() >= 0


def test_a_plane_and_a_constant():
    place = np.array([0.0, 0.5, 1.0])
    np.testing.assert_allclose(starts.background_basis("plane", 2, place)[:, 1], [-1, 0, 1])
    np.testing.assert_allclose(starts.background_basis("constant", 1, place), 1)


@pytest.mark.parametrize(
    ("kind", "counts"), [("constant", (1, 1)), ("plane", (2, 2)), ("smooth", (5, 17))]
)
def test_numbers_of_background_functions(kind, counts):
    assert starts.background_counts(kind, (40, 4000), 20.0) == counts


def test_the_background_starts_between_the_columns():
    image, _, _ = grid_image()
    start = starts.background_start("smooth", image, (4, 5))
    assert start.shape == (4, 5)
    assert np.abs(start - 20).max() < 15
    assert np.abs(np.median(start) - 20) < 1


def test_heights_are_those_above_the_background():
    image, rows, cols = grid_image()
    heights = starts.heights_at(image, rows, cols, np.full(image.shape, 20.0), 2.5)
    assert np.abs(heights / 100 - 1).max() < 0.2
    assert (starts.heights_at(-image, rows, cols, 0 * image, 2.5) == 0).all()


def test_noise_is_measured_between_the_columns():
    image, _, _ = grid_image()
    noisy = image + np.random.default_rng(0).normal(0, 3, image.shape)
    assert starts.noise_deviation(noisy) == pytest.approx(3, rel=0.15)
    assert starts.noise_to_signal(noisy) == pytest.approx(9 / image.mean(), rel=0.3)
    assert starts.noise_to_signal(-noisy) == 1


def test_columns_beyond_the_edge_are_guessed():
    image, rows, cols = grid_image()
    cut = image[11:, :]
    kept = rows > 11
    ghosts = starts.beyond_edge(cut, rows[kept] - 11, cols[kept], 2.5, 10.0)
    assert len(ghosts) == len(np.unique(cols))
    assert (ghosts[:, 0] < 0).all()
    np.testing.assert_allclose(np.sort(ghosts[:, 1]), np.unique(cols), atol=1)
    assert len(starts.beyond_edge(image, rows, cols, 2.5, 10.0)) == 0


def test_the_rim_without_columns_is_told():
    rim = starts.unexplained_rim((30, 40), np.array([2.0]), np.array([20.0]), 2.0)
    assert not rim[3:-3, 3:-3].any()
    assert not rim[0, 20]
    assert rim[0, 0]
    assert rim[-1].all()


@pytest.mark.parametrize(("level", "height"), [(0.12, 12), (1, 100), (20, 20), (5, 1000)])
def test_noise_over_signal_is_one_for_counts_however_dark_it_is_between(level, height):
    rng = np.random.default_rng(3)
    y, x = np.indices((230, 260))
    squared = ((y % 24) - 12) ** 2 + ((x % 24) - 11) ** 2
    image = rng.poisson(level + height * np.exp(-squared / 12.5))
    assert starts.noise_to_signal(image) == pytest.approx(1, abs=0.06)
    assert starts.noise_to_signal(7.0 * image) == pytest.approx(7, abs=0.4)
