"""The lattice as a product of a workspace: filled in, undone, scripted, saved."""

from __future__ import annotations

import numpy as np
import pytest
import traitlets

import temwidgets as tw
from temwidgets.widgets.workspace import Workspace


@pytest.fixture
def crystal():
    rng = np.random.default_rng(0)
    n_a, n_b = (n.ravel() for n in np.mgrid[0:9, 0:11])
    y, x = 5 + 0.4 * n_a, -2 + 0.3 * n_b + 0.02 * n_a
    return tw.make_columns(*(v + rng.normal(0, 0.003, v.size) for v in (y, x)))


@pytest.fixture
def workspace(image, crystal):
    workspace = Workspace(image, crystal)
    workspace.run(tw.fit_lattice, using={"data": "columns"}, wait=True)
    workspace.run(tw.index_columns, follows=True, wait=True)
    return workspace


def test_a_fitted_lattice_becomes_the_product_and_fills_in(workspace):
    assert "vectors" in workspace.lattice
    assert "n_a" in workspace.columns
    assert [step.name for step in workspace.history] == ["fit_lattice", "index_columns"]


def test_the_message_says_what_was_found(image, crystal):
    workspace = Workspace(image, crystal)
    workspace.run(tw.fit_lattice, using={"data": "columns"}, wait=True)
    text = workspace.message.text
    assert text.startswith("fit_lattice: a 0.3")
    assert "° between them, 1 site." in text


def test_undo_takes_lattice_and_indices_back(workspace):
    workspace.undo()
    assert workspace.lattice is None
    assert "n_a" not in workspace.columns
    workspace.redo()
    assert "n_a" in workspace.columns
    assert workspace.lattice is not None


def test_the_script_reads_like_a_person_wrote_it(workspace):
    text = workspace.script()
    assert "lattice = tw.fit_lattice(columns)\n" in text
    assert "columns = tw.index_columns(columns, lattice)\n" in text


def test_of_a_stack_the_shown_frame_is_used(image):
    stack = image.expand_dims(frame=[0, 1])
    workspace = Workspace(stack)
    workspace.frame = 1
    seen = []

    def take(data):
        seen.append(data.dims)
        return data

    workspace.run(take, using={"data": "image"}, into="model", wait=True)
    assert seen == [("y", "x")]


def test_a_workspace_with_a_lattice_is_saved_and_reopened(workspace, tmp_path):
    workspace.save(tmp_path / "w.nc")
    again = Workspace.open(tmp_path / "w.nc")
    assert np.array_equal(again.lattice["vectors"].values, workspace.lattice["vectors"].values)
    assert list(again.lattice["site_name"].values) == [""]
    again.undo()
    assert again.lattice is None


def test_another_image_drops_the_lattice_but_a_denoised_one_keeps_it(workspace, image):
    workspace.run(lambda image: image + 1.0, into="image", wait=True)
    assert workspace.lattice is not None
    workspace.run(lambda: image, into="image", clears=("columns",), wait=True)
    assert workspace.lattice is None


def test_what_needs_a_lattice_says_so(image, crystal):
    workspace = Workspace(image, crystal)
    with pytest.raises(ValueError, match="index_columns needs a lattice; find the lattice first"):
        workspace.run(tw.index_columns, wait=True)
    with pytest.raises((traitlets.TraitError, ValueError), match="no lattice"):
        workspace.lattice = crystal


def test_a_lattice_may_be_given(image):
    workspace = Workspace(image)
    workspace.lattice = tw.make_lattice((0, 0.4), (0.4, 0))
    assert workspace.can_undo
