import numpy as np
import pytest

import temwidgets as tw


@pytest.fixture
def ramp(make_crystal):
    """Columns whose `value` is the place along a, in cells, with scatter."""
    columns, lattice = make_crystal((12, 30))
    cell = columns.n_a.values + 0.5 * columns.site.values
    noise = np.random.default_rng(0).normal(0, 0.1, cell.size)
    columns["value"] = ("column", cell + noise, {"units": "counts", "long_name": "brightness"})
    return columns, lattice


def test_rows_along_a_vector_are_the_planes_of_sites(ramp):
    columns, lattice = ramp
    found = tw.profile(columns, "value", lattice)
    assert found.sizes["row"] == 24
    np.testing.assert_array_equal(found.row_of_column, 2 * columns.n_a + columns.site)
    np.testing.assert_allclose(found.cell, np.arange(24) / 2)
    assert (found["count"] == 30).all()
    pull = (found["mean"] - found.cell) / found.mean_std
    assert 0.5 < pull.std() < 1.6
    np.testing.assert_allclose(found.spread.mean(), 0.1, rtol=0.1)
    np.testing.assert_allclose(found.mean_std, found.spread / np.sqrt(30))
    # rows of a sheared cell lie apart by the cell's area over b
    apart = (0.40 * 0.37 + 0.03 * 0.02) / np.hypot(0.02, 0.37)
    np.testing.assert_allclose(np.diff(found.position), apart / 2)
    assert found["mean"].attrs == {
        "units": "counts",
        "long_name": "mean brightness",
        "ancillary_variables": "mean_std",
    }
    assert found.position.attrs["units"] == "nm"


def test_one_sublattice_or_some_labels_can_be_chosen(ramp):
    columns, lattice = ramp
    strong = tw.profile(columns, "value", lattice, of="A")
    np.testing.assert_allclose(strong.cell, np.arange(12))
    few = tw.profile(columns, "value", lattice, along="b", labels=columns.column.values[:60])
    np.testing.assert_allclose(few.cell, np.arange(60) / 2)
    assert (few["count"] == 1).all()
    assert few.spread.isnull().all()


def test_a_single_column_keeps_its_own_error(ramp):
    columns, lattice = ramp
    columns["value_std"] = ("column", np.full(720, 0.7))
    one = tw.profile(columns, "value", lattice, labels=[3])
    assert one.mean_std.values == pytest.approx(0.7)
    assert np.isnan(tw.profile(columns, "n_a", lattice, labels=[3]).mean_std.values[0])


def test_rows_are_seen_along_a_direction(ramp):
    columns, lattice = ramp
    y, x = lattice.vectors.values[1]
    direction = np.rad2deg(np.arctan2(x, -y))
    found = tw.profile(columns.drop_vars(["n_a", "n_b"]), "value", along=direction)
    wanted = tw.profile(columns, "value", lattice)
    np.testing.assert_allclose(found.position, wanted.position)
    np.testing.assert_allclose(found["mean"], wanted["mean"])
    assert found.cell.isnull().all()


def test_strips_have_the_width_wanted(ramp):
    columns, _ = ramp
    found = tw.profile(columns, "value", along=33.0, width=0.5)
    assert found["count"].sum() == 720
    assert (np.diff(found.position) > 0).all()
    assert np.ptp(found.position.values) / 0.5 + 1 == pytest.approx(found.sizes["row"], abs=1)


def test_bent_rows_stay_rows_by_their_numbers(ramp):
    columns, lattice = ramp
    bent = columns.assign(y=columns.y + 0.01 * (columns.n_b - 15) ** 2)
    assert (tw.profile(bent, "value", lattice)["count"] == 30).all()


def test_nan_is_left_out_and_components_are_known(ramp):
    columns, lattice = ramp
    columns = tw.displacements(columns, lattice, reference="neighbours")
    found = tw.profile(columns, "displacement_y", lattice)
    assert found.sizes["row"] == 11
    assert found["mean"].attrs["units"] == "nm"
    np.testing.assert_allclose(found["mean"], 0, atol=1e-12)
    columns["nothing"] = ("column", np.full(720, np.nan))
    assert tw.profile(columns, "nothing", lattice).sizes["row"] == 0
    assert tw.profile(columns, "nothing", along=0.0).sizes["row"] == 0
    assert tw.profile(columns, "nothing", along=0.0, width=1.0).sizes["row"] == 0


def test_bad_arguments_are_refused(ramp):
    columns, lattice = ramp
    with pytest.raises(ValueError, match='along is "a", "b" or a direction'):
        tw.profile(columns, "value", lattice, along="c")
    with pytest.raises(ValueError, match='along is "a", "b" or a direction'):
        tw.profile(columns, "value", along=np.nan)
    with pytest.raises(ValueError, match="along a needs the lattice"):
        tw.profile(columns, "value")
    with pytest.raises(ValueError, match="width makes strips"):
        tw.profile(columns, "value", lattice, width=1.0)
    with pytest.raises(ValueError, match="width is a length above 0"):
        tw.profile(columns, "value", along=0.0, width=-1.0)
    with pytest.raises(ValueError, match="no rows are told apart"):
        tw.profile(columns, "value", along=33.0)
    with pytest.raises(ValueError, match="no column"):
        tw.profile(columns, "value", lattice, labels=[9999])
    with pytest.raises(ValueError, match="There is no sublattice 5"):
        tw.profile(columns, "value", lattice, of=5)
    moved = tw.displacements(columns, lattice)
    with pytest.raises(ValueError, match="Directions have no mean"):
        tw.profile(moved, "displacement_direction", lattice)
