import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from temwidgets.kernels.drawing import draw_gaussians, precision_matrix


def draw_directly(shape, row, col, amplitude, precision):
    y, x = np.mgrid[: shape[0], : shape[1]].astype(float)
    total = np.zeros(shape)
    for r, c, a, yy, yx, xx in zip(row, col, amplitude, *precision, strict=True):
        dy, dx = y - r, x - c
        total += a * np.exp(-0.5 * (yy * dy**2 + 2 * yx * dy * dx + xx * dx**2))
    return total


@given(st.integers(0, 2**31), st.integers(1, 12))
@settings(max_examples=40, deadline=None)
def test_windows_add_up_to_the_sum_over_the_whole_image(seed, n):
    rng = np.random.default_rng(seed)
    shape = (23, 37)
    row, col = rng.uniform(-20, 45, n), rng.uniform(-20, 60, n)
    amplitude = rng.uniform(0.1, 5, n)
    precision = precision_matrix(
        rng.uniform(1, 6, n), rng.uniform(1, 6, n), rng.uniform(-180, 180, n)
    )
    drawn = draw_gaussians(shape, row, col, amplitude, precision)
    np.testing.assert_allclose(
        drawn, draw_directly(shape, row, col, amplitude, precision), atol=2e-6 * amplitude.sum()
    )


def test_no_columns_make_an_empty_image():
    empty = np.zeros(0)
    drawn = draw_gaussians((4, 5), empty, empty, empty, (empty, empty, empty))
    assert drawn.shape == (4, 5)
    assert not drawn.any()


def test_theta_turns_the_major_axis_from_x_towards_y():
    p = precision_matrix(np.array([4.0]), np.array([2.0]), np.array([30.0]))
    axis = np.array([np.sin(np.deg2rad(30)), np.cos(np.deg2rad(30))])  # (y, x)
    matrix = np.array([[p[0][0], p[1][0]], [p[1][0], p[2][0]]])
    np.testing.assert_allclose(matrix @ axis, axis / 16)
