"""The driver itself: cells run, values come back, failures are told."""

import pytest

pytestmark = pytest.mark.browser


def test_cell_output_and_values(lab):
    cell = lab.run("import ipywidgets; button = ipywidgets.Button(description='Go'); button")
    cell.output.get_by_role("button", name="Go").wait_for()
    assert lab.value("button.description") == "Go"
    assert cell.pixels().ndim == 3
    assert not lab.errors


def test_failing_cell_is_told(lab):
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        lab.run("1 / 0")
    with pytest.raises(AssertionError, match="is 2 after"):
        lab.wait_value("1 + 1", 3, timeout=0.1)


def test_theme_changes(lab):
    lab.run("1")
    before = lab.page.evaluate(
        "getComputedStyle(document.body).getPropertyValue('--jp-layout-color0')"
    )
    lab.theme("dark")
    after = lab.page.evaluate(
        "getComputedStyle(document.body).getPropertyValue('--jp-layout-color0')"
    )
    assert before != after
