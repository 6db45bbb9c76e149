import numpy as np

from temwidgets.kernels.stack_mean import mean_frame, seen_by

DRIFT = np.array([(0.0, 0.0), (1.3, -2.4)])


def frame_at(drift, lines=0.0):
    y, x = np.mgrid[:40, :50]
    y, x = y - drift[0], x - drift[1] - np.reshape(lines, (-1, 1))
    return np.exp(-((y - 18) ** 2 + (x - 22) ** 2) / 30)


def test_the_mean_is_read_as_each_frame_shows_it():
    frames = np.stack([frame_at(d) for d in DRIFT])
    mean = mean_frame(frames, np.ones(frames.shape, bool), DRIFT, None, np.ones(2))
    for frame, drift in zip(frames, DRIFT, strict=True):
        seen = seen_by(mean.values, mean, frame.shape, drift, None)
        np.testing.assert_allclose(seen, frame, atol=2e-3)
        slope = seen_by(mean.slopes[1], mean, frame.shape, drift, None)
        rise = np.gradient(frame, axis=1)
        np.testing.assert_allclose((slope * rise).sum(), (rise**2).sum(), rtol=0.05)


def test_lines_are_read_at_their_own_offsets():
    frames = np.stack([frame_at(d) for d in DRIFT])
    mean = mean_frame(frames, np.ones(frames.shape, bool), DRIFT, None, np.ones(2))
    lines = 0.4 * np.sin(np.arange(40))
    seen = seen_by(mean.values, mean, (40, 50), DRIFT[1], lines)
    np.testing.assert_allclose(seen, frame_at(DRIFT[1], lines), atol=2e-3)
    none = seen_by(mean.values, mean, (40, 50), DRIFT[1], np.zeros(40))
    np.testing.assert_allclose(
        none, seen_by(mean.values, mean, (40, 50), DRIFT[1], None), atol=1e-9
    )
