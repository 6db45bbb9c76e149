import os

import numpy as np
import pytest
import xarray as xr

import temwidgets as tw
from temwidgets.analysis.fourier.reflection_data import check_reflections
from temwidgets.widgets.script import ScriptWriter
from temwidgets.widgets.workspace import Workspace


def repeat(workspace, folder):
    """Run the script of a workspace as a user would, and return its variables."""
    workspace.script(folder / "again.py")
    names = {}
    here = os.getcwd()
    os.chdir(folder)
    try:
        exec((folder / "again.py").read_text(), names)
    finally:
        os.chdir(here)
    return names


def assert_same(workspace, names):
    for name in ("image", "columns", "model", "residual"):
        product = getattr(workspace, name)
        if product is not None:
            xr.testing.assert_identical(product, names[name])


def edit(workspace):
    workspace.run(tw.add_columns, y=[5.111, 5.2], x=np.array([-1.7, -1.3]), wait=True)
    workspace.run(tw.move_columns, labels=[10], y=5.3, x=-1.1, wait=True)
    workspace.run(tw.delete_columns, labels=workspace.columns["column"].values[3:6], wait=True)
    workspace.undo()
    workspace.run(tw.delete_columns, labels=np.array([12, 13]), wait=True)
    workspace.run(tw.set_sublattice, labels=[10, 11], sublattice=3, wait=True)
    workspace.undo()
    workspace.undo()
    workspace.redo()


def test_the_script_repeats_the_edits(workspace, tmp_path):
    edit(workspace)
    assert_same(workspace, repeat(workspace, tmp_path))


def test_each_step_is_a_line_of_plain_python(workspace):
    edit(workspace)
    lines = workspace.script().splitlines()
    assert "import temwidgets as tw" in lines
    assert lines[-3:] == [
        "columns = tw.add_columns(columns, y=[5.111, 5.2], x=[-1.7, -1.3])",
        "columns = tw.move_columns(columns, labels=[10], y=5.3, x=-1.1)",
        "columns = tw.delete_columns(columns, labels=[12, 13])",
    ]


def test_a_shipped_image_is_loaded_by_name(tmp_path):
    workspace = Workspace(tw.examples.load("drift_series"))
    workspace.columns = tw.make_columns([1.0], [2.0])
    assert 'image = tw.examples.load("drift_series")' in workspace.script()
    assert_same(workspace, repeat(workspace, tmp_path))


def test_a_changed_shipped_image_is_not_mistaken(tmp_path):
    workspace = Workspace(tw.examples.load("pt_atoms")[:50])
    assert "examples" not in workspace.script()
    assert_same(workspace, repeat(workspace, tmp_path))


def test_given_columns_come_from_a_file_beside_the_script(workspace, columns, tmp_path):
    workspace.columns = columns.isel(column=slice(2, 9))
    assert "# workspace.script(path) writes this script with the files" in workspace.script()
    assert_same(workspace, repeat(workspace, tmp_path))


@pytest.mark.parametrize(
    "value",
    [None, True, 3, 0.1, 1e-300, "a'b", (1,), (), [1.5, "x"], {"a": (1, 2)}, 2**60],
)
def test_literals_come_back_exactly(value):
    text = ScriptWriter("s").literal(value)
    assert eval(text) == value
    assert type(eval(text)) is type(value)


def test_literals_of_arrays_and_nonfinite_numbers():
    writer = ScriptWriter("s")
    assert writer.literal(np.float32(0.1)) == repr(float(np.float32(0.1)))
    assert writer.literal(np.array([1, 2])) == "[1, 2]"
    assert np.isnan(eval(writer.literal(float("nan"))))


def test_a_function_of_the_notebook_is_named(image):
    def halve(image, factor):
        return image * factor

    workspace = Workspace(image)
    workspace.run(halve, factor=0.5, wait=True)
    text = workspace.script()
    assert "# define halve here, as in the notebook" in text
    assert "image = halve(image=image, factor=0.5)" in text


def test_an_image_from_a_file_is_read_again(image, tmp_path):
    np.save(tmp_path / "picture.npy", np.arange(48, dtype=np.uint16).reshape(6, 8))
    read = tw.read(tmp_path / "picture.npy", sampling=(0.02, 0.03))
    read.encoding["source"] = str(tmp_path / "picture.npy")
    workspace = Workspace(read)
    assert "picture.npy', sampling=(0.02, 0.03))" in workspace.script()
    assert_same(workspace, repeat(workspace, tmp_path))


def test_reading_is_a_step_that_starts_the_script_anew(workspace, tmp_path):
    np.save(tmp_path / "picture.npy", np.arange(48, dtype=np.uint16).reshape(6, 8))
    edit(workspace)
    path = str(tmp_path / "picture.npy")
    workspace.run(tw.read, path=path, sampling=0.1, clears=("columns",), wait=True)
    lines = workspace.script().splitlines()
    assert lines[-1] == f"image = tw.read(path={path!r}, sampling=0.1)"
    assert "tw.add_columns" not in workspace.script()
    assert_same(workspace, repeat(workspace, tmp_path))


def test_chosen_reflections_are_rows_of_the_product(image, tmp_path):
    workspace = Workspace(image)
    workspace.reflections = tw.make_reflections([(0, 4.0), (4.0, 0.1), (3, 3)], labels=[4, 7, 9])
    part = workspace.reflections.sel(reflection=[7, 9])
    workspace.run(check_reflections, into="reflections", reflections=part, wait=True)
    lines = workspace.script().splitlines()
    assert lines[-1] == (
        "reflections = check_reflections(reflections=reflections.sel(reflection=[7, 9]))"
    )
    names = repeat(workspace, tmp_path)
    xr.testing.assert_identical(names["reflections"], workspace.reflections)
    other = part.assign(d_spacing=part["d_spacing"] + 1)
    workspace.run(check_reflections, into="reflections", reflections=other, wait=True)
    assert "input" in workspace.script().splitlines()[-1]
    strange = tw.make_reflections([(0, 4.0)], labels=[100])
    workspace.run(check_reflections, into="reflections", reflections=strange, wait=True)
    assert "input" in workspace.script().splitlines()[-1]
