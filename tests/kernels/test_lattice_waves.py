import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from temwidgets.kernels.lattice_waves import lattice_waves


@given(st.floats(-90, 90), st.floats(0.2, 0.8))
@settings(max_examples=60, deadline=None)
def test_one_wave_is_found_in_length_units(angle, period):
    y, x = 0.02 * np.arange(200)[:, None], 0.03 * np.arange(260)[None, :]
    g = np.array([np.sin(np.deg2rad(angle)), np.cos(np.deg2rad(angle))]) / period
    image = 5 + np.cos(2 * np.pi * (g[0] * y + g[1] * x) + 0.4)
    (found,) = lattice_waves(image, (0.02, 0.03))
    assert min(abs(found - g).max(), abs(found + g).max()) < 2e-3 / period


def test_waves_come_shortest_first_without_the_faint_ones():
    y, x = np.arange(256)[:, None], np.arange(256)[None, :]
    waves = [(12, 0.3), (5, 1.0), (20, 0.1)]
    image = sum(a * np.cos(2 * np.pi * x / p) for p, a in waves) + 0 * y
    found = lattice_waves(image, (1.0, 1.0))
    np.testing.assert_allclose(abs(found[:, 1]), [1 / 12, 1 / 5], atol=1e-4)


@pytest.mark.parametrize("seed", range(5))
def test_noise_and_slopes_are_no_lattice(seed):
    noise = np.random.default_rng(seed).normal(size=(300, 200))
    slope = np.linspace(0, 50, 200)[None, :] + np.linspace(0, 20, 300)[:, None]
    assert lattice_waves(noise + slope, (1.0, 1.0)).shape == (0, 2)
    assert lattice_waves(np.ones((300, 200)), (1.0, 1.0)).shape == (0, 2)
