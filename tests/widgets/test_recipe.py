"""The recipe of a workspace: it does the same on the same image, and says what it cannot."""

import numpy as np
import pytest
import xarray as xr
import yaml

import temwidgets as tw
from temwidgets.recipes.reading import parse_recipe
from temwidgets.widgets.explorers import Explorer
from temwidgets.widgets.workspace import Workspace


@pytest.fixture(scope="module")
def crystal():
    clean, _ = tw.synthetic.perovskite((90, 110), dose=500, seed=3)
    values = np.random.default_rng(1).poisson(clean.values)
    return tw.make_image(values, sampling=(0.02, 0.021), origin=(5.0, -2.0))


@pytest.fixture
def worked(crystal):
    """A workspace in which an image was turned, and columns were found and told apart."""
    workspace = Workspace(crystal)
    workspace.run(tw.crop, into="image", y=(5.1, 6.7), wait=True)
    workspace.run(tw.find_columns, threshold=np.float64(0.25), contrast="bright", wait=True)
    workspace.run(tw.rotate, into="image", angle=90, carries=True, wait=True)
    workspace.run(tw.voronoi_intensity, wait=True)
    workspace.run(tw.label_sublattices, variable="voronoi_intensity", n=2, wait=True)
    return workspace


def test_it_repeats_what_was_done(worked, crystal, tmp_path):
    text = worked.recipe(tmp_path / "r.yaml")
    assert (tmp_path / "r.yaml").read_text() == text
    made = tw.run_recipe(tmp_path / "r.yaml", crystal)
    assert list(made) == ["image", "columns"]
    for name, product in made.items():
        xr.testing.assert_identical(product, getattr(worked, name))


def test_it_is_readable(worked):
    lines = worked.recipe().splitlines()
    assert lines[0] == "# Repeat on other images: temwidgets run RECIPE FILES... -o OUT"
    steps = yaml.safe_load(worked.recipe())["steps"]
    assert [step["function"] for step in steps] == [
        "crop", "find_columns", "rotate", "voronoi_intensity", "label_sublattices",
    ]  # fmt: skip
    assert steps[0] == {
        "function": "crop", "takes": ["image"], "options": {"y": [5.1, 6.7]}, "into": "image",
    }  # fmt: skip
    assert steps[1]["options"] == {"threshold": 0.25}
    assert steps[2]["carries"] is True


def test_edits_by_hand_are_refused_or_left_out_with_a_word(worked):
    labels = worked.columns["column"].values[:2]
    worked.run(tw.delete_columns, labels=labels, wait=True)
    worked.run(tw.find_outliers, variable="voronoi_intensity", wait=True)
    with pytest.raises(ValueError, match=r"step 6, delete_columns \(done by hand in this image\)"):
        worked.recipe()
    text = worked.recipe(leave_out=True)
    assert "# Left out, for it cannot be repeated on other images: step 6, delete_columns" in text
    recipe = parse_recipe(text)
    assert [step.function for step in recipe.steps][-2:] == ["label_sublattices", "find_outliers"]


def test_products_from_memory_are_refused(crystal):
    workspace = Workspace(crystal, tw.make_columns([5.5], [-1.5]))
    workspace.run(tw.voronoi_intensity, wait=True)
    text = r"step 1, voronoi_intensity \(it takes columns, which no step before it makes\)"
    with pytest.raises(ValueError, match=text):
        workspace.recipe()
    with pytest.raises(ValueError, match="There is no step yet that could be repeated"):
        workspace.recipe(leave_out=True)
    workspace.columns = tw.make_columns([5.6], [-1.5])
    with pytest.raises(ValueError, match=r"step 2, given \(columns from memory\)"):
        workspace.recipe()


def test_functions_of_a_notebook_and_chosen_reflections_are_refused(crystal):
    def halve(image):
        return image / 2

    workspace = Workspace(crystal)
    workspace.run(halve, into="image", wait=True)
    with pytest.raises(ValueError, match=r"step 1, halve \(no analysis of temwidgets\)"):
        workspace.recipe()
    workspace = Workspace(crystal)
    workspace.run(tw.find_reflections, wait=True)
    some = workspace.reflections.isel(reflection=[0, 1])
    workspace.run(tw.geometric_phase, reflections=some, sigma=np.float64(0.5), wait=True)
    with pytest.raises(ValueError, match=r"its reflections were chosen in this image"):
        workspace.recipe()
    text = workspace.recipe(leave_out=True)
    assert "other images: the reflections chosen for geometric_phase" in text
    assert parse_recipe(text).steps[-1].options == {"sigma": 0.5}


def test_it_begins_after_the_image_was_read(crystal, tmp_path):
    np.save(tmp_path / "a.npy", crystal.values)
    workspace = Workspace(crystal)
    workspace.run(tw.find_columns, wait=True)
    workspace.run(tw.delete_columns, labels=[0], wait=True)
    path = str(tmp_path / "a.npy")
    workspace.run(tw.read, path=path, sampling=(0.02, 0.03), clears=("columns",), wait=True)
    workspace.run(tw.find_columns, wait=True)
    workspace.undo()
    workspace.redo()
    recipe = parse_recipe(workspace.recipe())
    assert recipe.read == {"sampling": [0.02, 0.03]}
    assert [step.function for step in recipe.steps] == ["find_columns"]
    table = tw.run_files(recipe, tmp_path / "a.npy", tmp_path / "out")
    assert int(table["n_columns"][0]) == workspace.columns.sizes["column"]


def test_the_frame_of_a_stack(crystal):
    stack = tw.make_image(np.stack([crystal.values] * 3), sampling=0.02)
    workspace = Workspace(stack)
    workspace.frame = 2
    workspace.run(tw.find_columns, wait=True)
    recipe = parse_recipe(workspace.recipe())
    assert recipe.frame == 2
    xr.testing.assert_identical(tw.run_recipe(recipe, stack)["columns"], workspace.columns)


def test_the_explorer_saves_it(worked, crystal):
    explorer = Explorer(worked)
    explorer.show_script.value = True
    script, recipe = explorer._script.children[1].children
    assert (script.description, recipe.description) == ("Save script", "Save recipe")
    sent = []
    recipe.send = lambda content, buffers: sent.append((content["name"], buffers[0].decode()))
    recipe._clicked(None, {"kind": "click"}, [])
    assert sent == [("recipe.yaml", worked.recipe())]
    bare = Explorer(crystal)
    bare.show_script.value = True
    bare._script.children[1].children[1]._clicked(None, {"kind": "click"}, [])
    assert "There is no step yet" in bare.workspace.message.text
