import numpy as np
import pytest

import temwidgets as tw
from temwidgets.analysis.lattice_data import vectors_of
from temwidgets.synthetic import Site, lattice_image

STEP = 0.02


def expected(cell, sites, angle):
    """The cell as it would be, from the sites' Gaussians."""
    fractions = np.stack(np.meshgrid(cell["along_a"], cell["along_b"], indexing="ij"), -1)
    total = np.full(fractions.shape[:2], 0.2)
    for site in sites:
        theta = np.deg2rad(site.theta + angle)
        axes = np.array([[np.sin(theta), np.cos(theta)], [np.cos(theta), -np.sin(theta)]])
        sigma = np.array([site.sigma_major, site.sigma_minor or site.sigma_major])
        for a in range(-3, 4):
            for b in range(-3, 4):
                apart = (fractions - (site.a + a, site.b + b)) @ vectors_of(cell) @ axes.T / sigma
                total += site.height * np.exp(-(apart**2).sum(axis=-1) / 2)
    return total


def test_mean_cell_is_the_cell_without_blur(faint_crystal):
    image, _, _, lattice = faint_crystal(dose=None)
    cell = tw.mean_cell(image, lattice)
    assert np.abs(cell["intensity"] - expected(cell, faint_crystal.sites, 11)).max() < 1e-3
    assert cell["along_a"].attrs["step"] * cell.sizes["along_a"] == pytest.approx(16 * STEP)
    assert cell["intensity"].attrs["units"] == "counts"


def test_cells_commensurate_with_pixels_have_no_bias():
    image, _ = lattice_image(
        (160, 128), (16, 0), (0, 16), [Site(0.3, 0.2, sigma_major=2.0)], shift=(0.31, 0.17)
    )
    lattice = tw.make_lattice((16, 0), (0, 16), origin=(79.5 + 0.31, 63.5 + 0.17), units="px")
    cell = tw.mean_cell(image, lattice)
    site = Site(0.3, 0.2, sigma_major=2.0)
    assert np.abs(cell["intensity"] - expected(cell, [site], 0) + 0.2).max() < 2e-3


def test_standard_errors_are_those_of_the_mean(faint_crystal):
    pulls = []
    for seed in range(4):
        image, _, _, lattice = faint_crystal(dose=100, seed=seed)
        cell = tw.mean_cell(image, lattice)
        error = cell["intensity"] - 100 * expected(cell, faint_crystal.sites, 11)
        pulls.append((error / cell["intensity_std"]).values)
    assert 0.85 < np.std(pulls) < 1.15


def test_strain_blurs_only_without_columns(faint_crystal):
    def displacement(y, x):
        return 0.02 * (y - 5) + 0.01 * np.sin(x / 1.5), -0.015 * x

    image, _, columns, lattice = faint_crystal((300, 280), dose=None, displacement=displacement)
    y, x = columns["y"].values, columns["x"].values
    numbers = columns["n_a"].values, columns["n_b"].values, columns["site"].values
    ideal = tw.analysis.lattice_data.site_points(lattice, *numbers)
    lattice["origin"].values[:] += np.median([y - ideal[0], x - ideal[1]], axis=1)
    true = None
    off = {}
    for name, given in {"with": columns, "without": None}.items():
        cell = tw.mean_cell(image, lattice, columns=given)
        true = expected(cell, faint_crystal.sites, 11)
        off[name] = float(np.abs(cell["intensity"] - true).max())
    assert off["with"] < 0.03 < 0.2 < off["without"]


def test_only_chosen_cells_count(faint_crystal):
    image, _, columns, lattice = faint_crystal(dose=None)
    y = columns["y"].values
    image = image.where(image["y"] < 5, 10 * image)
    low = columns["column"].values[(y < 4.6) & (columns["site"].values == 0)]
    cell = tw.mean_cell(image, lattice, columns=columns, labels=low)
    assert np.abs(cell["intensity"] - expected(cell, faint_crystal.sites, 11)).max() < 2e-3
    assert 0 < cell["n_cells"] < len(low)


