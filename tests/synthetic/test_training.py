from itertools import islice

import numpy as np
import pytest
from scipy.spatial import cKDTree

from temwidgets.synthetic import training_image, training_images

SEEDS = range(60)
CLEAN = {"snr": (1e4, 1e4), "missing": (0.0, 0.0), "empty": 0.0}


def _climb(image, point):
    """Where steepest ascent from the pixel nearest a point ends."""
    y, x = np.rint(point).astype(int)
    while True:
        top, left = max(y - 1, 0), max(x - 1, 0)
        window = image[top : y + 2, left : x + 2]
        best = np.add(np.unravel_index(window.argmax(), window.shape), (top, left))
        if tuple(best) == (y, x):
            return np.array([y, x])
        y, x = best


def _share_at_extrema(contrast, sign):
    hits = []
    for seed in SEEDS:
        made = training_image(seed, contrast=contrast, spacing=(8.0, 25.0), **CLEAN)
        inner = made.columns[((made.columns > 3) & (made.columns < 124)).all(1)]
        far = [np.hypot(*(_climb(sign * made.image, point) - point)) for point in inner]
        hits += list(np.array(far) < 0.25 * made.spacing)
    return np.mean(hits)


def test_columns_are_maxima_of_bright_images_and_minima_of_dark_ones():
    # slopes and texture move some; a shift by one pixel or swapped axes would move them all
    assert _share_at_extrema("bright", 1) > 0.93
    assert _share_at_extrema("dark", -1) > 0.93
    assert _share_at_extrema("bright", -1) < 0.2
    assert _share_at_extrema("dark", 1) < 0.2


def test_any_contrast_mixes_a_few_dark_images_in():
    brighter = []
    for seed in range(300):
        made = training_image(seed, contrast="any", spacing=(12.0, 20.0), **CLEAN)
        ringed = [_climb(made.image, p) for p in made.columns]
        far = np.hypot(*(np.reshape(ringed, (-1, 2)) - made.columns).T)
        brighter.append(np.median(far) < 0.25 * made.spacing if len(far) else np.nan)
    assert 0.78 < np.nanmean(brighter) < 0.92


def test_parts_have_the_shapes_and_types_promised():
    made = training_image(3, (40, 72), empty=0.0)
    assert made.image.shape == made.known.shape == (40, 72)
    assert (made.image.dtype, made.known.dtype) == (np.float32, bool)
    assert made.columns.shape == (made.species.size, 2)
    assert (made.columns.dtype, made.species.dtype) == (np.float32, np.int8)
    assert isinstance(made.spacing, float)
    assert isinstance(made.level, float)


def test_every_image_is_finite_and_its_columns_lie_within_it():
    for made in islice(training_images(0, (40, 72)), 300):
        assert np.isfinite(made.image).all()
        assert (made.columns >= -0.5).all()
        assert (made.columns < (39.5, 71.5)).all()
        assert set(made.species) <= {0, 1, 2}


def test_a_seed_makes_the_same_image_again_and_another_seed_another():
    one, same, other = training_image(5), training_image(5), training_image(6)
    for left, right in zip(one, same, strict=True):
        np.testing.assert_array_equal(left, right)
    assert not np.array_equal(one.image, other.image)


def test_a_stream_repeats_itself_and_leaves_its_seed_alone():
    root = np.random.SeedSequence(7)
    first = [made.image for made in islice(training_images(root), 3)]
    again = [made.image for made in islice(training_images(root), 3)]
    whole = [made.image for made in islice(training_images(7), 3)]
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(first, whole)
    assert not np.array_equal(first[0], first[1])
    assert root.n_children_spawned == 0


def test_empty_images_have_no_columns():
    for seed in SEEDS:
        made = training_image(seed, empty=1.0)
        assert made.columns.shape == (0, 2)
        assert made.species.size == 0
        assert np.isnan(made.spacing)
        assert made.level == 0
        assert made.image.std() > 0


def test_the_fraction_of_empty_images_is_the_one_asked_for():
    none = [not len(training_image(s, empty=0.3, spacing=(6, 9)).columns) for s in range(400)]
    assert np.mean(none) == pytest.approx(0.3, abs=0.07)


def test_spacings_are_what_was_asked_for_and_what_the_columns_have():
    for seed in SEEDS:
        made = training_image(seed, spacing=(9.0, 9.0), empty=0.0)
        assert 0.8 * 9 < made.spacing < 1.3 * 9
        if len(made.columns) > 60:
            apart = cKDTree(made.columns).query(made.columns, 2)[0][:, 1]
            assert apart.mean() == pytest.approx(made.spacing, rel=0.12)


def test_spacings_spread_evenly_on_a_logarithmic_scale():
    drawn = [training_image(seed, empty=0.0).spacing for seed in range(300)]
    middle = np.sqrt(6 * 60)
    assert np.mean(np.array(drawn) < middle) == pytest.approx(0.5, abs=0.1)


def test_noise_falls_as_the_level_rises():
    for seed in range(20):
        clean, low, high = (
            training_image(seed, snr=(level, level), missing=(0, 0), empty=0.0)
            for level in (1e5, 3.0, 12.0)
        )
        if low.level == 0:
            continue
        assert (low.level, high.level) == (pytest.approx(3.0), pytest.approx(12.0))
        noise = [np.std(made.image - clean.image) for made in (low, high)]
        assert noise[0] / noise[1] == pytest.approx(4.0, rel=0.1)


def test_levels_keep_to_their_range():
    levels = [training_image(seed, snr=(0.5, 30.0), empty=0.0).level for seed in range(200)]
    shown = np.array([level for level in levels if level])
    assert shown.min() >= 0.5
    assert shown.max() <= 30
    assert np.mean(shown < np.sqrt(15)) == pytest.approx(0.5, abs=0.12)


def test_missing_pixels_hold_nothing_and_are_as_many_as_asked_for():
    for seed in range(20):
        made = training_image(seed, missing=(0.4, 0.4))
        assert np.mean(~made.known) == pytest.approx(0.4, abs=0.03)
        assert not made.image[~made.known].any()


def test_most_images_miss_no_pixel_and_the_others_many():
    missing = np.array([np.mean(~training_image(seed).known) for seed in range(300)])
    assert np.mean(missing == 0) == pytest.approx(0.75, abs=0.08)
    assert missing[missing > 0].min() > 0.28
    assert missing.max() < 0.83


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shape": (128,)}, r"two whole numbers of pixels.*\(128,\) came"),
        ({"shape": (4, 128)}, "at least 8 each"),
        ({"shape": (64.0, 64.0)}, "two whole numbers"),
        ({"spacing": (20, 10)}, r"spacing is a pair.*\(20, 10\) came.*lower one first"),
        ({"spacing": (1, 10)}, "numbers above 2"),
        ({"spacing": 10.0}, "spacing is a pair.*10.0 came"),
        ({"snr": (0, 10)}, r"snr is a pair.*above 0.*\(0, 10\) came"),
        ({"snr": (1, np.inf)}, "snr is a pair"),
        ({"contrast": "grey"}, "any, bright, dark.*'grey' came"),
        ({"missing": (0.5, 1.0)}, "missing is a pair.*to below 1"),
        ({"missing": (0.5, 0.2)}, "lower one first"),
        ({"missing": 0.3}, "missing is a pair.*0.3 came"),
        ({"empty": 1.5}, "empty is a fraction of images from 0 to 1, but 1.5 came"),
    ],
)
def test_bad_arguments_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        training_image(0, **options)
