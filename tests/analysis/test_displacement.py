import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import temwidgets as tw

REFERENCES = ("lattice", "site", "neighbours")


def moved_weak(columns, vector):
    """Move the B columns."""
    weak = columns.sublattice.values == 1
    return columns.assign({n: columns[n] + v * weak for n, v in zip("yx", vector, strict=True)})


def values(columns, name="displacement"):
    return columns[name].values


@pytest.mark.parametrize("reference", REFERENCES)
@pytest.mark.parametrize("units", ["nm", "px"])
def test_the_ideal_crystal_is_not_displaced(make_crystal, reference, units):
    columns, lattice = make_crystal(units=units)
    found = tw.displacements(columns, lattice, reference=reference)
    known = np.isfinite(values(found)).all(1)
    np.testing.assert_allclose(values(found)[known], 0, atol=1e-12)
    assert known.sum() == (240 if reference != "neighbours" else 11 * 9)
    assert found.displacement.attrs["units"] == units
    assert found.displacement.attrs["reference"] == reference
    assert found.displacement.attrs["ancillary_variables"] == "displacement_std"
    for name in found:
        if str(name).startswith("displacement"):
            assert found[name].attrs["units"]
            assert found[name].attrs["long_name"]
    assert found.column.equals(columns.column)


def test_a_polar_displacement_is_found_with_and_without_a_lattice(make_crystal):
    columns, lattice = make_crystal()
    columns = moved_weak(columns, (0.02, -0.01))
    for known_lattice in (lattice, None):
        found = tw.displacements(
            columns, known_lattice, reference="neighbours", of="B", neighbours="A"
        )
        known = np.isfinite(values(found)[:, 0])
        assert known.sum() == 11 * 9
        np.testing.assert_allclose(values(found)[known], [[0.02, -0.01]] * known.sum(), atol=1e-12)
        np.testing.assert_allclose(
            values(found, "displacement_magnitude")[known], np.hypot(0.02, 0.01)
        )
        direction = np.rad2deg(np.arctan2(0.02, -0.01))
        np.testing.assert_allclose(values(found, "displacement_direction")[known], direction)


def test_lattice_and_site_differ_by_what_a_site_shares(make_crystal):
    columns, lattice = make_crystal()
    columns = moved_weak(columns, (0.02, -0.01))
    weak = columns.sublattice.values == 1
    from_lattice = values(tw.displacements(columns, lattice))
    np.testing.assert_allclose(from_lattice[weak], [[0.02, -0.01]] * weak.sum(), atol=1e-12)
    np.testing.assert_allclose(
        values(tw.displacements(columns, lattice, reference="site")), 0, atol=1e-12
    )
    only = tw.displacements(columns, lattice, of=1)
    assert np.isnan(values(only)[~weak]).all()
    assert np.isnan(values(only, "displacement_std")[~weak]).all()


def test_the_mean_of_a_site_leaves_out_what_is_far_off(make_crystal):
    columns, lattice = make_crystal(noise=0.004)
    columns.y.values[5] += 0.15
    found = values(tw.displacements(columns, lattice, reference="site"))
    site = columns.site.values == columns.site.values[5]
    site[5] = False
    np.testing.assert_allclose(found[site].mean(0), 0, atol=1e-9)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.floats(-0.2, 0.2), min_size=4, max_size=4), st.floats(-3, 3), st.floats(-3, 3))
def test_centroids_follow_any_affine_map(make_crystal, entries, y, x):
    affine = np.eye(2) + np.reshape(entries, (2, 2))
    columns, lattice = make_crystal((5, 4), affine=affine)
    columns = columns.assign(y=columns.y + y, x=columns.x + x)
    found = values(tw.displacements(columns, lattice, reference="neighbours"))
    assert np.nanmax(abs(found)) < 1e-10


@pytest.mark.parametrize("reference", REFERENCES)
def test_errors_are_what_columns_scatter_by(make_crystal, reference):
    columns, lattice = make_crystal((40, 40), noise=0.004, std=0.004)
    found = tw.displacements(columns, lattice, reference=reference)
    pull = values(found) / values(found, "displacement_std")
    pull = pull[np.isfinite(pull).all(1)]
    np.testing.assert_allclose(pull.std(0), 1, atol=0.06)
    np.testing.assert_allclose(pull.mean(0), 0, atol=0.08)


