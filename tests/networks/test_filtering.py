import numpy as np
import pytest

from temwidgets.networks.filtering import (
    bragg_filter,
    bragg_filter_blocks,
    fill_missing,
    input_channels,
)

SHAPE = (150, 118)


def lattice(shape=SHAPE):
    y, x = np.indices(shape)
    return (np.cos(2 * np.pi * (y / 11 + x / 31)) + np.cos(2 * np.pi * x / 12)).astype(np.float32)


def test_the_filter_brings_a_lattice_out_of_noise_three_times_as_strong():
    clean = lattice()
    noisy = clean + 3 * np.random.default_rng(0).standard_normal(SHAPE, np.float32)
    filtered = bragg_filter(noisy)
    inner = (slice(20, -20), slice(20, -20))
    assert np.corrcoef(clean[inner].ravel(), noisy[inner].ravel())[0, 1] < 0.35
    assert np.corrcoef(clean[inner].ravel(), filtered[inner].ravel())[0, 1] > 0.9


def test_of_noise_alone_next_to_nothing_is_left():
    noise = np.random.default_rng(1).standard_normal(SHAPE, np.float32)
    assert bragg_filter(noise).std() < 0.35


@pytest.mark.parametrize("shape", [(300, 700), (520, 260)])
def test_blocks_agree_with_the_whole_where_the_lattice_is_one(shape):
    noisy = lattice(shape) + np.random.default_rng(2).standard_normal(shape, np.float32)
    blocks = bragg_filter_blocks(noisy, 128)
    assert blocks.shape == shape
    inner = (slice(24, -24), slice(24, -24))
    assert np.corrcoef(blocks[inner].ravel(), lattice(shape)[inner].ravel())[0, 1] > 0.9


def test_missing_pixels_get_the_mean_of_those_near():
    image = np.add.outer(np.arange(40.0), np.zeros(30))
    known = np.random.default_rng(3).random(image.shape) > 0.5
    filled = fill_missing(np.where(known, image, np.nan))
    np.testing.assert_array_equal(filled[known], image[known])
    assert np.abs(filled - image)[5:-5].max() < 2.5
    np.testing.assert_array_equal(fill_missing(image), image)


def test_channels_do_not_depend_on_scale_and_level():
    image = lattice() + np.random.default_rng(4).standard_normal(SHAPE, np.float32)
    image[10:20, 30:40] = np.nan
    one, other = input_channels(image), input_channels(1e3 + 50 * image)
    assert one.shape == (*SHAPE, 3)
    assert np.isfinite(one).all()
    np.testing.assert_allclose(one, other, atol=0.02)
    assert (one[10:20, 30:40, 2] == 0).all()
    assert one[..., 2].sum() == image.size - 100


def test_a_constant_image_stays_finite():
    assert np.isfinite(input_channels(np.full((40, 50), 7.0))).all()


@pytest.mark.parametrize("shape", [(2, 3), (8, 8), (10, 200)])
def test_small_and_narrow_images_are_no_obstacle(shape):
    image = np.random.default_rng(0).random(shape, np.float32)
    assert np.isfinite(input_channels(image)).all()
