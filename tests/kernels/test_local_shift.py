import numpy as np

from temwidgets.kernels.local_shift import Field, rows_of_shift, shift_at


def test_a_uniform_strain_is_followed_up_to_the_rim():
    points = np.stack(np.meshgrid(np.arange(10.0), np.arange(12.0), indexing="ij"), -1)
    points = points.reshape(-1, 2)
    strain = np.array([[0.02, 0.01], [-0.03, 0.005]])
    field = Field(points, points @ strain, np.ones(len(points)), 0.5)
    places = np.array([[4.3, 5.1], [0.0, 0.0], [9.2, 11.2]])
    np.testing.assert_allclose(shift_at(field, places), places @ strain, atol=4e-3)


def test_one_point_moves_all():
    field = Field(np.zeros((1, 2)), np.array([[1.0, 2.0]]), np.ones(1), 0.5)
    np.testing.assert_allclose(shift_at(field, np.array([[3.0, 40.0]])), [[1, 2]], atol=1e-9)


def test_a_bilinear_field_is_read_exactly():
    row, col = np.mgrid[:5, :7]
    field = np.stack([2.0 * row + col, 1.0 - 3.0 * col])
    a, b = rows_of_shift(field, (4.0, 5.0), 30)(slice(3, 6))
    y, x = np.mgrid[3:6, :30]
    np.testing.assert_allclose(a, 2 * y / 4 + x / 5)
    np.testing.assert_allclose(b, 1 - 3 * x / 5)
