import numpy as np
import pytest
import scipy.ndimage as ndi

import temwidgets as tw
from temwidgets.conventions import CancelledError
from temwidgets.kernels.fourier.lattice_gradient import finite_strain
from temwidgets.synthetic import amorphous, fringes, strained_crystal, twin, two_phases

NAMES = ("d_spacing", "angle", "amplitude")


def rms(values):
    return float(np.sqrt(np.nanmean(np.square(values))))


def true_strain(truth, reference):
    """Finite strain (e_xx, e_yy, e_xy, rotation) relative to reference vectors."""
    g = truth["g"].values
    base = np.linalg.lstsq(g, reference - g, rcond=None)[0].T
    local = np.eye(2)[:, :, None, None] - truth["distortion"].values.swapaxes(0, 1)
    relative = np.einsum("abyx,bc->acyx", local, np.linalg.inv(np.eye(2) + base))
    return finite_strain(relative - np.eye(2)[:, :, None, None])


@pytest.fixture(scope="module")
def strained():
    """Strained crystal with an amorphous rim on non-square pixels, its truth, its spacing."""
    image, truth = strained_crystal((400, 361), sampling=(0.02, 0.024), origin=(3.0, -1.0), seed=5)
    reflections = tw.make_reflections(truth["g"].values)
    return image, truth, reflections, tw.local_spacing(image, reflections)


@pytest.fixture(scope="module")
def perfect():
    """Perfect lattice without noise on non-square pixels."""
    g = [(0.3, 4.8), (4.9, 0.4), (-4.6, 4.4)]
    image, truth = fringes((140, 121), g, sampling=(0.02, 0.03), origin=(5.0, -1.0))
    return image, truth, tw.make_reflections(truth["g"].values)


def test_a_perfect_lattice_is_exact(perfect):
    image, truth, reflections = perfect
    found = tw.local_spacing(image, reflections)
    assert found["mask"].values.mean() > 0.99
    inner, middle = np.s_[..., 12:-12, 12:-12], np.s_[..., 40:-40, 40:-40]
    for name, scale in (("d_spacing", 0.2), ("angle", np.rad2deg(1.0)), ("amplitude", 100)):
        off = (found[name].values - truth[name].values) / scale
        assert rms(off[middle]) < 6e-4, name
        assert rms(off[inner]) < 2e-3, name
    for name in ("e_xx", "e_yy", "e_xy"):
        assert rms(found[name].values[middle]) < 4e-4


def test_strained_crystal_with_a_rim(strained):
    _, truth, _, found = strained
    inside = truth["mask"].values
    depth = ndi.distance_transform_edt(inside)
    off = found["d_spacing"].values / truth["d_spacing"].values - 1
    assert max(rms(o[depth > 48]) for o in off) < 2.0e-3
    assert max(rms(o[(depth >= 8) & (depth <= 48)]) for o in off) < 4.0e-3
    wanted = true_strain(truth, found["g"].values)
    for name, true in zip(("e_xx", "e_yy", "e_xy"), wanted, strict=False):
        assert rms((found[name].values - true)[depth > 48]) < 2.0e-3
    turned = found["rotation"].values - wanted[3]
    assert rms(turned[depth > 48]) < np.rad2deg(2.0e-3)


def test_errors_are_what_maps_are_off_by(strained):
    _, truth, _, found = strained
    deep = ndi.distance_transform_edt(truth["mask"].values) > 24
    wanted = {name: truth[name].values for name in NAMES}
    strains = true_strain(truth, found["g"].values)
    wanted |= dict(zip(("e_xx", "e_yy", "e_xy", "rotation"), strains, strict=True))
    for name, true in wanted.items():
        pull = (found[name].values - true) / found[f"{name}_std"].values
        assert 0.7 < rms(pull[..., deep]) < 1.3, name


def test_the_mask_keeps_off_the_amorphous_rim(strained):
    _, truth, _, found = strained
    inside, mask = truth["mask"].values, found["mask"].values
    assert (mask & ~inside).sum() <= 1e-3 * (~inside).sum()
    depth = ndi.distance_transform_edt(inside)
    assert (~mask & (depth >= 10)).sum() <= 0.01 * (depth >= 10).sum()
    assert not np.isfinite(found["d_spacing"].values[:, ~mask]).any()
    assert not np.isfinite(found["e_xx"].values[~mask]).any()


