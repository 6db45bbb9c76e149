import numpy as np
import pytest

from temwidgets.networks.batches import Batch, Pair, batches, pair_example, synthetic_example


def blobs(columns, shape, sigma=2.0):
    y, x = np.indices(shape)
    return sum(np.exp(-((y - a) ** 2 + (x - b) ** 2) / (2 * sigma**2)) for a, b in columns)


def at_heat(channels, targets):
    """Mean of the image at the columns of the targets, over its standard deviation."""
    return channels[..., 0].reshape(48, 2, 48, 2).mean((1, 3))[targets.heat == 1].mean()


def test_synthetic_examples_repeat_and_show_their_columns():
    draw = synthetic_example(96, snr=(20, 20), missing=(0, 0), empty=0)
    heights = []
    for k in range(12):
        channels, targets = draw(np.random.SeedSequence([5, k]))
        again, _ = draw(np.random.SeedSequence([5, k]))
        np.testing.assert_array_equal(channels, again)
        assert channels.shape == (96, 96, 3)
        assert targets.heat.shape == (48, 48)
        heights.append(at_heat(channels, targets))
    assert np.median(heights) > 0.5


@pytest.mark.parametrize("spacing", [8.0, 17.0])
def test_parts_of_a_pair_are_turned_and_scaled_with_their_columns(spacing):
    columns = np.stack(np.meshgrid(np.arange(8, 120, spacing), np.arange(8, 150, spacing)), -1)
    columns = columns.reshape(-1, 2)
    image = blobs(columns, (128, 160), spacing / 5)
    draw = pair_example([Pair(image, columns)], 96, 12.0)
    for k in range(12):
        channels, targets = draw(np.random.SeedSequence(k))
        assert (targets.heat == 1).sum() > 10
        assert at_heat(channels, targets) > 0.7
        assert 12 / 1.25 < 2 * np.exp(targets.log_spacing) < 12 * 1.25


def test_a_small_image_is_padded_with_what_is_not_known():
    columns = np.array([[10.0, 10.0], [10.0, 22.0], [22.0, 10.0]])
    draw = pair_example([Pair(blobs(columns, (32, 40)), columns)], 96, 12.0)
    channels, _ = draw(np.random.SeedSequence(1))
    assert 0.05 < channels[..., 2].mean() < 0.5


def test_batches_go_on_where_they_stopped():
    def draw(seed):
        channels, targets = np.zeros((8, 8, 3), np.float32), None
        channels[0, 0, 0] = np.random.default_rng(seed).random()
        from temwidgets.networks.targets import make_targets

        targets = make_targets(np.empty((0, 2)), np.nan, (8, 8))
        return Batch(channels, targets)

    first = batches(draw, size=3, seed=4)
    early = [next(first).channels for _ in range(4)]
    late = batches(draw, size=3, seed=4, start=2)
    np.testing.assert_array_equal(next(late).channels, early[2])
    np.testing.assert_array_equal(next(late).channels, early[3])
    assert early[0].shape == (3, 8, 8, 3)
    assert len({float(v) for part in early for v in part[:, 0, 0, 0]}) == 12


def test_a_pair_of_one_column_gets_a_sentence():
    with pytest.raises(ValueError, match=r"two columns or more.*but 1 came"):
        pair_example([Pair(np.zeros((9, 9)), np.array([[4.0, 4.0]]))], 96, 12.0)
