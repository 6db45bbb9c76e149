import numpy as np
import pytest
import scipy.ndimage as ndi

import temwidgets as tw
from temwidgets.conventions import CancelledError
from temwidgets.kernels.fourier.lattice_gradient import finite_strain
from temwidgets.synthetic import fringes, interface_step, strained_crystal

STRAINS = ("e_xx", "e_yy", "e_xy", "rotation", "dilatation")
SQUARE = [(0.0, 5.0), (5.0, 0.0)]


def rms(values):
    return float(np.sqrt(np.nanmean(np.square(values))))


def affine(distortion, **options):
    """Crystal whose right half is distorted by one matrix du/dr; left half is not."""
    d = np.array(distortion, float)
    options = {"sampling": 0.025, "origin": (-3.0, -4.0), "noise": 1.0, **options}

    def displacement(y, x):
        s = np.clip(x, 0, None) + 0 * y
        return d[0, 1] * s, d[1, 1] * s

    def gradient(y, x):
        inside = (x > 0) + 0 * y
        return 0 * inside, d[0, 1] * inside, 0 * inside, d[1, 1] * inside

    return fringes((200, 321), SQUARE, displacement=displacement, gradient=gradient, **options)


@pytest.fixture(scope="module")
def strained():
    image, truth = strained_crystal((380, 401), sampling=(0.024, 0.02), origin=(1.0, 2.0), seed=3)
    reflections = tw.make_reflections(truth["g"].values)
    return image, truth, reflections, tw.geometric_phase(image, reflections, reference=reflections)


def test_strain_is_the_truth_within_its_errors(strained):
    _, truth, _, found = strained
    local = -truth["distortion"].values.swapaxes(0, 1)
    e_xx, e_yy, e_xy, turn = finite_strain(local)
    depth = ndi.distance_transform_edt(truth["mask"].values)
    wanted = dict(zip(STRAINS, (e_xx, e_yy, e_xy, turn, e_xx + e_yy), strict=True))
    for name, true in wanted.items():
        off = (found[name].values - true)[depth > 40]
        assert rms(off) < (np.rad2deg(2e-3) if name == "rotation" else 3e-3), name
        assert 0.7 < rms(off / found[f"{name}_std"].values[depth > 40]) < 1.3, name


def test_small_strain_is_that_of_the_truth(strained):
    image, truth, reflections, finite = strained
    found = tw.geometric_phase(image, reflections, reference=reflections, measure="small")
    deep = ndi.distance_transform_edt(truth["mask"].values) > 40
    for name in ("e_xx", "e_yy", "e_xy"):
        assert rms((found[name].values - truth[name].values)[deep]) < 2e-3
    assert rms((found["e_xx"].values - finite["e_xx"].values)[deep]) > 1e-4
    assert found.attrs["measure"] == "small"


def test_phase_is_that_of_the_displacement(strained):
    _, truth, _, found = strained
    deep = ndi.distance_transform_edt(truth["mask"].values) > 40
    wanted = -2 * np.pi * np.einsum("nc,cyx->nyx", truth["g"].values, truth["displacement"].values)
    for phase, std, true in zip(
        found["phase"].values, found["phase_std"].values, wanted, strict=True
    ):
        apart = np.exp(1j * (phase - true))
        off = np.angle(apart / np.nanmean(apart[deep]))[deep]
        assert rms(off) < 0.1
        assert 0.6 < rms(off / std[deep]) < 1.5
        assert np.nanmax(np.abs(phase)) <= np.float32(np.pi)


