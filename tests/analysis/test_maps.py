import numpy as np
import pytest

import temwidgets as tw
from temwidgets.conventions import CancelledError


@pytest.fixture
def strained(make_crystal):
    columns, lattice = make_crystal(affine=((1.02, 0.0), (0.0, 1.0)))
    image = tw.make_image(np.zeros((160, 190)), sampling=(0.03, 0.025), origin=(5.0, -2.4))
    return tw.column_strain(columns, lattice), image


def test_the_map_is_on_the_image_and_empty_outside_the_columns(strained):
    columns, image = strained
    found = tw.strain_map(columns, image)
    assert set(found) == {"e_xx", "e_yy", "e_xy", "rotation", "dilatation"}
    assert found.y.equals(image.y)
    assert found.x.equals(image.x)
    inside = np.isfinite(found.e_yy.values)
    assert 0.3 < inside.mean() < 0.98
    np.testing.assert_allclose(found.e_yy.values[inside], 0.02, atol=1e-6)
    assert found.rotation.attrs["units"] == "deg"
    assert found.e_yy.attrs["long_name"] == "strain e_yy"
    assert found.e_yy.dtype == np.float32


def test_any_variable_is_linear_between_columns(strained):
    columns, image = strained
    columns["slope"] = ("column", (3 * columns.y - 2 * columns.x).values, {"units": "counts"})
    found = tw.strain_map(columns, image, variables="slope").slope
    wanted = 3 * image.y - 2 * image.x
    assert float(abs(found - wanted).max()) < 1e-5
    moved = columns.assign(displacement=(("column", "component"), np.ones((240, 2))))
    moved = moved.assign_coords(component=["y", "x"])
    assert (
        float(tw.strain_map(moved, image, variables=["displacement_x"]).displacement_x.max()) == 1
    )


def test_gaps_stay_empty_unless_wanted(strained):
    columns, image = strained
    hole = (columns.n_a.isin(range(3, 8)) & columns.n_b.isin(range(3, 8))).values
    left = columns.isel(column=~hole)
    empty = tw.strain_map(left, image).e_yy.isnull().sum()
    bridged = tw.strain_map(left, image, max_gap=9.0).e_yy.isnull().sum()
    assert empty > bridged + 1000


def test_it_reports_and_can_be_cancelled(strained):
    columns, image = strained
    told = []
    tw.strain_map(columns, image, report=told.append)
    assert told[-1] == 1.0

    def stop(_):
        raise CancelledError

    with pytest.raises(CancelledError):
        tw.strain_map(columns, image, report=stop)


def test_bad_arguments_are_refused(strained):
    columns, image = strained
    bare = columns[["y", "x"]]
    with pytest.raises(ValueError, match=r"no e_xx.*column_strain"):
        tw.strain_map(bare, image)
    with pytest.raises(ValueError, match="no nothing"):
        tw.strain_map(bare, image, variables="nothing")
    with pytest.raises(ValueError, match="variables is empty"):
        tw.strain_map(columns, image, variables=())
    with pytest.raises(ValueError, match="columns are in nm, but the image is in px"):
        tw.strain_map(columns, tw.make_image(np.zeros((5, 5))))
    with pytest.raises(ValueError, match="2 columns have a value"):
        tw.strain_map(columns.isel(column=[0, 1]), image)
