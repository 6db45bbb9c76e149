"""The explorer as a page of its own: it opens, and columns are found with the mouse alone."""

import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

import temwidgets as tw

pytestmark = pytest.mark.browser


@pytest.fixture
def address(chromium):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    image = str(tw.examples.path("perovskite_trilayer"))
    command = [sys.executable, "-m", "temwidgets.cli", "app", image, "--no-browser"]
    app = subprocess.Popen([*command, f"--port={port}"], stderr=subprocess.DEVNULL)
    yield f"http://localhost:{port}/"
    app.terminate()
    app.wait(20)


def test_columns_are_found_without_code(address, browser):
    _wait(address.replace("localhost", "127.0.0.1") + "voila/static/voila.js")
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(address)
    page.wait_for_selector("[data-drawn]", timeout=90_000)
    assert page.title() == "temwidgets"
    page.get_by_role("button", name="Find columns").click()
    page.get_by_text(re.compile(r"find_\w+: [\d,]{3,} ")).first.wait_for(timeout=60_000)
    page.get_by_text("Height above the level between columns (counts)").last.wait_for()
    page.close()


def _wait(url):
    for _ in range(120):
        try:
            urllib.request.urlopen(url).close()
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.5)
    pytest.fail(f"nothing answers at {url}")