def test_covariances_and_lattice_errors_count(make_crystal):
    columns, lattice = make_crystal()
    columns["yx_covariance"] = ("column", np.full(columns.sizes["column"], 1e-5))
    found = tw.displacements(columns, lattice, reference="neighbours")
    known = np.isfinite(values(found)[:, 0])
    np.testing.assert_allclose(
        values(found, "displacement_yx_covariance")[known], 1e-5 * (1 + 1 / 4)
    )
    np.testing.assert_allclose(
        values(found, "displacement_std")[known], 0.004 * np.sqrt(1.25), rtol=1e-9
    )
    lattice["vectors_std"].values[:] = 0.001
    far = tw.displacements(columns, lattice).displacement_std.values
    n_a, n_b = (columns[n].values + 0.5 * columns.site.values for n in ("n_a", "n_b"))
    np.testing.assert_allclose(far[:, 0], np.sqrt(0.004**2 + 1e-6 * (n_a**2 + n_b**2)))


def test_magnitudes_are_debiased(make_crystal):
    """Over noise alone and over signals the debiased mean is nearer to the truth."""
    for true, within in ((0.0, 0.7), (0.008, 0.05), (0.02, 0.02)):
        columns, lattice = make_crystal((45, 45), noise=0.004, std=0.004)
        columns = columns.assign(y=columns.y + true)
        found = tw.displacements(columns, lattice)
        raw = found.displacement_magnitude.mean().item()
        better = found.displacement_magnitude_debiased.mean().item()
        assert abs(better - true) < abs(raw - true)
        assert abs(better - true) < within * 0.008
    along = (found.displacement_magnitude / found.displacement_magnitude_std).values
    assert np.isfinite(along).all()
    turn = (found.displacement_direction - 90) / found.displacement_direction_std
    assert 0.9 < turn.std() < 1.1


def test_the_direction_of_nothing_is_unknown(make_crystal):
    columns, lattice = make_crystal()
    found = tw.displacements(columns, lattice)
    assert values(found, "displacement_direction_std").max() <= 360 / np.sqrt(12) + 1e-9
    np.testing.assert_allclose(values(found, "displacement_magnitude_debiased"), 0, atol=1e-9)


def test_missing_neighbours_and_edges_are_nan(make_crystal):
    columns, lattice = make_crystal()
    gone = (columns.site == 0) & (columns.n_a == 5) & (columns.n_b == 5)
    left = columns.isel(column=~gone.values)
    for known_lattice in (lattice, None):
        found = tw.displacements(left, known_lattice, reference="neighbours", of=1, neighbours=0)
        near = ((left.site == 1) & left.n_a.isin([4, 5]) & left.n_b.isin([4, 5])).values
        assert np.isnan(values(found)[near]).all()
        assert np.isfinite(values(found)[:, 0]).sum() == 11 * 9 - 4


def test_offsets_choose_neighbours(make_crystal):
    columns, lattice = make_crystal()
    columns = columns.assign(x=columns.x + 0.01 * columns.n_b**2)
    pair = tw.displacements(columns, lattice, reference="neighbours", offsets=[(0, 1), (0, -1)])
    known = np.isfinite(values(pair)[:, 0])
    assert known.sum() == 2 * 12 * 8
    np.testing.assert_allclose(values(pair)[known, 1], -0.01, atol=1e-12)
    four = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (1, 1, 0)]
    short = [(0, 0), (1, 0), (0, 1), (1, 1)]
    by_site = tw.displacements(columns, lattice, reference="neighbours", of="B", offsets=four)
    by_name = tw.displacements(
        columns, lattice, reference="neighbours", of="B", neighbours="A", offsets=short
    )
    np.testing.assert_array_equal(values(by_site), values(by_name))


def test_columns_off_the_lattice_or_in_another_domain_have_no_lattice_site(make_crystal):
    columns, lattice = make_crystal()
    columns["lattice_domain"] = ("column", np.zeros(240, int))
    columns.lattice_domain.values[:20] = 1
    columns.lattice_domain.values[20] = -1
    columns.n_a.values[21] = np.nan
    columns.site.values[22] = -1
    found = values(tw.displacements(columns, lattice))
    assert np.isnan(found[:23]).all()
    assert np.isfinite(found[23:]).all()


def test_sites_are_told_by_sublattices_where_needed(make_crystal):
    columns, lattice = make_crystal()
    found = tw.displacements(columns.drop_vars("site"), lattice)
    np.testing.assert_allclose(values(found), 0, atol=1e-12)
    with pytest.raises(ValueError, match="no variable site, and their sublattice"):
        tw.displacements(columns.drop_vars(["site", "sublattice"]), lattice)


def test_brightness_within_a_site_does_not_make_a_neighbour(make_crystal):
    """The A sites of a multilayer may be of several sublattices."""
    columns, lattice = make_crystal()
    columns.sublattice.values[(columns.site == 0).values & (columns.n_b > 7).values] = 2
    found = tw.displacements(columns, lattice, reference="neighbours")
    assert np.isfinite(values(found)[:, 0]).sum() == 11 * 9


