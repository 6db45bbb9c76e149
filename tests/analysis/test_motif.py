import numpy as np
import pytest

import temwidgets as tw

STEP = 0.02


@pytest.fixture(scope="module")
def fitted(faint_crystal):
    image, _, _, lattice = faint_crystal(dose=100)
    cell = tw.mean_cell(image, lattice)
    return cell, lattice, tw.fit_motif(cell, lattice)


def test_faint_sites_are_found_and_errors_are_honest(faint_crystal):
    true = np.array([[s.a, s.b] for s in faint_crystal.sites])
    place, level, width = [], [], []
    for seed in range(12):
        image, _, _, lattice = faint_crystal(dose=100, seed=seed)
        motif = tw.fit_motif(tw.mean_cell(image, lattice), lattice)
        assert motif.sizes["site"] == 3
        place.append((motif["site_position"] - true) / motif["site_position_std"])
        amplitude = motif["site_amplitude"] - [100, 45, 10]
        level.append(amplitude / motif["site_amplitude_std"])
        sigma = motif["site_sigma_major"][0] - 2.5 * STEP
        width.append(sigma / motif["site_sigma_major_std"][0])
    for pulls in (place, level, width):
        assert 0.6 < np.sqrt(np.mean(np.square(pulls))) < 1.4


def test_sites_keep_numbers_and_names_and_new_ones_follow(faint_crystal):
    image, _, _, lattice = faint_crystal(dose=100)
    turned = tw.make_lattice(
        *lattice["vectors"].values,
        origin=lattice["origin"].values,
        sites=lattice["site_position"].values[::-1],
        names=["B", "A"],
    )
    motif = tw.fit_motif(tw.mean_cell(image, turned), turned)
    assert motif["site_name"].values.tolist() == ["B", "A", ""]
    assert motif["site_sublattice"].values.tolist() == [1, 0, 2]
    assert motif["site_amplitude"].values.argmax() == 1


def test_a_site_at_the_corner_keeps_its_cells(faint_crystal):
    image, _, _, lattice = faint_crystal(dose=100)
    first = lattice["site_position"].values[0] @ lattice["vectors"].values
    corner = tw.make_lattice(
        *lattice["vectors"].values, origin=lattice["origin"].values + first + 0.004
    )
    motif = tw.fit_motif(tw.mean_cell(image, corner), corner)
    assert np.abs(motif["site_position"].values[0]).max() < 0.02
    assert (motif["site_position"].values[0] < 0).any()


def test_what_was_fitted_carries_units_and_errors(fitted):
    _, lattice, motif = fitted
    assert motif["site_amplitude"].attrs["units"] == "counts"
    assert motif["site_sigma_major"].attrs["units"] == "nm"
    assert motif["site_theta"].attrs["units"] == "deg"
    for name in ("amplitude", "sigma_major", "sigma_minor", "theta", "intensity"):
        key = f"site_{name}"
        assert motif[key].attrs["ancillary_variables"] == f"{key}_std"
        assert np.isfinite(motif[f"{key}_std"]).all()
    assert motif["background"] == pytest.approx(20, abs=1)
    assert 0.7 < motif.attrs["motif_misfit"] < 1.3
    np.testing.assert_array_equal(motif["vectors"], lattice["vectors"])


def test_no_site_is_made_up(faint_crystal):
    image, truth = tw.synthetic.hexagonal((160, 180), dose=100)
    lattice = tw.fit_lattice(truth[["y", "x", "amplitude"]])
    motif = tw.fit_motif(tw.mean_cell(image, lattice), lattice)
    assert motif.sizes["site"] == 1


def test_progress_is_told(fitted):
    cell, lattice, _ = fitted
    told = []
    tw.fit_motif(cell, lattice, report=told.append)
    assert told == sorted(told)
    assert told[-1] == 1


def test_bad_arguments_are_refused(fitted):
    cell, lattice, _ = fitted
    with pytest.raises(TypeError, match="mean cell is the Dataset"):
        tw.fit_motif(lattice, lattice)
    with pytest.raises(ValueError, match="threshold is a significance"):
        tw.fit_motif(cell, lattice, threshold=0)
    with pytest.raises(ValueError, match="weakest is a ratio"):
        tw.fit_motif(cell, lattice, weakest=1)
    with pytest.raises(ValueError, match="averaged over another lattice"):
        tw.fit_motif(cell, tw.make_lattice((0.3, 0), (0, 0.3)))
    flat = cell.assign(intensity=cell["intensity"] * 0 + 1)
    with pytest.raises(ValueError, match="No column is seen"):
        tw.fit_motif(flat, lattice)
