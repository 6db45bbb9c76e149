import numpy as np
import pytest

from temwidgets import synthetic

OBLONG = {"sampling": (0.03, 0.04), "origin": (2.0, -1.5)}


def principal(truth):
    half = (truth.e_yy - truth.e_xx) / 2
    return np.abs(truth.e_yy + truth.e_xx) / 2 + np.hypot(half, truth.e_xy)


@pytest.mark.parametrize("options", [{}, OBLONG])
@pytest.mark.parametrize("seed", [0, 5])
def test_the_strain_is_smooth_and_as_large_as_asked(seed, options):
    _, truth = synthetic.strained_crystal((240, 300), strain=0.02, rim=0.0, seed=seed, **options)
    assert float(principal(truth).max()) == pytest.approx(0.02, rel=0.01)
    assert float(abs(truth.e_xx.diff("x")).max()) < 0.02 / 6
    assert float(abs(truth.d_spacing.mean(("y", "x")) / truth.d_spacing.median() - 1).max()) < 0.2


def test_the_gradient_is_that_of_the_displacement():
    _, truth = synthetic.strained_crystal((200, 150), rim=0.0, **OBLONG)
    steps = truth.y.values, truth.x.values
    for row, u in zip(truth.distortion.values, truth.displacement.values, strict=True):
        np.testing.assert_allclose(row, np.gradient(u, *steps, edge_order=2), atol=3e-4)
        inner = (slice(1, -1), slice(1, -1))
        slope = np.array(np.gradient(u, *steps))[(slice(None), *inner)]
        np.testing.assert_allclose(row[(slice(None), *inner)], slope, atol=1e-4)


def test_a_gradient_error_below_a_thousandth_at_finer_steps():
    _, coarse = synthetic.strained_crystal((101, 101), rim=0.0)
    _, fine = synthetic.strained_crystal((201, 201), rim=0.0, sampling=101 / 201, spacing=8.0)
    errors = []
    for truth in (coarse, fine):
        slope = np.gradient(truth.displacement[1].values, truth.x.values, axis=1)
        errors.append(np.abs(slope - truth.e_xx.values)[:, 1:-1].max())
    assert errors[1] < 0.35 * errors[0]  # central differences: a quarter at half the step


def test_three_reflections_of_gold_110():
    _, truth = synthetic.strained_crystal((64, 64), strain=0.0, rotation=20.0, rim=0.0)
    d = truth.d_spacing.mean(("y", "x")).values
    np.testing.assert_allclose(d, 8.0 * np.array([1, 1, np.sqrt(3) / 2]), rtol=1e-6)
    g = truth.g.values
    np.testing.assert_allclose(g[0] + g[1], g[2], atol=1e-12)
    assert float(truth.angle[2, 0, 0]) == pytest.approx(20.0)
    _, fine = synthetic.strained_crystal((64, 64), sampling=0.03, spacing=0.2355, strain=0.0)
    assert float(fine.d_spacing[0].mean()) == pytest.approx(0.2355)


@pytest.mark.parametrize("seed", range(4))
def test_the_rim_is_irregular_and_all_round(seed):
    _, truth = synthetic.strained_crystal((256, 320), rim=0.1, seed=seed)
    mask = truth.mask.values
    assert mask[1:-1, 1:-1].sum() == mask.sum()
    assert mask.mean() == pytest.approx((1 - 0.2) * (1 - 0.2 * 256 / 320), abs=0.03)
    first = mask[60:-60].argmax(1)
    assert 0.05 * 256 <= first.min() < first.max() <= 0.15 * 256 + 1
    assert first.std() > 1.5


def test_noise_theory_holds_at_the_level_of_the_docstring():
    image, truth = synthetic.strained_crystal((256, 256), strain=0.0, rim=0.0, noise_seed=7)
    sigma, g = 8.0, truth.g.values[0]
    ky, kx = np.meshgrid(np.fft.fftfreq(256), np.fft.fftfreq(256), indexing="ij")
    window = np.exp(-2 * np.pi**2 * sigma**2 * ((ky - g[0]) ** 2 + (kx - g[1]) ** 2))
    spectrum = np.fft.fft2(image - image.mean()) * window
    wave, slope = np.fft.ifft2(spectrum), np.fft.ifft2(2j * np.pi * kx * spectrum)
    found = (wave.conj() * slope).imag / (2 * np.pi * np.abs(wave) ** 2)
    inner = found[40:-40, 40:-40]
    expected = 6.0 / np.sqrt(16 * np.pi**3 * sigma**4 * 10.0**2)
    assert inner.mean() == pytest.approx(g[1], abs=4 * expected / 12)
    assert inner.std() == pytest.approx(expected, rel=0.15)


def test_an_interface_step_is_coherent():
    image, truth = synthetic.interface_step((120, 151), strains=(-0.01, 0.03), angle=30.0, **OBLONG)
    normal = np.array([0.5, np.sqrt(3) / 2])
    y = truth.y - float(truth.y[[0, -1]].mean())
    x = truth.x - float(truth.x[[0, -1]].mean())
    s = normal[0] * y + normal[1] * x
    strain = (s < 0) * -0.01 + (s >= 0) * 0.03
    np.testing.assert_allclose(truth.e_xx, strain * 0.75)
    np.testing.assert_allclose(truth.e_yy, strain * 0.25)
    np.testing.assert_allclose(truth.e_xy, strain * normal[0] * normal[1])
    np.testing.assert_allclose(truth.rotation, 0.0, atol=1e-12)
    along = normal[0] * truth.displacement[0] + normal[1] * truth.displacement[1]
    np.testing.assert_allclose(along, strain * s, atol=1e-12)
    assert float(abs(truth.displacement.diff("x")).max()) <= 0.03 * 0.04
    assert float(image.std()) == pytest.approx(10.0, rel=0.02)


@pytest.mark.parametrize("name", ["strained_crystal", "interface_step", "dislocation"])
def test_same_seed_same_image(name):
    make = getattr(synthetic, name)
    image, truth = make((48, 60), seed=4, noise=2.0)
    again, truth_again = make((48, 60), seed=4, noise=2.0)
    other, truth_other = make((48, 60), seed=4, noise=2.0, noise_seed=5)
    assert image.identical(again)
    assert truth.identical(truth_again)
    assert truth.identical(truth_other)
    assert not image.equals(other)
    assert not make((48, 60), seed=5, noise=2.0)[0].equals(image)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("strained_crystal", {"strain": 0.3}, "strain is between 0 and 0.2 and rim between"),
        ("strained_crystal", {"rim": -0.1}, r"but strain=0.03, rim=-0.1 came"),
        ("strained_crystal", {"spacing": 0.0}, "spacing is a length above 0"),
        ("interface_step", {"spacing": -8.0}, "spacing is a length above 0"),
        ("interface_step", {"strains": (0.0, 0.5)}, "two strains are between -0.2 and 0.2"),
        ("interface_step", {"strains": 0.02}, "two strains are between -0.2 and 0.2"),
    ],
)
def test_what_does_not_fit_is_refused(name, options, message):
    with pytest.raises(ValueError, match=message):
        getattr(synthetic, name)((32, 32), **options)
