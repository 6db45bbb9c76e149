import numpy as np
import pytest
from scipy import stats

import temwidgets as tw


def moved(make_crystal, y, x):
    columns, lattice = make_crystal()
    shifted = columns.assign(y=columns.y + y, x=columns.x + x)
    return tw.displacements(shifted, lattice)


def test_directions_are_counted_in_bins_round_the_circle(make_crystal):
    sides = np.arange(240) % 3
    y, x = np.choose(sides, [0.01, 0.0, 0.0]), np.choose(sides, [0.0, 0.02, -0.02])
    found = tw.direction_histogram(moved(make_crystal, y, x), bins=8)
    counted = dict(zip(found.angle.values.tolist(), found.total.values.tolist(), strict=True))
    assert {k: v for k, v in counted.items() if v} == {0.0: 80, 90.0: 80, -180.0: 80}
    assert found.attrs["n"] == 240
    assert found.attrs["mean_direction"] == pytest.approx(90)
    assert found.attrs["concentration"] == pytest.approx(1 / 3)
    lengths = tw.direction_histogram(moved(make_crystal, y, x), bins=8, weight="magnitude")
    assert float(lengths.total.sum()) == pytest.approx(80 * 0.05)
    assert lengths.total.attrs["units"] == "nm"
    long = tw.direction_histogram(moved(make_crystal, y, x), smallest=0.015)
    assert long.attrs["n"] == 160
    few = tw.direction_histogram(moved(make_crystal, y, x), labels=[0, 3])
    assert few.attrs["n"] == 2


def test_the_rayleigh_test_is_fair_without_a_favoured_direction(make_crystal):
    rng = np.random.default_rng(0)
    columns, lattice = make_crystal((3, 4))
    chances = []
    for _ in range(120):
        shifted = columns.assign(
            y=columns.y + rng.normal(size=24) * 0.01, x=columns.x + rng.normal(size=24) * 0.01
        )
        found = tw.direction_histogram(tw.displacements(shifted, lattice))
        chances.append(found.attrs["p_uniform"])
    assert stats.kstest(chances, "uniform").pvalue > 0.01
    biased = columns.assign(y=columns.y + 0.01 + rng.normal(size=24) * 0.005)
    assert tw.direction_histogram(tw.displacements(biased, lattice)).attrs["p_uniform"] < 1e-4


def test_nothing_displaced_gives_an_empty_histogram(make_crystal):
    columns = moved(make_crystal, np.nan, 0.0)
    found = tw.direction_histogram(columns)
    assert float(found.total.sum()) == 0
    assert np.isnan(found.attrs["p_uniform"])
    assert np.isnan(tw.displacement_colours(columns)).all()


def test_colours_turn_with_the_direction_and_fade_with_the_magnitude(make_crystal):
    ways = np.deg2rad([0.0, 120.0, 240.0, 60.0, 0.0, 0.0])
    size = np.array([0.02, 0.02, 0.02, 0.02, 0.01, 0.5])
    y, x = np.zeros((2, 240))
    y[:6], x[:6] = size * np.sin(ways), size * np.cos(ways)
    found = tw.displacement_colours(moved(make_crystal, y, x), full=0.02)
    wanted = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0.5, 0, 0], [1, 0, 0]]
    np.testing.assert_allclose(found[:6], wanted, atol=1e-6)
    np.testing.assert_allclose(found[6:], 0, atol=1e-9)
    assert found.attrs["full"] == 0.02


def test_bad_arguments_are_refused(make_crystal):
    columns = moved(make_crystal, 0.0, 0.01)
    with pytest.raises(ValueError, match="no displacement"):
        tw.direction_histogram(columns[["y", "x"]])
    with pytest.raises(ValueError, match="bins is a whole number"):
        tw.direction_histogram(columns, bins=1)
    with pytest.raises(ValueError, match="weight is"):
        tw.direction_histogram(columns, weight="area")
    with pytest.raises(ValueError, match="full is a length above 0"):
        tw.displacement_colours(columns, full=0.0)
