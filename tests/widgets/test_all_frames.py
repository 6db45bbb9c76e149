"""A step on every frame of the workspace's stack: product, results, script, and the bad frame."""

import numpy as np
import pytest
import xarray as xr

import temwidgets as tw
from temwidgets.recipes.reading import parse_recipe
from temwidgets.widgets.workspace import Workspace


@pytest.fixture(scope="module")
def stack():
    """Three frames that are not alike, numbered from 4."""
    clean, _ = tw.synthetic.perovskite((60, 76), dose=500, seed=3)
    frames = [np.random.default_rng(i).poisson(clean.values) for i in range(3)]
    image = tw.make_image(np.stack(frames), sampling=0.1, origin=(3.0, -1.0))
    return image.assign_coords(frame=[4, 5, 6])


@pytest.fixture
def workspace(stack):
    made = Workspace(stack)
    made.frame = 1
    return made


def test_it_runs_on_all_frames_and_shows_one(workspace, stack, tmp_path):
    told = []
    workspace.job.observe(lambda change: told.append(change["new"]), "fraction")
    workspace.run(tw.find_columns, threshold=0.25, folder=tmp_path / "found", wait=True)
    found = workspace.frame_results["columns"]
    assert list(found) == [4, 5, 6]
    alone = tw.find_columns(stack.isel(frame=1), threshold=0.25)
    xr.testing.assert_identical(workspace.columns, alone)
    assert workspace.message.text.endswith(" All 3 frames are done.")
    assert list(tw.open_frames(tmp_path / "found")) == [4, 5, 6]
    assert told[-1] == 1.0
    workspace.run(tw.voronoi_intensity, folder=tmp_path / "intensity", wait=True)
    intensity = workspace.frame_results["columns"]
    for number in found:
        expected = tw.voronoi_intensity(stack.sel(frame=number), found[number])
        xr.testing.assert_identical(intensity[number], expected)
    xr.testing.assert_identical(workspace.columns, intensity[5])


def test_what_was_found_in_each_frame_is_worked_on(workspace, stack, tmp_path):
    workspace.run(tw.find_columns, folder=tmp_path / "a", wait=True)
    found = workspace.frame_results["columns"]
    workspace.run(tw.set_sublattice, labels=[0, 1], sublattice=3, folder=tmp_path / "b", wait=True)
    told = workspace.frame_results["columns"]
    xr.testing.assert_identical(told[6], tw.set_sublattice(found[6], [0, 1], sublattice=3))
    workspace.undo()
    workspace.run(tw.delete_columns, labels=[0], wait=True)
    with pytest.raises(ValueError, match="where what it takes was made for all frames"):
        workspace.run(tw.delete_columns, labels=[1], folder=tmp_path / "c", wait=True)


def test_script_recipe_and_file_keep_it(workspace, stack, tmp_path, monkeypatch):
    workspace.run(tw.find_columns, threshold=0.25, folder=tmp_path / "a", wait=True)
    workspace.run(tw.voronoi_intensity, folder=tmp_path / "b", wait=True)
    lines = workspace.script().splitlines()
    assert lines[-4:] == [
        "columns_of_frames = tw.each_frame(tw.find_columns, image, threshold=0.25)",
        "columns = columns_of_frames[5]",
        "columns_of_frames = tw.each_frame(tw.voronoi_intensity, image, columns=columns_of_frames)",
        "columns = columns_of_frames[5]",
    ]
    workspace.save(tmp_path / "w.nc")
    again = Workspace.open(tmp_path / "w.nc")
    again.script(tmp_path / "again.py")
    monkeypatch.chdir(tmp_path)
    names = {}
    exec((tmp_path / "again.py").read_text(), names)
    xr.testing.assert_identical(names["columns"], workspace.columns)
    recipe = parse_recipe(workspace.recipe())
    assert recipe.frame is None
    assert [step.function for step in recipe.steps] == ["find_columns", "voronoi_intensity"]


def dark(image):
    if int(image["frame"]) == 6:
        raise ValueError("This frame is dark.")
    return tw.make_columns([3.5], [0.5])


def test_a_bad_frame_is_told(workspace, tmp_path):
    workspace.run(dark, folder=tmp_path, wait=True)
    assert workspace.message.level == "warning"
    assert workspace.message.text.endswith("2 frames are done; 6 failed: This frame is dark.")
    workspace.frame = 2
    with pytest.raises(ValueError, match="dark failed on frame 6, which is shown: This frame"):
        workspace.run(dark, folder=tmp_path, wait=True)


def test_it_needs_a_stack(stack, tmp_path):
    workspace = Workspace(stack.isel(frame=0))
    with pytest.raises(ValueError, match="only where the image is a stack"):
        workspace.run(tw.find_columns, folder=tmp_path, wait=True)


def test_on_a_cluster(workspace, stack):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=":0"
    ) as one:
        workspace.run(tw.find_columns, scheduler=one.scheduler_address)
        assert workspace.job.wait(60)
    assert workspace.message.level == "info", workspace.message
    xr.testing.assert_identical(workspace.columns, tw.find_columns(stack.isel(frame=1)))
