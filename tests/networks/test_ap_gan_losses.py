import jax
import numpy as np
import pytest
from skimage.metrics import structural_similarity

from temwidgets.networks.ap_gan_losses import (
    Weights,
    discriminator_loss,
    generator_loss,
    psnr,
    ssim,
)


@pytest.fixture(name="maps")
def _maps():
    rng = np.random.default_rng(0)
    a = rng.random((2, 40, 33, 3)).astype(np.float32)
    return a, np.clip(a + 0.2 * rng.standard_normal(a.shape), 0, 1).astype(np.float32)


def test_ssim_is_that_of_scikit_image(maps):
    ours = ssim(*maps)
    for number in range(2):
        a, b = maps[0][number], maps[1][number]
        theirs = structural_similarity(
            a, b, channel_axis=-1, data_range=1.0, gaussian_weights=True, sigma=1.5,
            use_sample_covariance=False,
        )  # fmt: skip
        assert float(ours[number]) == pytest.approx(theirs, abs=2e-5)


def test_ssim_of_the_same_is_one_and_its_slope_finite(maps):
    assert np.asarray(ssim(maps[0], maps[0])) == pytest.approx(1, abs=1e-5)
    slope = jax.grad(lambda a: ssim(a, 0 * maps[0]).sum())(0 * maps[0])
    assert np.isfinite(slope).all()


def test_psnr_is_its_formula(maps):
    error = ((maps[0] - maps[1]) ** 2).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(psnr(*maps), 10 * np.log10(1 / error), rtol=1e-4)
    np.testing.assert_allclose(psnr(maps[0], maps[0]), 60, rtol=1e-4)


def test_the_generator_loss_is_the_weighted_sum(maps):
    scores = np.full((2, 5, 4), 0.25, np.float32)
    terms = generator_loss(*maps, scores, Weights(0.5, 2.0, 0.1))
    assert float(terms.adversarial) == pytest.approx(0.75**2)
    assert float(terms.ssim) == pytest.approx(1 - float(ssim(*maps).mean()))
    wanted = 0.5 * 0.75**2 + 2 * float(terms.ssim) - 0.1 * float(terms.psnr)
    assert float(terms.total) == pytest.approx(wanted, rel=1e-5)


def test_the_discriminator_loss_is_least_when_all_is_told_apart():
    one, nothing = np.ones((2, 3, 3), np.float32), np.zeros((2, 3, 3), np.float32)
    assert float(discriminator_loss(one, nothing)) == 0
    assert float(discriminator_loss(nothing, one)) == 1
