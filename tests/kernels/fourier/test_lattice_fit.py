import numpy as np
import pytest

from temwidgets.kernels.fourier import lattice_fit as lf
from temwidgets.kernels.fourier.image_spectrum import image_spectrum
from temwidgets.kernels.fourier.phase_engine import measure

SIZE = (200, 220)
G = np.array([[0.0, 0.12], [0.11, 0.02], [0.11, 0.14]])


def crystal(stretch=0.01, noise=3.0, seed=0):
    """Fringes of G in the left half, their planes across x further apart in the right one."""
    y, x = np.indices(SIZE).astype(float)
    moved = x - np.where(x > 110, stretch * (x - 110), 0)
    waves = [5 * np.cos(2 * np.pi * (g[0] * y + g[1] * moved)) for g in G]
    return sum(waves) + noise * np.random.default_rng(seed).normal(size=SIZE)


@pytest.fixture(scope="module")
def measured():
    return measure(image_spectrum(crystal(), (1.0, 1.0)), G, sigma=10.0)


def region(measured, low, high):
    y, x = (np.arange(n) * s for n, s in zip(measured.grid.counts, measured.grid.step, strict=True))
    return np.outer((y > 30) & (y < 170), (x > low) & (x < high)).astype(np.float32)


def test_a_region_is_fitted_by_a_plane_wave(measured):
    left = lf.region_reference(measured, region(measured, 20, 75))
    np.testing.assert_allclose(left.g, G, atol=3e-4)
    assert (np.abs(left.g - G) < 4 * np.sqrt(left.variance)).all()
    mean = lf.mean_reference(measured, region(measured, 20, 75))
    assert (left.variance < mean.variance).all()
    right = lf.region_reference(measured, region(measured, 145, 200))
    np.testing.assert_allclose(right.g, G * [1, 0.99], atol=3e-4)
    everywhere = lf.mean_reference(measured)
    np.testing.assert_allclose(everywhere.g, G * [1, 0.995], atol=2e-4)


def test_a_region_without_crystal_has_no_vectors(measured):
    nowhere = lf.region_reference(measured, np.zeros(measured.grid.counts, np.float32))
    assert np.isnan(nowhere.g).all()


def test_phases_are_flat_on_the_reference(measured):
    weight = region(measured, 20, 90)
    left = lf.region_reference(measured, weight)
    phase = np.angle(lf.phase_from(measured, 0, left.g[0], weight))
    assert np.abs(phase[weight > 0]).max() < 0.15
    assert abs(phase[weight > 0].mean()) < 0.01


def test_joint_vectors_are_less_noisy_and_do_not_depend_on_the_reference(measured):
    one = lf.fit_lattices(measured, G, np.zeros(3, int))
    other = lf.fit_lattices(measured, G * 1.01, np.zeros(3, int))
    np.testing.assert_array_equal(one.g, other.g)
    inside = region(measured, 30, 80) > 0
    alone = np.stack([f.g for f in measured.fringes])
    for k in range(3):
        spread = [(v[k] - G[k][:, None, None])[:, inside].std() for v in (one.g, alone)]
        assert spread[0] < spread[1]
        assert (one.covariance[k][::2, inside] < one.noise[k][::2, inside] * 1.001).any()
    assert np.median(one.gradient.matrix[1, 1][region(measured, 140, 190) > 0]) == pytest.approx(
        -0.01, abs=1e-3
    )


def test_vectors_that_are_no_lattice_stay_as_they_are():
    shape, rng = (20, 20), np.random.default_rng(0)
    local = G[:, :, None, None] + 1e-5 * rng.normal(size=(3, 2, *shape))
    local[2, 0] += 1e-3 * np.linspace(-1, 1, 20)[:, None]  # of another crystal
    noise = np.full((3, 3, *shape), 1e-10) * np.array([1, 0, 1])[:, None, None]
    unbiased, seen = np.zeros_like(noise), np.ones((3, *shape))
    mean = local.mean(axis=(2, 3))
    fit = lf.fit_vectors(local, noise, unbiased, seen, mean, mean, np.zeros(3, int))
    np.testing.assert_array_equal(fit.g, local)
    true = G[:, :, None, None] + 1e-5 * rng.normal(size=(3, 2, *shape))
    fit = lf.fit_vectors(true, noise, unbiased, seen, G, G, np.zeros(3, int))
    assert not np.array_equal(fit.g, true)
    np.testing.assert_allclose(fit.g, true, atol=1e-4)


def test_each_lattice_has_its_own_gradient_where_it_is():
    shape = (10, 20)
    g = np.concatenate([G[:2], G[:2] @ np.array([[0.8, 0.6], [-0.6, 0.8]])])
    lattice, left = np.array([0, 0, 1, 1]), np.arange(20) < 10
    seen = np.zeros((4, *shape))
    seen[:2, :, left] = 1
    seen[2:, :, ~left] = 1
    stretched = np.array([[0.01, 0], [0, 0]])
    local = g[:, :, None, None] * np.ones(shape)
    local[2:] = (g[2:] @ (np.eye(2) + stretched).T)[:, :, None, None]
    noise = np.full((4, 3, *shape), 1e-8) * np.array([1, 0, 1])[:, None, None]
    fit = lf.fit_vectors(local, noise, np.zeros_like(noise), seen, g, g, lattice)
    assert fit.gradient.known.all()
    np.testing.assert_allclose(fit.gradient.matrix[..., left], 0, atol=1e-6)
    np.testing.assert_allclose(fit.gradient.matrix[0, 0][:, ~left], 0.01, atol=1e-6)
    assert not fit.gradient.influence[2:][..., left].any()
