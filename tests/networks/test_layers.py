import jax
import jax.numpy as jnp
import numpy as np
import pytest

from temwidgets.networks.layers import Conv, ResidualBlock, double, fold, halve, unfold


def test_folding_is_undone():
    x = np.arange(2 * 6 * 4 * 3.0).reshape(2, 6, 4, 3)
    folded = fold(x)
    assert folded.shape == (2, 3, 2, 12)
    np.testing.assert_array_equal(folded[1, 2, 1].reshape(2, 2, 3), x[1, 4:6, 2:4])
    np.testing.assert_array_equal(unfold(folded), x)


def test_halving_takes_the_largest_and_doubling_repeats():
    x = np.random.default_rng(0).random((1, 4, 6, 2), np.float32)
    np.testing.assert_array_equal(halve(x)[0, 1, 2], x[0, 2:4, 4:6].max((0, 1)))
    np.testing.assert_array_equal(halve(double(x)), x)


@pytest.mark.parametrize("size", [1, 3])
def test_a_convolution_is_that_of_numpy(size):
    conv = Conv(jax.random.key(1), 2, 3, size)
    x = np.random.default_rng(1).random((1, 5, 7, 2), np.float32)
    reach = size // 2
    padded = np.pad(x[0], [(reach, reach), (reach, reach), (0, 0)])
    expected = np.zeros((5, 7, 3))
    for i in range(size):
        for j in range(size):
            expected += padded[i : i + 5, j : j + 7] @ np.asarray(conv.weight)[i, j]
    np.testing.assert_allclose(conv(x)[0], expected, atol=1e-5)


def test_a_residual_block_starts_as_nothing_and_learns():
    block = ResidualBlock(jax.random.key(2), 4)
    x = jax.random.normal(jax.random.key(0), (1, 6, 5, 4))
    np.testing.assert_array_equal(block(x), x)
    slope = jax.grad(lambda gain: ResidualBlock.__call__(_with(block, gain), x).sum())(0.0)
    assert abs(float(slope)) > 0


def _with(block, gain):
    import equinox as eqx

    return eqx.tree_at(lambda b: b.gain, block, jnp.asarray(gain))