def test_variables_coordinates_and_units(strained):
    image, _, reflections, found = strained
    assert found.sizes == {"reflection": 3, "y": 400, "x": 361, "component": 2}
    np.testing.assert_array_equal(found["y"], image["y"])
    np.testing.assert_array_equal(found["reflection"], reflections["reflection"])
    units = {"d_spacing": "nm", "angle": "deg", "amplitude": "counts", "g": "1/nm", "e_xx": "1"}
    units |= {"rotation": "deg", "mask": "1"}
    for name, unit in units.items():
        assert found[name].attrs["units"] == unit
        assert found[name].attrs["long_name"]
        if name != "mask":
            assert found[name].attrs["ancillary_variables"] == f"{name}_std"
            assert found[f"{name}_std"].attrs["units"] == unit
    assert found["d_spacing"].dtype == np.float32
    assert "absolute" in found["d_spacing"].attrs["long_name"]
    assert "relative to the mean of the crystal" in found["e_xx"].attrs["long_name"]
    assert found.attrs["engine"] == "phase"
    assert 0.1 < found.attrs["sigma"] < 1.0


def test_pixels_and_origin_do_not_matter(strained):
    image, _, reflections, found = strained
    g = reflections["g"].values * [0.02, 0.024]
    scaled = tw.make_image(image.values, sampling=(2.0, 2.4), origin=(7.0, 9.0), units="px")
    vectors = tw.make_reflections(g / [2.0, 2.4], units="px")
    chosen = tw.local_spacing(scaled, vectors)
    assert chosen.attrs["sigma"] == pytest.approx(100 * found.attrs["sigma"], rel=0.03)
    other = tw.local_spacing(scaled, vectors, sigma=100 * found.attrs["sigma"])
    assert (other["mask"].values == found["mask"].values).mean() > 0.999
    assert rms(other["d_spacing"].values / 100 / found["d_spacing"].values - 1) < 5e-4
    assert other["d_spacing"].attrs["units"] == "px"


def test_stride_is_every_so_many_pixels(strained):
    image, _, reflections, found = strained
    coarse = tw.local_spacing(image, reflections, stride=7)
    np.testing.assert_array_equal(coarse["x"], image["x"][::7])
    np.testing.assert_allclose(
        coarse["d_spacing"].values, found["d_spacing"].values[:, ::7, ::7], rtol=1e-5
    )


def test_it_finds_the_reflections_itself(strained):
    image, truth, _, _ = strained
    found = tw.local_spacing(image, stride=4)
    length = np.sort(np.hypot(*found["g"].values.T))
    np.testing.assert_allclose(length, np.sort(np.hypot(*truth["g"].values.T)), rtol=0.02)


def test_a_mate_or_a_neighbouring_start_gives_the_same(strained):
    image, _, reflections, found = strained
    moved = tw.make_reflections(-1.01 * reflections["g"].values)
    again = tw.local_spacing(image, moved, sigma=found.attrs["sigma"])
    off = again["d_spacing"].values / found["d_spacing"].values - 1
    assert rms(off) < 4e-4


def test_reference_region_and_vectors(strained):
    image, _, reflections, found = strained
    region = (6.0, 7.0, 2.5, 3.5)
    there = tw.local_spacing(image, reflections, reference=region)
    part = there.sel(y=slice(6.0, 7.0), x=slice(2.5, 3.5))
    assert abs(float(part["e_xx"].mean())) < 2e-3
    assert abs(float(part["e_yy"].mean())) < 2e-3
    assert "reference region" in there["e_xx"].attrs["long_name"]
    np.testing.assert_array_equal(there["d_spacing"].values, found["d_spacing"].values)
    given = tw.local_spacing(image, reflections, reference=reflections)
    np.testing.assert_allclose(given["g"], reflections["g"])


def test_a_mask_is_taken_as_it_is(strained):
    image, truth, reflections, _ = strained
    inside = truth["mask"].copy(data=truth["mask"].values & (truth["y"] < 6.0).values[:, None])
    found = tw.local_spacing(image, reflections, mask=inside)
    agree = found["mask"].values == inside.values
    assert agree.mean() > 0.97
    assert not found["mask"].sel(y=slice(6.2, None)).any()


