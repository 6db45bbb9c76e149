import numpy as np

from temwidgets.analysis.colour_wheel import direction_colours


def test_the_wheel_is_closed_even_and_told_apart():
    turn = direction_colours(np.arange(0, 360, 5.0)).astype(int)
    steps = np.linalg.norm(np.roll(turn, -1, axis=0) - turn, axis=1)
    assert steps.max() < 45
    assert len(np.unique(turn, axis=0)) == len(turn)
    opposite = np.linalg.norm(turn - np.roll(turn, 36, axis=0), axis=1)
    assert opposite.min() > 120


def test_angles_repeat_and_nan_is_grey():
    np.testing.assert_array_equal(direction_colours([-90.0, 0.0]), direction_colours([270, 360]))
    assert direction_colours([[np.nan]]).tolist() == [[[153, 153, 153]]]
    assert direction_colours(12.0).shape == (3,)