def test_without_errors_there_are_no_errors(make_crystal):
    columns, lattice = make_crystal()
    found = tw.displacements(columns.drop_vars(["y_std", "x_std"]), lattice)
    assert np.isfinite(values(found)).all()
    for name in ("displacement_std", "displacement_magnitude_std", "displacement_direction_std"):
        assert np.isnan(values(found, name)).all()


def test_a_second_measurement_replaces_the_first(make_crystal):
    columns, lattice = make_crystal()
    once = tw.displacements(columns, lattice, reference="neighbours")
    again = tw.displacements(once, lattice)
    assert again.identical(tw.displacements(columns, lattice))


def test_bad_arguments_are_refused(make_crystal):
    columns, lattice = make_crystal()
    near = {"reference": "neighbours"}
    with pytest.raises(ValueError, match="reference is"):
        tw.displacements(columns, lattice, reference="centre")
    with pytest.raises(ValueError, match="needs a lattice"):
        tw.displacements(columns)
    with pytest.raises(ValueError, match="count choose neighbours and need"):
        tw.displacements(columns, lattice, count=4)
    with pytest.raises(ValueError, match="no n_a and no n_b"):
        tw.displacements(columns.drop_vars(["n_a", "n_b"]), lattice)
    with pytest.raises(ValueError, match="columns are in nm but the lattice is in px"):
        tw.displacements(columns, tw.make_lattice((1, 0), (0, 1), units="px"))
    with pytest.raises(ValueError, match="No sublattice is called 'Ti'; names are A, B"):
        tw.displacements(columns, lattice, **near, of="Ti")
    with pytest.raises(ValueError, match="There is no sublattice 7"):
        tw.displacements(columns, lattice, **near, neighbours=7)
    with pytest.raises(ValueError, match="count is a whole number from 1 to 24"):
        tw.displacements(columns, **near, count=2.5)
    with pytest.raises(ValueError, match="offsets are counted in cells and need a lattice"):
        tw.displacements(columns, **near, offsets=[(1, 0)])
    with pytest.raises(ValueError, match="offsets or count, not both"):
        tw.displacements(columns, lattice, **near, offsets=[(1, 0)], count=1)
    with pytest.raises(ValueError, match="offsets is empty"):
        tw.displacements(columns, lattice, **near, offsets=[])
    for bad in ((1,), (1, 0, 5), (0.5, 0)):
        with pytest.raises(ValueError, match="An offset is"):
            tw.displacements(columns, lattice, **near, offsets=[bad])
    for known_lattice in (lattice, None):
        with pytest.raises(ValueError, match=r"The 3 nearest neighbours are not told.*4"):
            tw.displacements(columns, known_lattice, **near, of=1, neighbours=0, count=3)
    with pytest.raises(ValueError, match="too few columns to choose neighbours"):
        tw.displacements(columns.isel(column=slice(3)), **near, count=4)
    with pytest.raises(TypeError, match="A lattice is an xarray Dataset"):
        tw.displacements(columns, np.eye(2), **near)


def test_neighbours_without_shells_are_refused():
    rng = np.random.default_rng(0)
    columns = tw.make_columns(*rng.uniform(0, 50, (2, 400)))
    with pytest.raises(ValueError, match="do not stand in shells"):
        tw.displacements(columns, reference="neighbours")


def test_without_a_lattice_neighbours_on_one_side_are_none(make_crystal):
    """A layer whose A columns are of another sublattice has no neighbours of this one."""
    columns, _ = make_crystal((12, 20))
    columns.sublattice.values[((columns.site == 0) & (columns.n_b > 14)).values] = 2
    columns = moved_weak(columns, (0.01, 0.0))
    found = tw.displacements(columns, reference="neighbours", of=1, neighbours=0)
    length = values(found, "displacement_magnitude")
    np.testing.assert_allclose(length[np.isfinite(length)], 0.01)
    assert np.isfinite(length).sum() == 11 * 14


def test_one_sided_neighbours_are_told_from_displaced_columns():
    ways = np.deg2rad([0, 90, 180, 270])
    ring = np.column_stack([np.sin(ways), np.cos(ways)])
    crowd = np.concatenate([ring + np.array([10 * k, 0]) for k in range(5)])
    centres = [[0.1, 0], [10.1, 0], [20.1, 0], [30.1, 0], [40.7, 0]]
    columns = tw.make_columns(*np.concatenate([crowd, centres]).T)
    columns["sublattice"] = ("column", np.repeat([0, 1], [20, 5]))
    found = tw.displacements(columns, reference="neighbours", count=4)
    np.testing.assert_allclose(values(found)[20:24], [[0.1, 0]] * 4, atol=1e-12)
    assert np.isnan(values(found)[24]).all()
