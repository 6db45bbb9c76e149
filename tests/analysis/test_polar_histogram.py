import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import temwidgets as tw
from temwidgets.analysis.polar_histogram import (
    in_sector,
    polar_histogram,
    round_limit,
    vector_names,
    vector_statistics,
    vector_values,
)
from temwidgets.analysis.vectors import with_displacement


def columns_with(vectors):
    vectors = np.asarray(vectors, float)
    columns = tw.make_columns(*np.zeros((2, len(vectors))), labels=range(5, 5 + len(vectors)))
    covariance = np.full((len(vectors), 2, 2), np.nan)
    return with_displacement(columns, vectors, covariance, "a test")


def polar(direction, magnitude):
    turn = np.deg2rad(direction)
    return np.stack([magnitude * np.sin(turn), magnitude * np.cos(turn)], axis=-1)


def test_vectors_along_an_axis_fall_into_one_sector():
    columns = columns_with(polar(np.array([0, 89, 91, 90, 180, -180, 30]), np.full(7, 0.5)))
    found = polar_histogram(columns, sectors=12, rings=2, limit=1.0)
    assert found["rose"].values.tolist() == [1, 1, 0, 3, 0, 0, 2, 0, 0, 0, 0, 0]
    assert found["count"].values[:, 1].tolist() == found["rose"].values.tolist()
    assert found["direction"].values[3] == 90
    assert found["direction_edges"].values[[0, -1]].tolist() == [-15, 345]
    assert found["magnitude"].attrs["units"] == "nm"


@given(st.lists(st.tuples(st.floats(-500, 500), st.floats(0.0, 3.0)), max_size=60))
def test_every_vector_is_counted_once(pairs):
    columns = columns_with(polar(*np.array(pairs).reshape(-1, 2).T))
    found = polar_histogram(columns, sectors=7, rings=3, limit=1.5, threshold=0.2)
    length = columns["displacement_magnitude"].values
    assert found["rose"].sum() == (length >= 0.2).sum()
    assert found["count"].sum() + found["beyond"] == found["rose"].sum()


def test_threshold_labels_and_missing_vectors():
    columns = columns_with([[0, 0.1], [0, 0.3], [0, 2.0], [np.nan, 1.0]])
    found = polar_histogram(columns, sectors=4, rings=4, limit=1.0, threshold=0.2)
    assert (int(found["rose"][0]), int(found["beyond"]), int(found["without"])) == (2, 1, 1)
    part = polar_histogram(columns, sectors=4, rings=4, limit=1.0, labels=[5, 6])
    assert int(part["count"].sum()) == 2
    assert int(part["without"]) == 0


@pytest.mark.parametrize(
    ("direction", "magnitude", "chosen"),
    [
        ((-10, 10), (0, np.inf), [0]),
        ((350, 370), (0, np.inf), [0]),
        ((80, 280), (0, np.inf), [1, 2, 3]),
        ((80, -80), (0, np.inf), [1, 2, 3]),
        ((0, 360), (0, 0.35), [0, 1, 2]),
        ((0, 0), (0, np.inf), []),
    ],
)
def test_a_sector_may_go_through_zero(direction, magnitude, chosen):
    columns = columns_with(polar(np.array([0, 90, 180, 270.0]), np.array([0.1, 0.2, 0.3, 0.4])))
    found = np.flatnonzero(in_sector(columns, "displacement", direction, magnitude))
    assert found.tolist() == chosen


def test_mean_and_alignment():
    columns = columns_with(polar(np.array([80, 90, 100.0, 90]), np.array([1, 1, 1, np.nan])))
    found = vector_statistics(columns)
    assert int(found["count"]) == 3
    assert float(found["direction"]) == pytest.approx(90)
    assert float(found["alignment"]) == pytest.approx((1 + 2 * np.cos(np.deg2rad(10))) / 3)
    assert float(found["mean_x_std"]) == pytest.approx(np.sin(np.deg2rad(10)) / np.sqrt(3))
    none = vector_statistics(columns, threshold=5.0)
    assert int(none["count"]) == 0
    assert np.isnan(float(none["magnitude"]))
    assert int(vector_statistics(columns, labels=[6])["count"]) == 1


def test_the_limit_is_round_and_no_outlier_squashes_the_rest():
    assert round_limit(np.array([0.1, 0.17])) == 0.2
    assert round_limit(np.append(np.full(999, 0.1), 50.0)) == 0.16
    assert round_limit(np.array([np.nan])) == 1.0
    assert round_limit(np.zeros(3)) == 1.0


def test_what_is_wrong_is_told():
    plain = tw.make_columns([0.0], [0.0])
    assert vector_names(plain) == []
    with pytest.raises(ValueError, match="Measure it first"):
        vector_values(plain)
    columns = columns_with([[0, 1.0]])
    with pytest.raises(ValueError, match="They have displacement"):
        vector_values(columns, "shift")
    with pytest.raises(ValueError, match="at least 2 sectors"):
        polar_histogram(columns, sectors=1)
    with pytest.raises(ValueError, match="limit is positive"):
        polar_histogram(columns, limit=0)


def moved(make_crystal, y, x):
    columns, lattice = make_crystal()
    return tw.displacements(columns.assign(y=columns.y + y, x=columns.x + x), lattice)


def test_directions_are_counted_round_the_circle(make_crystal):
    sides = np.arange(240) % 3
    y, x = np.choose(sides, [0.01, 0.0, 0.0]), np.choose(sides, [0.0, 0.02, -0.02])
    columns = moved(make_crystal, y, x)
    found = polar_histogram(columns, sectors=8)
    counted = dict(zip(found.direction.values.tolist(), found.rose.values.tolist(), strict=True))
    assert {k: v for k, v in counted.items() if v} == {0.0: 80, 90.0: 80, 180.0: 80}
    mean = vector_statistics(columns)
    assert int(mean["count"]) == 240
    assert float(mean.direction) == pytest.approx(90)
    assert float(mean.alignment) == pytest.approx(1 / 3)
    assert int(vector_statistics(columns, threshold=0.015)["count"]) == 160
    assert int(vector_statistics(columns, labels=[0, 3])["count"]) == 2


def test_the_rayleigh_test_is_fair_without_a_favoured_direction(make_crystal):
    rng = np.random.default_rng(0)
    columns, lattice = make_crystal((3, 4))
    chances = []
    for _ in range(120):
        shifted = columns.assign(
            y=columns.y + rng.normal(size=24) * 0.01, x=columns.x + rng.normal(size=24) * 0.01
        )
        found = vector_statistics(tw.displacements(shifted, lattice))
        chances.append(float(found.p_uniform))
    assert stats.kstest(chances, "uniform").pvalue > 0.01
    biased = columns.assign(y=columns.y + 0.01 + rng.normal(size=24) * 0.005)
    assert float(vector_statistics(tw.displacements(biased, lattice)).p_uniform) < 1e-4


def test_nothing_displaced_gives_an_empty_histogram(make_crystal):
    columns = moved(make_crystal, np.nan, 0.0)
    assert int(polar_histogram(columns)["rose"].sum()) == 0
    assert np.isnan(float(vector_statistics(columns).p_uniform))
