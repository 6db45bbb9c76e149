import numpy as np
import pytest

import temwidgets as tw
from temwidgets.analysis.fourier.reflection_data import check_reflections


def test_a_vector_and_its_mate_are_one_reflection():
    found = tw.make_reflections([(3.0, 4.0), (-3.0, -4.0), (0.0, -2.0), (-2.0, 0.0)], g_std=0.01)
    np.testing.assert_allclose(found.g, [[3, 4], [3, 4], [0, 2], [2, 0]])
    np.testing.assert_allclose(found.d_spacing, [0.2, 0.2, 0.5, 0.5])
    np.testing.assert_allclose(found.angle, [np.rad2deg(np.arctan2(3, 4))] * 2 + [0, 90])
    assert found.g.attrs["units"] == "1/nm"
    assert found.d_spacing.attrs["units"] == "nm"


def test_errors_are_those_of_many_repeats():
    rng = np.random.default_rng(0)
    g, std = np.array([3.0, -4.0]), np.array([0.02, 0.05])
    many = tw.make_reflections(g + std * rng.normal(size=(20_000, 2)))
    one = tw.make_reflections([g], g_std=[std])
    for name in ("d_spacing", "angle"):
        assert float(one[f"{name}_std"][0]) == pytest.approx(float(many[name].std()), rel=0.03)


def test_what_is_no_reflection_is_refused():
    with pytest.raises(ValueError, match="g is a list of reciprocal vectors"):
        tw.make_reflections([1.0, 2.0])
    with pytest.raises(ValueError, match="length above 0"):
        tw.make_reflections([(0.0, 0.0)])
    with pytest.raises(TypeError, match="but a int came"):
        check_reflections(3)
    found = tw.make_reflections([(1.0, 0.0)])
    with pytest.raises(ValueError, match="2 or more reflections are needed, but 1 came"):
        check_reflections(found, least=2)
    with pytest.raises(ValueError, match="in px but the reflections are in nm"):
        check_reflections(found, units="px")
    assert tw.make_reflections([]).sizes["reflection"] == 0