@pytest.mark.parametrize("e_xx", [0.03, -0.03])
def test_an_elongation_is_right_to_second_order(e_xx):
    # d is (1 + e) d0 where du/dx = e / (1 + e), x the place in the image
    image, _ = affine([[0, 0], [0, e_xx / (1 + e_xx)]])
    reflections = tw.make_reflections(SQUARE)
    found = tw.geometric_phase(image, reflections, reference=(-2.5, 1.5, -3.5, -1.0))
    part = found.sel(y=slice(-2.5, 1.4), x=slice(1.2, 3.6))
    assert float(part["e_xx"].mean()) == pytest.approx(e_xx, abs=2e-4)
    assert abs(float(part["e_yy"].mean())) < 2e-4
    spacing = tw.local_spacing(image, reflections).sel(y=slice(-2.5, 1.4), x=slice(1.2, 3.6))
    assert float(spacing["d_spacing"][0].mean()) == pytest.approx(0.2 * (1 + e_xx), rel=2e-4)


def test_a_rigid_rotation_is_no_strain():
    angle = 4.0
    cos, sin = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
    back = np.array([[cos, -sin], [sin, cos]])  # (y, x) of the place before, from +x towards +y

    def displacement(y, x):
        places = np.stack(np.broadcast_arrays(y, x))
        moved = places - np.einsum("ij,jyx->iyx", back, places)
        return moved[0], moved[1]

    image, _ = fringes((180, 200), SQUARE, displacement=displacement, sampling=0.025)
    reflections = tw.make_reflections(SQUARE)
    found = tw.geometric_phase(image, reflections, reference=reflections)
    inner = {"y": slice(30, -30), "x": slice(30, -30)}
    assert float(found["rotation"].isel(inner).mean()) == pytest.approx(angle, abs=0.02)
    for name in ("e_xx", "e_yy", "e_xy", "dilatation"):
        assert rms(found[name].isel(inner).values) < 5e-4
    small = tw.geometric_phase(image, reflections, reference=reflections, measure="small")
    assert float(small["e_xx"].isel(inner).mean()) == pytest.approx(1 - cos, abs=3e-4)


def test_strain_is_zero_in_the_reference_region_and_steps_at_the_interface():
    image, truth = interface_step((220, 240), strains=(0.0, 0.02), noise=2.0)
    reflections = tw.make_reflections(truth["g"].values, units="px")
    for region, there, here in (
        ((30, 190, 20, 90), 0.0, 1 / 0.98 - 1),
        ((30, 190, 150, 220), 0.98 - 1, 0.0),
    ):
        found = tw.geometric_phase(image, reflections, sigma=10, reference=region)
        left = found["e_xx"].sel(y=slice(40, 180), x=slice(30, 80)).values
        right = found["e_xx"].sel(y=slice(40, 180), x=slice(160, 210)).values
        assert np.nanmean(left) == pytest.approx(there, abs=6e-4)
        assert np.nanmean(right) == pytest.approx(here, abs=6e-4)
        assert found.attrs["reference"] == pytest.approx(list(region), abs=1)
        phase = found["phase"].sel(y=slice(*region[:2]), x=slice(*region[2:])).values
        assert np.abs(np.nanmean(np.exp(1j * phase), axis=(1, 2)) - 1).max() < 0.05


def test_the_reference_vector_is_refined():
    image, truth = interface_step((220, 240), strains=(0.0, 0.02), noise=5.0)
    reflections = tw.make_reflections(truth["g"].values * 1.004, units="px")
    found = tw.geometric_phase(image, reflections, reference=(10, 210, 5, 90))
    off = found["g"].values - truth["g"].values
    assert np.abs(off).max() < 1e-4
    assert np.abs(off / found["g_std"].values).max() < 5


