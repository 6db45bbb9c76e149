import numpy as np

from temwidgets.kernels.fourier.ring_noise import quiet_share


def test_the_share_is_that_of_simulated_noise():
    rng = np.random.default_rng(0)
    for windows in (1, 5, 40):
        means = rng.exponential(size=(20_000, windows)).mean(axis=1)
        np.testing.assert_allclose(quiet_share(windows), np.quantile(means, 0.25), rtol=0.03)