def test_one_reflection_has_no_strain(perfect):
    image, _, reflections = perfect
    found = tw.local_spacing(image, reflections.isel(reflection=[1]))
    assert "e_xx" not in found
    assert found["d_spacing"].sizes["reflection"] == 1


def test_joint_fit_lowers_noise(strained):
    image, truth, reflections, found = strained
    deep = ndi.distance_transform_edt(truth["mask"].values) > 48
    alone = tw.local_spacing(image, reflections, sigma=found.attrs["sigma"], joint=False)
    error = [
        np.mean([rms((o / t - 1)[deep]) for o, t in zip(m, truth["d_spacing"].values, strict=True)])
        for m in (found["d_spacing"].values, alone["d_spacing"].values)
    ]
    assert error[0] < error[1]
    assert rms(alone["d_spacing_std"].values[:, deep]) > rms(found["d_spacing_std"].values[:, deep])


def test_grains_are_measured_where_they_are():
    image, truth = twin((220, 200), seed=1)
    g = truth["g"].values.reshape(-1, 2)
    label = truth["label"].values
    found = tw.local_spacing(image, tw.make_reflections(g, units="px"))
    spots = truth["g"].sizes["spot"]
    for k in range(len(g)):
        inside = np.isfinite(found["d_spacing"].values[k])
        if (np.hypot(*(g - g[k]).T) < 0.02).sum() == 1:
            assert inside[label == k // spots].mean() > 0.8
            assert inside[label != k // spots].mean() < 0.05


def test_an_amorphous_image_has_no_crystal():
    image, _ = amorphous((300, 280), seed=2)
    found = tw.local_spacing(image, tw.make_reflections([(0.1, 0.05), (-0.06, 0.1)], units="px"))
    assert found["mask"].values.mean() < 1e-3
    nothing = tw.local_spacing(image)
    assert nothing.sizes["reflection"] in (0, 1, 2, 3)
    assert not nothing["mask"].values.mean() > 1e-3


def test_what_was_computed_is_kept_only_for_the_same_pixels(perfect):
    image, _, reflections = perfect
    mine = image.copy(data=image.values.copy())
    before = tw.local_spacing(mine, reflections)
    again = tw.local_spacing(mine, reflections)
    np.testing.assert_array_equal(before["d_spacing"], again["d_spacing"])
    mine.values[:, :] = mine.values[::-1, ::-1].copy() * 2
    after = tw.local_spacing(mine, reflections)
    assert float(after["amplitude"].median()) == pytest.approx(
        2 * float(before["amplitude"].median()), rel=0.01
    )


def test_it_reports_and_can_be_cancelled(perfect):
    image, _, reflections = perfect
    told = []
    tw.local_spacing(image, reflections, report=told.append)
    assert told == sorted(told)

    def stop(_):
        raise CancelledError

    with pytest.raises(CancelledError):
        tw.local_spacing(image, reflections, report=stop)


def test_bad_arguments_are_refused(perfect):
    image, _, reflections = perfect
    with pytest.raises(ValueError, match="engine is"):
        tw.local_spacing(image, reflections, engine="fft")
    with pytest.raises(TypeError, match="window: options of the windowed engine"):
        tw.local_spacing(image, reflections, window=64)
    with pytest.raises(ValueError, match="sigma belongs to the phase engine"):
        tw.local_spacing(image, reflections, engine="windowed", sigma=0.3)
    with pytest.raises(ValueError, match="sigma is the width of the window"):
        tw.local_spacing(image, reflections, sigma=-1)
    with pytest.raises(ValueError, match="stride is a whole number"):
        tw.local_spacing(image, reflections, stride=0)
    with pytest.raises(ValueError, match="1 or more reflections are needed"):
        tw.local_spacing(image, reflections.isel(reflection=[]))
    with pytest.raises(ValueError, match="in nm but the reflections are in px"):
        tw.local_spacing(image, tw.make_reflections([(0.1, 0.1)], units="px"))
    with pytest.raises(TypeError, match="mask is a DataArray of bool"):
        tw.local_spacing(image, reflections, mask=image)
    with pytest.raises(ValueError, match=r"mask has the shape \(100, 121\)"):
        tw.local_spacing(image, reflections, mask=(image > 0).isel(y=slice(0, 100)))
    with pytest.raises(ValueError, match="reference holds 1 reflections, but 3"):
        tw.local_spacing(image, reflections, reference=reflections.isel(reflection=[0]))
    with pytest.raises(ValueError, match="A region is a rectangle"):
        tw.local_spacing(image, reflections, reference=3)
    with pytest.raises(ValueError, match="finer than the pixels can show"):
        tw.local_spacing(image, tw.make_reflections([(2.0, 18.0)]))
    with pytest.raises(ValueError, match="more than half the image"):
        tw.local_spacing(image, reflections, sigma=2.0)
    with pytest.raises(ValueError, match="NaN or infinite"):
        tw.local_spacing(image.where(image.y > 5.1), reflections)


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.float16, np.float64])
def test_any_kind_of_number_is_fine(dtype, perfect):
    image, truth, reflections = perfect
    found = tw.local_spacing(image.copy(data=image.values.astype(dtype)), reflections)
    middle = found.isel(y=slice(30, -30), x=slice(30, -30))["d_spacing"]
    np.testing.assert_allclose(
        middle.mean(("y", "x")), 1 / np.hypot(*truth["g"].values.T), rtol=1e-3
    )


