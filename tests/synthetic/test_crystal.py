import numpy as np
import pytest

from temwidgets import synthetic
from temwidgets.conventions import check_columns, make_image
from temwidgets.synthetic import Site, lattice_columns

BLANK = make_image(np.zeros((60, 90)), sampling=(0.02, 0.03), origin=(5.0, -2.0))
A, B = (0.1, 0.4), (0.35, -0.05)


def test_positions_are_cells_times_vectors_plus_one_origin():
    columns = lattice_columns(BLANK, A, B, [Site(0.25, 0.5, 1.0, 0.05)])
    centre = [5.0 + 0.02 * 59 / 2, -2.0 + 0.03 * 89 / 2]
    cell = np.stack([columns.n_a + 0.25, columns.n_b + 0.5], 1)
    np.testing.assert_allclose(
        np.stack([columns.y, columns.x], 1), cell @ np.array([A, B]) + centre, atol=1e-12
    )


def test_every_cell_of_the_field_is_there_once():
    columns = lattice_columns(BLANK, A, B, [Site(sigma_major=0.01)])
    inside = (abs(columns.y - 5.59) < 0.59) & (abs(columns.x + 0.665) < 1.335)
    area = abs(np.linalg.det(np.array([A, B])))
    assert int(inside.sum()) == pytest.approx(1.18 * 2.67 / area, abs=5)
    assert len(set(zip(columns.n_a.values, columns.n_b.values, strict=True))) == columns.column.size


def test_rotation_turns_vectors_and_ellipses_from_x_towards_y():
    site = Site(0, 0, 1.0, 0.06, 0.04, 10.0)
    columns = lattice_columns(BLANK, (0.0, 0.3), (0.3, 0.0), [site], rotation=25.0)
    row = columns.isel(column=np.flatnonzero(columns.n_b == 0)).sortby("x")
    angle = np.rad2deg(np.arctan2(np.diff(row.y), np.diff(row.x)))
    np.testing.assert_allclose(angle, 25.0)
    np.testing.assert_allclose(columns.theta, 35.0)


def test_displacement_takes_and_gives_lengths():
    def field(y, x):
        return 0.01 * (y - 5.0), 0.02 * (x + 2.0) + 0.003

    still = lattice_columns(BLANK, A, B, [Site(sigma_major=0.05)])
    moved = lattice_columns(BLANK, A, B, [Site(sigma_major=0.05)], displacement=field)
    np.testing.assert_allclose(moved.y, still.y + 0.01 * (still.y - 5.0))
    np.testing.assert_allclose(moved.x, still.x + 0.02 * (still.x + 2.0) + 0.003)
    np.testing.assert_allclose(moved.displacement.sel(component="y"), moved.y - still.y, atol=1e-12)
    assert moved.displacement.attrs["units"] == "nm"


def test_a_constant_displacement_is_broadcast():
    columns = lattice_columns(BLANK, A, B, [Site()], displacement=lambda y, x: (0.0, 0.01))
    np.testing.assert_allclose(columns.displacement.sel(component="x"), 0.01)


def test_spreads_have_the_standard_deviation_asked_for():
    big = make_image(np.zeros((600, 600)))
    columns = lattice_columns(
        big, (0, 6), (6, 0), [Site()], amplitude_spread=0.1, sigma_spread=0.05, jitter=0.3
    )
    assert float(columns.amplitude.std()) == pytest.approx(0.1, rel=0.03)
    size = np.sqrt(columns.sigma_major * columns.sigma_minor)
    assert float(size.std()) == pytest.approx(3 * 0.05 / np.sqrt(2), rel=0.05)
    assert float(columns.displacement.std()) == pytest.approx(0.3, rel=0.03)
    assert (columns.sigma_major >= columns.sigma_minor).all()
    assert (abs(columns.theta) <= 90).all()


def test_vacancies_leave_gaps_that_the_attributes_name():
    sites = [Site(), Site(0.5, 0.5, 0.5)]
    full = lattice_columns(BLANK, A, B, sites)
    some = lattice_columns(BLANK, A, B, sites, vacancies={1: 0.3}, seed=3)
    assert (some.sublattice == 0).sum() == (full.sublattice == 0).sum()
    gone = full.column.size - some.column.size
    assert len(some.attrs["vacancy_y"]) == gone > 0
    assert set(some.attrs["vacancy_sublattice"]) == {1}
    both = np.r_[some.x.values, some.attrs["vacancy_x"]]
    np.testing.assert_allclose(np.sort(both), np.sort(full.x))


def test_sites_may_share_a_sublattice():
    columns = lattice_columns(BLANK, A, B, [Site(sublattice=2), Site(0.5, 0.5, sublattice=2)])
    assert set(columns.sublattice.values) == {2}


def test_columns_fit_the_conventions():
    columns = check_columns(lattice_columns(BLANK, A, B, [Site(sigma_major=0.05)]))
    assert all({"units", "long_name"} <= set(columns[name].attrs) for name in columns)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"b": (0.2, 0.8)}, "parallel or zero"),
        ({"a": (0.0, 0.0)}, "parallel or zero"),
        ({"sites": []}, "at least one site"),
        ({"sites": [Site(sigma_major=0.0)]}, "must be positive"),
        ({"jitter": -1.0}, "jitter is a standard deviation"),
        ({"amplitude_spread": np.nan}, "amplitude_spread is a standard deviation"),
        ({"vacancies": 1.5}, "fraction between 0 and 1"),
    ],
)
def test_bad_arguments_get_a_sentence(change, message):
    arguments = {"a": A, "b": B, "sites": [Site()], **change}
    with pytest.raises(ValueError, match=message):
        lattice_columns(BLANK, **arguments)


def test_seeds_repeat_the_structure():
    def make(seed):
        return lattice_columns(BLANK, A, B, [Site()], jitter=0.01, vacancies=0.1, seed=seed)

    assert make(5).identical(make(5))
    assert not make(5).equals(make(6))


def test_package_offers_it():
    assert synthetic.lattice_columns is lattice_columns
