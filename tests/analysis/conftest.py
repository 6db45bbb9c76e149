"""Images that several tests of this folder look at."""

import numpy as np
import pytest

import temwidgets as tw
from temwidgets.synthetic import perovskite


@pytest.fixture
def image():
    """An image of counts on non-square pixels away from the origin, no lattice."""
    values = np.random.default_rng(0).poisson(50.0, (40, 60))
    return tw.make_image(
        values, sampling=(0.02, 0.03), origin=(5.0, -1.0), attrs={"detector": "HAADF"}
    )


@pytest.fixture
def stack():
    """Three frames whose levels differ by one."""
    values = np.random.default_rng(0).normal(size=(3, 12, 10)) + np.arange(3)[:, None, None]
    return tw.make_image(values, sampling=0.1, attrs={"detector": "HAADF"})


@pytest.fixture(scope="module")
def world():
    """A perovskite on non-square pixels away from the origin, and its truth."""
    return perovskite(
        (128, 112),
        separation=0.36,
        sampling=(0.02, 0.025),
        origin=(2.0, -1.0),
        dose=200,
        background=0.2,
        sigma_spread=0.0,
    )