def test_nan_pixels_do_not_count(faint_crystal):
    image, _, _, lattice = faint_crystal(dose=None)
    image = image.copy()
    image.values[50:70, 30:90] = np.nan
    cell = tw.mean_cell(image, lattice)
    assert np.abs(cell["intensity"] - expected(cell, faint_crystal.sites, 11)).max() < 1e-3
    with pytest.raises(ValueError, match="All pixels of the chosen cells are NaN"):
        tw.mean_cell(image * np.nan, lattice)


def test_progress_is_told_and_ends_at_one(faint_crystal):
    image, _, _, lattice = faint_crystal(dose=None)
    told = []
    tw.mean_cell(image, lattice, report=told.append)
    assert told == sorted(told)
    assert told[-1] == 1


def test_bad_arguments_are_refused(faint_crystal):
    image, _, columns, lattice = faint_crystal(dose=None)
    with pytest.raises(ValueError, match="1 or more"):
        tw.mean_cell(image, lattice, oversampling=0.5)
    with pytest.raises(ValueError, match="no columns came"):
        tw.mean_cell(image, lattice, labels=[1])
    with pytest.raises(ValueError, match="No column is called"):
        tw.mean_cell(image, lattice, columns=columns, labels=[10**6])
    with pytest.raises(ValueError, match="image is in nm but the lattice is in px"):
        tw.mean_cell(image, tw.make_lattice((16, 0), (0, 16), units="px"))
    with pytest.raises(ValueError, match="at least 3 along each vector"):
        tw.mean_cell(image, tw.make_lattice((STEP, 0), (0, STEP)))
    with pytest.raises(ValueError, match="No whole cell"):
        tw.mean_cell(image, tw.make_lattice((9, 0), (0, 9)))
    with pytest.raises(ValueError, match=r"None of the .* columns lies on the lattice"):
        tw.mean_cell(image, lattice, columns=columns.assign(n_a=columns["n_a"] * np.nan))
    edge = columns["column"].values[[columns["y"].values.argmin()]]
    with pytest.raises(ValueError, match="No whole cell"):
        tw.mean_cell(image, lattice, columns=columns, labels=edge)


def test_a_column_out_of_step_bends_nothing(faint_crystal):
    image, _, columns, lattice = faint_crystal(dose=None)
    columns = columns.copy(deep=True)
    columns["y"].values[40] += 6 * STEP
    cell = tw.mean_cell(image, lattice, columns=columns)
    assert np.abs(cell["intensity"] - expected(cell, faint_crystal.sites, 11)).max() < 2e-3


def test_cell_image_draws_periods_in_true_shape(faint_crystal):
    image, _, _, lattice = faint_crystal(dose=None)
    cell = tw.mean_cell(image, lattice)
    middle = image.isel(y=slice(60, 130), x=slice(50, 120))
    start = middle["y"].values[0], middle["x"].values[0]
    origin = tuple(np.array(start) - lattice["origin"].values)
    drawn = tw.cell_image(cell, shape=middle.shape, origin=origin)
    assert np.abs(drawn.values - middle.values).max() < 2e-3
    fine = tw.cell_image(cell, sampling=STEP / 2)
    assert fine["y"].attrs["units"] == "nm"
    assert min(fine.shape) > 50
    with pytest.raises(ValueError, match="sampling is the length"):
        tw.cell_image(cell, sampling=-1)
    with pytest.raises(TypeError, match="mean cell is the Dataset"):
        tw.cell_image(image)


def test_a_real_image_has_a_sharper_cell_when_columns_are_followed():
    image = tw.examples.load("perovskite_trilayer").astype(np.float32)
    image = image.isel(y=slice(0, 500), x=slice(0, 500))
    columns = tw.find_columns(image)
    lattice = tw.fit_lattice(columns)
    columns = tw.index_columns(columns, lattice)
    loose, close = tw.mean_cell(image, lattice), tw.mean_cell(image, lattice, columns=columns)
    assert close["intensity"].std() > 1.03 * loose["intensity"].std()
    motif = tw.fit_motif(close, lattice)
    assert motif.sizes["site"] == 2
    assert 0.3 < motif["site_amplitude"][1] / motif["site_amplitude"][0] < 0.7
