import numpy as np
import pytest
import xarray as xr

import temwidgets as tw


@pytest.fixture(scope="module")
def fit(world):
    image, true = world
    return image, tw.fit_columns(image, true[["y", "x", "sublattice"]])


def test_the_model_is_the_image_without_noise(fit):
    image, columns = fit
    model = tw.model_image(columns, image)
    off = (image - model) / np.sqrt(model)
    assert float(off.std()) == pytest.approx(1, abs=0.05)
    assert abs(float(off.mean())) < 0.05
    assert model.name == "model"
    assert model.attrs["units"] == "counts"
    xr.testing.assert_equal(model["y"], image["y"])


def test_a_crop_gets_the_same_model(fit):
    image, columns = fit
    piece = image.isel(y=slice(30, 70), x=slice(20, 77))
    whole = tw.model_image(columns, image).isel(y=slice(30, 70), x=slice(20, 77))
    np.testing.assert_allclose(tw.model_image(columns, piece), whole, rtol=1e-5)


def test_the_residual_is_what_is_left(fit):
    image, columns = fit
    for part in (image, image.isel(y=slice(10, 50))):
        residual = tw.residual_image(columns, part)
        np.testing.assert_allclose(
            residual, part - tw.model_image(columns, part), rtol=1e-5, atol=1e-3
        )
        assert residual.name == "residual"
        assert residual.attrs["long_name"] == "residual"


def test_columns_without_values_are_not_drawn(fit):
    image, columns = fit
    emptied = columns.copy(deep=True)
    emptied["amplitude"][40] = np.nan
    lost = tw.model_image(columns, image) - tw.model_image(emptied, image)
    assert float(lost.max()) == pytest.approx(float(columns["amplitude"][40]), rel=0.05)
    peak = lost.isel(lost.argmax(("y", "x")))
    assert float(peak["y"]) == pytest.approx(float(columns["y"][40]), abs=0.011)
    assert float(peak["x"]) == pytest.approx(float(columns["x"][40]), abs=0.013)


def test_unfitted_columns_get_a_sentence(fit):
    image, columns = fit
    with pytest.raises(ValueError, match="Fit them first with"):
        tw.model_image(columns[["y", "x"]], image)
