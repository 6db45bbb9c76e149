"""One JupyterLab server, one Chromium and one notebook page, started once for all browser tests.

Fixture ``lab`` (a `driver.Lab`, emptied before each test) is all a test needs::

    pytestmark = pytest.mark.browser

    def test_brush(lab):
        cell = lab.run("import temwidgets as tw; h = tw.widgets.Histogram(columns); h")
        cell.wait_drawn()                  # until every image layer in the output has drawn
        bars = cell.output.locator("svg .bar")          # any Playwright locator
        lab.drag((x0, y0), (x1, y1), steps=10)          # mouse in page pixels; modifiers=("Shift",)
        lab.wait_value("len(h.selection)", 40)          # poll a Python expression in the kernel
        assert lab.value("h.selection.rule") != ""      # a JSON-able Python expression, once
        lab.execute("h.bins = 30")                      # run Python without a new cell
        rgb = cell.pixels()                             # screenshot of the output, (y, x, 3) uint8
        lab.theme("dark")                               # or "light" (the start)
        assert not lab.errors                           # console errors seen in this test

Without Chromium (``TEMWIDGETS_CHROMIUM`` or ``chromium``/``google-chrome`` on PATH) the tests are
skipped, and fail when the variable ``CI`` is set.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

_spec = importlib.util.spec_from_file_location(
    "temwidgets_browser_driver", Path(__file__).with_name("driver.py")
)
assert _spec is not None
assert _spec.loader is not None
driver = importlib.util.module_from_spec(_spec)
sys.modules[_spec.name] = driver
_spec.loader.exec_module(driver)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the browser."""
    path = driver.find_chromium()
    if path is None:
        reason = "no Chromium found: install one, or set TEMWIDGETS_CHROMIUM to its path"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return path


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator:
    """Playwright's browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def lab_session(browser, tmp_path_factory) -> Iterator:
    """The page, shared by the session; use `lab`."""
    with driver.server(tmp_path_factory.mktemp("jupyter")) as address:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        yield driver.Lab(page, address)
        page.close()


@pytest.fixture
def lab(lab_session) -> Iterator:
    """An empty notebook with a running kernel."""
    lab_session.clear()
    yield lab_session
    lab_session.theme("light")
