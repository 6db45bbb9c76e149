"""Multislice images: those that come along, their truth, and how new ones are made."""

import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from scipy.spatial import KDTree

import temwidgets as tw
from temwidgets.conventions import check_columns, check_image, pixel_grid
from temwidgets.conventions.elements import sublattice_elements
from temwidgets.synthetic.multislice import __main__ as command
from temwidgets.synthetic.multislice import crystals, images
from temwidgets.synthetic.multislice.recipes import RECIPES

NAMES = tw.synthetic.multislice.names()
FIELD = (2.5, 3.1)


def place(columns):
    return np.column_stack([columns["y"].values, columns["x"].values])


@pytest.mark.parametrize("name", NAMES)
def test_an_image_comes_along_with_its_truth(name):
    image, truth = tw.synthetic.multislice_image(name)
    check_image(image, finite=True)
    check_columns(truth, needs=("sublattice", "atoms"))
    grid = pixel_grid(image)
    assert image.dtype == np.float32
    assert image.encoding == {}
    assert grid.units == truth["y"].attrs["units"] == "nm"
    assert grid.shape == RECIPES[name].shape
    assert image.attrs["units"] == "1"
    assert image.attrs["licence"] == "CC0-1.0"
    assert f"--only {name} --seed 0" in image.attrs["source"]
    made = images.true_columns(name)
    xr.testing.assert_allclose(truth, made)
    assert truth.attrs == made.attrs
    assert truth["sublattice"].attrs == made["sublattice"].attrs
    assert sublattice_elements(truth) == list(RECIPES[name].elements)


def test_they_are_small_and_explained():
    files = [images.FOLDER / f"{name}.nc" for name in NAMES]
    assert sum(file.stat().st_size for file in files) < 1.0e6
    told = (images.FOLDER / "README.md").read_text()
    assert all(f"| `{name}` |" in told for name in NAMES)
    assert all(f"{a} x {b}" in told for a, b in (RECIPES[name].shape for name in NAMES))


@pytest.mark.parametrize("name", NAMES)
def test_the_brightest_columns_are_where_the_truth_says(name):
    image, truth = tw.synthetic.multislice_image(name)
    bright = truth.isel(column=truth["sublattice"].values == 0)
    rows, cols = pixel_grid(image).to_pixels(bright["y"], bright["x"])
    inside = (rows > 3) & (rows < image.shape[0] - 4) & (cols > 3) & (cols < image.shape[1] - 4)
    for row, col in zip(rows[inside], cols[inside], strict=True):
        top, left = round(row) - 2, round(col) - 2
        part = image.values[top : top + 5, left : left + 5]
        high = np.array(np.unravel_index(part.argmax(), part.shape))
        assert np.hypot(high[0] + top - row, high[1] + left - col) < 1.1


def test_an_unknown_name():
    wanted = r"no multislice image 'gold'\. There are: graphene, mos2, pbtio3_srtio3, res2\."
    for function in (tw.synthetic.multislice_image, tw.synthetic.simulate_multislice):
        with pytest.raises(ValueError, match=wanted):
            function("gold")


def test_without_abtem_it_is_told_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "abtem", None)
    with pytest.raises(ImportError, match=r'pip install "temwidgets\[multislice\]"'):
        tw.synthetic.simulate_multislice("graphene")


def test_the_command_writes_what_is_loaded(monkeypatch, tmp_path, capsys):
    from temwidgets.synthetic.multislice import simulation

    made = np.random.default_rng(0).uniform(0.9, 1.1, RECIPES["mos2"].shape)
    monkeypatch.setattr(simulation, "ideal_image", lambda recipe, seed: made + seed)
    command.main([str(tmp_path / "new"), "--only", "mos2", "--seed", "2"])
    assert Path(capsys.readouterr().out.strip()) == tmp_path / "new" / "mos2.nc"
    monkeypatch.setattr(images, "FOLDER", tmp_path / "new")
    image, truth = tw.synthetic.multislice_image("mos2")
    np.testing.assert_allclose(image, made + 2, atol=1e-5)
    xr.testing.assert_allclose(truth, images.true_columns("mos2", seed=2))
    assert not np.array_equal(truth.attrs["vacancy_y"], images.true_columns("mos2").vacancy_y)


def test_graphene_has_bonds_of_0142_nm_and_six_atoms_less():
    truth = images.true_columns("graphene")
    distance = KDTree(place(truth)).query(place(truth), k=2)[0][:, 1]
    np.testing.assert_allclose(distance, 0.246 / np.sqrt(3), rtol=1e-6)
    gone = np.column_stack([truth.attrs["vacancy_y"], truth.attrs["vacancy_x"]])
    assert gone.shape == (6, 2)
    assert KDTree(place(truth)).query(gone)[0].min() > 0.14
    # the double vacancy: two places a bond apart
    assert np.sum(KDTree(gone).query(gone, k=2)[0][:, 1] < 0.15) == 2


