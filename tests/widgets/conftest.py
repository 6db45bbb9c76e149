import numpy as np
import pytest

import temwidgets as tw
from temwidgets.widgets.workspace import Workspace


@pytest.fixture
def image():
    rng = np.random.default_rng(1)
    return tw.make_image(rng.random((24, 36)), sampling=(0.02, 0.03), origin=(5.0, -2.0))


@pytest.fixture
def columns():
    rng = np.random.default_rng(2)
    columns = tw.make_columns(5 + rng.random(30) * 0.4, -2 + rng.random(30), labels=range(10, 40))
    intensity = rng.normal(5.0, 1.0, 30)
    attrs = {"units": "counts nm²", "long_name": "integrated intensity"}
    columns["intensity"] = ("column", intensity, attrs)
    columns["sublattice"] = ("column", np.arange(30) % 2, {"units": "1", "long_name": "sublattice"})
    return columns


@pytest.fixture
def workspace(image, columns):
    return Workspace(image, columns)
