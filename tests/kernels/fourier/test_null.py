import numpy as np
import pytest
import scipy.ndimage as ndi

from temwidgets.kernels.fourier import null, windows
from temwidgets.kernels.fourier.periodogram import periodogram


@pytest.fixture(scope="module")
def powers():
    """Spectra of white noise, as many as two million bins, and their window."""
    rng = np.random.default_rng(0)
    weight = windows.separable((256, 256), "hann")
    return weight, np.stack([periodogram(rng.normal(size=(256, 256)), weight) for _ in range(30)])


@pytest.mark.parametrize("sigma", [0.0, 1.0, 2.0])
def test_tails_are_those_of_noise(powers, sigma):
    weight, power = powers
    mean = ndi.gaussian_filter(power, (0, sigma, sigma), mode="wrap") if sigma else power
    bins = null.independent_bins(windows.footing(weight), sigma)
    assert 1 / mean.var() == pytest.approx(bins, rel=0.05)
    for chance in (1e-2, 1e-3, 1e-4):
        ratio = np.quantile(mean, 1 - chance)
        assert null.log_tail(np.array([ratio]), bins)[0] == pytest.approx(np.log(chance), abs=0.7)


def test_tails_fall_beyond_the_table():
    for bins in (1.0, 4.3, 14.0, 60.0):
        ratio = np.array([0.0, 0.5, 1.5, 3, 10, 100, 1e4, 1e8])
        tail = null.log_tail(ratio, bins)
        assert np.isfinite(tail).all()
        assert (np.diff(tail) <= 0).all()
        assert tail[-1] < -1e6


def test_a_doubtful_mean_makes_high_power_less_surprising():
    ratio = np.array([20.0, 20.0])
    sure, doubtful = null.log_tail_of_estimate(ratio, np.array([0.0, 0.3]), 1.0)
    assert sure == pytest.approx(-20)
    assert -14 < doubtful < -8
    # noise over a mean of n bins follows (1 + u / n)^-n
    n = 50
    assert null.log_tail_of_estimate(ratio[:1], np.array([n**-0.5]), 1.0)[0] == pytest.approx(
        -n * np.log1p(20 / n), rel=0.05
    )
