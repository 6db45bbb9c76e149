"""Recipes: what their text says, what is refused, and that they do the same as the steps."""

import pytest
import xarray as xr

import temwidgets as tw
from temwidgets.conventions import CancelledError
from temwidgets.recipes.names import find_function, function_name
from temwidgets.recipes.reading import parse_recipe, shipped
from temwidgets.recipes.recipe import Recipe, RecipeStep

FIND = "steps:\n- {function: find_columns, into: columns}\n"


def test_the_recipe_that_comes_along_finds_and_fits(image, count):
    told = []
    made = tw.run_recipe("fit", image, report=told.append)
    assert list(made) == ["columns"]
    assert made["columns"].sizes["column"] == count
    xr.testing.assert_identical(made["columns"], tw.fit_columns(image, tw.find_columns(image)))
    assert told == sorted(told)
    assert 0.5 in told


def test_every_shipped_recipe_can_be_called():
    assert shipped() == ("fit", "lattice")
    for name in shipped():
        recipe = tw.read_recipe(name)
        assert recipe.frame is None
        assert parse_recipe(recipe.text()) == recipe


def test_its_text_comes_back(tmp_path):
    steps = (
        RecipeStep("normalise", "image", {"image": "image"}, {"low": 1.0, "high": 99.0}),
        RecipeStep("rotate", "image", {"image": "image"}, {"angle": 1e-3}, carries=True),
        RecipeStep("find_columns", "columns", {"image": "image"}, {"threshold": 0.25}),
        RecipeStep("fit_lattice", "lattice", {"data": "columns"}, {"a": [1.5, 0.1]}),
    )
    recipe = Recipe(steps, 2, {"sampling": 0.02}, ("columns", "lattice"), ("what it is for",))
    (tmp_path / "r.yaml").write_text(recipe.text())
    read = tw.read_recipe(tmp_path / "r.yaml")
    assert (read.steps, read.frame, read.read, read.products) == (
        recipe.steps, recipe.frame, recipe.read, recipe.products,
    )  # fmt: skip
    assert tw.read_recipe(read) is read
    lines = recipe.text().splitlines()
    assert lines[:2] == ["# what it is for", f"temwidgets: {tw.__version__}"]
    assert "  options: {low: 1.0, high: 99.0}" in lines
    assert "  takes: {data: columns}" in lines
    assert "- function: find_columns" in lines


def test_what_is_not_written_is_told_by_names():
    recipe = parse_recipe(
        "steps:\n- {function: find_columns, into: columns, options: {threshold: 1e-1}}\n"
        "- {function: fit_columns, into: columns}\n"
    )
    assert recipe.steps[0].options == {"threshold": 0.1}
    assert recipe.steps[1].takes == {"image": "image", "columns": "columns"}
    assert recipe.products == ("columns",)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("steps: [", "the recipe is not YAML: while parsing"),
        ("- 1", "the recipe is no recipe: it has no steps"),
        ("frame: each", "the recipe has no steps"),
        (FIND + "stpes: []", "the recipe has 'stpes', which means nothing. Did you mean 'steps'"),
        (FIND + "frame: -1", "frame is the place of a frame from 0, or each, but -1 came"),
        (FIND + "frame: yes", "frame is the place of a frame"),
        (FIND + "read: 3", "read holds sampling and dataset, but 3 came"),
        (FIND + "read: {path: a.tif}", "read in the recipe has 'path'"),
        (FIND + "products: [lattice]", "shall keep 'lattice', which no step makes"),
        ("steps: [find_columns]", "Step 1 of the recipe needs function: and into:"),
        ("steps: [{function: find_columns}]", "Step 1 of the recipe needs function: NAME and into"),
        ("steps: [{function: find_columns, into: atoms}]", "one of image, candidates, columns"),
        ("steps: [{function: find_colums, into: columns}]", "Did you mean 'find_columns'"),
        ("steps: [{function: save, into: columns}]", "calls 'save', which is no analysis"),
        ("steps: [{function: os.remove, into: columns}]", "a recipe calls no others"),
        ("steps: [{function: frame_folder.os.remove, into: columns}]", "calls no others"),
        ("steps: [{function: [1], into: columns}]", "calls no others"),
        ("steps: [{function: fit_columns, into: columns}]", "cannot call fit_columns: missing"),
        (
            "steps: [{function: fit_columns, takes: [columns], into: columns}]",
            "takes 'columns'",
        ),
        ("steps: [{function: find_columns, takes: 3, into: columns}]", "takes a list of products"),
        (
            "steps: [{function: find_columns, into: columns, options: {treshold: 1}}]",
            "Step 1 of the recipe, find_columns, has 'treshold', which means nothing. Did you mean",
        ),
        ("steps: [{function: find_columns, into: columns, options: 3}]", "are names and values"),
    ],
)
def test_what_is_no_recipe_is_told(text, sentence):
    with pytest.raises(ValueError) as error:  # noqa: PT011 - the sentence is compared below
        parse_recipe(text)
    assert sentence in str(error.value)


