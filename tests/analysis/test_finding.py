import numpy as np
import pytest
import scipy.ndimage as ndi
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import temwidgets as tw
from temwidgets.analysis.finding import apply_threshold, find_candidates
from temwidgets.analysis.scores import score_columns
from temwidgets.analysis.spacing import estimate_separation
from temwidgets.conventions import frame_of
from temwidgets.networks.finding import find_columns
from temwidgets.synthetic import Site, crowded, hexagonal, lattice_image, perovskite, plane


def noisy(separation, sigma, snr, *, kind="square", size=256, slope=0.0, **options):
    """Return a lattice of columns `snr` times as high as the noise of a pixel, and its truth."""
    vectors = {
        "square": ((separation, 0.0), (0.0, separation)),
        "hexagonal": ((0.0, separation), (separation * np.sqrt(3) / 2, -separation / 2)),
    }[kind]
    return lattice_image(
        (size, size - 32),
        *vectors,
        [Site(height=1.0, sigma_major=sigma * separation)],
        detector_noise=1 / snr,
        background=plane(1.0, (slope / size, slope / size)),
        **{"rotation": 8.0, "margin": 1.0, "jitter": 0.02 * separation, "seed": 5, **options},
    )


def test_perovskite_with_columns_at_the_border():
    image, true = perovskite()
    scores = score_columns(find_columns(image), true, radius=4)
    assert scores.recall >= 0.995
    assert scores.precision >= 0.999
    assert scores.rmse < 0.3


@pytest.mark.parametrize(
    ("separation", "sigma", "kind", "size"),
    [
        (8, 0.15, "square", 192),
        (8, 0.27, "hexagonal", 192),
        (16, 0.2, "hexagonal", 256),
        (30, 0.2, "square", 320),
        (60, 0.2, "square", 512),
    ],
)
def test_noise_half_as_high_as_the_columns(separation, sigma, kind, size):
    image, true = noisy(separation, sigma, 2, kind=kind, size=size, slope=2.0, margin=-0.4)
    found = find_columns(image)
    assert score_columns(found, true, radius=0.35 * separation).f1 >= 0.97
    assert found.attrs["separation"] == pytest.approx(separation, rel=0.08)


def test_crowded_at_low_dose():
    image, true = crowded((256, 256), dose=20)
    scores = score_columns(find_columns(image), true, radius=3)
    assert scores.recall > 0.9
    assert scores.precision > 0.98


def test_vacancies_stay_empty():
    image, true = noisy(14, 0.2, 5, vacancies=0.05)
    place = xr.Dataset(attrs=true.attrs)
    empty = tw.make_columns(place.attrs["vacancy_y"], place.attrs["vacancy_x"], units="px")
    assert empty.sizes["column"] > 5
    assert score_columns(find_columns(image), empty, radius=4).n_matched == 0


def test_a_column_off_the_lattice_is_found():
    image, true = noisy(16, 0.15, 8)
    y, x = true["y"].values, true["x"].values
    inner = np.argmin(np.hypot(y - 128, x - 110))
    extra = (y[inner] + 7.6, x[inner] + 8.4)
    rows, cols = np.mgrid[:256, :224]
    image = image + 0.8 * np.exp(-((rows - extra[0]) ** 2 + (cols - extra[1]) ** 2) / 2 / 2.4**2)
    found = find_columns(image)
    assert np.hypot(found["y"] - extra[0], found["x"] - extra[1]).min() < 1


def test_lengths_are_physical():
    options = {"rotation": 10.0, "seed": 3}
    image, true = hexagonal((240, 190), sampling=(0.02, 0.035), origin=(3.0, -2.0), **options)
    found = find_columns(image)
    scores = score_columns(found, true, radius=0.1)
    assert scores.f1 > 0.97
    assert scores.rmse < 0.02
    assert found["y"].attrs["units"] == "nm"
    assert found.attrs["separation"] == pytest.approx(16 * 0.035, rel=0.03)


@settings(max_examples=8, deadline=None)
@given(st.floats(-1e4, 1e4), st.floats(1e-3, 1e6))
def test_offset_and_scale_do_not_matter(offset, scale):
    image, _ = hexagonal((96, 80), dose=100)
    before, after = find_columns(image), find_columns(offset + scale * image.astype(float))
    assert after.sizes["column"] == before.sizes["column"]
    np.testing.assert_allclose(after["y"], before["y"], atol=0.02)
    np.testing.assert_allclose(after["height"], scale * before["height"], rtol=0.02)


def test_dark_columns():
    image, true = hexagonal((128, 160))
    dark = float(image.max()) - image
    assert score_columns(find_columns(dark, contrast="dark"), true, radius=4).f1 > 0.98
    assert score_columns(find_columns(dark), true, radius=4).recall < 0.5


def test_threshold_cuts_the_candidates():
    image, _ = perovskite((160, 160))
    candidates = find_candidates(image)
    score = candidates["score"].values
    assert (np.diff(score) <= 0).all()
    assert score.min() >= 0
    assert score.max() == 1
    few = apply_threshold(candidates, 0.8)
    assert few["column"].values.tolist() == list(range((score >= 0.8).sum()))
    xr.testing.assert_identical(few, find_columns(image, threshold=0.8))
    assert find_columns(image, threshold=0).sizes == candidates.sizes
    found = find_columns(image)
    assert found.attrs["threshold"] == candidates.attrs["automatic_threshold"]


