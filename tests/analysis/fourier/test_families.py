import numpy as np
import pytest

import temwidgets as tw


def test_hand_made_reflections_are_grouped():
    g = [(0.0, 5.0), (5.0, 0.0), (-5.0, 5.0), (0.0, 10.0), (3.0, 4.0)]
    found = tw.group_reflections(tw.make_reflections(g))
    assert found.lattice.values.tolist() == [0, 0, 0, 0, -1]
    assert found.harmonic.values.tolist() == [1, 1, 1, 2, 0]
    assert found.family.values.tolist() == [0, 0, 1, 2, 0]
    np.testing.assert_allclose(
        found.lattice_index.values[:4] @ found.lattice_basis.values[0], found.g[:4], atol=1e-9
    )


def test_a_harmonic_is_known_without_its_fundamental():
    # 002 of a face-centred crystal along [110] is often weak, 004 is not
    g = [(2.45, 3.46), (-2.45, 3.46), (0.0, 13.84)]
    found = tw.group_reflections(tw.make_reflections(g))
    assert found.harmonic.values.tolist() == [1, 1, 2]


def test_tolerances_decide():
    g = [(0.0, 5.0), (5.06, 0.0), (5.2, 5.2)]
    reflections = tw.make_reflections(g)
    assert tw.group_reflections(reflections).family.values.tolist() == [0, 0, 1]
    narrow = tw.group_reflections(reflections, tolerance=0.005)
    assert narrow.family.values.tolist() == [0, 1, 2]
    assert tw.group_reflections(reflections).lattice.values[2] == -1
    wide = tw.group_reflections(reflections, lattice_tolerance=0.05)
    assert wide.lattice.values.tolist() == [0, 0, 0]


def test_errors_widen_the_nodes():
    g = [(0.0, 5.0), (5.0, 0.0), (5.15, 5.15)]
    sure = tw.make_reflections(g, g_std=0.001)
    rough = tw.make_reflections(g, g_std=0.05)
    assert tw.group_reflections(sure).lattice.values[2] == -1
    assert tw.group_reflections(rough).lattice.values.tolist() == [0, 0, 0]


def test_grouping_again_changes_nothing():
    g = [(0.0, 5.0), (5.0, 0.0), (-5.0, 5.0), (7.0, 1.0)]
    once = tw.group_reflections(tw.make_reflections(g, labels=[3, 5, 8, 9]))
    assert tw.group_reflections(once).identical(once)
    fewer = tw.group_reflections(once.isel(reflection=[0, 3]))
    assert fewer.reflection.values.tolist() == [3, 9]
    assert (fewer.lattice == -1).all()


def test_none_and_nonsense():
    assert tw.group_reflections(tw.make_reflections([])).sizes["reflection"] == 0
    with pytest.raises(TypeError, match="Reflections from temwidgets"):
        tw.group_reflections(3)
    with pytest.raises(ValueError, match="tolerance is a part of the length"):
        tw.group_reflections(tw.make_reflections([(0, 1.0)]), tolerance=0)
    with pytest.raises(ValueError, match="lattice_tolerance is a part of the length"):
        tw.group_reflections(tw.make_reflections([(0, 1.0)]), lattice_tolerance=1)
