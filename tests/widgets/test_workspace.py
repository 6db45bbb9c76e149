import threading
import time

import numpy as np
import pytest
import xarray as xr

import temwidgets as tw
from temwidgets.widgets.selection import Selection
from temwidgets.widgets.workspace import Workspace


def halve(image, *, factor=0.5):
    return image * factor


def brightest(image, *, n=3, report=None):
    order = np.argsort(image.values.ravel())[::-1][:n]
    row, col = np.unravel_index(order, image.shape)
    return tw.make_columns(image["y"].values[row], image["x"].values[col])


def flat_model(columns, image):
    return xr.full_like(image, columns.sizes["column"], dtype=float)


def slow(image, *, report=None, gate=None):
    for i in range(400):
        report(i / 400)
        time.sleep(0.01)
    return image


def broken(image):
    raise ValueError("The image is too dark for this.")


def buggy(image):
    return {}["nothing"]


def table(image):
    return 3


def test_run_fills_products_and_writes_the_result(image):
    workspace = Workspace(image)
    workspace.run(brightest, n=4, wait=True)
    assert workspace.columns.sizes["column"] == 4
    workspace.run(halve, wait=True)
    assert float(workspace.image.max()) == pytest.approx(float(image.max()) / 2)
    assert [step.name for step in workspace.history] == ["brightest", "halve"]
    assert workspace.message.text.startswith("halve: 24 x 36 px, 0.02 nm/px")


def test_run_in_the_background_reports_and_ends(image):
    workspace = Workspace(image)
    fractions = []
    workspace.job.observe(lambda change: fractions.append(change["new"]), "fraction")
    started = time.monotonic()
    job = workspace.run(slow)
    assert job.running
    assert job.name == "slow"
    time.sleep(0.3)
    assert job.seconds_left is not None
    job.cancel()
    assert job.wait(5)
    elapsed = time.monotonic() - started
    assert not job.running
    assert len(fractions) <= 20 * elapsed + 3
    assert workspace.image is image
    assert workspace.history == ()
    assert "cancelled" in workspace.message.text


def test_an_error_is_a_sentence_and_changes_nothing(image):
    workspace = Workspace(image)
    workspace.run(broken).wait(5)
    assert workspace.message == ("error", "The image is too dark for this.")
    assert workspace.image is image
    assert not workspace.can_undo
    workspace.run(buggy).wait(5)
    assert workspace.message.text == "KeyError: 'nothing'"


def test_with_wait_the_error_is_raised_too(image):
    workspace = Workspace(image)
    with pytest.raises(ValueError, match="too dark"):
        workspace.run(broken, wait=True)
    assert workspace.message.level == "error"
    assert not workspace.job.running


def test_missing_products_and_strange_results_are_explained(image):
    with pytest.raises(ValueError, match="brightest needs an image; load one first"):
        Workspace().run(brightest, wait=True)
    with pytest.raises(ValueError, match="find columns first"):
        Workspace(image).run(flat_model, into="model", wait=True)
    with pytest.raises(TypeError, match=r"returned a int.*Say where it belongs with into="):
        Workspace(image).run(table, wait=True)


def test_a_second_run_is_refused_while_one_runs(image):
    workspace = Workspace(image)
    workspace.run(slow)
    workspace.run(halve)
    assert workspace.message.text == "slow is still running: wait until it is done, or cancel it."
    with pytest.raises(RuntimeError, match="slow is still running"):
        workspace.run(halve, wait=True)
    workspace.job.cancel()
    assert workspace.job.wait(5)
    workspace.run(halve, wait=True)
    assert len(workspace.history) == 1


def test_a_dragged_control_makes_one_step_and_the_last_value_wins(image):
    workspace = Workspace(image)
    calls = []

    def scale(image, *, factor):
        calls.append(factor)
        time.sleep(0.02)
        return image * factor

    for factor in np.linspace(1, 3, 21):
        workspace.run(scale, amend=True, factor=float(factor))
    assert workspace.job.wait(5)
    assert len(calls) < 21
    assert calls[-1] == 3.0
    assert len(workspace.history) == 1
    xr.testing.assert_identical(workspace.image, image * 3.0)
    workspace.undo()
    assert workspace.image is image


def test_undo_and_redo_bring_back_the_same_objects(image):
    workspace = Workspace(image)
    workspace.run(brightest, wait=True)
    first = workspace.columns
    workspace.run(tw.add_columns, y=5.1, x=-1.5, wait=True)
    second = workspace.columns
    workspace.undo()
    assert workspace.columns is first
    workspace.undo()
    assert workspace.columns is None
    assert not workspace.can_undo
    workspace.redo()
    workspace.redo()
    assert workspace.columns is second
    assert not workspace.can_redo
    workspace.redo()
    assert "nothing to redo" in workspace.message.text


def test_a_step_after_undo_forgets_the_future(image):
    workspace = Workspace(image)
    workspace.run(brightest, wait=True)
    workspace.undo()
    workspace.run(halve, wait=True)
    assert not workspace.can_redo
    assert [step.name for step in workspace.history] == ["halve"]


