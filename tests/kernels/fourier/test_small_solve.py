import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from temwidgets.kernels.fourier.small_solve import solve_small

solve = jax.jit(solve_small)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000), st.floats(0, 3), st.floats(0, 4))
def test_it_solves_what_numpy_solves(seed, damping, decades):
    rng = np.random.default_rng(seed)
    scale = 10.0 ** rng.uniform(-decades, decades, (5, 7, 1))
    root = rng.normal(size=(5, 7, 20))
    unit = root @ np.swapaxes(root, 1, 2)
    matrix = unit * scale * np.swapaxes(scale, 1, 2)
    right = rng.normal(size=(5, 7, 2))
    wanted = np.linalg.solve(unit + damping * unit * np.eye(7), right)
    found = solve(
        jnp.asarray(np.moveaxis(matrix, 0, -1), jnp.float32),
        jnp.asarray(np.moveaxis(right * scale, 0, -1), jnp.float32),
        jnp.full(5, damping, jnp.float32),
    )
    # the unknowns have the units that the scales take away
    error = np.abs(np.moveaxis(np.asarray(found, float), -1, 0) * scale - wanted)
    assert error.max() < 1e-6 * np.linalg.cond(unit).max() * np.abs(wanted).max()
