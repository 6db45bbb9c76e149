import numpy as np
import pytest

from temwidgets.kernels.common_motion import common_motion


def world(seed=0, frames=9, points=60, noise=0.02):
    rng = np.random.default_rng(seed)
    motion = rng.normal(0, 1, frames)
    place = rng.uniform(0, 10, points)
    values = motion[:, None] + place + rng.normal(0, noise, (frames, points))
    return values, motion - motion.mean(), place


def test_motion_is_found_beside_points_of_their_own_ways_and_gaps():
    values, motion, _ = world()
    values[4:, :8] += 3.0
    values[2, 10:25] = np.nan
    found = common_motion(values, np.ones((1, 60)))
    left = found.motion[:, 0] - motion
    assert np.abs(left).max() < 0.012
    assert found.error == pytest.approx(0.02 / np.sqrt(50), rel=0.5)


def test_errors_hold():
    pulls = []
    for seed in range(20):
        values, motion, _ = world(seed)
        found = common_motion(values, np.ones((1, 60)))
        pulls.append((found.motion[:, 0] - motion) / found.error)
    assert 0.8 < np.std(pulls) < 1.2


def test_a_motion_with_more_terms():
    values, _, place = world(noise=0.001)
    slope = np.linspace(-0.02, 0.02, 9)
    along = (place - place.mean()) / place.std()
    found = common_motion(values + slope[:, None] * along, np.stack([np.ones(60), along]))
    rest = values + slope[:, None] * along - found.motion - found.mean
    assert rest.std() < 0.0012


def test_a_frame_without_points_stands_still():
    values, _, _ = world()
    values[3] = np.nan
    found = common_motion(values, np.ones((1, 60)))
    assert np.isnan(found.error[3])
    assert np.isfinite(found.motion).all()
