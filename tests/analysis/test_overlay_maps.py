import numpy as np
import pytest

import temwidgets as tw
from temwidgets.analysis.arrows import arrows
from temwidgets.analysis.overlay_maps import (
    arrow_maps,
    overlay_map,
    overlay_maps,
    symmetric_limit,
)
from temwidgets.analysis.shown_units import shown_unit
from temwidgets.analysis.vectors import with_displacement
from temwidgets.conventions import quantity


@pytest.fixture
def field():
    """An image and columns of a square lattice whose strain is their x in %."""
    image = tw.make_image(np.zeros((60, 90)), sampling=(0.02, 0.03), origin=(5.0, -2.0))
    y, x = (v.ravel() for v in np.mgrid[5.0:6.2:0.1, -2.0:0.7:0.1])
    columns = tw.make_columns(y, x)
    columns["e_xx"] = quantity("column", x / 100, "1", "strain e_xx")
    columns["brightness"] = quantity("column", y, "counts", "brightness")
    return image, columns


def test_strains_are_in_per_cent_and_linear_between_columns(field):
    image, columns = field
    found = overlay_map(columns, image, "e_xx")
    assert found.attrs == {"units": "%", "long_name": "strain e_xx"}
    assert found.dims == ("y", "x")
    inside = found.sel(y=5.5, method="nearest").dropna("x")
    np.testing.assert_allclose(inside, inside.x, atol=1e-5)


def test_each_pixel_is_like_the_column_next_to_it(field):
    image, columns = field
    found = overlay_map(columns, image, "brightness", style="columns")
    assert found.attrs["units"] == "counts"
    row = columns.y.values[np.abs(columns.y.values[:, None] - found.y.values).argmin(axis=0)]
    inside = found.isel(x=20)[1:-1]
    off = np.abs(inside.values - row[1:-1])
    assert np.nanmax(np.minimum(off, np.abs(off - 0.1))) < 1e-5
    columns["brightness"].values[columns.x.values > -1] = np.nan
    part = overlay_map(columns, image, "brightness", style="columns")
    assert np.isnan(part.sel(x=slice(-0.8, None))).all()


def test_large_images_get_coarse_pixels_on_their_own_grid(field):
    image, columns = field
    found = overlay_map(columns, image, "e_xx", largest=30)
    assert found.shape == (20, 30)
    np.testing.assert_allclose(found.x, image.x[::3])


def test_several_lie_on_the_same_pixels(field):
    image, columns = field
    columns["e_xx_std"] = quantity("column", np.full(columns.y.size, 0.002), "1", "error of e_xx")
    for style in ("map", "columns"):
        found = overlay_maps(columns, image, ["e_xx", "e_xx_std", "brightness"], style=style)
        assert list(found.data_vars) == ["e_xx", "e_xx_std", "brightness"]
        alone = overlay_map(columns, image, "e_xx", style=style)
        np.testing.assert_array_equal(found["e_xx"], alone)
        assert found["e_xx_std"].attrs["units"] == "%"
        assert float(found["e_xx_std"].max()) == pytest.approx(0.2, rel=1e-5)


def test_arrows_as_maps_are_what_is_drawn(field):
    image, columns = field
    vector = np.column_stack([0.01 * columns.x, np.full(columns.y.size, 0.02)])
    vector[7] = 5.0  # too long to be true
    cov = np.tile(1e-8 * np.eye(2), (len(vector), 1, 1))
    moved = with_displacement(columns, vector, cov, "a test")
    plain = arrow_maps(moved, arrows(moved, scale=7.0), image, "displacement")
    assert list(plain.data_vars) == ["displacement_y", "displacement_x"]
    row = plain["displacement_y"].sel(y=5.9, method="nearest").dropna("x")
    np.testing.assert_allclose(row, 0.01 * row.x, atol=1e-5)
    assert float(np.nanmax(plain["displacement_x"])) == pytest.approx(0.02, rel=1e-4)
    assert plain["displacement_x"].attrs == {"units": "nm", "long_name": "displacement, x"}
    centred = arrow_maps(moved, arrows(moved, subtract_mean=True), image, "displacement")
    assert np.nanmax(np.abs(centred["displacement_x"])) < 1e-5


def test_limits_and_units(field):
    _, columns = field
    assert symmetric_limit(columns, "e_xx") == 2.0
    assert shown_unit(columns, "brightness") == ("counts", "brightness", 1.0)
    columns["e_xx"][:] = np.nan
    assert symmetric_limit(columns, "e_xx") == 1.0


def test_what_is_wrong_is_told(field):
    image, columns = field
    with pytest.raises(ValueError, match="style is"):
        overlay_map(columns, image, "e_xx", style="cells")
    columns["e_xx"][:] = np.nan
    with pytest.raises(ValueError, match="a map needs two"):
        overlay_map(columns, image, "e_xx", style="columns")
