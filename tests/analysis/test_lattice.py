import numpy as np
import pytest

import temwidgets as tw
from temwidgets.analysis.lattice_data import site_points, vectors_of
from temwidgets.synthetic import Site, lattice_image


def bare(truth, names=("y", "x", "amplitude")):
    return truth[list(names)].copy(deep=True)


def crystal(kind="perovskite", shape=(400, 520), **options):
    return getattr(tw.synthetic, kind)(shape, dose=None, **options)[1]


def spoilt(truth, *, jitter=0.0, rows=0.0, strain=0.0, vacancies=0.0, seed=0):
    """Columns as a scan would show them, and the truth of those that are left."""
    rng = np.random.default_rng(seed)
    kept = rng.random(truth.sizes["column"]) > vacancies
    truth = truth.isel(column=kept)
    columns = bare(truth)
    y, x = columns["y"].values, columns["x"].values
    x += rows * rng.standard_normal(4000)[np.rint(y).astype(int) + 100]
    x, y = x * (1 + strain), y * (1 - strain) + 2 * np.sin(x / 60)
    columns["y"].values[:] = y + jitter * rng.standard_normal(y.size)
    columns["x"].values[:] = x + jitter * rng.standard_normal(y.size)
    return columns, truth


def rightly_indexed(columns, truth):
    """Fraction of columns whose cell is that of the truth, but for the choice of vectors."""
    found = np.column_stack([columns["n_a"], columns["n_b"]])
    true = np.column_stack([truth["n_a"], truth["n_b"], np.ones(truth.sizes["column"])])
    right = np.zeros(len(found), bool)
    for kind in np.unique(truth["sublattice"]):
        of = (truth["sublattice"].values == kind) & np.isfinite(found).all(axis=1)
        change = np.rint(np.linalg.lstsq(true[of], found[of], rcond=None)[0])
        right[of] = (true[of] @ change == found[of]).all(axis=1)
        assert abs(round(np.linalg.det(change[:2]))) == 1
    return right.mean()


@pytest.mark.parametrize(
    ("kind", "sites"), [("perovskite", 2), ("hexagonal", 1), ("honeycomb", 2), ("crowded", 2)]
)
def test_lattices_are_found_and_indexed_unseen(kind, sites):
    columns, truth = spoilt(crystal(kind), jitter=0.3, strain=0.01, vacancies=0.03)
    lattice = tw.fit_lattice(columns)
    assert lattice.sizes["site"] == sites
    indexed = tw.index_columns(columns, lattice)
    assert rightly_indexed(indexed, truth) == 1
    assert lattice.attrs["lattice_hint"] == ""


def test_indices_survive_vacancies_strain_and_row_jitter():
    columns, truth = spoilt(
        crystal(shape=(800, 900)), jitter=0.2, rows=1.0, strain=0.03, vacancies=0.05
    )
    indexed = tw.index_columns(columns, tw.fit_lattice(columns))
    assert rightly_indexed(indexed, truth) >= 0.999


def test_vectors_origin_and_sites_are_those_of_the_truth():
    _, truth = lattice_image(
        (300, 420),
        (0.02, 0.40),
        (0.38, -0.03),
        [Site(0, 0, 1.0, 0.06), Site(0.45, 0.52, 0.5, 0.06)],
        sampling=(0.02, 0.025),
        origin=(7.0, -4.0),
        dose=None,
    )
    columns = bare(truth)
    rng = np.random.default_rng(1)
    for name in ("y", "x"):
        columns[name].values[:] += rng.normal(0, 0.004, columns.sizes["column"])
    lattice = tw.fit_lattice(columns)
    off = (vectors_of(lattice) - [(0.02, 0.40), (0.38, -0.03)]) / lattice["vectors_std"].values
    assert abs(off).max() < 4
    off = (lattice["site_position"].values[1] - (0.45, 0.52)) / lattice["site_position_std"][1]
    assert abs(off).max() < 4
    # the origin is a column of site 0 near the middle
    strong = truth.isel(column=truth["sublattice"].values == 0)
    distance = np.hypot(strong["y"] - lattice["origin"][0], strong["x"] - lattice["origin"][1])
    assert float(distance.min()) < 4 * float(lattice["origin_std"].max())
    indexed = tw.index_columns(columns, lattice)
    y, x = site_points(lattice, indexed["n_a"], indexed["n_b"], indexed["site"])
    np.testing.assert_allclose(y, columns["y"], atol=0.025)
    np.testing.assert_allclose(x, columns["x"], atol=0.025)
    assert lattice.attrs["residual"] == pytest.approx(0.004 * np.sqrt(2), rel=0.1)
    assert lattice["vectors"].attrs["units"] == "nm"


def test_errors_of_the_vectors_are_honest():
    truth = crystal()
    pulls = []
    for seed in range(20):
        columns, _ = spoilt(truth, seed=seed)
        rng = np.random.default_rng(seed)
        columns["y"].values[:] = truth["y"] + rng.normal(0, 0.3, truth.sizes["column"])
        columns["x"].values[:] = truth["x"] + rng.normal(0, 0.3, truth.sizes["column"])
        lattice = tw.fit_lattice(columns)
        ideal = tw.fit_lattice(bare(truth))
        pulls.append((lattice["vectors"] - ideal["vectors"]) / lattice["vectors_std"])
    assert np.std(pulls) == pytest.approx(1, abs=0.25)


