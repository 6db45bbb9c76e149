import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from temwidgets.kernels.lattice_peaks import strongest
from temwidgets.kernels.lattice_spectrum import waves
from temwidgets.kernels.slow_trends import polynomials, without


def setup(seed=0, missing=0.15):
    rng = np.random.default_rng(seed)
    cells = np.mgrid[-10:20, 5:41].reshape(2, -1).T
    cells = cells[rng.random(len(cells)) >= missing]
    return cells, waves(cells, polynomials(cells.astype(float), 3)), rng


@settings(max_examples=15, deadline=None)
@given(
    q_a=st.floats(0.12, 0.4), q_b=st.floats(-0.4, 0.4), phase=st.floats(-3, 3), seed=st.integers(0)
)
def test_a_wave_between_grid_points_is_found(q_a, q_b, phase, seed):
    cells, prepared, _ = setup(seed % 1000)
    values = 3 * np.cos(2 * np.pi * cells @ [q_a, q_b] + phase)
    peak = strongest(prepared, without(prepared.basis, values))
    np.testing.assert_allclose(peak.q, [q_a, q_b], atol=2e-5)
    assert peak.amplitude == pytest.approx(3, rel=1e-3)
    assert np.cos(peak.phase - phase) == pytest.approx(1, abs=1e-3)
    assert peak.log_p < -400


@pytest.mark.parametrize("q", [(0.5, 0.0), (0.0, 0.5), (0.5, 0.5)])
def test_half_waves_keep_their_place(q):
    cells, prepared, rng = setup()
    values = -0.5 * np.cos(2 * np.pi * cells @ q) + rng.normal(size=len(cells)) / 5
    peak = strongest(prepared, without(prepared.basis, values))
    assert tuple(peak.q) == q
    assert peak.amplitude == pytest.approx(0.5, abs=4 * peak.amplitude_std)
    assert abs(peak.phase) == pytest.approx(np.pi)
    assert peak.values.shape[1] == 1


def test_errors_cover_the_scatter():
    cells, prepared, rng = setup()
    wave = np.cos(2 * np.pi * cells @ [0.23, -0.31] + 1)
    pulls = []
    for _ in range(150):
        noisy = 0.6 * wave + rng.normal(size=len(cells))
        peak = strongest(prepared, without(prepared.basis, noisy))
        pulls.append(
            [*(peak.q - [0.23, -0.31]) / peak.q_std, (peak.amplitude - 0.6) / peak.amplitude_std]
        )
    np.testing.assert_allclose(np.std(pulls, axis=0), 1, atol=0.2)
