import jax
import numpy as np
import pytest

from temwidgets.networks.shipped import available
from temwidgets.networks.store import Network, build, load, save


def test_weights_come_back(small, tmp_path):
    path = save(small, tmp_path / "mine")
    back = load(path)
    assert back.card == small.card
    for a, b in zip(jax.tree.leaves(small.model), jax.tree.leaves(back.model), strict=True):
        np.testing.assert_array_equal(a, b)


def test_shipped_networks_are_small_and_tell_what_they_are():
    assert "default" in available()
    for name in available():
        card = load(name).card
        assert card["licence"] == "BSD-3-Clause"
        assert card["data"]
        assert card["scores"]


def test_mistakes_get_a_sentence(small, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no network 'none'.*come .*default"):
        load("none")
    with pytest.raises(ValueError, match="no architecture 'magic'; there are residual_unet"):
        build("magic")
    with pytest.raises(ValueError, match=r"saved as \.safetensors, but mine\.pt came"):
        save(small, tmp_path / "mine.pt")
    path = save(small, tmp_path / "mine")
    other = build("residual_unet", channels=[4, 6, 10], blocks=[1, 1, 1])
    save(Network(other, small.card), tmp_path / "other")
    (tmp_path / "other.safetensors").rename(path)
    with pytest.raises(ValueError, match="do not fit the architecture"):
        load(path)
    path.with_suffix(".json").unlink()
    with pytest.raises(FileNotFoundError, match=r"card mine\.json is not beside"):
        load(path)