def test_yaml_makes_no_objects():
    with pytest.raises(ValueError, match="is not YAML"):
        parse_recipe('steps: !!python/object/apply:os.system ["true"]')


def test_a_recipe_that_is_not_there_is_told():
    with pytest.raises(FileNotFoundError, match=r"There is no recipe nothing.*fit, lattice"):
        tw.read_recipe("nothing")


def test_a_file_of_another_kind_is_told(tmp_path):
    (tmp_path / "r.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match=r"r\.yaml is no recipe: it is not a text"):
        tw.read_recipe(tmp_path / "r.yaml")


def test_functions_that_are_not_public_are_named_by_their_place():
    from temwidgets.analysis.fourier.masking import mask_crystal

    name = function_name(mask_crystal)
    assert name == "fourier.masking.mask_crystal"
    assert find_function(name) is mask_crystal
    assert function_name(tw.fit_columns) == "fit_columns"
    assert function_name(tw.read) is None
    assert function_name(draw_nothing) is None


def draw_nothing(image):
    return image


def test_a_step_that_fails_is_named(image):
    recipe = parse_recipe(FIND + "- {function: rotate, into: image, options: {angle: .nan}}")
    with pytest.raises(ValueError, match="Step 2, rotate: angle is a number of degrees"):
        tw.run_recipe(recipe, image)


def test_a_stack_is_for_a_recipe_with_a_frame(image, count):
    stack = xr.concat([image * 0, image], "frame").assign_coords(frame=[4, 5])
    stack = stack.transpose("frame", "y", "x")
    made = tw.run_recipe(parse_recipe(FIND + "frame: 1"), stack)
    assert made["columns"].sizes["column"] == count
    with pytest.raises(ValueError, match="for each frame by itself"):
        tw.run_recipe(parse_recipe(FIND), stack)
    with pytest.raises(ValueError, match="analyses frame 2, but the stack has 2"):
        tw.run_recipe(parse_recipe(FIND + "frame: 2"), stack)
    text = "steps:\n- {function: mean_frame, into: image}\n" + FIND.split("\n", 1)[1]
    made = tw.run_recipe(parse_recipe(text + "frame: 0"), stack)
    assert made["image"].dims == ("y", "x")


def test_columns_are_carried_into_a_turned_image(image):
    text = FIND + "- {function: rotate, into: image, options: {angle: 90}, carries: true}\n"
    made = tw.run_recipe(parse_recipe(text), image)
    turned = tw.rotate(image, 90)
    xr.testing.assert_identical(made["image"], turned)
    xr.testing.assert_identical(
        made["columns"], tw.carry_columns(tw.find_columns(image), image, turned)
    )


def test_it_can_be_stopped(image):
    def stop(fraction):
        raise CancelledError("enough")

    with pytest.raises(CancelledError):
        tw.run_recipe("fit", image, report=stop)