def test_axes_are_turned():
    angle = 30.0
    image, truth = interface_step((260, 260), strains=(0.0, 0.02), angle=angle, noise=1.0)
    reflections = tw.make_reflections(truth["g"].values, units="px")
    found = tw.geometric_phase(
        image, reflections, reference=reflections, axis_angle=angle, sigma=10
    )
    y, x = np.meshgrid(found["y"].values - 130, found["x"].values - 130, indexing="ij")
    ahead = x * np.cos(np.deg2rad(angle)) + y * np.sin(np.deg2rad(angle))
    inner = (ahead > 40) & (np.hypot(y, x) < 100)
    assert np.nanmean(found["e_xx"].values[inner]) == pytest.approx(1 / 0.98 - 1, abs=3e-4)
    for name in ("e_yy", "e_xy"):
        assert abs(np.nanmean(found[name].values[inner])) < 3e-4
    plain = tw.geometric_phase(image, reflections, reference=reflections, sigma=10)
    for name in ("rotation", "dilatation"):
        np.testing.assert_allclose(plain[name], found[name], atol=2e-4)
    assert np.nanmean(plain["e_xy"].values[inner]) > 5e-3


def test_more_reflections_weigh_in(strained):
    image, truth, reflections, three = strained
    two = tw.geometric_phase(
        image,
        reflections.isel(reflection=[0, 2]),
        reference=reflections.isel(reflection=[0, 2]),
        sigma=three.attrs["sigma"],
    )
    deep = ndi.distance_transform_edt(truth["mask"].values) > 40
    for name in ("e_xx", "e_yy"):
        assert rms(three[f"{name}_std"].values[deep]) < rms(two[f"{name}_std"].values[deep])


def test_variables_and_units(strained):
    image, _, _, found = strained
    units = {"phase": "rad", "amplitude": "counts", "e_xx": "1", "rotation": "deg", "g": "1/nm"}
    for name, unit in units.items():
        assert found[name].attrs["units"] == unit
        assert found[name].attrs["ancillary_variables"] == f"{name}_std"
    assert found["mask"].dtype == bool
    assert found["phase"].dims == ("reflection", "y", "x")
    assert "relative to the given vectors" in found["e_xx"].attrs["long_name"]
    np.testing.assert_array_equal(found["x"], image["x"])
    np.testing.assert_array_equal(np.isfinite(found["e_xx"].values), found["mask"].values)
    assert found.attrs["reference"] is None
    assert found.attrs["axis_angle"] == 0


def test_stride_keeps_every_so_many_pixels(strained):
    image, _, reflections, found = strained
    coarse = tw.geometric_phase(image, reflections, reference=reflections, stride=5)
    off = np.angle(np.exp(1j * (coarse["phase"].values - found["phase"].values[:, ::5, ::5])))
    assert np.nanmax(np.abs(off)) < 1e-3


def test_results_are_saved_and_reopened(strained, tmp_path):
    _, _, _, found = strained
    tw.save(tmp_path / "strain.nc", found)
    again = tw.open_result(tmp_path / "strain.nc")
    assert again.identical(found)


def test_it_reports_and_can_be_cancelled(strained):
    image, _, reflections, _ = strained
    told = []
    tw.geometric_phase(image, reflections, report=told.append)
    assert told == sorted(told)

    def stop(_):
        raise CancelledError

    with pytest.raises(CancelledError):
        tw.geometric_phase(image, reflections, report=stop)


def test_bad_arguments_are_refused(strained):
    image, _, reflections, _ = strained
    with pytest.raises(ValueError, match="2 or more reflections are needed, but 1 came"):
        tw.geometric_phase(image, reflections.isel(reflection=[0]))
    twice = tw.make_reflections([(1.0, 2.0), (2.0, 4.0)])
    with pytest.raises(ValueError, match="All reflections lie in one direction"):
        tw.geometric_phase(image, twice)
    with pytest.raises(ValueError, match="measure is"):
        tw.geometric_phase(image, reflections, measure="true")
    with pytest.raises(ValueError, match="axis_angle is a number of degrees"):
        tw.geometric_phase(image, reflections, axis_angle=np.nan)
    with pytest.raises(ValueError, match="sigma is the width"):
        tw.geometric_phase(image, reflections, sigma="wide")
    with pytest.raises(ValueError, match="no fringes in the reference region"):
        tw.geometric_phase(image, reflections, reference=(1.0, 1.3, 2.0, 2.3))
