import os

import numpy as np
import pytest
import xarray as xr

import temwidgets as tw
from temwidgets.widgets.panels.load import LoadPanel


def test_an_example(done):
    panel = LoadPanel()
    panel.example.value = "ti_wse2"
    panel.load_example.click()
    workspace = done(panel.workspace)
    xr.testing.assert_identical(workspace.image, tw.examples.load("ti_wse2"))
    assert "tw.examples.load(name='ti_wse2')" in workspace.script()


@pytest.mark.filterwarnings("ignore:.*not calibrated")
def test_a_file_with_its_pixel_size(tmp_path, workspace, done):
    np.save(tmp_path / "a.npy", np.arange(30.0).reshape(5, 6))
    panel = LoadPanel(workspace)
    panel.path.value = str(tmp_path / "a.npy")
    assert str(tmp_path / "a.npy") in panel.path.options
    panel.load.click()
    done(workspace)
    assert workspace.columns is None
    assert panel.own.value
    assert workspace.message.level == "warning"
    assert "not calibrated" in workspace.message.text
    panel.sampling.value = 0.1
    panel.load.click()
    done(workspace)
    assert float(workspace.image["x"][1]) == pytest.approx(0.1)
    workspace.undo()
    workspace.undo()
    assert workspace.columns is not None


@pytest.mark.filterwarnings("ignore:.*not calibrated")
def test_the_pixel_size_of_one_file_is_not_given_to_the_next(tmp_path, image, done):
    np.save(tmp_path / "a.npy", np.ones((5, 6)))
    tw.save(tmp_path / "b.nc", image)
    panel = LoadPanel()
    for name in ("a.npy", "b.nc"):
        panel.path.value = str(tmp_path / name)
        assert not panel.own.value
        panel.load.click()
        done(panel.workspace)
    np.testing.assert_allclose(panel.workspace.image["x"], image["x"])


def test_errors_are_sentences(tmp_path):
    panel = LoadPanel()
    panel.load.click()
    assert "Type the path of a file first" in panel.workspace.message.text
    panel.path.value = str(tmp_path / "none.tif")
    panel.load.click()
    panel.workspace.job.wait(5)
    assert panel.workspace.message.level == "error"
    assert panel.workspace.image is None


@pytest.mark.filterwarnings("ignore:.*not calibrated")
def test_an_upload_is_copied_beside_the_notebook(tmp_path, monkeypatch, done):
    monkeypatch.chdir(tmp_path)
    np.save(tmp_path / "source.npy", np.ones((4, 5)))
    content = memoryview((tmp_path / "source.npy").read_bytes())
    panel = LoadPanel()
    panel._uploaded({"new": ({"name": "../up.npy", "content": content},)})
    assert panel.path.value == str(tmp_path / "up.npy")
    assert os.listdir(tmp_path.parent).count("up.npy") == 0
    panel.load.click()
    done(panel.workspace)
    (tmp_path / "up.npy").write_bytes(b"other")
    panel._uploaded({"new": ({"name": "up.npy", "content": content},)})
    assert "There is another up.npy" in panel.workspace.message.text
