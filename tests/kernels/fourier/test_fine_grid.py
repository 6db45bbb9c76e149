import numpy as np
import pytest

from temwidgets.kernels.fourier.coarse_grid import coarse_grid
from temwidgets.kernels.fourier.fine_grid import fine_grid, refine
from temwidgets.kernels.fourier.image_spectrum import image_spectrum

SIZE, PIXEL = (131, 90), (1.2, 1 / 1.2)


def smooth_field(y, x):
    return 3 + np.sin(2 * np.pi * y / 70 + 0.3) * np.cos(2 * np.pi * x / 55)


@pytest.mark.parametrize("stride", [1, 3, 7])
def test_splines_follow_a_smooth_field(stride):
    spectrum = image_spectrum(np.zeros(SIZE), PIXEL)
    grid = coarse_grid(spectrum, 6.0)
    # negative places are at the end of the padding
    y, x = (
        np.where(np.arange(n) > n - 5, np.arange(n) - n, np.arange(n)) * s
        for n, s in zip(grid.counts, grid.step, strict=True)
    )
    fine = fine_grid(spectrum, grid, stride)
    out = np.empty(fine.shape, np.float32)
    refine([smooth_field(y[:, None], x)], fine, [out])
    rows, cols = (np.arange(0, n, stride) * p for n, p in zip(SIZE, PIXEL, strict=True))
    assert fine.shape == (len(rows), len(cols))
    np.testing.assert_allclose(out, smooth_field(rows[:, None], cols), atol=2e-3)


def test_every_band_of_rows_is_finished_once():
    spectrum = image_spectrum(np.zeros(SIZE), PIXEL)
    grid = coarse_grid(spectrum, 6.0)
    fine = fine_grid(spectrum, grid)
    seen = np.zeros(SIZE[0], int)

    def finish(band, rows):
        seen[rows] += 1
        band += np.arange(SIZE[0])[rows, None]

    outs = [np.empty(fine.shape, np.float32) for _ in range(3)]
    refine([np.ones(grid.counts)] * 3, fine, outs, [finish, None, None])
    assert (seen == 1).all()
    np.testing.assert_allclose(outs[0], 1 + np.arange(SIZE[0])[:, None] * np.ones(SIZE[1]), 1e-5)
    np.testing.assert_allclose(outs[1], 1, rtol=1e-5)


def test_inexact_splines_pass_close_by_and_stay_between_the_extremes():
    spectrum = image_spectrum(np.zeros(SIZE), PIXEL)
    grid = coarse_grid(spectrum, 6.0)
    fine = fine_grid(spectrum, grid)
    rng = np.random.default_rng(4)
    rough = rng.uniform(1e-6, 1, grid.counts)
    y, x = (np.arange(n) * s for n, s in zip(grid.counts, grid.step, strict=True))
    smooth = 2 + np.sin(2 * np.pi * y[:, None] / y[-1]) * np.cos(2 * np.pi * x / x[-1])
    outs = [np.empty(fine.shape, np.float32) for _ in range(4)]
    refine([rough, smooth, rough, smooth], fine, outs, exact=[False, False, True, True])
    assert rough.min() <= outs[0].min()
    assert outs[0].max() <= rough.max()
    assert outs[2].min() < 0  # those that run through the values do swing over
    np.testing.assert_allclose(outs[1], outs[3], rtol=0.05)
