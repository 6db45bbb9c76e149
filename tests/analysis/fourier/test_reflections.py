import numpy as np
import pytest

import temwidgets as tw
from temwidgets.conventions import CancelledError
from temwidgets.synthetic import fringes

SAMPLING = (0.02, 0.025)
SQUARE = np.array([(0.0, 5.0), (5.0, 0.0), (5.0, 5.0), (-5.0, 5.0), (0.0, 10.0), (10.0, 0.0)])


def turned(points, angle):
    sin, cos = np.sin(np.deg2rad(angle)), np.cos(np.deg2rad(angle))
    return points @ np.array([[cos, sin], [-sin, cos]])


def crystal(shape=(201, 240), g=None, amplitude=4.0, noise=10.0, **options):
    options = {"sampling": SAMPLING, "origin": (3.0, -2.0), **options}
    g = turned(SQUARE, 10) if g is None else g
    return fringes(shape, g, amplitude=amplitude, noise=noise, **options)


def missed_and_false(found, truth, within=0.05):
    """How many true reflections have no found one near, and the reverse, mates alike."""
    ours, theirs = found["g"].values, truth["g"].values
    both = np.concatenate([theirs, -theirs])
    away = np.hypot(*(ours[:, None] - both).transpose(2, 0, 1))
    near = away.reshape(len(ours), 2, -1).min(axis=1) < within
    return int((~near.any(axis=0)).sum()), int((~near.any(axis=1)).sum())


@pytest.fixture(scope="module")
def found():
    """Reflections of a turned square crystal, and the truth."""
    image, truth = crystal()
    return tw.find_reflections(image), truth


def test_all_are_found_and_no_others(found):
    assert missed_and_false(*found) == (0, 0)
    assert (found[0].probability > 0.99).all()
    assert (np.diff(found[0].snr) <= 0).all()
    assert found[0].attrs["threshold"] == 0.5


def test_values_carry_units_and_names(found):
    for name, variable in found[0].variables.items():
        assert "units" in variable.attrs, name
        assert "long_name" in variable.attrs, name
    assert found[0].g.attrs["units"] == "1/nm"
    assert found[0].d_spacing.attrs["units"] == "nm"
    assert found[0].amplitude.attrs["units"] == "counts"
    assert found[0].amplitude.attrs["ancillary_variables"] == "amplitude_std"


def test_they_are_kept_in_files(found, tmp_path):
    tw.save(tmp_path / "reflections.nc", found[0])
    assert tw.open_result(tmp_path / "reflections.nc").identical(found[0])


def test_they_form_one_lattice_and_its_rows(found):
    table = found[0]
    assert (table.lattice == 0).all()
    np.testing.assert_allclose(
        table.lattice_index.values @ table.lattice_basis.values[0], table.g, atol=0.03
    )
    second = table.d_spacing < 0.12
    assert (table.harmonic.values[second] == 2).all()
    assert (table.harmonic.values[~second] == 1).all()
    assert sorted(np.bincount(table.family)) == [2, 2, 2]


def test_errors_and_amplitudes_are_right():
    pulls, amplitudes = [], []
    for seed in range(8):
        image, truth = crystal((121, 140), seed=seed, noise_seed=seed)
        table = tw.find_reflections(image)
        for g, std, amplitude, error in zip(
            table.g.values, table.g_std.values, table.amplitude, table.amplitude_std, strict=True
        ):
            apart = np.hypot(*(truth.g.values - g).T)
            if apart.min() < 0.1:
                pulls.extend((truth.g.values[apart.argmin()] - g) / std)
                amplitudes.append((float(amplitude) - 4.0) / float(error))
    assert len(pulls) == 8 * 2 * len(SQUARE)
    assert np.std(pulls) == pytest.approx(1, abs=0.2)
    assert np.std(amplitudes) == pytest.approx(1, abs=0.25)
    # noise adds to a modulus on average
    assert abs(np.mean(amplitudes)) < 0.4


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("texture", [0.0, 6.0])
def test_images_without_a_crystal_have_none(texture, seed):
    image, _ = crystal(
        (192, 161), amplitude=0.0, texture=texture, underneath=True, seed=seed, sampling=0.02
    )
    table = tw.find_reflections(image)
    assert table.sizes["reflection"] == 0
    assert {"g", "d_spacing", "family", "lattice", "harmonic"} <= set(table.data_vars)


