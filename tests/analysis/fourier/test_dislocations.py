import numpy as np
import pytest

import temwidgets as tw
from temwidgets.synthetic import dislocation, fringes

AROUND = [(-30, -30), (-30, 30), (30, 30), (30, -30)]


def loop_about(truth, scale=1.0, turn=False):
    corners = np.array(AROUND[::-1] if turn else AROUND) * scale
    return corners + np.array([truth.attrs["core_y"], truth.attrs["core_x"]])


@pytest.fixture(scope="module")
def edge():
    """Edge dislocation on non-square pixels, turned, and its geometric phase."""
    image, truth = dislocation(
        (240, 221), sampling=(0.02, 0.022), origin=(3.0, -1.0), rotation=20.0, noise=4.0
    )
    reflections = tw.make_reflections(truth["g"].values)
    return image, truth, tw.geometric_phase(image, reflections, reference=reflections)


@pytest.mark.parametrize("burgers", [(1, 0), (0, -1), (1, 1), (-2, 1)])
def test_burgers_vectors_are_found(burgers):
    image, truth = dislocation((160, 171), burgers=burgers, rotation=8.0, noise=3.0, seed=2)
    strain = tw.geometric_phase(image, tw.make_reflections(truth["g"].values, units="px"))
    found = tw.burgers_vector(strain, loop_about(truth))
    true = np.array([truth.attrs["burgers_y"], truth.attrs["burgers_x"]])
    # the mean lattice of the crystal is the reference here: strain round the core moves it
    assert np.hypot(*(found["burgers"].values - true)) < 0.01 * np.hypot(*true)
    g = strain["g"].values
    np.testing.assert_array_equal(found["cycles"], np.round(g @ true).astype(int))
    np.testing.assert_allclose(
        found["indices"].values @ found["vectors"].values, found["burgers"], atol=1e-9
    )
    assert found["burgers"].attrs["units"] == "px"
    assert float(found["largest_step"].max()) < 1


def test_it_is_in_lengths_and_has_an_error(edge):
    _, truth, strain = edge
    found = tw.burgers_vector(strain, loop_about(truth, 0.02))
    true = [truth.attrs["burgers_y"], truth.attrs["burgers_x"]]
    np.testing.assert_allclose(found["burgers"], true, rtol=1e-6)
    assert float(found["length"]) == pytest.approx(np.hypot(*true))
    assert found["length"].attrs["units"] == "nm"
    region = tw.geometric_phase(
        edge[0], tw.make_reflections(truth["g"].values), reference=(3.3, 4.3, -0.5, 3.0)
    )
    again = tw.burgers_vector(region, loop_about(truth, 0.02))
    assert 0 < float(again["length_std"]) < 0.01 * float(again["length"])


def test_the_loop_may_run_either_way_and_be_any_polygon(edge):
    _, truth, strain = edge
    first = tw.burgers_vector(strain, loop_about(truth, 0.02))
    second = tw.burgers_vector(strain, loop_about(truth, 0.02, turn=True))
    np.testing.assert_array_equal(first["burgers"], second["burgers"])
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    centre = [truth.attrs["core_y"], truth.attrs["core_x"]]
    circle = np.stack([np.sin(angle), np.cos(angle)], 1) * 0.9 + centre
    np.testing.assert_array_equal(first["cycles"], tw.burgers_vector(strain, circle)["cycles"])


def test_a_loop_beside_the_core_closes(edge):
    _, truth, strain = edge
    beside = loop_about(truth, 0.012) + np.array([1.2, 0.0])
    found = tw.burgers_vector(strain, beside)
    np.testing.assert_array_equal(found["burgers"], [0, 0])
    np.testing.assert_array_equal(found["cycles"], [0, 0])


def test_displacement_is_that_of_the_dislocation(edge):
    _, truth, strain = edge
    found = tw.phase_displacement(strain)
    off = found["displacement"].values - truth["displacement"].values
    vectors = np.linalg.inv(strain["g"].values).T
    # up to lattice vectors, which differ from side to side of a cut
    whole = np.einsum("nc,cyx->nyx", strain["g"].values, off)
    shift = np.nanmedian(whole - np.round(whole), axis=(1, 2))
    left = whole - shift[:, None, None]
    left -= np.round(left)
    apart = np.einsum("nc,nyx->cyx", vectors, left)
    assert np.nanpercentile(np.abs(apart), 90) < 0.004
    y, x = np.meshgrid(found["y"], found["x"], indexing="ij")
    far = np.hypot(y - truth.attrs["core_y"], x - truth.attrs["core_x"]) > 1.2
    assert np.isfinite(found["displacement"].values[:, far & strain["mask"].values]).all()
    assert strain["mask"].values[far].mean() > 0.99


