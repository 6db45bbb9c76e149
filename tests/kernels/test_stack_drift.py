import numpy as np
import pytest

from temwidgets.kernels.stack_drift import rough_drift, signal_to_noise
from temwidgets.synthetic import movie


def path_of(truth, sampling=(1.0, 1.0)):
    return np.column_stack([truth["drift_y"], truth["drift_x"]]) / sampling


def test_frames_are_placed_along_a_crystal_that_repeats():
    stack, truth = movie((80, 110), frames=7, drift=(1.3, -2.1), dose=60, seed=1)
    path = path_of(truth)
    done = []
    drift = rough_drift(stack.values, 3, done.append)
    np.testing.assert_allclose(drift, path - path[3], atol=0.3)
    assert done[-1] == pytest.approx(6 / 7)


def test_the_specimen_may_leave_the_image_as_a_whole():
    stack, truth = movie((70, 90), frames=20, drift=(3.4, 4.2), dose=200, seed=2)
    path = path_of(truth)
    assert np.abs(path[-1]).min() > 60
    np.testing.assert_allclose(rough_drift(stack.values, 0), path, atol=0.5)


def test_columns_that_come_and_go_lead_to_no_lattice_vector():
    options = {"drift": (0.43, -0.27), "vacancies": 2, "filled": 2, "hops": 2, "steps": 2}
    stack, truth = movie((96, 128), frames=10, vibration=0.1, dose=200, **options)
    np.testing.assert_allclose(rough_drift(stack.values, 0), path_of(truth), atol=0.3)


def test_the_ratio_of_signal_to_noise():
    rng = np.random.default_rng(4)
    y, x = np.mgrid[:96, :128]
    signal = np.cos(2 * np.pi * y / 12) * np.cos(2 * np.pi * x / 16)
    for noise in (0.2, 1.0):
        frame = signal + noise * rng.standard_normal(signal.shape)
        assert signal_to_noise(frame) == pytest.approx(0.5 / noise, rel=0.1)
