import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from temwidgets import synthetic
from temwidgets.conventions import check_image

OBLONG = {"sampling": (0.03, 0.04), "origin": (2.0, -1.5)}
G = [(1.2, 3.1), (3.0, -0.7)]


def wave(y, x):
    return 0.02 * np.sin(0.9 * y + 0.4 * x), 0.015 * np.cos(0.5 * y - 1.1 * x)


@pytest.mark.parametrize("options", [{}, OBLONG])
def test_image_and_truth_fit_the_conventions(options):
    g = G if options else [(0.05, 0.11)]
    image, truth = synthetic.fringes((63, 90), g, **options)
    check_image(image, finite=True)
    unit = "nm" if options else "px"
    assert image.y.attrs["units"] == truth.y.attrs["units"] == unit
    assert truth.d_spacing.attrs["units"] == unit
    assert truth.g.attrs["units"] == truth.local_g.attrs["units"] == f"1/{unit}"
    for name in truth.variables:
        assert truth[name].attrs["long_name"], name
        assert truth[name].attrs["units"], name
    np.testing.assert_allclose(truth.d_spacing[0], 1 / np.hypot(*g[0]), rtol=1e-6)
    np.testing.assert_allclose(truth.angle[0], np.rad2deg(np.arctan2(*g[0])), rtol=1e-6)
    assert bool(truth.mask.all())


def test_the_image_is_the_formula():
    image, truth = synthetic.fringes(
        (40, 60),
        G,
        amplitude=(3.0, 2.0),
        phase=(0.4, -1.0),
        displacement=wave,
        mean=50.0,
        **OBLONG,
    )
    y, x = np.meshgrid(image.y, image.x, indexing="ij")
    u_y, u_x = wave(y, x)
    expected = 50.0
    for (g_y, g_x), size, start in zip(G, (3.0, 2.0), (0.4, -1.0), strict=True):
        turns = g_y * (y - u_y) + g_x * (x - u_x)
        expected = expected + size * np.cos(2 * np.pi * turns + start)
    np.testing.assert_allclose(image, expected, rtol=1e-6)
    np.testing.assert_allclose(truth.amplitude[:, 0, 0], (3.0, 2.0))
    np.testing.assert_allclose(truth.displacement, np.stack([u_y, u_x]))


def test_local_g_is_the_gradient_of_the_phase():
    image, truth = synthetic.fringes((301, 257), G, displacement=wave, sampling=(0.005, 0.006))
    y, x = np.meshgrid(image.y, image.x, indexing="ij")
    for reference, local in zip(truth.g.values, truth.local_g.values, strict=True):
        turns = reference[0] * (y - truth.displacement[0]) + reference[1] * (
            x - truth.displacement[1]
        )
        slope = np.gradient(turns.values, image.y.values, image.x.values, edge_order=2)
        np.testing.assert_allclose(local, np.stack(slope), atol=2e-6)
    np.testing.assert_allclose(
        truth.d_spacing, 1 / np.hypot(*truth.local_g.transpose("component", ...)), rtol=1e-6
    )


def test_strain_and_rotation_are_parts_of_the_distortion():
    _, truth = synthetic.fringes((50, 60), G, displacement=wave, **OBLONG)
    (e_yy, u_yx), (u_xy, e_xx) = truth.distortion.values
    np.testing.assert_allclose(truth.e_xx, e_xx)
    np.testing.assert_allclose(truth.e_yy, e_yy)
    np.testing.assert_allclose(truth.e_xy, (u_yx + u_xy) / 2)
    np.testing.assert_allclose(truth.rotation, np.rad2deg(u_yx - u_xy) / 2)


@settings(max_examples=30, deadline=None)
@given(
    strain=st.tuples(*[st.floats(-0.05, 0.05)] * 3),
    turn=st.floats(-3, 3),
    angle=st.floats(-89.0, 90.0),
)
def test_a_homogeneous_distortion_gives_one_lattice(strain, turn, angle):
    e_xx, e_yy, e_xy = strain
    w = np.deg2rad(turn)

    def displacement(y, x):
        return e_yy * y + (e_xy + w) * x, e_xx * x + (e_xy - w) * y

    g = synthetic.geometry.direction(angle) / 0.2
    _, truth = synthetic.fringes((8, 9), [g], displacement=displacement, **OBLONG)
    bent = np.array([[e_yy, e_xy + w], [e_xy - w, e_xx]])
    expected = truth.g[0].values - bent.T @ truth.g[0].values
    np.testing.assert_allclose(truth.local_g[0].mean(("y", "x")), expected, atol=1e-8)
    for name, value in (("e_xx", e_xx), ("e_yy", e_yy), ("e_xy", e_xy), ("rotation", turn)):
        np.testing.assert_allclose(truth[name], value, atol=1e-8)


def test_a_turned_crystal_reports_its_rotation():
    _, still = synthetic.fringes((9, 9), [(0.0, 0.1)])
    w = np.deg2rad(0.5)
    image, turned = synthetic.fringes(
        (9, 9), [(0.0, 0.1)], displacement=lambda y, x: (w * x, -w * y)
    )
    assert float(turned.rotation[0, 0]) == pytest.approx(0.5)
    change = float(turned.angle[0, 0, 0] - still.angle[0, 0, 0])
    assert change == pytest.approx(0.5, rel=1e-4)
    assert image.shape == (9, 9)


