import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import temwidgets as tw

A, B = np.array([0.40, 0.03]), np.array([-0.02, 0.37])


def test_spacings_along_a_vector_are_measured(make_crystal):
    columns, lattice = make_crystal()
    found = tw.neighbour_distances(columns, lattice, offsets=[(1, 0), (0, 1)])
    assert found.sizes == {"pair": 2 * (11 * 10 + 12 * 9)}
    for number, vector in enumerate((A, B)):
        these = found.isel(pair=(found.neighbour == number).values)
        np.testing.assert_allclose(these.distance, np.hypot(*vector))
        np.testing.assert_allclose(these.angle, np.rad2deg(np.arctan2(*vector)))
        np.testing.assert_allclose(these.distance_std, 0.004 * np.sqrt(2))
        turn = np.rad2deg(0.004 * np.sqrt(2) / np.hypot(*vector))
        np.testing.assert_allclose(these.angle_std, turn)
    first, second = (columns.sel(column=found[n].values) for n in ("first", "second"))
    for name in "yx":
        np.testing.assert_allclose(found[name], (first[name].values + second[name].values) / 2)
        assert found[name].attrs["units"] == "nm"
    assert found.distance.attrs["ancillary_variables"] == "distance_std"


def test_no_pair_comes_twice(make_crystal):
    columns, lattice = make_crystal()
    for given_lattice in (lattice, None):
        found = tw.neighbour_distances(columns, given_lattice, of="A", neighbours="A", count=4)
        pairs = np.sort(np.column_stack([found["first"], found["second"]]), axis=1)
        assert len(np.unique(pairs, axis=0)) == len(pairs) == 11 * 10 + 12 * 9
        assert ((found.angle > -90) & (found.angle <= 90)).all()


def test_pairs_of_two_kinds_run_from_the_first_to_the_second(make_crystal):
    columns, lattice = make_crystal()
    found = tw.neighbour_distances(columns, lattice, of="B", neighbours="A")
    kind = columns.sublattice.sel(column=found["first"].values).values
    assert (kind == 1).all()
    assert found.sizes["pair"] == sum((12 - i) * (10 - j) for i in (0, 1) for j in (0, 1))
    assert len(np.unique(np.round(found.angle))) == 4


def test_a_direction_chooses_pairs(make_crystal):
    columns, _ = make_crystal()
    along = np.rad2deg(np.arctan2(*B))
    options = {"of": 0, "neighbours": 0, "count": 4}
    found = tw.neighbour_distances(columns, direction=along + 180, tolerance=10, **options)
    assert found.sizes["pair"] == 12 * 9
    np.testing.assert_allclose(found.distance, np.hypot(*B))


@settings(deadline=None, max_examples=40)
@given(st.floats(20, 160), st.floats(-180, 180))
def test_the_angle_of_three_columns_is_found(bend, turn):
    ways = np.deg2rad([turn, turn + bend])
    y, x = np.r_[0, np.sin(ways)], np.r_[0, np.cos(ways)]
    columns = tw.make_columns(y + 5, x - 3)
    columns["sublattice"] = ("column", np.array([1, 0, 0]))
    found = tw.neighbour_angles(columns, of=1, neighbours=0, count=2)
    np.testing.assert_allclose(found.angle, [bend])
    assert found.centre.values.tolist() == [0]


def test_the_error_of_an_angle_is_its_scatter():
    rng = np.random.default_rng(0)
    count, std = 3000, 0.01
    ideal = np.array([[0, 0], [0.3, 0.9], [-0.4, 0.6]])
    cloud = ideal + rng.normal(0, std, (count, 3, 2)) + 50 * np.arange(count)[:, None, None]
    columns = tw.make_columns(*cloud.reshape(-1, 2).T)
    columns["sublattice"] = ("column", np.tile([1, 0, 0], count))
    for name in ("y_std", "x_std"):
        columns[name] = ("column", np.full(3 * count, std))
    found = tw.neighbour_angles(columns, of=1, neighbours=0, count=2)
    true = np.rad2deg(np.arctan2(0.3, 0.9) - np.arctan2(-0.4, 0.6))
    pull = (found.angle - true) / found.angle_std
    assert abs(pull.mean()) < 0.06
    assert 0.95 < pull.std() < 1.05


def test_angles_go_once_round_a_column(make_crystal):
    columns, lattice = make_crystal(noise=0.01)
    found = tw.neighbour_angles(columns, lattice, of="B", neighbours="A")
    assert found.sizes["triple"] == 4 * 11 * 9
    total = found.angle.groupby(found.centre).sum()
    np.testing.assert_allclose(total, 360)
    across = tw.neighbour_angles(columns, lattice, of="A", offsets=[(1, 0), (-1, 0)])
    assert across.sizes["triple"] == 10 * 10
    assert across.angle.min() > 160


def test_columns_without_neighbours_give_empty_tables(make_crystal):
    columns, lattice = make_crystal()
    columns.site.values[:] = -1
    found = tw.neighbour_distances(columns, lattice, offsets=[(1, 0)])
    assert found.sizes["pair"] == 0
    assert tw.neighbour_distances(columns, lattice).sizes["pair"] == 0
    assert tw.neighbour_angles(columns, lattice).sizes["triple"] == 0


def test_bad_arguments_are_refused(make_crystal):
    columns, lattice = make_crystal()
    with pytest.raises(ValueError, match="direction is a number of degrees"):
        tw.neighbour_distances(columns, lattice, direction=np.nan)
    with pytest.raises(ValueError, match="tolerance is an angle up to 90"):
        tw.neighbour_distances(columns, lattice, direction=0, tolerance=0)
    with pytest.raises(ValueError, match="An angle needs two neighbours"):
        tw.neighbour_angles(columns, lattice, offsets=[(1, 0)])
