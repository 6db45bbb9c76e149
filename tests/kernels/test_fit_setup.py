import numpy as np
import pytest

from temwidgets.kernels import fit_setup
from temwidgets.kernels.normal_equations import Spec


@pytest.fixture
def start():
    rows, cols = np.mgrid[10:40:10.0, 8:50:10.0].reshape(2, -1)
    count = len(rows)
    return fit_setup.Start(
        rows=rows,
        cols=cols,
        heights=np.full(count, 50.0),
        shapes=np.tile([0.9, 0, 0], (count, 1)),
        shape_of=np.arange(count),
        low=np.tile([0, -np.inf, -np.inf], (count, 1)),
        high=np.full((count, 3), np.inf),
        max_shift=np.full(count, 5.0),
        log_sigma_range=np.log([[0.5, 8], [0.5, 8]]),
        free=np.ones((count, 3), bool),
        free_shape=np.ones((count, 3), bool),
        frame=np.eye(3),
        coefficients=np.full((4, 4), 10.0),
        background="smooth",
        free_background=True,
    )


@pytest.fixture
def image(start):
    y, x = np.mgrid[:48, :56].astype(float)
    image = np.full((48, 56), 10.0)
    for r, c in zip([*start.rows, *np.full(5, -2.0)], [*start.cols, *start.cols[:5]], strict=True):
        image += 50 * np.exp(-((y - r) ** 2 + (x - c) ** 2) / (2 * 2.4**2))
    return image


def test_bad_pixels_get_the_median():
    image = np.array([[1.0, np.nan], [3, np.inf]])
    np.testing.assert_array_equal(fit_setup.filled(image), [[1, np.nanmedian(image)], [3, 3]])


@pytest.mark.parametrize("factor", [1.0, -5.0])
def test_the_unit_is_the_size_of_the_image(factor):
    assert fit_setup.unit_of(np.full((5, 5), factor)) == abs(factor)
    assert fit_setup.unit_of(np.zeros((5, 5))) == 1


def test_columns_beyond_the_edge_join_fixed_in_height(start, image):
    joined = fit_setup.with_ghosts(start, image, tied=False)
    extra = slice(len(start.rows), None)
    assert len(joined.rows[extra]) == 5
    assert (joined.rows[extra] < 0).all()
    assert not joined.free[extra, 0].any()
    assert joined.free[extra, 1:].all()
    assert (joined.high[extra, 1] == -0.5).all()
    assert joined.excluded.any()


def test_they_are_seen_past_bad_pixels(start, image):
    image[30, 30] = np.nan
    assert len(fit_setup.with_ghosts(start, image, tied=False).rows) == len(start.rows) + 5


def test_they_are_left_out_on_demand(start, image):
    assert fit_setup.with_ghosts(start._replace(guess_beyond_edge=False), image, True).rows is (
        start.rows
    )


def test_the_rim_is_held(start, image):
    held = fit_setup.inside_only(start, image.shape, 9.0)
    assert held.excluded[:9].all()
    assert not held.excluded[12, 20]
    assert held.free[:, 0].all()


@pytest.mark.parametrize("poisson", [True, False])
@pytest.mark.parametrize("level", [0, -300])
def test_problems_are_finite_and_weights_positive(start, image, poisson, level):
    image = image + level
    image[5, 5] = np.nan
    spec = Spec(half=8, margin=12, poisson=poisson, tied=False)
    unit = fit_setup.unit_of(image)
    problem, place, _, _ = fit_setup.prepare(image, start, spec, unit, None)
    assert problem.data.shape == (128, 128)
    assert np.isfinite(np.asarray(problem.data)).all()
    assert problem.valid.sum() == image.size - 1
    assert float(problem.prior.noise) > 0
    assert float(problem.prior.shape_weight) > 0
    assert np.linalg.eigvalsh(np.asarray(problem.prior.stiff_y)).min() > -1e-4
    assert float(problem.floor) > 0
    assert place[: len(start.rows), 0] == pytest.approx(50 / unit)


def test_starts_far_outside_keep_their_window_on_the_image(start, image):
    moved = start._replace(rows=start.rows - 30)
    spec = Spec(half=8, margin=12, poisson=True, tied=False)
    problem = fit_setup.prepare(image, moved, spec, 1.0, None)[0]
    assert np.asarray(problem.corners).min() >= 0
