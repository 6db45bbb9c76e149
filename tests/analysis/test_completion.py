import numpy as np
import pytest
from scipy.spatial import KDTree

import temwidgets as tw
from temwidgets.conventions import Flag, flagged

STEP = 0.02
RADIUS = 3 * STEP
GONE = Flag.low_signal | Flag.failed | Flag.duplicate


def strain(y, x):
    return 0.02 * (y - 6) + 0.01 * np.sin(x / 1.5), -0.015 * (x - 2) + 0.008 * np.sin(y)


@pytest.fixture(scope="module")
def completed(faint_crystal):
    """A strained crystal with faint columns that peak finding misses, a tenth of them gone."""
    image, truth, _, _ = faint_crystal(
        (300, 280), dose=100, displacement=strain, vacancies={2: 0.1}, margin=2 * STEP
    )
    found = tw.find_columns(image)
    lattice = tw.fit_lattice(found)
    cell = tw.mean_cell(image, lattice, columns=tw.index_columns(found, lattice))
    motif = tw.fit_motif(cell, lattice)
    return image, truth, found, motif, tw.complete_columns(image, found, motif)


def test_faint_columns_are_predicted_where_they_are(completed):
    _, truth, found, _, full = completed
    faint = truth.isel(column=truth["sublattice"].values == 2)
    assert tw.match_columns(found, faint, radius=RADIUS).sizes["pair"] == 0
    pairs = tw.match_columns(full, faint, radius=RADIUS)
    assert pairs.sizes["pair"] == faint.sizes["column"]
    assert np.sqrt((pairs["distance"] ** 2).mean()) < 0.25 * STEP


def test_a_free_fit_finds_faint_columns_and_empty_sites(completed):
    image, truth, _, _, full = completed
    fitted = tw.fit_columns(image, full, shape="shared")
    faint = truth.isel(column=truth["sublattice"].values == 2)
    there = fitted.isel(column=~flagged(fitted, GONE | Flag.at_bound | Flag.cut_by_edge).values)
    pairs = tw.match_columns(there, faint, radius=2 * RADIUS)
    assert pairs.sizes["pair"] > 0.85 * faint.sizes["column"]
    error = there.sel(column=pairs["found"].values)
    bound = np.sqrt((error["y_std"] ** 2 + error["x_std"] ** 2).mean())
    assert np.sqrt((pairs["distance"] ** 2).mean()) < 1.3 * bound


def test_fixed_places_tell_empty_sites(completed):
    image, truth, _, _, full = completed
    faint = (full["site"] == 2) & full["predicted"]
    fitted = tw.fit_columns(image, full, shape="shared", fixed={"y": faint, "x": faint})
    empty = np.column_stack([truth.attrs["vacancy_y"], truth.attrs["vacancy_x"]])
    places = np.column_stack([full["y"], full["x"]])
    distance, row = KDTree(places).query(empty)
    row = row[distance < RADIUS]
    assert len(row) > 20
    gone = flagged(fitted, GONE).values
    assert gone[row].mean() > 0.97
    inner = faint.values & ~flagged(fitted, Flag.cut_by_edge).values
    inner[row] = False
    assert gone[inner].mean() < 0.05


def test_new_columns_carry_all_that_a_fit_wants(completed):
    _, _, found, motif, full = completed
    new = full.isel(column=full["predicted"].values)
    assert (new["flags"] == 0).all()
    assert new["column"].min() >= found.attrs["next_label"]
    assert full.attrs["next_label"] == full["column"].max() + 1
    for name in ("amplitude", "sigma_major", "sigma_minor", "theta"):
        np.testing.assert_array_equal(new[name], motif[f"site_{name}"].values[new["site"].values])
        assert full[name].attrs["units"] == motif[f"site_{name}"].attrs["units"]
    np.testing.assert_array_equal(
        new["sublattice"], motif["site_sublattice"].values[new["site"].values]
    )
    cells = full.isel(column=full["site"].values >= 0)
    keys = np.column_stack([cells["site"], cells["n_a"], cells["n_b"]])
    assert len(np.unique(keys, axis=0)) == len(keys)
    np.testing.assert_array_equal(full["y"][: found.sizes["column"]], found["y"])


def test_given_sublattices_stay_and_new_sites_get_a_number_of_their_own(completed):
    image, _, found, motif, _ = completed
    numbered = tw.index_columns(found, motif)
    own = found.assign(sublattice=("column", np.where(numbered["site"] == 0, 2, 0)))
    own["sublattice"].attrs.update(units="1", long_name="sublattice", names=["Ti", "", "Sr"])
    full = tw.complete_columns(image, own, motif)
    np.testing.assert_array_equal(full["sublattice"][: len(own["y"])], own["sublattice"])
    assert set(full["sublattice"].values[full["site"].values == 2]) == {3}
    assert list(full["sublattice"].attrs["names"]) == ["Ti", "", "Sr", ""]


def test_a_displaced_column_is_moved_to_its_peak(faint_crystal):
    image, _, columns, lattice = faint_crystal(dose=3000)
    motif = tw.fit_motif(tw.mean_cell(image, lattice), lattice)
    gone = columns["column"].values[(columns["site"].values == 1)][20]
    place = [float(columns[k].sel(column=gone)) for k in "yx"]
    fitted = tw.delete_columns(columns, gone)
    shifted = motif.copy(deep=True)
    shifted["site_position"].values[1] += [0.06, 0.0]
    off = {}
    for correct in (True, False):
        full = tw.complete_columns(image, fitted, shifted, correct=correct)
        new = full.isel(column=(full["predicted"] & (full["site"] == 1)).values)
        off[correct] = np.hypot(new["y"] - place[0], new["x"] - place[1]).min()
    assert off[True] < 0.4 * off[False]


def test_a_lattice_without_fitted_sites_will_do(faint_crystal):
    image, truth, columns, lattice = faint_crystal(dose=100)
    some = columns[["y", "x"]].isel(column=np.arange(columns.sizes["column"]) % 9 != 4)
    full = tw.complete_columns(image, some, lattice)
    strong = truth.isel(column=truth["sublattice"].values < 2)
    scores = tw.score_columns(full, strong, radius=RADIUS)
    assert scores["recall"] == 1
    assert "amplitude" not in full


def test_nothing_is_added_where_there_is_no_crystal(completed):
    image, _, found, motif, _ = completed
    half = found.isel(column=found["y"].values < float(image["y"].mean()))
    full = tw.complete_columns(image, half, motif)
    assert float(full["y"].max()) < float(image["y"].mean()) + 20 * STEP


def test_bad_arguments_are_refused(completed):
    image, _, found, _, _ = completed
    with pytest.raises(TypeError, match="A lattice is an xarray Dataset"):
        tw.complete_columns(image, found, image)
    with pytest.raises(ValueError, match="lattice is in px"):
        tw.complete_columns(image, found, tw.make_lattice((16, 0), (0, 16), units="px"))