def test_the_cut_is_marked_and_ends_at_the_core(edge):
    _, truth, strain = edge
    found = tw.phase_displacement(strain)
    cut = found["cut"].values
    assert 20 < cut.sum() < 600
    values = found["displacement"].values
    for axis in (1, 2):
        step = np.abs(np.diff(values, axis=axis)).max(axis=0)
        here = cut[:-1] if axis == 1 else cut[:, :-1]
        assert np.nanmax(step[~here]) < 0.07
    rows, cols = np.nonzero(cut)
    core = np.hypot(
        found["y"].values[rows] - truth.attrs["core_y"],
        found["x"].values[cols] - truth.attrs["core_x"],
    )
    assert core.min() < 0.4


def test_residues_mark_the_core():
    image, truth = dislocation((120, 131), noise=0.5)
    reflections = tw.make_reflections(truth["g"].values, units="px")
    everywhere = truth["mask"]
    strain = tw.geometric_phase(image, reflections, sigma=6, mask=everywhere)
    found = tw.phase_displacement(strain)
    residue = found["residue"].values
    assert np.abs(residue[0]).sum() <= 1
    if np.abs(residue[0]).sum():
        row, col = np.argwhere(residue[0])[0]
        assert np.hypot(row - truth.attrs["core_y"], col - truth.attrs["core_x"]) < 6
        assert np.isnan(found["displacement"].values[:, row, col]).all()
    assert not residue[1].any()


def test_a_perfect_crystal_has_a_flat_displacement_with_errors():
    image, truth = fringes((150, 140), [(0.0, 0.12), (0.12, 0.02)], noise=5.0, seed=4)
    reflections = tw.make_reflections(truth["g"].values, units="px")
    strain = tw.geometric_phase(image, reflections, reference=reflections)
    found = tw.phase_displacement(strain)
    assert not found["cut"].any()
    assert not found["residue"].any()
    inner = found.isel(y=slice(20, -20), x=slice(20, -20))
    off = inner["displacement"] - inner["displacement"].mean(("y", "x"))
    pull = off / inner["displacement_std"]
    assert 0.5 < float(np.sqrt((pull**2).mean())) < 1.5
    assert found["displacement"].attrs["units"] == "px"


def test_more_reflections_agree():
    core = (79.5, 84.5)

    def displacement(y, x):
        turn = np.arctan2(y - core[0], x - core[1]) / (2 * np.pi)
        return 0 * turn, 8.0 * turn

    def gradient(y, x):
        dy, dx = y - core[0], x - core[1]
        r2 = dy**2 + dx**2
        return 0 * r2, 0 * r2, 8 * dx / r2 / (2 * np.pi), -8 * dy / r2 / (2 * np.pi)

    g = np.array([(0.0, 0.125), (0.125, 0.0), (0.125, 0.125)])
    image, _ = fringes((160, 170), g, displacement=displacement, gradient=gradient, noise=3.0)
    reflections = tw.make_reflections(g, units="px")
    strain = tw.geometric_phase(image, reflections, reference=reflections)
    found = tw.burgers_vector(strain, np.array(AROUND) + core)
    np.testing.assert_array_equal(found["cycles"], [1, 0, 1])
    np.testing.assert_allclose(found["burgers"], [0, 8], atol=1e-9)


def test_bad_arguments_are_refused(edge):
    image, truth, strain = edge
    noise = tw.make_image(np.random.default_rng(0).normal(size=(60, 60)))
    nothing = tw.geometric_phase(noise, tw.make_reflections([(0, 0.12), (0.12, 0)], units="px"))
    with pytest.raises(ValueError, match="0 of the reflections have fringes"):
        tw.phase_displacement(nothing)
    with pytest.raises(TypeError, match=r"result of temwidgets\.geometric_phase"):
        tw.burgers_vector(image, AROUND)
    with pytest.raises(TypeError, match=r"result of temwidgets\.geometric_phase"):
        tw.phase_displacement(image)
    with pytest.raises(ValueError, match="loop is a polygon"):
        tw.burgers_vector(strain, [(1, 2), (3, 4)])
    with pytest.raises(ValueError, match="of the loop runs where there are no fringes"):
        tw.burgers_vector(strain, loop_about(truth, 0.2))