def test_given_separation_is_kept():
    image, true = perovskite((160, 160))
    found = find_columns(image, separation=11.0)
    assert found.attrs["separation"] == 11.0
    assert found.attrs["separation_source"] == "given"
    assert score_columns(found, true, radius=4).f1 > 0.99
    coarse = find_columns(image, separation=16.0)
    assert coarse.sizes["column"] <= found.sizes["column"]


def rng():
    return np.random.default_rng(2)


@pytest.mark.parametrize(
    "values",
    [
        np.ones((40, 50)),
        np.zeros((40, 50), np.uint8),
        np.add.outer(np.arange(60.0), np.arange(50.0)),
        rng().normal(size=(256, 200)),
        rng().poisson(3, (200, 256)),
        ndi.gaussian_filter(rng().normal(size=(256, 256)), 2),
        np.eye(2),
    ],
    ids=["constant", "zero", "slope", "noise", "counts", "amorphous", "tiny"],
)
def test_where_there_is_nothing_nothing_is_found(values):
    image = tw.make_image(values)
    found = find_columns(image)
    assert found.sizes["column"] == 0
    assert {"y", "x", "height", "score"} <= set(found)
    assert np.isnan(found.attrs["separation"])
    with pytest.raises(ValueError, match="No column stands out of this image"):
        estimate_separation(image)


def test_single_blobs_without_a_lattice():
    rows, cols = np.mgrid[:160, :180]
    places = [(30, 40), (35, 120), (100, 60), (120, 150)]
    image = sum(np.exp(-((rows - y) ** 2 + (cols - x) ** 2) / 2 / 2.5**2) for y, x in places)
    image = tw.make_image(image + 0.1 * rng().normal(size=image.shape))
    true = tw.make_columns(*np.array(places, float).T, units="px")
    scores = score_columns(find_columns(image), true, radius=2)
    assert (scores.precision, scores.recall) == (1, 1)


@pytest.mark.parametrize(
    ("name", "least", "spacing"),
    [
        ("fe_grain_boundary", 800, 0.203),
        ("ti_wse2", 1000, 0.19),
        ("perovskite_trilayer", 1000, 0.276),
    ],
)
def test_real_images_need_no_options(name, least, spacing):
    found = find_columns(tw.examples.load(name))
    assert found.sizes["column"] > least
    assert found.attrs["separation"] == pytest.approx(spacing, rel=0.1)


def test_single_atoms_on_a_support():
    found = find_columns(tw.examples.load("pt_atoms"))
    assert 3 <= found.sizes["column"] < 100


def test_estimate_separation():
    assert estimate_separation(perovskite((200, 256))[0]) == pytest.approx(11.3, rel=0.05)


def test_progress_is_told():
    told = []
    find_columns(hexagonal((64, 64))[0], report=told.append)
    assert told == sorted(told)
    assert told[-1] == 1


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"separation": -1}, "separation is a length and must be positive, but -1 came"),
        ({"threshold": 2}, "threshold is a score from 0 to 1, but 2 came"),
        ({"contrast": "grey"}, '"bright" or "dark"'),
        ({"method": "magic"}, "but 'magic' came"),
    ],
)
def test_mistakes_get_a_sentence(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        find_columns(hexagonal((64, 64))[0], **options)


def test_missing_pixels_get_a_sentence():
    image = hexagonal((64, 64))[0].astype(float)
    image[3, 4] = np.nan
    with pytest.raises(ValueError, match="1 of 4096 pixels are NaN"):
        find_columns(image)
    with pytest.raises(ValueError, match="no score"):
        apply_threshold(tw.make_columns([1.0], [2.0]))


def test_columns_know_their_frame_through_all_that_follows():
    image, _ = perovskite((96, 112), dose=300, seed=2)
    stack = tw.make_image(np.stack([image.values, image.values[:, ::-1]]))
    second, first = tw.select_frame(stack, 1), stack.isel(frame=0)
    found = tw.find_columns(second)
    assert frame_of(found) == 1
    assert frame_of(tw.find_columns(image)) is None
    added = tw.add_columns(found, 50.0, 50.0)
    kept = tw.delete_columns(added, int(added["column"][-1]))
    fitted = tw.fit_columns(second, kept)
    assert frame_of(tw.find_in_residual(second, fitted)) == 1
    # a start from another frame is the way through a movie; the fit is one of its own image
    assert frame_of(tw.fit_columns(first, fitted)) == 0
    assert frame_of(tw.fit_columns(image, fitted)) is None
    label = int(fitted["column"][20])
    assert frame_of(tw.refit_columns(second, fitted, label)) == 1
    for call in (
        lambda: tw.refit_columns(first, fitted, label),
        lambda: tw.find_in_residual(first, fitted),
    ):
        with pytest.raises(ValueError, match=r"image is frame 0 but the columns .* in frame 1"):
            call()
