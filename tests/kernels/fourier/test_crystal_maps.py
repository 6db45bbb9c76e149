import numpy as np
import pytest

from temwidgets.kernels.fourier.crystal_maps import MapMaker
from temwidgets.kernels.fourier.image_spectrum import image_spectrum
from temwidgets.kernels.fourier.phase_engine import measure

SIZE = (160, 190)
G = np.array([[0.0, 0.12], [0.12, 0.0], [0.0, 0.24]])


@pytest.fixture(scope="module")
def crystal():
    """A crystal in the left part of an image, its spectrum and what was measured."""
    y, x = np.indices(SIZE).astype(float)
    waves = sum(5 * np.cos(2 * np.pi * (g[0] * y + g[1] * x)) for g in G)
    image = np.where(x < 120, waves, 0) + np.random.default_rng(0).normal(size=SIZE)
    spectrum = image_spectrum(image, (1.0, 1.0))
    return spectrum, measure(spectrum, G, sigma=9.0)


def maker_of(crystal, stride=1, known=True):
    spectrum, measured = crystal
    return MapMaker(measured, G, np.full(measured.grid.counts, known), spectrum, stride)


def test_maps_end_with_the_crystal(crystal):
    maker = maker_of(crystal)
    assert maker.several
    assert maker.inside[0][20:-20, 10:108].all()
    assert not maker.inside[:, :, 121:].any()
    np.testing.assert_array_equal(maker.strained, maker.inside[0] & maker.inside[1])
    maker.add("g", crystal[1].fringes[1].g[0], 1)
    maker.add("g", crystal[1].fringes[0].g[1], 0)
    maker.add("whole", crystal[1].fringes[0].g[1])
    maps = maker.carry()
    np.testing.assert_array_equal(np.isfinite(maps["g"][0]), maker.inside[0])
    np.testing.assert_array_equal(np.isfinite(maps["whole"]), maker.strained)
    assert np.nanmax(np.abs(maps["g"][:2] - 0.12)) < 5e-3


def test_errors_stay_positive_however_they_vary(crystal):
    maker = maker_of(crystal)
    rng = np.random.default_rng(1)
    variance = np.exp(rng.normal(0, 4, crystal[1].grid.counts))
    variance[3, 4] = 0
    maker.add_error("std", variance, 0)
    found = maker.carry()["std"][0]
    assert (found[maker.inside[0]] > 0).all()


def test_phases_are_carried_round_the_turn(crystal):
    maker = maker_of(crystal)
    counts, step = crystal[1].grid.counts, crystal[1].grid.step
    phasor = np.exp(0.12j * np.arange(counts[1]) * step[1])
    slope = np.zeros((2, *counts))
    slope[1] = 0.12 / (2 * np.pi)
    maker.add_phase("phase", np.broadcast_to(phasor, counts), slope, 0)
    maps = maker.carry()
    assert set(maps) == {"phase"}
    off = np.angle(np.exp(1j * (maps["phase"][0] - 0.12 * np.arange(SIZE[1]))))
    assert np.nanmax(np.abs(off)) < 0.01


def test_a_change_is_made_before_blanking(crystal):
    maker = maker_of(crystal, stride=4)

    def add(band):
        band += 3

    maker.add("value", np.ones(crystal[1].grid.counts), 0, add)
    found = maker.carry()["value"][0]
    assert found.shape == (40, 48)
    np.testing.assert_allclose(found[np.isfinite(found)], 4, rtol=1e-5)


def test_one_direction_is_not_several(crystal):
    spectrum, measured = crystal
    known = np.ones(measured.grid.counts, bool)
    line = measured._replace(
        share=measured.share[[0, 2]],
        edge=measured.edge[[0, 2]],
        crystal=measured.crystal[[0, 2]],
        fringes=[measured.fringes[0], measured.fringes[2]],
    )
    assert not MapMaker(line, G[[0, 2]], known, spectrum).several
