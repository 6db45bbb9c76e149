import numpy as np
import pytest

from temwidgets.kernels import fit_setup
from temwidgets.kernels.fit import fit


@pytest.fixture(scope="module")
def found():
    rows, cols = np.array([20.0, 30, 25]), np.array([18.0, 30, 45])
    y, x = np.mgrid[:52, :58].astype(float)
    image = np.full((52, 58), 30.0)
    for r, c in zip(rows, cols, strict=True):
        image += 300 * np.exp(-((y - r) ** 2 + (x - c) ** 2) / (2 * 2.2**2))
    image = np.random.default_rng(1).poisson(image).astype(np.float32)
    image[2, 2] = np.nan
    start = fit_setup.Start(
        rows=rows + 0.4,
        cols=cols - 0.3,
        heights=np.full(3, 200.0),
        shapes=np.tile([0.7, 0, 0], (3, 1)),
        shape_of=np.arange(3),
        low=np.tile([0, -np.inf, -np.inf], (3, 1)),
        high=np.full((3, 3), np.inf),
        max_shift=np.full(3, 4.0),
        log_sigma_range=np.log([[0.5, 6], [0.5, 6]]),
        free=np.ones((3, 3), bool),
        free_shape=np.ones((3, 3), bool),
        frame=np.eye(3),
        coefficients=np.full((4, 4), 30.0),
        background="smooth",
        free_background=True,
        guess_beyond_edge=False,
    )
    told = []
    result = fit(image, start, half=8, poisson=True, tied=False, report=told.append)
    return result, image, rows, cols, told


def test_places_and_heights_come_in_pixels_and_counts(found):
    result, _, rows, cols, _ = found
    error = np.sqrt(np.diagonal(result.covariance, axis1=1, axis2=2))
    assert (np.abs(result.parameters[:, 1] - rows) < 4 * error[:, 1]).all()
    assert (np.abs(result.parameters[:, 2] - cols) < 4 * error[:, 2]).all()
    assert (np.abs(result.parameters[:, 0] - 300) < 4 * error[:, 0]).all()
    assert (np.abs(result.parameters[:, 3] - np.log(2.2)) < 4 * error[:, 3]).all()


def test_the_model_covers_the_image(found):
    result, image, _, _, _ = found
    assert result.model.shape == image.shape
    assert np.nanmean((image - result.model) ** 2 / result.model) == pytest.approx(1, abs=0.1)
    assert result.dispersion == pytest.approx(1, abs=0.1)


def test_what_was_counted(found):
    result, image, _, _, told = found
    assert result.settled
    assert not result.moving.any()
    assert result.n_pixels == image.size - 1
    assert result.n_parameters == 3 * 6 + 16
    assert len(told) == result.iterations
