import jax
import pytest

from temwidgets.networks.batches import NOMINAL
from temwidgets.networks.residual_unet import ResidualUNet
from temwidgets.networks.store import Network


@pytest.fixture(scope="session")
def small():
    """An untrained network, small and quick."""
    options = {"channels": [4, 6, 8], "blocks": [1, 1, 1]}
    model = ResidualUNet(jax.random.key(3), **options)
    card = {"architecture": "residual_unet", "options": options, "spacing": NOMINAL}
    return Network(model, {**card, "threshold": 0.3, "name": "small"})
