"""What `find_reflections` finds with its defaults in the images that ship with the package."""

import numpy as np
import pytest

import temwidgets as tw


def members(reflections):
    return sorted(np.bincount(reflections["lattice"].values + 1)[1:].tolist(), reverse=True)


def test_the_grains_of_a_gold_film_are_lattices_of_their_own():
    found = tw.find_reflections(tw.examples.load("au_polycrystal"))
    # five grains, of which some are seen along the same axis but turned
    assert len([n for n in members(found) if n >= 8]) >= 4
    for d in 0.4078 / np.sqrt([3, 4]):
        near = np.abs(found.d_spacing.values / d - 1) < 0.02
        assert near.sum() >= 4
        weight = found.d_spacing_std.values[near] ** -2.0
        mean = (weight * found.d_spacing.values[near]).sum() / weight.sum()
        assert mean == pytest.approx(d, rel=0.0015)
        families = found.family.values[near]
        assert np.bincount(families).max() >= near.sum() - 1
        assert len(set(found.lattice.values[near])) >= 2


def test_a_boundary_parts_two_crystals():
    found = tw.find_reflections(tw.examples.load("fe_grain_boundary"))
    assert members(found)[0] >= 12
    assert members(found)[1] >= 5
    # two {110} of each, at right angles
    for number in (0, 1):
        pair = found.isel(reflection=(found.lattice.values == number) & (found.d_spacing > 0.19))
        assert pair.sizes["reflection"] == 2
        assert float(np.ptp(pair.angle.values)) == pytest.approx(90, abs=2)
        np.testing.assert_allclose(pair.d_spacing, 0.2065, rtol=0.02)


def test_one_crystal_is_one_lattice():
    found = tw.find_reflections(tw.examples.load("pto_domain_walls"))
    assert members(found)[0] >= 0.9 * found.sizes["reflection"] > 8


@pytest.mark.parametrize("name", ["pt_atoms", "soot_fringes"])
def test_atoms_and_soot_on_no_lattice_have_no_reflections(name):
    assert tw.find_reflections(tw.examples.load(name)).sizes["reflection"] == 0