def test_a_given_gradient_is_taken_and_equals_the_numerical_one():
    def gradient(y, x):
        slow, fast = 0.9 * y + 0.4 * x, 0.5 * y - 1.1 * x
        return [
            0.018 * np.cos(slow),
            0.008 * np.cos(slow),
            -0.0075 * np.sin(fast),
            0.0165 * np.sin(fast),
        ]

    _, numerical = synthetic.fringes((30, 40), G, displacement=wave, **OBLONG)
    _, exact = synthetic.fringes((30, 40), G, displacement=wave, gradient=gradient, **OBLONG)
    np.testing.assert_allclose(numerical.distortion, exact.distortion, atol=1e-9)


def test_the_friedel_mate_is_the_same_crystal():
    one, truth = synthetic.fringes((20, 31), [(0.1, 0.05), (0.2, 0.0)], phase=(0.3, 1.0))
    mate, same = synthetic.fringes((20, 31), [(-0.1, -0.05), (-0.2, 0.0)], phase=(-0.3, -1.0))
    np.testing.assert_allclose(one, mate, rtol=1e-6)
    assert truth.identical(same)
    assert bool((truth.g.sel(component="x") >= 0).all())


def test_outside_the_mask_is_texture_and_no_truth():
    def half(y, x):
        return (x < 100) & (y >= 0)

    options = {"mask": half, "texture": 7.0, "mean": 20.0, "seed": 3}
    image, truth = synthetic.fringes((150, 200), [(0.0, 0.1)], **options)
    np.testing.assert_array_equal(truth.mask.any("y"), np.arange(200) < 100)
    for name in ("d_spacing", "e_xx", "rotation", "displacement", "local_g"):
        known = np.isfinite(truth[name]).transpose(..., "y", "x").values
        np.testing.assert_array_equal(
            known, np.broadcast_to(truth.mask.values, known.shape), err_msg=name
        )
    outside = image.where(~truth.mask)
    assert float(outside.std()) == pytest.approx(7.0, rel=0.05)
    ideal, _ = synthetic.fringes((150, 200), [(0.0, 0.1)], mean=20.0)
    np.testing.assert_array_equal(image.values[:, :100], ideal.values[:, :100])
    beneath, _ = synthetic.fringes((150, 200), [(0.0, 0.1)], underneath=True, **options)
    film = (beneath - ideal).values[:, :100]
    assert film.std() == pytest.approx(7.0, rel=0.05)


@pytest.mark.parametrize("dose", [0.5, 20.0])
def test_counting_noise_is_poisson(dose):
    quiet, _ = synthetic.fringes((200, 200), [(0.0, 0.1)], mean=100.0)
    noisy, truth = synthetic.fringes((200, 200), [(0.0, 0.1)], mean=100.0, dose=dose)
    pull = (noisy - dose * quiet) / np.sqrt(dose * quiet)
    assert abs(float(pull.mean())) < 5 / 200
    assert float(pull.std()) == pytest.approx(1.0, abs=0.02)
    np.testing.assert_allclose(truth.amplitude, 10.0 * dose)


def test_noise_has_the_level_asked_for_and_its_own_seed():
    quiet, _ = synthetic.fringes((200, 200), [(0.0, 0.1)], texture=3.0, mask=np.eye(200) > 0)
    args = {"texture": 3.0, "mask": np.eye(200) > 0, "noise": 4.0}
    noisy, truth = synthetic.fringes((200, 200), [(0.0, 0.1)], **args)
    again, _ = synthetic.fringes((200, 200), [(0.0, 0.1)], **args)
    other, same = synthetic.fringes((200, 200), [(0.0, 0.1)], noise_seed=8, **args)
    assert float((noisy - quiet).std()) == pytest.approx(4.0, rel=0.02)
    assert noisy.identical(again)
    assert truth.identical(same)
    assert not noisy.equals(other)
    assert (
        abs(np.corrcoef((noisy - quiet).values.ravel(), (other - quiet).values.ravel())[0, 1])
        < 0.02
    )


def test_a_background_may_vary():
    plane = synthetic.plane(10.0, (0.5, 0.0))
    image, _ = synthetic.fringes((20, 30), [(0.0, 0.1)], amplitude=0.0, mean=plane)
    np.testing.assert_allclose(image.isel(x=4), 10 + 0.5 * np.arange(20))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"g": [(0.0, 0.0)]}, r"reciprocal vectors \(y, x\) other than zero"),
        ({"g": (0.0, 0.1)}, "g is a list of reciprocal vectors"),
        ({"g": [(0.0, np.nan)]}, "g is a list of reciprocal vectors"),
        ({"amplitude": (1.0, 2.0)}, "amplitude is one number, or one for each of the 1 refl"),
        ({"phase": "up"}, "phase is one number"),
        ({"mask": np.ones((3, 3), bool)}, r"shape \(12, 14\), but its shape is \(3, 3\)"),
        ({"texture": -1.0}, "texture is a standard deviation, not negative"),
        ({"noise": -1.0}, "noise not negative"),
        ({"dose": 0.0}, "dose must be positive"),
        ({"dose": 1.0, "mean": 2.0}, "intensity falls to -8, but a mean number of counts"),
        ({"sampling": -1.0}, "sampling is the length of a pixel"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        synthetic.fringes((12, 14), **{"g": [(0.0, 0.1)], **options})
