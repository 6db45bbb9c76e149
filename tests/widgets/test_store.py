import numpy as np
import pytest
import xarray as xr

import temwidgets as tw
from temwidgets.widgets.workspace import Workspace


def test_a_workspace_comes_back_whole(workspace, tmp_path):
    workspace.run(tw.delete_columns, labels=np.array([10, 11]), wait=True)
    workspace.run(tw.add_columns, y=(5.2,), x=(-1.2,), wait=True)
    workspace.undo()
    workspace.selection.select([12, 15], rule="by hand")
    path = tmp_path / "work.nc"
    workspace.save(path)

    again = Workspace.open(path)
    xr.testing.assert_identical(again.image, workspace.image)
    xr.testing.assert_identical(again.columns, workspace.columns)
    assert again.selection.labels.tolist() == [12, 15]
    assert again.selection.rule == "by hand"
    assert [step.name for step in again.history] == ["delete_columns"]
    assert again.history[0].arguments["labels"].tolist() == [10, 11]
    assert "tw.delete_columns(columns, labels=[10, 11])" in again.script()

    again.redo()
    workspace.redo()
    xr.testing.assert_identical(again.columns, workspace.columns)
    again.undo()
    again.undo()
    workspace.undo()
    workspace.undo()
    xr.testing.assert_identical(again.columns, workspace.columns)
    assert not again.can_undo


def test_every_object_is_written_once(image, columns, tmp_path):
    workspace = Workspace(image, columns)
    for label in range(10, 20):
        workspace.run(tw.delete_columns, labels=[label], wait=True)
    workspace.save(tmp_path / "work.nc")
    tree = xr.open_datatree(tmp_path / "work.nc", engine="h5netcdf")
    images = [node for node in tree.children.values() if "y" in node.dims]
    assert len(images) == 1


def test_an_empty_workspace_and_a_stack(tmp_path):
    Workspace().save(tmp_path / "empty.nc")
    assert Workspace.open(tmp_path / "empty.nc").image is None
    stack = tw.make_image(np.ones((3, 4, 5), np.uint16))
    workspace = Workspace(stack)
    workspace.frame = 2
    workspace.save(tmp_path / "stack.nc")
    again = Workspace.open(tmp_path / "stack.nc")
    assert again.frame == 2
    assert again.image.dtype == np.uint16


def test_other_files_are_refused_with_a_sentence(image, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.nc"):
        Workspace.open(tmp_path / "nowhere.nc")
    image.to_netcdf(tmp_path / "image.nc", engine="h5netcdf")
    with pytest.raises(ValueError, match="holds no workspace"):
        Workspace.open(tmp_path / "image.nc")
    (tmp_path / "note.nc").write_text("hello")
    with pytest.raises(ValueError, match=r"note\.nc"):
        Workspace.open(tmp_path / "note.nc")
