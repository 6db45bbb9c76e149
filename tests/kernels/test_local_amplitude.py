import numpy as np

from temwidgets.kernels.local_amplitude import fit_single


def test_height_and_place_of_a_column_are_found():
    y, x = np.mgrid[:40, :50]
    precision = np.array([[0.2, 0.03], [0.03, 0.15]])

    def gaussian(row, col):
        d = np.stack([y - row, x - col], -1)
        return np.exp(-np.einsum("...i,ij,...j", d, precision, d) / 2)

    image = 4 + 9 * gaussian(14.3, 20.8) + 0.2 * np.random.default_rng(0).normal(size=y.shape)
    image[12, 22] = np.nan
    found = fit_single(
        image,
        np.array([[13.6, 21.5], [30.0, 10.0], [0.0, 0.0]]),
        precision[None] * np.ones((3, 1, 1)),
    )
    assert abs(found.height[0] - 9) < 5 * found.height_error[0]
    assert np.abs(found.place[0] - [14.3, 20.8]).max() < 0.1
    assert found.height[1] < 5 * found.height_error[1]
    assert np.isfinite(found.place).all()
