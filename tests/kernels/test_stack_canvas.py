import numpy as np
import pytest

from temwidgets.kernels.stack_canvas import canvas_of, lay, mean_of

DRIFT = np.array([(0.0, 0.0), (2.25, -1.5)])


def test_the_canvas_holds_all_frames_or_what_they_share():
    whole = canvas_of((20, 30), DRIFT, common=False)
    assert whole.origin.tolist() == [-2, 0]
    assert whole.shape == (22, 31)
    shared = canvas_of((20, 30), DRIFT, common=True)
    assert shared.origin.tolist() == [0, 2]
    assert shared.shape == (17, 28)


def test_a_frame_is_laid_where_it_belongs():
    y, x = np.mgrid[:40, :50]

    def scene(y, x):
        return np.exp(-((y - 18) ** 2 + (x - 22) ** 2) / 18)

    drift, lines = np.array([1.3, -2.4]), 0.5 * np.sin(y[:, 0])
    frame = scene(y - drift[0], x - drift[1] - lines[:, None])
    canvas = canvas_of(frame.shape, drift[None], lines[None], common=False)
    flat = canvas_of(frame.shape, drift[None], common=False)
    known = np.ones(frame.shape, bool)
    still = scene(y - drift[0], x - drift[1])
    laid = lay(still, known, drift, None, flat)
    rows, cols = np.indices(flat.shape) + flat.origin[:, None, None]
    np.testing.assert_allclose(laid[1:-1, 1:-1], scene(rows, cols)[1:-1, 1:-1], atol=1e-3)
    torn = lay(frame, known, drift, lines, canvas)
    rows, cols = np.indices(canvas.shape) + canvas.origin[:, None, None]
    seen = np.isfinite(torn)
    # lines that lie at different places cannot tell exactly what is between them
    np.testing.assert_allclose(torn[seen], scene(rows, cols)[seen], atol=0.02)


def test_noise_keeps_its_variance_and_stays_white():
    frame = np.random.default_rng(0).standard_normal((200, 240))
    canvas = canvas_of(frame.shape, np.array([[0.5, 0.5]]), common=True)
    moved = lay(frame, np.ones(frame.shape, bool), np.array([0.5, 0.5]), None, canvas)
    assert moved.std() == pytest.approx(1, abs=0.02)
    assert np.corrcoef(moved[:, 1:].ravel(), moved[:, :-1].ravel())[0, 1] == pytest.approx(
        0, abs=0.02
    )


def test_missing_pixels_stay_missing():
    frame, known = np.ones((12, 16)), np.ones((12, 16), bool)
    known[5, 6] = False
    canvas = canvas_of(frame.shape, np.zeros((1, 2)), common=False)
    whole = lay(frame, known, np.zeros(2), None, canvas)
    np.testing.assert_array_equal(np.isnan(whole), ~known)
    half = lay(frame, known, np.array([0.0, 0.5]), None, canvas)
    assert np.flatnonzero(np.isnan(half[5])).tolist() == [5, 6, 15]
    mean = mean_of([whole, np.full((12, 16), np.nan)], np.ones(2))
    np.testing.assert_array_equal(np.isnan(mean), ~known)
