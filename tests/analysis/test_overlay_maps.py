import numpy as np
import pytest

import temwidgets as tw
from temwidgets.analysis.overlay_maps import overlay_map, shown_unit, symmetric_limit
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
