import numpy as np
import pytest

import temwidgets as tw
from temwidgets.analysis.arrows import arrows
from temwidgets.analysis.colour_wheel import direction_colours
from temwidgets.analysis.vectors import with_displacement


@pytest.fixture
def columns():
    y, x = (v.ravel() for v in np.mgrid[5:6:0.1, -3:-1:0.1])
    vector = np.tile([0.01, 0.002], (y.size, 1))
    vector[::2, 0] *= -1
    vector[7] = np.nan
    columns = tw.make_columns(y, x)
    columns["sublattice"] = ("column", np.arange(y.size) % 2, {"names": ["A", "B"]})
    return with_displacement(columns, vector, np.full((y.size, 2, 2), np.nan), "a test")


def test_arrows_begin_at_the_columns_and_have_the_colour_of_their_direction(columns):
    found = arrows(columns, scale=20)
    np.testing.assert_allclose(found["segment"][0], [5.0, -3.0, 4.8, -2.96])
    assert np.isnan(found["segment"][7]).all()
    wanted = direction_colours(columns["displacement_direction"].values)
    np.testing.assert_array_equal(found["colour"], wanted)
    assert found["segment"].attrs["units"] == "nm"


def test_long_arrows_reach_about_to_the_next(columns):
    found = arrows(columns)
    assert 0.06 < found.attrs["scale"] * found.attrs["long"] < 0.12
    assert found.attrs["scale"] in (9.0, 8.0)


def test_the_mean_is_taken_off_but_no_wild_arrow_in_it(columns):
    columns["displacement"][3] = [40.0, 40.0]
    found = arrows(columns, subtract_mean=True, of="B", scale=1)
    np.testing.assert_allclose(found.attrs["mean"], [0.01, 0.002])
    assert found.attrs["left_out"] == 1
    assert np.isnan(found["segment"][3]).all()
    assert np.isnan(found["segment"][::2]).all()
    np.testing.assert_allclose(found["magnitude"][5], 0, atol=1e-12)
    assert arrows(columns, longest=100.0).attrs["left_out"] == 0


def test_without_arrows(columns):
    columns["displacement"][:] = np.nan
    found = arrows(columns, subtract_mean=True)
    assert found.attrs["scale"] == 1.0
    assert np.isnan(found["segment"]).all()


def test_what_is_wrong_is_told(columns):
    with pytest.raises(ValueError, match="scale is a positive number"):
        arrows(columns, scale=0)
    with pytest.raises(ValueError, match="no sublattice 5"):
        arrows(columns, of=5)
