import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from temwidgets.kernels import lattice_spectrum as spectrum
from temwidgets.kernels.slow_trends import polynomials, without


def crystal(seed=0, size=(14, 19), missing=0.2, degree=2):
    rng = np.random.default_rng(seed)
    cells = np.mgrid[-3 : size[0] - 3, 40 : 40 + size[1]].reshape(2, -1).T
    cells = cells[rng.random(len(cells)) >= missing]
    basis = polynomials(cells.astype(float), degree)
    return cells, basis, without(basis, rng.normal(size=len(cells)))


def directly(cells, basis, residual, q):
    """R² by a dense least-squares fit of cosine, sine and trend."""
    phase = 2 * np.pi * cells @ q
    wave = without(basis, np.stack([np.cos(phase), np.sin(phase)], axis=1))
    left, size, _ = np.linalg.svd(wave, full_matrices=False)
    left = left[:, size**2 > 0.02 * len(cells)]
    return float(((left.T @ residual) ** 2).sum() / (residual @ residual))


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), missing=st.floats(0, 0.5))
def test_fast_sums_are_the_least_squares_fit(seed, missing):
    cells, basis, residual = crystal(seed, missing=missing)
    setup = spectrum.waves(cells, basis)
    share = spectrum.explained(setup, residual)
    for i in range(0, setup.shape[0], 5):
        for j in range(0, setup.rank.shape[1], 4):
            if setup.rank[i, j]:
                q = np.array([setup.q_a[i], setup.q_b[j]])
                assert share[i, j] == pytest.approx(directly(cells, basis, residual, q), abs=1e-9)


def test_trend_hides_slow_waves_and_half_waves_have_no_sine():
    cells, basis, _ = crystal(missing=0.0, degree=4)
    setup = spectrum.waves(cells, basis)
    assert setup.rank[0, 0] == 0
    half = setup.shape[0] // 2, setup.shape[1] // 2
    assert abs(setup.q_a[half[0]]) == setup.q_b[half[1]] == 0.5
    assert [setup.rank[half], setup.rank[half[0], 0], setup.rank[0, half[1]]] == [1, 1, 1]
    assert (setup.rank == 2).mean() > 0.9
    assert setup.freedom == len(cells) - 15


def test_single_p_values_are_exact_for_normal_values():
    cells, basis, _ = crystal(size=(6, 7), missing=0.1, degree=1)
    setup = spectrum.waves(cells, basis)
    rng = np.random.default_rng(0)
    places = [(3, 4), (setup.shape[0] // 2, setup.shape[1] // 2)]
    assert [setup.rank[p] for p in places] == [2, 1]
    found = []
    for _ in range(1500):
        noise = without(basis, rng.normal(size=len(cells)))
        p = np.exp(spectrum.log_p(setup, spectrum.explained(setup, noise)))
        found.append([p[place] for place in places])
    for column in np.transpose(found):
        assert stats.kstest(column, "uniform").pvalue > 0.01


def test_tail_does_not_run_out_of_floats():
    tail = spectrum._log_tail(np.array([0.5, 0.9, 0.999999]), 400)
    assert np.isfinite(tail).all()
    assert (np.diff(tail) < 0).all()
    t = np.sqrt(0.1 / 0.9 * 399)
    assert spectrum._log_tail(np.array([0.1]), 400)[0] == pytest.approx(
        np.log(2 * stats.t.sf(t, 399)), rel=1e-6
    )


def test_extremes_of_independent_waves():
    rng = np.random.default_rng(1)
    lowest = np.log(rng.random((2000, 300)).min(axis=1))
    number = spectrum.independent_waves(lowest, 1000)
    assert number == pytest.approx(300, rel=0.08)
    assert spectrum.independent_waves(lowest, 50) == 50
    p = np.exp(spectrum.log_p_of_extreme(lowest, 300))
    assert stats.kstest(p, "uniform").pvalue > 0.01
    far = spectrum.log_p_of_extreme(np.array([-20.0, -30.0, -2000.0]), 300)
    np.testing.assert_allclose(far, np.log(300) - np.array([20, 30, 2000]), rtol=1e-4)


@given(strength=st.floats(-50, 0))
def test_an_extreme_is_never_rarer_than_one_wave(strength):
    assert strength - 1e-9 <= spectrum.log_p_of_extreme(strength, 40.0) <= 1e-9


def test_whole_plane_from_half():
    values = np.random.default_rng(0).normal(size=(10, 12))
    full = np.abs(np.fft.fft2(values))
    np.testing.assert_allclose(spectrum.whole(full[:, :7], (10, 12)), full, rtol=1e-9)


def test_level_follows_a_spectrum_that_is_not_flat():
    cells, basis, _ = crystal(size=(48, 48), missing=0.1)
    grid = np.zeros((60, 60))
    grid[tuple((cells - cells.min(axis=0)).T)] = 1
    rng = np.random.default_rng(3)
    # neighbours share noise with opposite sign: power grows towards the zone's edge
    noise = rng.normal(size=(60, 61))
    shared = (noise[:, 1:] - noise[:, :-1])[tuple((cells - cells.min(axis=0)).T)]
    setup = spectrum.waves(cells, basis)
    share = spectrum.explained(setup, without(basis, shared))
    level = spectrum.level(setup, share)
    edge, centre = level[:, -3:].mean(), level[:, 8:11].mean()
    assert edge > 2 * centre
    flat = spectrum.log_p(setup, share)
    smooth = spectrum.log_p(setup, share, smooth=True)
    assert smooth.min() > flat.min()
    number = float((setup.rank > 0).sum())
    assert float(spectrum.log_p_of_extreme(smooth.min(), number)) > np.log(0.01)


def test_permutations_are_repeatable_and_reported():
    cells, basis, residual = crystal()
    setup, seen = spectrum.waves(cells, basis), []
    first = spectrum.permuted_extremes(setup, residual, 5, 7, seen.append)
    again = spectrum.permuted_extremes(setup, residual, 5, 7, lambda fraction: None)
    np.testing.assert_array_equal(first, again)
    assert seen[-1] == 1.0
    assert (first < 0).all()