def test_an_empty_or_tiny_image_has_no_crystal():
    reflections = tw.make_reflections([(0.0, 0.12), (0.12, 0.0)], units="px")
    for image in (np.full((60, 50), 7), np.eye(12)):
        found = tw.local_spacing(tw.make_image(image), reflections)
        assert not found["mask"].any()
        assert found.attrs["note"] == "No crystal found."
        assert np.isnan(found["e_xx"]).all()


def test_results_are_saved_and_reopened(strained, tmp_path):
    _, _, _, found = strained
    tw.save(tmp_path / "spacing.nc", found)
    assert tw.open_result(tmp_path / "spacing.nc").identical(found)


def test_both_engines_agree(strained):
    image, _, reflections, phase = strained
    part = {"y": slice(100, 300), "x": slice(90, 270)}
    piece = image.isel(part)
    found = tw.local_spacing(
        piece, reflections, engine="windowed", window=64, fit="parabola", stride=6
    )
    same = phase.isel(part).isel(y=slice(None, None, 6), x=slice(None, None, 6))
    inner = {"y": slice(7, -7), "x": slice(7, -7)}
    off = (found["d_spacing"] / same["d_spacing"] - 1).isel(inner).values
    assert rms(off) < 8e-3
    assert abs(np.nanmedian(off)) < 1e-3
    assert {"e_xx", "e_xy", "rotation", "mask", "g_std"} <= set(found)
    strain = found["e_yy"] - found["e_yy"].mean() - (same["e_yy"] - same["e_yy"].mean())
    assert rms(strain.isel(inner).values) < 6e-3
    assert found.attrs["engine"] == "windowed"


def test_the_windowed_engine_takes_mask_and_reference(perfect):
    image, _, reflections = perfect
    inside = (image * 0 == 0) & (image.y < 6.5)
    options = {"engine": "windowed", "window": 48, "fit": "parabola", "stride": 10}
    found = tw.local_spacing(image, reflections, mask=inside, reference=reflections, **options)
    np.testing.assert_array_equal(found["mask"], inside[::10, ::10])
    assert np.isnan(found["e_xx"].values[~inside.values[::10, ::10]]).all()
    np.testing.assert_allclose(found["g"], reflections["g"])
    assert abs(float(found["e_xx"].median())) < 2e-3
    region = tw.local_spacing(image, reflections, reference=(5.2, 7.0, -0.5, 1.5), **options)
    np.testing.assert_allclose(region["g"], reflections["g"], rtol=5e-3, atol=0.02)


def test_one_set_of_reflections_tells_two_phases_apart():
    image, truth = two_phases((200, 220), spacings=(8.0, 8.6), seed=1)
    found = tw.local_spacing(image, tw.make_reflections(truth["g"].values[0], units="px"))
    for label, wanted in ((0, 8.0), (1, 8.6)):
        inside = truth["label"].values == label
        for d in found["d_spacing"].values:
            assert np.nanmedian(d[inside]) == pytest.approx(wanted, rel=2e-3)
            assert np.isfinite(d[inside]).mean() > 0.9
