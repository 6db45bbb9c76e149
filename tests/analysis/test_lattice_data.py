import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import temwidgets as tw
from temwidgets.analysis import lattice_data

SITES = ((0.0, 0.0), (0.4, 0.55))


@pytest.fixture
def lattice():
    return tw.make_lattice(
        (0.39, 0.02), (-0.03, 0.4), origin=(5.0, -2.0), sites=SITES, names=("Sr", "Ti")
    )


def test_every_part_has_its_unit_and_name(lattice):
    for name in ("vectors", "origin", "vectors_std", "origin_std"):
        assert lattice[name].attrs["units"] == "nm"
        assert lattice[name].attrs["long_name"]
    assert lattice["vectors"].attrs["ancillary_variables"] == "vectors_std"
    assert list(lattice["site_name"].values) == ["Sr", "Ti"]
    assert list(lattice["site_sublattice"].values) == [0, 1]


def test_sites_are_brought_into_the_cell():
    lattice = tw.make_lattice((1, 0), (0, 1), sites=[(-0.25, 1.5)], units="px")
    np.testing.assert_allclose(lattice["site_position"], [[0.75, 0.5]])
    assert lattice["vectors"].attrs["units"] == "px"


@given(st.integers(-50, 50), st.integers(-50, 50), st.integers(0, 1))
def test_points_and_indices_are_inverse(n_a, n_b, site):
    lattice = tw.make_lattice((0.39, 0.02), (-0.03, 0.4), origin=(5.0, -2.0), sites=SITES)
    y, x = lattice_data.site_points(lattice, n_a, n_b, site)
    found = lattice_data.cell_indices(lattice, y, x)
    np.testing.assert_allclose(found, np.array([n_a, n_b]) + SITES[site], atol=1e-9)


def test_columns_off_the_lattice_lie_nowhere(lattice):
    y, x = lattice_data.site_points(lattice, [0, np.nan], [0, 1], [-1, 0])
    assert np.isnan(y).all()
    assert np.isnan(x).all()


def test_what_is_no_lattice_is_refused():
    with pytest.raises(ValueError, match="span no cell"):
        tw.make_lattice((1, 1), (2, 2))
    with pytest.raises(ValueError, match="one sublattice and one name each"):
        tw.make_lattice((1, 0), (0, 1), names=("Sr", "Ti"))
    with pytest.raises(TypeError, match="fit_lattice"):
        lattice_data.check_lattice(np.eye(2))
    with pytest.raises(ValueError, match="no vectors, origin, site_position"):
        lattice_data.check_lattice(xr.Dataset())
