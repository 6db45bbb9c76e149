import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import curve_fit

from temwidgets.kernels.fourier.spot_fit import NARROWEST, Gaussian, fit_spots

SHAPE, COUNT = (15, 13), 64
Y, X = np.mgrid[-7:8.0, -6:7.0]


def gaussian(_, size, y, x, long, short, turn, offset):
    dy, dx = Y - y, X - x
    u, v = dx * np.cos(turn) + dy * np.sin(turn), dy * np.cos(turn) - dx * np.sin(turn)
    return (size * np.exp(-0.5 * ((u / long) ** 2 + (v / short) ** 2)) + offset).ravel()


def boxes(truth):
    return np.stack([gaussian(None, *row).reshape(SHAPE) for row in truth], axis=-1)


def random_truth(count, seed=0):
    rng = np.random.default_rng(seed)
    return np.column_stack(
        [
            rng.uniform(50, 200, count),
            *rng.uniform(-2.5, 2.5, (2, count)),
            rng.uniform(1.1, 2.2, count),
            rng.uniform(0.7, 1.1, count),
            rng.uniform(0, np.pi, count),
            rng.uniform(-5, 20, count),
        ]
    )


def fitted(data, truth, size=90.0):
    """Fits from near the truth, COUNT at once so that all tests share a compilation."""
    parts = []
    for first in range(0, len(truth), COUNT):
        some = truth[first : first + COUNT]
        left = COUNT - len(some)
        ones, zeros = np.ones(COUNT), np.zeros(COUNT)
        places = np.pad(np.round(some[:, 1:3]).T, ((0, 0), (0, left)))
        given = np.log(size) * ones, *places, ones, zeros, ones, zeros
        start = Gaussian(*(jnp.asarray(v, jnp.float32) for v in given))
        bins = np.pad(data[..., first : first + COUNT], ((0, 0), (0, 0), (0, left)))
        found = fit_spots(jnp.asarray(bins, jnp.float32), start)
        parts.append(found)
    return jax.tree.map(lambda *v: np.concatenate(v)[: len(truth)], *parts)


def test_parameters_without_noise_are_the_true_ones():
    truth = random_truth(64)
    found = fitted(boxes(truth), truth)
    assert found.settled.all()
    spot = found.spot
    np.testing.assert_allclose(np.exp(spot.log_amplitude), truth[:, 0], rtol=1e-4)
    np.testing.assert_allclose(spot.y, truth[:, 1], atol=1e-4)
    np.testing.assert_allclose(spot.x, truth[:, 2], atol=1e-4)
    np.testing.assert_allclose(spot.offset, truth[:, 6], atol=0.01)
    long, short, turn = truth[:, 3] ** -2, truth[:, 4] ** -2, truth[:, 5]
    np.testing.assert_allclose(
        spot.p_xx, long * np.cos(turn) ** 2 + short * np.sin(turn) ** 2, rtol=2e-3
    )
    np.testing.assert_allclose(spot.p_yx, (long - short) * np.sin(turn) * np.cos(turn), atol=2e-3)


def test_values_and_errors_are_those_of_scipy():
    truth = random_truth(24, seed=1)
    data = boxes(truth) + np.random.default_rng(2).normal(0, 4, (*SHAPE, 24))
    found = fitted(data, truth)
    low = [0, -7.5, -6.5, NARROWEST, NARROWEST, -np.inf, -np.inf]
    high = [np.inf, 7.5, 6.5, 7.5, 7.5, np.inf, np.inf]
    for k, row in enumerate(truth):
        values, spread = curve_fit(
            gaussian, None, data[..., k].ravel(), row, bounds=(low, high), xtol=1e-12, ftol=1e-12
        )
        errors = np.sqrt(np.diag(spread))
        assert abs(found.spot.y[k] - values[1]) < 2e-3 * errors[1]
        assert abs(found.spot.x[k] - values[2]) < 2e-3 * errors[2]
        assert abs(np.exp(found.spot.log_amplitude[k]) - values[0]) < 2e-3 * errors[0]
        assert abs(found.spot.offset[k] - values[6]) < 5e-3 * errors[6]
        assert found.y_std[k] == pytest.approx(errors[1], rel=1e-3)
        assert found.x_std[k] == pytest.approx(errors[2], rel=1e-3)
        assert found.log_amplitude_std[k] == pytest.approx(errors[0] / values[0], rel=1e-3)
        rest = gaussian(None, *values) - data[..., k].ravel()
        assert found.cost[k] == pytest.approx((rest**2).sum(), rel=1e-4)


def test_errors_are_those_of_independent_bins():
    truth = np.tile(random_truth(1), (2000, 1))
    data = boxes(truth) + np.random.default_rng(3).normal(0, 3, (*SHAPE, 2000))
    found = fitted(data, truth)
    for place, error, true in (
        (found.spot.y, found.y_std, truth[0, 1]),
        (found.spot.x, found.x_std, truth[0, 2]),
        (found.spot.log_amplitude, found.log_amplitude_std, np.log(truth[0, 0])),
    ):
        pull = (place - true) / error
        assert 0.95 < pull.std() < 1.05
        assert abs(pull.mean()) < 0.1


def test_units_of_the_data_do_not_matter():
    truth = random_truth(8, seed=4)
    data = boxes(truth) + np.random.default_rng(5).normal(0, 4, (*SHAPE, 8))
    plain, large = fitted(data, truth), fitted(1e12 * data, truth, size=90e12)
    np.testing.assert_allclose(large.spot.y, plain.spot.y, atol=2e-4)
    np.testing.assert_allclose(large.y_std, plain.y_std, rtol=1e-3)


def test_what_is_no_spot_does_not_pass_for_one():
    truth = random_truth(3, seed=6)
    data = boxes(truth)
    data[..., 0] = X  # a slope: its top is outside the box
    data[..., 1] = np.exp(-(X**2 + Y**2) / 2 / 30**2)  # wider than the box
    data[0, 0, 2] = np.nan
    found = fitted(data, truth)
    assert not found.settled[0] or found.widest[0] or abs(found.spot.x[0]) > 6
    assert not found.settled[1] or found.widest[1]
    assert not found.settled[2]


def test_a_single_bin_is_no_narrower_than_the_bound():
    data = np.zeros((*SHAPE, 1))
    data[8, 5] = 10
    found = fitted(data, np.array([[10, 1.0, -1.0, 1, 1, 0, 0]]), size=10.0)
    assert found.settled[0]
    assert abs(found.spot.y[0] - 1) < 1e-3
    assert abs(found.spot.x[0] + 1) < 1e-3
    assert 5 < found.spot.p_yy[0] < 1.001 * NARROWEST**-2
