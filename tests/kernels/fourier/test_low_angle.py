import numpy as np
import pytest

from temwidgets.kernels.fourier.low_angle import smoothness, split

SHAPE, STEP = (24, 36), np.array([0.5, 0.6])
INSIDE = np.ones(SHAPE, bool)


def split_of(away_y, snr=50.0, inside=INSIDE):
    away = np.stack([np.broadcast_to(away_y, SHAPE), np.zeros(SHAPE)])
    return split(inside, away, np.full(SHAPE, snr), STEP)


def test_a_region_is_cut_where_g_jumps():
    col = np.arange(SHAPE[1])
    parts = split_of(np.where(col < 20, 0.0, 0.6))
    assert len(np.unique(parts)) == 2
    assert len(np.unique(parts[:, :19])) == len(np.unique(parts[:, 21:])) == 1
    assert parts[0, 0] != parts[0, -1]
    assert (parts > 0).all()


@pytest.mark.parametrize(
    ("away", "snr"),
    [
        (np.linspace(-0.6, 0.6, SHAPE[1]), 50.0),  # it turns slowly, further than any jump
        (np.where(np.arange(SHAPE[1]) < 20, 0.0, 0.6), 2.5),  # noise could do that
        (np.where(np.arange(SHAPE[1]) == 20, 1.0, 0.0), 50.0),  # the same beyond a defect
    ],
)
def test_it_is_not_cut_elsewhere(away, snr):
    parts = split_of(away, snr)
    assert (parts == parts[0, 0]).all()
    assert parts[0, 0] > 0


def test_parts_are_connected_and_nothing_is_outside():
    inside = INSIDE.copy()
    inside[:, 14:17] = False
    parts = split_of(np.zeros(SHAPE[1]), inside=inside)
    np.testing.assert_array_equal(parts > 0, inside)
    assert parts[0, 0] != parts[0, -1]
    assert not split_of(np.zeros(SHAPE[1]), inside=~INSIDE).any()


def test_smoothness_falls_with_the_bend_of_g():
    y = np.arange(SHAPE[0])[:, None]
    bent = np.stack([np.broadcast_to(0.01 * y**2, SHAPE), np.zeros(SHAPE)])
    # second differences over 2 rows are 0.08; along x there are too few columns
    assert smoothness(INSIDE[:, :3], bent[:, :, :3], STEP) == pytest.approx(0.4 / 0.08, rel=1e-6)
    rough = np.random.default_rng(0).normal(size=(2, *SHAPE))
    assert smoothness(INSIDE, rough, STEP) < 0.5
    assert smoothness(~INSIDE, bent, STEP) == 0
