import numpy as np
import pytest

from temwidgets.kernels.fourier.sliding_bins import Box, bin_power, blocks, plan, window_weights


def one_by_one(image, box, row, col):
    """|bin|² of the box by a plain transform of the window cut out round one pixel."""
    sizes = [w.size for w in box.weights]
    padded = np.pad(image, [(n, n) for n in sizes])
    top, left = row + sizes[0] - sizes[0] // 2, col + sizes[1] - sizes[1] // 2
    cut = padded[top : top + sizes[0], left : left + sizes[1]]
    power = np.abs(np.fft.fft2(cut * np.outer(*box.weights))) ** 2
    rows, cols = (
        (first + np.arange(count)) % size
        for first, count, size in zip(box.first, box.shape, sizes, strict=True)
    )
    return power[np.ix_(rows, cols)]


@pytest.mark.parametrize("window", ["hann", "gaussian", "none"])
@pytest.mark.parametrize(
    ("shape", "sizes", "first", "stride"),
    [
        ((90, 131), (32, 32), (3, 4), 1),
        ((131, 90), (31, 45), (-9, 2), 1),
        ((75, 64), (64, 63), (2, -6), 3),
        ((40, 200), (40, 40), (12, 14), 4),
    ],
)
def test_bins_are_those_of_a_transform_round_every_pixel(window, shape, sizes, first, stride):
    rng = np.random.default_rng(0)
    y, x = np.mgrid[: shape[0], : shape[1]]
    turns = (first[0] + 3.2) * y / sizes[0] + (first[1] + 3.6) * x / sizes[1]
    image = 40 * np.cos(2 * np.pi * turns) + rng.normal(0, 20, shape) + 0.2 * y
    box = Box(tuple(window_weights(n, window) for n in sizes), first, (7, 9))
    made = plan(image, box, stride)
    power = np.concatenate([np.asarray(bin_power(made, b)) for b in range(blocks(made))], axis=2)
    rows, cols = made.shape
    assert (rows, cols) == tuple(-(-n // stride) for n in shape)
    power = power[:, :, : rows * cols].reshape(7, 9, rows, cols)
    sample = rng.integers(0, (rows, cols), (20, 2)).tolist()
    for row, col in [*sample, (0, 0), (0, cols - 1), (rows - 1, 0), (rows - 1, cols - 1)]:
        wanted = np.sqrt(one_by_one(image, box, row * stride, col * stride))
        found = np.sqrt(power[:, :, row, col])
        assert np.abs(found - wanted).max() < 1e-6 * wanted.max()


@pytest.mark.parametrize("size", [16, 17])
def test_windows_are_even_about_their_pixel(size):
    middle = size // 2
    for shape in ("hann", "gaussian", "none"):
        weights = window_weights(size, shape)
        assert weights[middle] == 1
        after = weights[middle + 1 :]
        np.testing.assert_allclose(after, weights[middle - len(after) : middle][::-1])
    assert (window_weights(size, "hann")[0] == pytest.approx(0, abs=1e-30)) == (size % 2 == 0)


def test_blocks_cover_an_image_that_they_do_not_divide(monkeypatch):
    monkeypatch.setattr("temwidgets.kernels.fourier.sliding_bins._BLOCK", 5 * 5 * 48 * 7)
    image = np.random.default_rng(1).normal(size=(23, 30))
    weights = window_weights(16, "hann")
    made = plan(image, Box((weights, weights), (1, 2), (5, 5)))
    assert blocks(made) * made.rows > 23
    assert made.rows < 23
    last = np.asarray(bin_power(made, blocks(made) - 1)).reshape(5, 5, made.rows, 30)
    row = 22 - (blocks(made) - 1) * made.rows
    wanted = one_by_one(image, Box((weights, weights), (1, 2), (5, 5)), 22, 11)
    np.testing.assert_allclose(last[:, :, row, 11], wanted, rtol=1e-4, atol=1e-6 * wanted.max())