def test_undo_stops_what_is_running(image):
    workspace = Workspace(image)
    workspace.run(brightest, wait=True)
    workspace.run(slow)
    workspace.undo()
    assert workspace.job.wait(5)
    assert workspace.columns is None
    assert workspace.image is image


def test_the_model_follows_columns_and_is_no_step_of_its_own_for_undo(image):
    workspace = Workspace(image)
    workspace.run(brightest, wait=True)
    workspace.run(flat_model, into="model", wait=True)
    xr.testing.assert_identical(workspace.residual, image - workspace.model)
    workspace.undo()
    assert workspace.columns is None
    assert workspace.model is None
    workspace.redo()
    assert workspace.model is not None
    workspace.run(tw.delete_columns, labels=[0], wait=True)
    assert workspace.model is None
    assert workspace.residual is None


def test_an_assignment_is_a_step(workspace, image, columns):
    mine = columns.isel(column=slice(0, 5))
    workspace.columns = mine
    assert workspace.columns is mine
    workspace.undo()
    assert workspace.columns is columns
    with pytest.raises(TypeError, match="Columns are an xarray Dataset"):
        workspace.columns = 3
    with pytest.raises(TypeError, match="An image is an xarray DataArray"):
        Workspace(np.zeros((4, 4)))


def test_labels_that_are_gone_leave_the_selection(workspace):
    workspace.selection.select([10, 11, 12], rule="mine")
    workspace.run(tw.delete_columns, labels=[11], wait=True)
    assert workspace.selection.labels.tolist() == [10, 12]
    assert workspace.selection.rule == "mine"


def test_products_of_another_place_are_cleared(workspace):
    workspace.run(halve, clears=("columns",), wait=True)
    assert workspace.columns is None
    workspace.undo()
    assert workspace.columns is not None


def test_a_shared_selection(image, columns):
    selection = Selection([12])
    assert Workspace(image, columns, selection=selection).selection is selection


def test_products_change_before_anybody_is_told(image):
    workspace = Workspace(image)
    workspace.run(brightest, wait=True)
    seen = []
    workspace.observe(lambda _: seen.append((workspace.columns, workspace.can_undo)), "image")
    workspace.run(halve, clears=("columns",), wait=True)
    assert seen == [(None, True)]


def test_a_stack_hands_on_its_frame():
    stack = tw.make_image(np.random.default_rng(0).random((3, 8, 9)), sampling=0.1)
    workspace = Workspace(stack)
    workspace.frame = 2
    workspace.run(brightest, n=1, wait=True)
    best = stack.isel(frame=2).argmax(("y", "x"))
    assert workspace.columns["y"].item() == pytest.approx(stack["y"][best["y"]].item())
    workspace.run(halve, into="image", wait=True)
    assert workspace.image.sizes["frame"] == 3
    workspace.image = stack.isel(frame=slice(0, 2))
    assert workspace.frame == 1


def test_views_in_two_threads_see_one_change_at_a_time(workspace):
    """A brush in the main thread waits until a job's result is drawn."""
    drawing, overlaps = threading.Event(), []

    def draw(_):
        overlaps.append(drawing.is_set())
        drawing.set()
        time.sleep(0.05)
        drawing.clear()

    workspace.observe(draw, "columns")
    workspace.selection.observe(draw, "labels")
    workspace.run(tw.delete_columns, labels=[10])
    for label in range(12, 16):
        workspace.selection.select([label])
    assert workspace.job.wait(5)
    assert overlaps == [False] * 5


def test_whoever_hears_of_the_end_may_start_the_next(image):
    """As the fit panel does to show the model."""
    workspace = Workspace(image)

    def follow(change):
        if not change["new"] and workspace.model is None:
            workspace.run(flat_model, into="model")

    workspace.job.observe(follow, "running")
    workspace.run(brightest)
    assert workspace.job.wait(5)
    assert [step.name for step in workspace.history] == ["brightest", "flat_model"]
    assert workspace.residual is not None


def test_a_step_by_hand_does_not_wait_for_the_model(image, columns):
    """The model is only shown: an edit stops it and goes first."""

    def model(columns, image, *, report):
        return slow(image, report=report)

    workspace = Workspace(image, columns)
    workspace.run(model, into="model")
    started = time.monotonic()
    workspace.run(tw.delete_columns, labels=[10], wait=True)
    assert time.monotonic() - started < 2
    assert workspace.columns.sizes["column"] == 29
    assert workspace.model is None


def test_a_queued_step_runs_after_one_that_gives_way(image, columns):
    def scale(image, *, factor):
        time.sleep(0.1)
        return image * factor

    workspace = Workspace(image, columns)
    workspace.run(scale, amend=True, factor=2.0)
    workspace.run(tw.delete_columns, labels=[10])
    assert workspace.job.wait(5)
    assert [step.name for step in workspace.history] == ["scale", "delete_columns"]
