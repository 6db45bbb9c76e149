import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from temwidgets.kernels.fourier import phase_loops as pl

SIZE = (80, 90)
CORE = (39.5, 44.5)


def vortex(turns=1, slope=(0.05, -0.1)):
    y, x = np.indices(SIZE).astype(float)
    angle = np.arctan2(y - CORE[0], x - CORE[1])
    return pl.wrapped(turns * angle + slope[0] * y + slope[1] * x)


@settings(max_examples=25, deadline=None)
@given(st.integers(-2, 2), st.floats(10, 35), st.integers(3, 12), st.booleans())
def test_a_loop_counts_the_turns_it_encloses(turns, radius, corners, back):
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)[:: -1 if back else 1]
    loop = np.stack([np.sin(angle), np.cos(angle)], 1) * radius + CORE
    if corners == 3 and radius < 15:
        loop = (loop - CORE) * 2 + CORE
    found = pl.walk(vortex(turns)[None], loop)
    assert found.known == 1
    assert found.turns[0] == pytest.approx(turns, abs=1e-6)
    assert found.largest[0] < 1.5


def test_a_loop_beside_the_core_closes_and_one_outside_is_not_known():
    square = np.array([(0, 0), (0, 20), (20, 20), (20, 0)], float)
    found = pl.walk(np.stack([vortex(), vortex(2)]), square + 5)
    np.testing.assert_allclose(found.turns, 0, atol=1e-9)
    assert pl.walk(vortex()[None], square - 10).known < 1
    holed = vortex()
    holed[10:14, 3:8] = np.nan
    assert pl.walk(holed[None], square + 5).known < 1


def test_residues_sit_at_cores():
    for turns in (1, -1):
        found = pl.residues(vortex(turns))
        assert found.sum() == turns
        assert found[39, 44] == turns
        assert np.abs(found).sum() == 1
    assert not pl.residues(vortex(0)).any()


def test_a_plane_is_unwrapped():
    y, x = np.indices(SIZE).astype(float)
    plane = 0.4 * y - 0.7 * x
    found = pl.unwrapped(pl.wrapped(plane))
    np.testing.assert_allclose(found - plane, (found - plane)[0, 0], atol=1e-9)
    assert abs(np.median(found)) <= np.pi
    assert not pl.jumps(found).any()
    holed = pl.wrapped(plane)
    holed[20:30, :] = np.nan
    found = pl.unwrapped(holed)
    assert (np.isnan(found) == np.isnan(holed)).all()
    for part in (np.s_[:20], np.s_[30:]):
        off = (found - plane)[part]
        np.testing.assert_allclose(off, off[0, 0], atol=1e-9)
        assert abs(np.median(found[part])) <= np.pi
    assert np.isnan(pl.unwrapped(np.full(SIZE, np.nan))).all()


def test_a_vortex_leaves_one_cut():
    found = pl.unwrapped(vortex())
    cut = pl.jumps(found)
    assert 20 < cut.sum() < 200
    rows, cols = np.nonzero(cut)
    assert np.hypot(rows - CORE[0], cols - CORE[1]).min() < 3


@pytest.mark.parametrize("count", [2, 3])
def test_displacement_comes_back(count):
    g = np.array([[0.0, 0.12], [0.11, 0.02], [0.11, 0.14]])[:count]
    y, x = np.indices(SIZE).astype(float)
    u = np.stack([0.1 * y + np.sin(x / 20), -0.05 * x + 2 * np.cos(y / 25)])
    rng = np.random.default_rng(0)
    variance = np.full((count, *SIZE), 0.05**2)
    phase = -2 * np.pi * np.einsum("nc,cyx->nyx", g, u) + 0.05 * rng.normal(size=(count, *SIZE))
    found, spread, jump = pl.displacement(pl.wrapped(phase), variance, g)
    off = found - u
    shift = np.median(off, axis=(1, 2))
    np.testing.assert_allclose(g @ shift - np.round(g @ shift), 0, atol=0.01)
    pull = (off - shift[:, None, None]) / np.sqrt(spread)
    assert np.sqrt((pull**2).mean()) == pytest.approx(1, abs=0.05)
    assert not jump.any()