def test_brightness_tells_the_small_cell_from_the_true_one():
    """Equal columns in a centred square make a square of half the area; unequal ones do not."""
    truth = crystal()
    columns = bare(truth)
    columns["amplitude"].values[:] = 100.0
    area = abs(np.linalg.det(vectors_of(tw.fit_lattice(columns))))
    assert area == pytest.approx(abs(np.linalg.det(vectors_of(tw.fit_lattice(bare(truth))))) / 2)


def test_positions_alone_are_enough():
    truth = crystal("honeycomb")
    lattice = tw.fit_lattice(truth[["y", "x"]])
    assert lattice.sizes["site"] == 2


def test_the_users_vectors_are_refined():
    truth = crystal()
    found = vectors_of(tw.fit_lattice(bare(truth)))
    wanted = np.array([found[0] + found[1], found[1] - found[0]])
    lattice = tw.fit_lattice(bare(truth), a=wanted[0] * 1.02, b=wanted[1] * 0.98)
    np.testing.assert_allclose(vectors_of(lattice), wanted, atol=1e-6)
    assert lattice.sizes["site"] == 4


def test_the_centred_cell_is_rectangular():
    lattice = tw.fit_lattice(bare(crystal("hexagonal")), convention="centred")
    a, b = vectors_of(lattice)
    assert a @ b == pytest.approx(0, abs=1e-6 * (a @ a))
    assert lattice.sizes["site"] == 2
    oblique = lattice_image((200, 260), (2, 20), (15, 6), [Site()], dose=None)[1]
    with pytest.raises(ValueError, match="no rectangular centred cell"):
        tw.fit_lattice(bare(oblique), convention="centred")


def test_an_image_will_do():
    image, _ = tw.synthetic.perovskite((200, 260), seed=3)
    lattice = tw.fit_lattice(image)
    assert lattice.sizes["site"] == 2
    assert np.hypot(*vectors_of(lattice).T) == pytest.approx([16, 16], rel=0.01)


def test_a_second_grain_is_told_not_forced():
    left = crystal("hexagonal", (400, 300))
    right = crystal("hexagonal", (400, 300), rotation=30.0)
    x = np.concatenate([left["x"], right["x"].values + 305])
    columns = tw.make_columns(np.concatenate([left["y"], right["y"]]), x, units="px")
    with_hint = tw.fit_lattice(columns)
    assert "fit each one's columns by itself" in with_hint.attrs["lattice_hint"]
    indexed = tw.index_columns(columns, with_hint)
    share = [(indexed["lattice_domain"].values[side] == 0).mean() for side in (x < 302, x > 302)]
    assert max(share) > 0.95
    assert min(share) < 0.1
    off = indexed["lattice_domain"] != 0
    assert np.isnan(indexed["n_a"].values[off]).all()
    assert (indexed["site"].values[off] == -1).all()


def test_cells_keep_their_numbers_when_columns_come_and_go():
    truth = crystal()
    columns = bare(truth)
    lattice = tw.fit_lattice(columns)
    first = tw.index_columns(columns, lattice)
    some = columns.isel(column=np.arange(40, columns.sizes["column"])[::-1])
    again = tw.index_columns(some, lattice).sortby("column")
    for name in ("n_a", "n_b", "site"):
        np.testing.assert_array_equal(again[name], first[name].sel(column=again["column"]))


def test_interstitials_and_lost_columns_are_off_the_lattice():
    columns = bare(crystal("hexagonal"))
    a, b = vectors_of(tw.fit_lattice(columns))
    start = columns.isel(column=columns.sizes["column"] // 2)
    grown = tw.add_columns(
        columns, float(start["y"] + (a + b)[0] / 3), float(start["x"] + (a + b)[1] / 3)
    )
    grown["y"].values[3] = np.nan
    indexed = tw.index_columns(grown, tw.fit_lattice(grown))
    assert list(np.flatnonzero(indexed["site"] < 0)) == [3, columns.sizes["column"]]
    assert np.isnan(indexed["n_a"].values[[3, -1]]).all()


def test_names_of_sublattices_become_names_of_sites():
    columns = bare(crystal(), ("y", "x", "amplitude", "sublattice"))
    columns["sublattice"].attrs["names"] = ("Sr", "Ti")
    lattice = tw.fit_lattice(columns)
    assert list(lattice["site_name"].values) == ["Sr", "Ti"]
    assert list(lattice["site_sublattice"].values) == [0, 1]


def test_what_cannot_be_done_is_said():
    columns = bare(crystal())
    with pytest.raises(ValueError, match="convention must be primitive or centred"):
        tw.fit_lattice(columns, convention="cubic")
    with pytest.raises(ValueError, match="Give both a and b"):
        tw.fit_lattice(columns, a=(1, 0))
    with pytest.raises(ValueError, match="a lattice needs 12 or more"):
        tw.fit_lattice(columns.isel(column=slice(0, 5)))
    with pytest.raises(ValueError, match="span no cell"):
        tw.fit_lattice(columns, a=(1, 0), b=(2, 0))
    with pytest.raises(ValueError, match="lattice vectors carry only"):
        tw.fit_lattice(columns.isel(column=slice(0, 40)), a=(500, 0), b=(0, 500))
    random = np.random.default_rng(0).uniform(0, 100, (2, 300))
    with pytest.raises(ValueError, match="No lattice was found"):
        tw.fit_lattice(tw.make_columns(*random, units="px"))
    with pytest.raises(ValueError, match="columns are in px but the lattice is in nm"):
        tw.index_columns(columns, tw.make_lattice((1, 0), (0, 1)))