def test_mos2_lacks_single_and_double_sulphur():
    specimen = crystals.mos2(FIELD, 5)
    full = crystals.mos2(FIELD, 6)
    found = crystals.columns_of(specimen)
    assert len(specimen.missing) == 2
    assert np.sum(found.atoms[found.symbols == "S"] == 1) == 6
    assert np.all(found.atoms[found.symbols == "Mo"] == 1)
    assert len(full.symbols) == len(specimen.symbols)
    bonds = KDTree(specimen.places[specimen.symbols == "Mo"]).query(
        specimen.places[specimen.symbols == "S"]
    )[0]
    np.testing.assert_allclose(np.median(bonds), 0.2417, atol=2e-4)


def test_res2_has_diamonds_of_rhenium():
    specimen = crystals.res2(FIELD, 0)
    metal = specimen.places[specimen.symbols == "Re"]
    inner = metal[np.all((metal[:, :2] > 0) & (metal[:, :2] < FIELD), axis=1)]
    distance = KDTree(metal).query(inner, k=4)[0][:, 1:]
    # in the crystal 0.2695, 0.2790, 0.2824 and 0.2895 nm (Murray et al.)
    shortest = np.unique(distance[:, 0].round(4))
    np.testing.assert_allclose(shortest, [0.2722, 0.2815], atol=2e-4)
    sulphur = KDTree(specimen.places[specimen.symbols == "S"]).query(inner, k=6)[0]
    assert 0.232 < sulphur.min() < sulphur.max() < 0.254


def test_titanium_is_off_the_middle_of_lead_and_not_of_strontium():
    truth = images.true_columns("pbtio3_srtio3")
    off = truth["displacement"].sel(component="y").values
    elements = np.array(sublattice_elements(truth))[truth["sublattice"].values]
    sides = place(truth)[elements != "Ti"]
    for (y, x), told in zip(place(truth), off, strict=True):
        distance, near = KDTree(sides).query([y, x], k=4)
        if distance[3] < 0.32:
            middle = sides[near].mean(axis=0)
            np.testing.assert_allclose([y - middle[0], x - middle[1]], [told, 0], atol=1e-9)
    assert set(off[elements != "Ti"]) == {0.0}
    np.testing.assert_allclose(np.unique(off.round(6)), [0, 0.0076, 0.015668], atol=1e-4)


def test_the_boundary_is_flat_and_the_cell_of_lead_titanate_longer():
    specimen = crystals.pbtio3_srtio3((3, 2), 2, 3)
    found = crystals.columns_of(specimen)
    assert set(found.symbols) == {"Pb", "Sr", "Ti"}
    assert set(found.atoms) == {3}
    rows = np.unique(found.places[found.symbols != "Ti", 0].round(9))
    half = (crystals.SRTIO3 + crystals.PBTIO3) / 2
    np.testing.assert_allclose(np.diff(rows), [0.3905, 0.3905, half, 0.4156])
    np.testing.assert_allclose(specimen.size, [2 * 0.3905 + half + 2 * 0.4156, 2 * 0.3905])


def test_thermal_displacements_leave_atoms_where_they_are():
    abtem = pytest.importorskip("abtem")
    from temwidgets.synthetic.multislice import simulation

    recipe = RECIPES["graphene"]
    specimen = crystals.graphene(FIELD, 0)
    frames = simulation._thermal(abtem, specimen, recipe, np.random.default_rng(0)).trajectory
    places = np.array([frame.positions for frame in frames]) / 10
    assert len(places) == recipe.configurations
    start = [specimen.low[1], specimen.low[0], specimen.places[:, 2].min() - 0.15]
    np.testing.assert_allclose(
        places.mean(axis=0) + start, specimen.places[:, [1, 0, 2]], atol=1e-9
    )
    np.testing.assert_allclose(places.std(axis=0), recipe.vibration["C"], rtol=1e-6)


@pytest.mark.parametrize("name", ["graphene", "mos2"])
def test_a_small_simulation_shows_atoms_where_they_are(name):
    pytest.importorskip("abtem")
    from temwidgets.synthetic.multislice import simulation

    recipe = RECIPES[name]._replace(shape=(40, 52), configurations=2)
    values = simulation.ideal_image(recipe, 0)
    assert values.shape == recipe.shape
    shown = crystals.columns_of(recipe.specimen(recipe.field, 0))
    heavy = shown.places[shown.symbols == recipe.elements[0]] / recipe.sampling
    inside = np.all((heavy > 2) & (heavy < np.array(recipe.shape) - 3), axis=1)
    at = np.rint(heavy[inside]).astype(int)
    assert np.median(values[at[:, 0], at[:, 1]]) > np.percentile(values, 85)
