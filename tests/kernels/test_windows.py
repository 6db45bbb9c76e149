import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from temwidgets.kernels import windows

WIDTH = 5
gather = jax.jit(windows.gather, static_argnums=2)
scatter_add = jax.jit(windows.scatter_add, static_argnums=3)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31))
def test_scatter_is_the_adjoint_of_gather(seed):
    rng = np.random.default_rng(seed)
    image = rng.standard_normal((24, 32)).astype(np.float32)
    corners = np.stack([rng.integers(0, 20, 7), rng.integers(0, 28, 7)], 1).astype(np.int32)
    tiles = rng.standard_normal((7, WIDTH * WIDTH)).astype(np.float32)
    there = np.vdot(gather(image, corners, WIDTH), tiles)
    back = np.vdot(image, scatter_add(jnp.zeros((24, 32)), tiles, corners, WIDTH))
    assert there == pytest.approx(back, rel=1e-3, abs=1e-3)


def test_gather_cuts_the_window_at_its_corner():
    image = np.arange(80.0, dtype=np.float32).reshape(8, 10)
    cut = gather(image, np.array([[2, 3]], np.int32), 3)
    np.testing.assert_array_equal(np.asarray(cut)[0], image[2:5, 3:6].ravel())


def test_windows_add_where_they_overlap():
    ones = jnp.ones((2, 9))
    total = scatter_add(jnp.zeros((6, 6)), ones, np.array([[0, 0], [1, 1]]), 3)
    assert total[1, 1] == 2
    assert total[0, 0] == 1
    assert total.sum() == 18


def test_buckets_hold_the_count_in_few_sizes():
    counts = np.arange(0, 40_000, 100)
    sizes = np.array([windows.bucket(int(n)) for n in counts])
    assert (sizes >= counts).all()
    assert (sizes % windows.CHUNK == 0).all()
    assert len(np.unique(sizes)) <= 10


def test_only_filled_chunks_count():
    values = jnp.arange(3.0 * windows.CHUNK)
    mapped = windows.map_chunks(
        jnp.int32(2), values.size, lambda s: windows.rows(values, s)[:, None] + 1
    )
    np.testing.assert_array_equal(mapped[: 2 * windows.CHUNK, 0], values[: 2 * windows.CHUNK] + 1)
    assert (mapped[2 * windows.CHUNK :] == 0).all()


def test_chunks_are_added_into_the_image():
    corners = jnp.zeros((2 * windows.CHUNK, 2), jnp.int32)
    total = windows.add_chunks(
        jnp.int32(1), corners, 2, jnp.ones((4, 4)), lambda s: jnp.ones((windows.CHUNK, 4))
    )
    assert total[0, 0] == 1 + windows.CHUNK
    assert total[3, 3] == 1


def test_padding_keeps_what_is_there():
    padded = windows.pad_rows(np.ones((2, 3)), 4, fill=7)
    np.testing.assert_array_equal(padded[:, 0], [1, 1, 7, 7])
