import numpy as np
import pytest

from temwidgets.kernels.stack_refine import refine
from temwidgets.synthetic import movie


def run(shape=(90, 120), rows=False, frames=8, **options):
    stack, truth = movie(shape, frames=frames, drift=(0.43, -0.27), **options)
    path = np.column_stack([truth["drift_y"], truth["drift_x"]])
    rng = np.random.default_rng(0)
    motion = refine(stack.values, path + rng.normal(0, 0.3, path.shape), rows=rows)
    off = motion.drift - motion.drift.mean(axis=0) - (path - path.mean(axis=0))
    return motion, off, truth


def test_without_noise_the_drift_is_exact():
    _, off, _ = run(dose=None)
    assert np.abs(off).max() < 2e-3


def test_errors_are_those_of_counting_noise():
    runs = [run(dose=20, seed=seed, frames=6)[:2] for seed in range(6)]
    pulls = np.concatenate([(off / motion.error).ravel() for motion, off in runs])
    assert 0.75 < pulls.std() < 1.3
    assert abs(pulls.mean()) < 0.3
    # the mean of all frames is free
    assert np.abs(np.concatenate([off for _, off in runs])).max() < 0.1


def test_lines_are_told_up_to_what_the_mean_has_of_them():
    motion, off, truth = run(rows=True, row_jitter=0.3, dose=200)
    left = motion.lines - truth["offset"].values
    left = left[:, 6:-6]
    floor = 0.3 / np.sqrt(8)
    assert left.std() < 1.2 * floor
    pull = left / motion.line_error[:, 6:-6]
    assert 0.8 < pull.std() < 1.25
    # what all lines of a frame are off counts as drift
    shared = truth["offset"].values.mean(axis=1)
    assert np.abs(off[:, 1] - (shared - shared.mean())).max() < 0.025
    assert motion.error[:, 1] == pytest.approx(0.3 / np.sqrt(90), rel=0.15)
    np.testing.assert_allclose(motion.lines.mean(axis=1), 0, atol=1e-9)


def test_missing_pixels_and_empty_frames():
    stack, truth = movie((60, 80), frames=4, drift=(0.2, 0.3), dose=300)
    values = stack.values.copy()
    values[np.random.default_rng(1).random(values.shape) < 0.1] = np.nan
    values[3] = 5.0
    path = np.column_stack([truth["drift_y"], truth["drift_x"]])
    motion = refine(values, path, rows=False)
    assert np.isnan(motion.error[3]).all()
    off = (motion.drift - path)[:3]
    assert np.abs(off - off.mean(axis=0)).max() < 0.06


def test_weights_choose_the_mean_that_stays():
    stack, truth = movie((60, 80), frames=3, drift=(0.2, 0.3), dose=300)
    path = np.column_stack([truth["drift_y"], truth["drift_x"]])
    motion = refine(stack.values, path, rows=False, weights=np.array([1.0, 1e-6, 1e-6]))
    assert motion.drift[0] == pytest.approx(path[0], abs=1e-4)