def test_scan_lines_and_slopes_are_no_reflections():
    rng = np.random.default_rng(3)
    y, x = np.indices((180, 200))
    values = rng.normal(size=(180, 200)) + 2 * rng.normal(size=(180, 1)) + 0.1 * y - 0.2 * x
    assert tw.find_reflections(tw.make_image(values)).sizes["reflection"] == 0


def test_a_reflection_on_a_streak_is_still_found():
    rng = np.random.default_rng(4)
    y, _ = np.indices((200, 200))
    lines = rng.normal(size=(200, 200)) + rng.normal(size=(200, 1))
    table = tw.find_reflections(tw.make_image(lines + 1.5 * np.cos(2 * np.pi * 0.1 * y)))
    assert table.sizes["reflection"] == 1
    np.testing.assert_allclose(np.abs(table.g[0]), [0.1, 0], atol=1e-3)


def test_two_crystals_with_equal_spacings_stay_apart():
    left = np.arange(240) < 120 + np.zeros((200, 1))
    image, _ = crystal((200, 240), mask=left, amplitude=6.0)
    other, _ = crystal((200, 240), turned(SQUARE, 33), mask=~left, amplitude=6.0, noise=0.0)
    table = tw.find_reflections(image + other - 100)
    sizes = np.bincount(table.lattice.values + 1)[1:]
    assert sorted(sizes[:2].tolist()) == [len(SQUARE), len(SQUARE)]
    for number in (0, 1):
        angles = table.angle.values[table.lattice.values == number] % 45
        assert np.ptp(angles) < 1
    near = np.abs(table.d_spacing.values - 0.2) < 0.004
    assert len(set(table.family.values[near])) == 1
    assert len(set(table.lattice.values[near])) == 2


def test_weak_reflections_count_on_the_nodes_of_a_lattice():
    g = np.concatenate([turned(SQUARE, 10), turned(np.array([(10.0, 5.0)]), 10)])
    image, truth = crystal(g=g, amplitude=[4.0] * 6 + [0.38], noise=10.0, seed=0)
    alone, _ = crystal(g=g[-1:], amplitude=0.38, noise=10.0, seed=0)
    assert missed_and_false(tw.find_reflections(image), truth)[1] == 0
    together = tw.find_reflections(image).sizes["reflection"]
    assert together == 7
    assert tw.find_reflections(alone).sizes["reflection"] == 0


def test_far_peaks_of_the_scan_are_not_believed():
    image, truth = crystal(noise=4.0)
    y = np.arange(201)[:, None] * 0.02
    humming = image + 0.8 * np.cos(2 * np.pi * 22.0 * y)
    table = tw.find_reflections(humming)
    assert missed_and_false(table, truth) == (0, 0)
    assert 10 < table.attrs["information_limit"] < 22
    assert tw.find_reflections(humming, k_range=(20, None)).sizes["reflection"] == 1


def test_regions_thresholds_and_ranges():
    image, truth = crystal((230, 240), mask=lambda y, x: x + 0 * y > 1.0, amplitude=6.0)
    right = (3.0, 8.0, 1.0, 4.0)
    corners = [(3.0, 1.0), (8.0, 1.0), (8.0, 4.0), (3.0, 4.0)]
    for region in (right, corners):
        table = tw.find_reflections(image, region=region)
        assert missed_and_false(table, truth) == (0, 0)
        np.testing.assert_allclose(table.attrs["region"], [3.0, 7.58, 1.0, 3.975], atol=0.03)
    assert tw.find_reflections(image, region=(3, 8, -2, 0.9)).sizes["reflection"] == 0
    assert tw.find_reflections(image, max_reflections=2).sizes["reflection"] == 2
    near = tw.find_reflections(image, k_range=(None, 8.0))
    assert near.sizes["reflection"] == 4
    many = tw.find_reflections(image, threshold=0.0, max_reflections=40)
    assert 6 < many.sizes["reflection"] <= 40
    assert float(many.probability.min()) < 0.5


def test_pixels_and_calibration_only_change_the_scale():
    values = crystal()[0].values
    nm = tw.find_reflections(tw.make_image(values, sampling=SAMPLING))
    px = tw.find_reflections(tw.make_image(values))
    ours, theirs = (one.g.values[np.argsort(one.amplitude.values)] for one in (px, nm))
    np.testing.assert_allclose(ours / SAMPLING, theirs, rtol=1e-6)
    assert px.d_spacing.attrs["units"] == "px"


