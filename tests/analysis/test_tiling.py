import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import temwidgets as tw
from temwidgets.analysis import fit_tiles, tiling


@given(
    shape=st.tuples(st.integers(60, 700), st.integers(60, 700)),
    core=st.integers(50, 300),
    margin=st.integers(0, 80),
    seed=st.integers(0, 99),
)
def test_every_place_belongs_to_one_tile_that_sees_it(shape, core, margin, seed):
    parts = tiling.tiles(shape, core=core, margin=margin)
    rows, cols = np.random.default_rng(seed).uniform(-0.5, np.array(shape) - 0.5, (200, 2)).T
    owned = np.array([tile.owns(rows, cols) for tile in parts])
    assert (owned.sum(axis=0) == 1).all()
    for tile, own in zip(parts, owned, strict=True):
        assert tile.sees(rows, cols)[own].all()
    # all tiles are as large, so that one size is compiled
    assert len({tuple(s.stop - s.start for s in tile.seen) for tile in parts}) == 1


@pytest.fixture
def small_tiles(monkeypatch):
    """Take a small image for a large one."""
    cut = tiling.tiles
    monkeypatch.setattr(tiling, "WHOLE", 100)
    monkeypatch.setattr(tiling, "tiles", lambda shape: cut(shape, core=170, margin=80))
    monkeypatch.setattr(fit_tiles, "tiles", lambda shape, margin: cut(shape, core=170, margin=70))


@pytest.fixture(scope="module")
def crystal():
    """More than one tile, with an origin, pixels that are not square, and a sloping background."""
    image, truth = tw.synthetic.hexagonal(
        (250, 430), separation=0.124, sampling=(0.01, 0.0104), origin=(2.0, -5.0), dose=60.0, seed=3
    )
    slope = (image["y"] - 2.0) * 3 + (image["x"] + 5.0)
    return image + slope.astype(np.float32), truth


@pytest.mark.parametrize("method", ["peaks", "network"])
def test_columns_in_tiles_are_those_of_the_whole(crystal, small_tiles, monkeypatch, method):
    image, truth = crystal
    told = []
    parts = tw.find_columns(image, method=method)
    tw.networks.find_candidates(image, report=told.append) if method == "network" else None
    monkeypatch.setattr(tiling, "WHOLE", image.size)
    whole = tw.find_columns(image, method=method)
    assert parts.sizes["column"] == pytest.approx(whole.sizes["column"], rel=0.005)
    score = tw.score_columns(parts, truth, radius=0.04)
    assert score["precision"] > 0.99
    assert score["recall"] > 0.99
    assert parts.attrs.keys() == whole.attrs.keys()
    assert len(np.unique(parts["column"])) == parts.sizes["column"]
    assert (np.diff(parts["score"].values) <= 0).all()
    assert not told or (told == sorted(told) and told[-1] == 1)


@pytest.mark.parametrize("shape", ["elliptical", "shared"])
def test_a_fit_in_tiles_is_that_of_the_whole(crystal, small_tiles, monkeypatch, shape):
    image, _ = crystal
    monkeypatch.setattr(tiling, "WHOLE", image.size)
    start = tw.find_columns(image)
    outside = tw.add_columns(start, 1.9, -5.2)  # kept, with a flag
    whole = tw.fit_columns(image, outside, shape=shape)
    monkeypatch.setattr(tiling, "WHOLE", 100)
    told = []
    parts = tw.fit_columns(image, outside, shape=shape, report=told.append)
    assert parts["column"].values.tolist() == whole["column"].values.tolist()
    assert set(parts) == set(whole)
    assert parts.attrs.keys() == whole.attrs.keys()
    assert (parts["flags"] == whole["flags"]).mean() > 0.99
    assert parts["flags"][-1] == whole["flags"][-1] != 0
    for name in ("y", "x", "amplitude"):
        off = (parts[name] - whole[name]) / whole[f"{name}_std"]
        assert float((off**2).mean()) ** 0.5 < 0.3
    for name in ("y_std", "x_std", "sigma_major_std"):
        assert float((parts[name] / whole[name]).median()) == pytest.approx(1, abs=0.15)
    residual = tw.residual_image(parts, image).std() / tw.residual_image(whole, image).std()
    assert float(residual) == pytest.approx(1, abs=0.01)
    assert 0 <= min(told) < 0.5 < max(told) <= 1


def test_tiles_of_vacuum_have_no_columns_and_a_flat_background(small_tiles):
    image, truth = tw.synthetic.hexagonal((150, 500), separation=12.4, dose=60.0, seed=4)
    island = image.copy()
    island[:, 250:] = 20 + np.random.default_rng(1).standard_normal((150, 250))
    island[60:80, 400:] = np.nan
    inside = truth.isel(column=truth["x"].values < 245)
    fitted = tw.fit_columns(island, inside[["y", "x"]])
    assert (fitted["flags"] == 0).mean() > 0.9
    model = tw.model_image(fitted, island)
    assert float(model[:, 420:].mean()) == pytest.approx(20, abs=2)


def test_a_column_among_missing_pixels_stays_with_a_flag(small_tiles):
    image, truth = tw.synthetic.hexagonal((150, 600), separation=12.4, dose=60.0, seed=4)
    image = image.where(image["x"] < 200)
    fitted = tw.fit_columns(image, truth[["y", "x"]])
    lost = truth["x"].values > 330
    flags = fitted["flags"].values
    assert (flags[lost] & int(tw.Flag.failed)).all()
    assert np.isnan(fitted["amplitude"].values[lost]).all()
    np.testing.assert_array_equal(fitted["x"].values[lost], truth["x"].values[lost])
