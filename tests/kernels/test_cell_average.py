import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from temwidgets.kernels import cell_average as kernel

VECTORS = np.array([[11.3, 1.7], [-2.1, 9.6]])


def piled(image, vectors, corner, **options):
    inverse = np.linalg.inv(vectors)
    table = np.ones((40, 40), bool)
    window = kernel.Window(np.zeros(2), np.array([-20, -20]), table)
    bins = kernel.bins_of(np.hypot(*vectors.T))
    return kernel.pile_up(image, inverse, np.asarray(corner), None, [window], bins, **options)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 999), corner=st.tuples(st.floats(-2, 2), st.floats(-2, 2)))
def test_waves_that_pixels_resolve_are_found_again(seed, corner):
    rng = np.random.default_rng(seed)
    waves = kernel.harmonics(VECTORS)
    waves = waves[rng.choice(len(waves), 4)]
    row, col = np.mgrid[:70, :64].reshape(2, -1)
    place = np.column_stack([row, col]) @ np.linalg.inv(VECTORS) + corner
    phase = rng.uniform(0, 6, 4)

    def series(points):
        return 3 + np.cos(2 * np.pi * points @ waves.T + phase).sum(axis=-1)

    found = kernel.average(piled(series(place).reshape(70, 64), VECTORS, corner), VECTORS, (24, 20))
    grid = np.stack(np.meshgrid(np.arange(24) / 24, np.arange(20) / 20, indexing="ij"), -1)
    np.testing.assert_allclose(found.mean, series(grid), atol=0.06)
    assert found.pixels == 70 * 64


def test_synthesis_and_analysis_are_inverse():
    waves = kernel.harmonics(VECTORS)
    rng = np.random.default_rng(0)
    cell = kernel.synthesise(rng.normal(size=len(waves)) + 0j, waves, (30, 30))
    again = kernel.synthesise(kernel.analyse(cell, waves), waves, (30, 30))
    np.testing.assert_allclose(again, cell, atol=1e-12)


def test_only_pixels_in_windows_and_with_a_value_count():
    image = np.ones((30, 30))
    image[3, 4] = np.nan
    vectors = np.diag([10.0, 10.0])
    window = kernel.Window(np.zeros(2), np.zeros(2, int), np.array([[True, False], [False, True]]))
    pile = kernel.pile_up(
        image, np.linalg.inv(vectors), np.zeros(2), None, [window], kernel.bins_of(np.full(2, 10.0))
    )
    assert pile.pixels.sum() == 199


def test_few_pixels_give_a_finite_cell():
    found = kernel.average(piled(np.ones((4, 4)), VECTORS, (0, 0)), VECTORS, (24, 20))
    assert np.isfinite(found.mean).all()
    assert np.isfinite(found.error).all()


def test_waves_are_those_below_half_a_period_a_pixel():
    frequency = kernel.harmonics(VECTORS) @ np.linalg.inv(VECTORS).T
    assert np.abs(frequency).max() < 0.5
    area = abs(np.linalg.det(VECTORS))
    assert len(frequency) == pytest.approx(area, rel=0.1)