def test_progress_is_told_and_may_stop_it():
    image, _ = crystal((64, 64))
    told = []
    tw.find_reflections(image, report=told.append)
    assert told[0] == 0
    assert told[-1] == 1
    assert told == sorted(told)

    def stop(fraction):
        raise CancelledError

    with pytest.raises(CancelledError):
        tw.find_reflections(image, report=stop)


@pytest.mark.parametrize("size", [127, 128, 129])
def test_a_click_gives_d_to_a_quarter_of_a_per_cent(size):
    rng = np.random.default_rng(size)
    worst = 0.0
    for seed in range(8):
        d, angle = rng.uniform(0.09, 0.28), rng.uniform(-np.pi / 2, np.pi / 2)
        g = np.array([np.sin(angle), np.cos(angle)]) / d
        image, _ = fringes((200, 220), [g], amplitude=10, noise=8, sampling=0.02, seed=seed)
        region = (0.4, 0.4 + 0.02 * (size - 1), 0.6, 0.6 + 0.02 * (size - 1))
        click = g + rng.uniform(-0.4, 0.4, 2)
        one, mate = (tw.snap_reflections(image, [k], region=region) for k in (click, -click))
        assert one.identical(mate)
        worst = max(worst, abs(float(one.d_spacing[0]) / d - 1))
        assert abs(float(one.d_spacing[0]) - d) < 4.5 * float(one.d_spacing_std[0])
    assert worst < 0.0025


def test_clicks_on_one_spot_are_one_reflection(found):
    image, _ = crystal()
    table, _ = found
    g = table.g.values
    snapped = tw.snap_reflections(image, [g[0] + 0.1, -g[0], g[1]])
    assert snapped.sizes["reflection"] == 2
    np.testing.assert_allclose(snapped.g, g[:2], atol=1e-6)
    np.testing.assert_allclose(snapped.d_spacing_std, table.d_spacing_std[:2], rtol=0.3)
    assert (snapped.probability > 0.99).all()
    assert (snapped.lattice == -1).all()
    nothing = tw.snap_reflections(image, [(17.3, 3.1)])
    assert float(nothing.probability[0]) < 0.5


def test_a_click_stays_within_reach():
    g = [(0.0, 4.0), (0.0, 6.0)]
    image, _ = fringes((128, 200), g, amplitude=[30, 5], sampling=0.02, noise=1)
    assert float(tw.snap_reflections(image, [(0, 5.6)]).d_spacing[0]) == pytest.approx(
        1 / 6, rel=1e-3
    )
    wide = tw.snap_reflections(image, [(0, 5.2)], reach=3.0)
    assert float(wide.d_spacing[0]) == pytest.approx(1 / 4, rel=1e-3)


def test_what_is_wrong_is_told():
    image, _ = crystal((64, 64))
    with pytest.raises(ValueError, match="threshold is a probability"):
        tw.find_reflections(image, threshold=2)
    with pytest.raises(ValueError, match="max_reflections is a whole number from 1"):
        tw.find_reflections(image, max_reflections=0)
    with pytest.raises(ValueError, match="k_range is a smallest and a largest"):
        tw.find_reflections(image, k_range=(5, 2))
    with pytest.raises(ValueError, match="points are vectors"):
        tw.snap_reflections(image, [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="A point lies outside the spectrum"):
        tw.snap_reflections(image, [(99.0, 0.0)])
    with pytest.raises(ValueError, match="reach is a distance"):
        tw.snap_reflections(image, [(5.0, 0.0)], reach=-1)
    with pytest.raises(TypeError, match="An image is an xarray DataArray"):
        tw.find_reflections(image.values)
    with pytest.raises(ValueError, match="spectrum needs 8 x 8"):
        tw.find_reflections(image, region=(0, 1, 0, 1))


def test_images_with_nothing_in_them_have_no_reflections():
    flat = tw.make_image(np.full((40, 50), 3.0))
    assert tw.find_reflections(flat).sizes["reflection"] == 0
    assert tw.find_reflections(tw.make_image(np.zeros((9, 8)))).sizes["reflection"] == 0
